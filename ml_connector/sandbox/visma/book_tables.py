"""The tables that show the books: their rows are built from the books each time they are asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.journal import Batch
from ml_connector.sandbox.books.money import ZERO
from ml_connector.sandbox.books.orders import PurchaseOrder
from ml_connector.sandbox.books.partners import Partner
from ml_connector.sandbox.books.payments import Payment
from ml_connector.sandbox.books.posting import direction
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.visma import (
    document_rows,
    journal_rows,
    order_rows,
    payment_rows,
    supplier_rows,
)
from ml_connector.sandbox.visma.book_parts import NOTHING, four
from ml_connector.sandbox.visma.collection import Collection, Generated
from ml_connector.sandbox.visma.table import Table

Item = TypeVar("Item", Document, Document | Payment, Batch, PurchaseOrder)
Filling = Callable[[Table], Collection]


def book_tables(books: Books, *, codes: bool) -> dict[str, Filling]:
    """Return what fills each table of the books; ``codes`` names types of documents in the journal by short codes."""

    def invoices(table: Table) -> Collection:
        return _kept(
            table,
            books.invoices.items,
            lambda one: document_rows.invoice_row(books, one),
            document_rows.GLANCE,
        )

    def notes(items: Sequence[Document]) -> Filling:
        return lambda table: _kept(
            table, items, lambda one: document_rows.note_row(books, one), document_rows.GLANCE
        )

    def payments(table: Table) -> Collection:
        return _kept(
            table, books.payments.items, lambda one: payment_rows.payment_row(books, one), payment_rows.GLANCE
        )

    def journal(table: Table) -> Collection:
        batches = books.journal.batches
        return _kept(
            table,
            batches,
            lambda one: journal_rows.batch_row(one, codes=codes),
            journal_rows.GLANCE,
            lambda place: len(batches[place].entries),
        )

    def bills(table: Table) -> Collection:
        items = books.supplier_invoices.items
        return _kept(table, items, supplier_rows.supplier_invoice_row, supplier_rows.GLANCE)

    def orders(table: Table) -> Collection:
        return _kept(table, books.orders.items, order_rows.order_row, order_rows.GLANCE)

    return {
        "customer_invoices": invoices,
        "customer_credit_notes": notes(books.credit_notes.items),
        "customer_debit_notes": notes(books.debit_notes.items),
        "customer_payments": payments,
        "journal_transactions": journal,
        "supplier_invoices": bills,
        "purchase_orders": orders,
    }


def balances_table(
    partners: Sequence[Partner], owed: Callable[[], Mapping[str, Decimal]], as_of: datetime
) -> Filling:
    """Return what fills the table of customers' balances in base currency; the other sums are left at nothing."""

    def build(place: int) -> Mapping[str, Any]:
        partner = partners[place]
        return {
            "customer": {
                "internalId": partner.internal_id,
                "number": partner.number,
                "name": partner.name,
            },
            "balance": four(owed().get(partner.number, ZERO)),
            "totalOrder": NOTHING,
            "totalLoan": NOTHING,
            "totalSalePeriod": NOTHING,
            "totalSaleYear": NOTHING,
            "totalDiscountPeriod": NOTHING,
            "totalDiscountYear": NOTHING,
        }

    def fill(table: Table) -> Collection:
        rows = (Generated(partner.number, as_of, as_of) for partner in partners)
        return Collection(
            table.name, table.fields, rows, build, cached=False, modified_field=table.modified_field
        )

    return fill


def owed_by_customer(books: Books) -> dict[str, Decimal]:
    """Return what each customer owes in base currency: documents less credit notes and unused payments."""
    owed: dict[str, Decimal] = {}
    documents: Iterable[Document] = [*books.invoices, *books.credit_notes, *books.debit_notes]
    for document in documents:
        if document.released and document.balance_base:
            number = document.partner.number
            owed[number] = (
                owed.get(number, ZERO) + direction(document, supplier=False) * document.balance_base
            )
    for payment in books.payments:
        if isinstance(payment, Payment) and payment.available_base:
            number = payment.partner.number
            owed[number] = owed.get(number, ZERO) - payment.available_base
    return owed


def _kept(
    table: Table,
    items: Sequence[Item],
    build: Callable[[Item], Mapping[str, Any]],
    glance: Mapping[str, Callable[[Item], Any]],
    lines: Callable[[int], int] | None = None,
) -> Collection:
    def field(place: int, name: str) -> Any:
        look = glance.get(name)
        return look(items[place]) if look is not None else build(items[place]).get(name)

    return Collection(
        table.name,
        table.fields,
        (Generated(item.key, item.entered, item.changed) for item in items),
        lambda place: build(items[place]),
        glance=field,
        lines=lines,
        cached=False,
        created_field=table.created_field,
        modified_field=table.modified_field,
    )
