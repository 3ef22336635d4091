"""Documents as Visma works them out, in plain arithmetic of their own: rows whose figures are known beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st

from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.invoices import DocumentMapper
from ml_connector.visma.snapshots import Version
from ml_connector_tests.records.snapshots import DAY, STAMP

OSLO = ZoneInfo("Europe/Oslo")
AS_OF = date(2026, 11, 20)
RATES = {"3": Decimal(25), "31": Decimal(15), "33": Decimal(12), "5": Decimal(0)}
"""VAT codes and their rates in percent."""

BOUNDED = settings(max_examples=100, deadline=None, derandomize=True)
"""Property tests try the same hundred cases everywhere."""

MAPPER = DocumentMapper("acme", OSLO, OSLO, AS_OF, ("customerRefNumber", "externalReference"), "NOK")


@dataclass(frozen=True)
class Sold:
    """One line as somebody typed it in."""

    quantity: Decimal = Decimal(1)
    price: Decimal = Decimal(100)
    percent: Decimal = Decimal(0)
    code: str = "3"

    @property
    def net(self) -> Decimal:
        """What is left after the line's discount."""
        return cents(cents(self.quantity * self.price) * (100 - self.percent) / 100)


def cents(value: Decimal) -> Decimal:
    """Return an amount as an invoice shows it."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def document_row(
    lines: Sequence[Sold],
    *,
    kind: str = "Invoice",
    rate: Decimal = Decimal(1),
    discount: Decimal = Decimal(0),
    rounding: Decimal = Decimal(0),
    **fields: Any,
) -> dict[str, Any]:
    """Return a row with these lines; ``rate`` is base currency for one unit, ``discount`` and ``rounding`` amounts.

    Base amounts are each rounded on their own, as a ledger does, so they do not add up by themselves.
    """
    nets = {code: sum((line.net for line in lines if line.code == code), Decimal(0)) for code in RATES}
    whole = sum(nets.values(), Decimal(0))
    left = (whole - discount) / whole if whole else Decimal(1)
    taxes = {code: cents(net * left * RATES[code] / 100) for code, net in nets.items()}
    vat = sum(taxes.values(), Decimal(0))
    amount = whole - discount + vat + rounding
    found = {
        "currencyId": "NOK" if rate == 1 else "EUR",
        "status": "Open",
        "documentDate": "2026-11-02T00:00:00",
        "documentDueDate": "2026-11-16T00:00:00",
        "customer": {"number": "10023"},
        **both("amount", amount, rate),
        **both("balance", amount, rate),
        **both("vatTotal", vat, rate),
        **both("vatTaxableTotal", whole - discount, rate),
        **both("discountTotal", discount, rate),
        "taxDetails": [
            {"vatId": {"number": code}, "vatRate": RATES[code], "vatAmount": tax}
            for code, tax in taxes.items()
        ],
        "invoiceLines" if kind == "Invoice" else "lines": [
            line_row(number, line, rate) for number, line in enumerate(lines, 1)
        ],
    }
    return found | fields


def line_row(number: int, line: Sold, rate: Decimal = Decimal(1)) -> dict[str, Any]:
    """Return a line of a row."""
    return {
        "lineNumber": number,
        "inventoryNumber": f"V-{number}",
        "description": f"Vare {number}",
        "quantity": line.quantity,
        **both("unitPrice", line.price, rate),
        "discountPercent": line.percent,
        **both("amount", line.net, rate),
        "vatCode": {"id": line.code},
    }


def both(name: str, amount: Decimal, rate: Decimal) -> dict[str, Decimal]:
    """Return an amount in the document's currency and in base."""
    return {f"{name}InCurrency": amount, name: cents(amount * rate) if rate != 1 else amount}


def version(values: Mapping[str, Any], key: str = "Invoice:100234", stamp: str = STAMP) -> Version:
    """Return a row as the snapshot gives it."""
    return Version(key, stamp, DAY, values)


def mapped(
    lines: Sequence[Sold] = (Sold(),),
    *,
    kind: str = "Invoice",
    mapper: DocumentMapper = MAPPER,
    **fields: Any,
) -> InvoiceRecord:
    """Return the record of a document with these lines."""
    return mapper.document(version(document_row(lines, kind=kind, **fields), f"{kind}:100234"))


def amount(least: str, most: str, places: int) -> st.SearchStrategy[Decimal]:
    """Return a strategy of exact decimals."""
    return st.decimals(least, most, places=places, allow_nan=False, allow_infinity=False)


def sold() -> st.SearchStrategy[Sold]:
    """Return a strategy of lines: zero, negative, discounted, with four places, of any VAT code."""
    return st.builds(
        Sold,
        quantity=st.one_of(st.just(Decimal(1)), amount("-50", "500", 4)),
        price=st.one_of(st.just(Decimal(0)), amount("-999", "99999", 4)),
        percent=st.one_of(st.just(Decimal(0)), amount("0", "100", 2)),
        code=st.sampled_from(sorted(RATES)),
    )
