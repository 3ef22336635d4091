"""Invoice lines become line items whose figures add up to the document, to the cent. Pure.

Two sets of figures stand on a line item: HubSpot's own (quantity, price, discount), which it multiplies itself and
where no price may be negative (reference: hubspot 7), and ours (net, VAT), which are the ERP's truth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ml_connector.records.amounts import (
    ZERO,
    cents,
    decimal,
    money_text,
    number_text,
    rounded_as,
    shares,
)
from ml_connector.records.fields import free_text, part
from ml_connector.records.invoice_model import LineRecord
from ml_connector.records.normal_forms import OddValueError, text
from ml_connector.visma.snapshots import Values

ROUNDING = "rounding"
"""Number of the line that takes what the document's totals have beyond its lines: rounding and document discounts."""

ONE = Decimal(1)
HUNDRED = Decimal(100)

CANCELLED = 20
"""Lines take each other away where less than one in so many parts of their VAT is left in the sum."""

LONGEST_NAME = 250
"""Characters of a line's text that make its name; a longer text also stands whole in the description."""


@dataclass(frozen=True, slots=True)
class Money:
    """One of Visma's two sets of amounts: ``InCurrency`` of the document's currency, no suffix for base currency."""

    currency: str
    suffix: str

    def of(self, row: Values, name: str) -> Decimal:
        """Return an amount such as ``of(row, "vatTotal")`` in this currency; without one it is zero."""
        return decimal(row.get(name + self.suffix))

    def needed(self, row: Values, name: str) -> Decimal:
        """Return an amount that every document has.

        Raises:
            OddValueError: it is missing; to take it for zero would be a lie.
        """
        if row.get(name + self.suffix) is None:
            raise OddValueError(f"it has no {name + self.suffix}")
        return self.of(row, name)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as Visma has it; of a credit note, too, amounts are positive."""

    number: str
    text: str | None
    sku: str | None
    quantity: Decimal
    price: Decimal
    discount: Decimal
    net: Decimal
    vat_code: str


def line_records(
    rows: Sequence[Values], document: Values, money: Money, *, document_id: str, sign: int
) -> tuple[LineRecord, ...]:
    """Return the lines of a document.

    The VAT of a document is shared out over its lines by their rates, and taken off them where their amounts hold it. A
    rounding line takes what is left, so that over all lines VAT adds up to the document's VAT, and net and VAT to its
    amount.

    Args:
        rows: the document's lines as Visma has them.
        document: the document's row: amount, VAT total and tax details.
        money: which currency.
        document_id: ``<connection>:<type>:<number>``, the start of the unique ids.
        sign: -1 for a credit note, whose amounts Visma gives as positive.

    Raises:
        OddValueError: two lines have one number, or a value is not what it should be.
    """
    rates = vat_rates(document.get("taxDetails"))
    lines = [_read(row, money) for row in rows]
    if len({line.number for line in lines}) < len(lines):
        raise OddValueError("two of its lines have the same number")
    vat_total = money.of(document, "vatTotal")
    included = _holds_vat(document, money, sum((line.net for line in lines), ZERO))
    vats = _vat_shares(vat_total, lines, rates, included=included)
    if included:
        lines = [replace(line, net=line.net - vat) for line, vat in zip(lines, vats, strict=True)]
    rest_of_vat = vat_total - sum(vats, ZERO)
    rest = money.needed(document, "amount") - vat_total - sum((line.net for line in lines), ZERO)
    if rest or rest_of_vat:
        lines.append(_Line(ROUNDING, "Rounding and document discount", None, ONE, rest, ZERO, rest, ""))
        vats.append(rest_of_vat)
    return tuple(
        LineRecord(
            f"line:{document_id.partition(':')[2]}:{line.number}",
            _properties(line, vat, rates.get(line.vat_code), money, document_id, sign),
        )
        for line, vat in zip(lines, vats, strict=True)
    )


def vat_rates(details: object) -> dict[str, Decimal]:
    """Return the rate in percent of each VAT code of a document's tax details (reference: visma 4.3)."""
    if not isinstance(details, Sequence):
        return {}
    return {
        str(code): decimal(part(detail, "vatRate"))
        for detail in details
        if (code := part(detail, "vatId", "number"))
    }


def _read(row: Values, money: Money) -> _Line:
    if row.get("lineNumber") is None:
        raise OddValueError("one of its lines has no number")
    return _Line(
        number=str(row["lineNumber"]),
        text=free_text(row.get("description")),
        sku=text(row.get("inventoryNumber")),
        quantity=decimal(row.get("quantity")),
        price=money.of(row, "unitPrice"),
        discount=decimal(row.get("discountPercent")),
        net=money.of(row, "amount"),
        vat_code=str(part(row, "vatCode", "id") or ""),
    )


def _holds_vat(document: Values, money: Money, lines: Decimal) -> bool:
    """Return whether the amounts of the lines, which add up to ``lines``, hold the VAT: then less of them is taxed.

    Visma has no word for it; without what is taxed and exempt of a document it counts as not.
    """
    taxed = money.of(document, "vatTaxableTotal") + money.of(document, "vatExemptTotal")
    priced = lines - money.of(document, "discountTotal")
    return bool(taxed) and abs(priced - money.of(document, "vatTotal") - taxed) < abs(priced - taxed)


def _vat_shares(
    total: Decimal, lines: Sequence[_Line], rates: Mapping[str, Decimal], *, included: bool
) -> list[Decimal]:
    """Return each line's share of the document's VAT by what its rate makes of its net; none if that says nothing.

    Where lines take each other away, such as goods and a return at another rate, what is left of their VAT says nothing
    about shares: each has its own then.
    """
    parts = {code: rate / (HUNDRED + (rate if included else ZERO)) for code, rate in rates.items()}
    own = [line.net * parts.get(line.vat_code, ZERO) for line in lines]
    if CANCELLED * abs(sum(own, ZERO)) < sum(map(abs, own), ZERO):
        return [cents(vat) for vat in own]
    weights = own if any(own) else [line.net for line in lines]
    if not total or not sum(weights, ZERO):
        return [ZERO] * len(lines)
    return shares(total, weights)


def _properties(
    line: _Line, vat: Decimal, rate: Decimal | None, money: Money, document_id: str, sign: int
) -> dict[str, str | None]:
    quantity, price, discount = hubspot_figures(line.quantity, line.price, line.discount, line.net)
    name = line.text or line.sku or f"Line {line.number}"
    return {
        "visma_line_id": f"{document_id}:{line.number}",
        "name": name[:LONGEST_NAME],
        "description": name if len(name) > LONGEST_NAME else None,
        "hs_sku": line.sku,
        "quantity": number_text(quantity),
        "price": number_text(price),
        "hs_discount_percentage": number_text(discount) if discount else None,
        "hs_line_item_currency_code": money.currency,
        "visma_net_amount": money_text(sign * line.net),
        "visma_vat_rate": number_text(rate) if rate is not None else None,
        "visma_vat_amount": money_text(sign * vat),
    }


def hubspot_figures(
    quantity: Decimal, price: Decimal, discount: Decimal, net: Decimal
) -> tuple[Decimal, Decimal, Decimal]:
    """Return quantity, unit price and discount percentage by which HubSpot's own arithmetic gives the line's net.

    Visma's own figures where they do, to the cent; else one piece at the net. HubSpot takes no negative price, so a
    line that lowers the document gets the price 0 there and its true net in our property.
    """
    if net < 0:
        return ONE, ZERO, ZERO
    usable = quantity >= 0 and price >= 0 and 0 <= discount <= HUNDRED
    if usable and rounded_as(net, quantity * price * (HUNDRED - discount) / HUNDRED) == net:
        return quantity, price, discount
    return ONE, net, ZERO
