"""What happens on the side of suppliers: invoices, payments, orders and deliveries, with all their effects."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from ml_connector.errors import UsageError
from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.journal import Entry
from ml_connector.sandbox.books.money import ZERO, cents, rate_of
from ml_connector.sandbox.books.orders import PurchaseOrder, Receipt
from ml_connector.sandbox.books.posting import BANK, COMMON, GAIN, LOSS, document_entries
from ml_connector.sandbox.books.receivables import post, take
from ml_connector.sandbox.books.state import Books

ENTITY, ORDERS = "supplier_invoices", "purchase_orders"


def enter_supplier_document(books: Books, document: Document, stamp: datetime) -> Document:
    """Keep a new invoice or credit of a supplier; unless its ``stage`` holds it back, it is released at once."""
    document.work_out()
    books.supplier_invoices.put(document)
    if document.stage is None:
        _release(books, document, stamp)
    books.note(ENTITY, document.key, stamp, new=True)
    return document


def release_supplier_document(books: Books, document: Document, stamp: datetime) -> None:
    """Release a supplier's document that was held back. Raises UsageError for one that is released or voided."""
    if document.released or document.stage in (None, "Voided"):
        raise UsageError(f"The document is {document.status} and cannot be released.", record=document.key)
    document.stage = None
    _release(books, document, stamp)
    document.changed = stamp
    books.note(ENTITY, document.key, stamp)


def pay_supplier(books: Books, document: Document, amount: Decimal, stamp: datetime) -> None:
    """Pay a supplier's invoice, wholly or in part; the payment itself shows in the journal only.

    Raises:
        UsageError: less is owed.
    """
    if not 0 < amount <= document.balance or not document.released:
        raise UsageError(f"Only {document.balance} is owed.", record=document.key)
    rate = rate_of(document.currency, stamp.date(), books.seed)
    base = take(document, amount)
    paid = cents(amount * rate)
    number = books.next_number("check", 600_001)
    text, who = f"Utbetaling {document.number}", document.partner.number
    entries = [
        Entry(document.account, COMMON, amount, base, text, "Check", number, who),
        Entry(BANK, COMMON, -amount, -paid, text, "Check", number, who),
    ]
    if paid != base:
        account = LOSS if paid > base else GAIN
        entries.append(Entry(account, COMMON, ZERO, paid - base, "Valutadifferanse", "Check", number, who))
    before = len(books.journal.batches)
    batch = books.journal.post("AP", entries, stamp.date(), stamp, text, document.currency, rate)
    books.note_batch(batch, new=len(books.journal.batches) > before)
    books.note(ENTITY, document.key, stamp if books.touch else None)


def enter_order(books: Books, order: PurchaseOrder, stamp: datetime) -> PurchaseOrder:
    """Keep a new order."""
    books.orders.put(order)
    books.note(ORDERS, order.key, stamp, new=True)
    return order


def take_delivery(
    books: Books, order: PurchaseOrder, quantities: Mapping[int, Decimal] | None, stamp: datetime
) -> Receipt:
    """Enter a delivery: quantities by line number, or all that is still open. A line that is full is completed.

    Raises:
        UsageError: the order is not open, or a line is not in it.
    """
    if order.status not in ("Open", "Printed"):
        raise UsageError(f"The order is {order.status}.", record=order.key)
    wanted = {line.number: line.open_quantity for line in order.lines} if quantities is None else quantities
    lines = {line.number: line for line in order.lines}
    if not wanted.keys() <= lines.keys():
        raise UsageError("The order has no such line.", record=order.key)
    amount = ZERO
    for number, quantity in wanted.items():
        line = lines[number]
        line.received += quantity
        line.completed = line.completed or line.received >= line.quantity
        amount += cents(quantity * line.cost)
    receipt = Receipt(books.next_number("receipt", 700_001), sum(wanted.values(), ZERO), amount)
    order.receipts.append(receipt)
    _note_order(books, order, stamp)
    return receipt


def close_line(books: Books, order: PurchaseOrder, number: int, stamp: datetime) -> None:
    """Complete a line of which the rest will never come. Raises UsageError where there is no such line."""
    line = next((line for line in order.lines if line.number == number), None)
    if line is None:
        raise UsageError("The order has no such line.", record=order.key)
    line.completed = True
    _note_order(books, order, stamp)


def cancel_order(books: Books, order: PurchaseOrder, stamp: datetime) -> None:
    """Cancel an order with all its lines."""
    order.stage = "Cancelled"
    for line in order.lines:
        line.canceled = True
    _note_order(books, order, stamp)


def _note_order(books: Books, order: PurchaseOrder, stamp: datetime) -> None:
    order.changed = stamp
    books.note(ORDERS, order.key, stamp)


def _release(books: Books, document: Document, stamp: datetime) -> None:
    document.released = True
    entries = document_entries(document, supplier=True)
    post(books, document, entries, stamp, document.text or document.partner.name, "AP")
