"""What a page about money shows besides its fields: the lines of an invoice with their sum, what a customer owes."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.pages.frame import record_address
from ml_connector.sandbox.hubspot.pages.markup import Child, Markup, joined, tag
from ml_connector.sandbox.hubspot.pages.values import EMPTY, money, number, title_of, whole
from ml_connector.sandbox.hubspot.records import Record

MOST_LINES = 200
CLOSED = ("paid", "voided")
ALWAYS = {"0-2": "company", "0-1": "contact", "0-3": "deal"}
"""What an invoice should belong to, so that its page says when it does not."""


def lines_card(account: Account, kind: ObjectType, record: Record) -> Markup:
    """Return the lines of an invoice in the order they were made, and its totals."""
    items = account.store("line_items")
    linked = account.links.of(kind.type_id, record.id, items.type.type_id)
    found = sorted((one for one in map(items.get, linked) if one is not None), key=lambda one: int(one.id))
    title = tag("h2", "Lines", tag("span", str(len(found)), class_="count"))
    if found:
        content: Child = _table(items.type, found[:MOST_LINES])
    else:
        content = tag("p", "No lines.", class_="none")
    left = len(found) - MOST_LINES
    more = tag("p", f"and {left} more lines", class_="none") if left > 0 else None
    return tag("section", title, content, more, _totals(record, found), class_="card flush lines")


def open_balance(account: Account, kind: ObjectType, record: Record) -> Markup | None:
    """Return what is still open on the invoices of a company, by currency; None where there are none."""
    invoices = account.store("invoices")
    sums: dict[str, Decimal] = {}
    for invoice_id in account.links.of(kind.type_id, record.id, invoices.type.type_id):
        invoice = invoices.get(invoice_id)
        if invoice is None or invoice.values.get("hs_invoice_status") in (*CLOSED, "draft"):
            continue
        due = _first(invoice, "visma_balance", "hs_balance_due")
        code = invoice.values.get("hs_currency", "")
        sums[code] = sums.get(code, Decimal(0)) + due
    shown = [money(f"{amount:f}", code) for code, amount in sorted(sums.items()) if amount]
    if not shown:
        return None
    text = joined(*(tag("b", amount, class_="whole") for amount in shown))
    return tag("p", "Open balance ", text, class_="balance")


def missing(kind: ObjectType, other: ObjectType) -> Markup:
    """Return what a card says about a record that an invoice should belong to and does not."""
    word = ALWAYS[other.type_id]
    return tag("p", f"This {kind.singular_label.lower()} has no {word}.", class_="none")


def _table(kind: ObjectType, records: Sequence[Record]) -> Markup:
    head = [tag("th", "Name", scope="col"), tag("th", "SKU", scope="col")]
    labels = ["Quantity", "Unit price", "Discount", "Net", "VAT"]
    if not any(_percent(record) for record in records):
        labels.remove("Discount")
    head += [tag("th", label, scope="col", class_="figures") for label in labels]
    rows = []
    for record in records:
        title = title_of(kind, record)
        link = tag("a", title, href=record_address(kind, record.id), class_=whole(title))
        note = record.values.get("description")
        described = tag("small", note) if note and note != title else None
        sku = record.values.get("hs_sku")
        cells = [tag("td", tag("span", sku or _nothing(), class_=whole(sku or "")), data_label="SKU")]
        cells += [
            tag("td", tag("span", text), data_label=label, class_="figures")
            for label, text in _figures(record).items()
            if label in labels
        ]
        rows.append(tag("tr", tag("th", link, described, scope="row"), *cells))
    return tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows))


def _figures(record: Record) -> dict[str, Child]:
    values = record.values
    percent = _percent(record)
    net = values.get("visma_net_amount") or values.get("amount")
    rate = values.get("visma_vat_rate")
    vat: Child = _nothing()
    if values.get("visma_vat_amount"):
        vat = joined(
            number(values["visma_vat_amount"], amount=True),
            tag("small", f"{number(rate)} %", class_="rate") if rate else None,
        )
    return {
        "Quantity": number(values["quantity"]) if values.get("quantity") else _nothing(),
        "Unit price": number(_trimmed(values["price"]), amount=True) if values.get("price") else _nothing(),
        "Discount": f"{number(percent)} %" if percent else _nothing(),
        "Net": number(net, amount=True) if net else _nothing(),
        "VAT": vat,
    }


def _percent(record: Record) -> str:
    percent = record.values.get("hs_discount_percentage", "")
    return _trimmed(percent) if percent.strip("0.") else ""


def _trimmed(text: str) -> str:
    """Return a number without zeros at the end of its decimals."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _totals(record: Record, lines: Sequence[Record]) -> Markup:
    """Return the sums: Visma's own where the invoice carries them, else those of the lines."""
    values, currency = record.values, record.values.get("hs_currency")
    net = sum((_first(line, "visma_net_amount", "amount") for line in lines), Decimal(0))
    rows: list[tuple[str, str | None]] = [("Net of lines", f"{net:f}")]
    if values.get("visma_vat_amount"):
        rows.append(("VAT", values["visma_vat_amount"]))
    total = values.get("visma_amount") or values.get("hs_amount_billed") or f"{net:f}"
    rows.append(("Total", total))
    balance = values.get("visma_balance") or values.get("hs_balance_due")
    if balance:
        rows.append(("Balance", balance))
    return tag(
        "dl",
        *(tag("div", tag("dt", label), tag("dd", money(text, currency))) for label, text in rows),
        class_="totals",
    )


def _first(record: Record, *names: str) -> Decimal:
    for name in names:
        text = record.values.get(name)
        if text:
            try:
                return Decimal(text)
            except InvalidOperation:
                continue
    return Decimal(0)


def _nothing() -> Markup:
    return tag("span", EMPTY, class_="none")
