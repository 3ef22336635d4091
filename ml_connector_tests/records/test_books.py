"""A year of the sandbox's books becomes records: what they say is what the books say, document by document."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.invoices import invoices
from ml_connector.records.payments import payments
from ml_connector.records.purchases import purchases
from ml_connector.records.transactions import Chart, transactions
from ml_connector.sandbox.books.documents import RELEASED, Document
from ml_connector.sandbox.books.journal import ACTUAL
from ml_connector.sandbox.books.payments import Payment
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.visma.chart import ACCOUNTS
from ml_connector.sandbox.visma.document_rows import invoice_row, note_row
from ml_connector.sandbox.visma.journal_rows import batch_row
from ml_connector.sandbox.visma.order_rows import order_row
from ml_connector.sandbox.visma.payment_rows import payment_row
from ml_connector.sandbox.visma.rendering import json_text
from ml_connector.sandbox.visma.supplier_rows import supplier_invoice_row
from ml_connector.settings.money import TransactionRules
from ml_connector_tests.records.documents import MAPPER, OSLO
from ml_connector_tests.records.snapshots import Rows, stored
from ml_connector_tests.records.test_lines import assert_whole
from ml_connector_tests.sandbox.book_keeping import AS_OF, year

ZERO = Decimal(0)
INCOME = {number for number, (kind, _) in ACCOUNTS.items() if kind == "Income"}


@pytest.fixture(scope="module")
def books() -> Books:
    return year()


@pytest.fixture(scope="module")
def documents(books: Books) -> list[tuple[Document, InvoiceRecord]]:
    """Every document of a customer with its record."""
    own = [*books.invoices, *books.credit_notes, *books.debit_notes]
    rows = (
        (one.key, invoice_row(books, one) if one.type == "Invoice" else note_row(books, one)) for one in own
    )
    return list(zip(own, invoices([snapshot(rows)], MAPPER), strict=True))


def snapshot(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> Rows:
    """Return rows as they are stored."""
    return Rows(*(stored(key, json_text(row)) for key, row in rows))


def test_every_document_adds_up_in_its_currency_and_in_base(
    documents: list[tuple[Document, InvoiceRecord]],
) -> None:
    for document, record in documents:
        sign = -1 if document.type == "CreditNote" else 1
        assert_whole(record, document.type)
        assert (record.amount, record.net) == (
            sign * document.totals.amount,
            sign * (document.totals.amount - document.totals.vat),
        )
        assert record.properties["visma_balance"] == f"{sign * document.balance:.2f}".replace("-0.00", "0.00")
        assert (record.in_base is None) == (document.currency == "NOK")
        if record.in_base is not None:
            assert record.in_base.amount == sign * document.base.amount


def test_documents_have_the_status_dates_and_credits_of_the_books(
    documents: list[tuple[Document, InvoiceRecord]],
) -> None:
    met = set()
    for document, record in documents:
        status = str(record.properties["hs_invoice_status"])
        credit = [item.amount for item in document.applications if item.type == "CreditNote"]
        assert (record.skip is None) == (document.status in RELEASED | {"Voided"})
        assert record.document_date == document.day
        assert record.customer == f"customer:{document.partner.number}"
        assert Decimal(str(record.properties["visma_credited_amount"])) == sum(credit, ZERO)
        if document.status == "Closed" and document.applications:
            last = max(item.day for item in document.applications if item.type != "VoidPayment")
            assert record.properties["visma_paid_date"] == last.isoformat()
        met.add((document.type, status, bool(credit), record.skip is None))
    assert len(met) >= 8


def test_payments_settle_the_documents_of_the_books(books: Books) -> None:
    rows = snapshot((one.key, payment_row(books, one)) for one in books.payments)
    found = list(payments(rows, connection="acme", zone=OSLO, stamp_zone=OSLO))
    assert len(found) == len(books.payments) > 200
    for payment, record in zip(books.payments, found, strict=True):
        assert record.refusal is None
        if isinstance(payment, Payment):
            keys = (line.target.key for line in payment.lines if isinstance(line.target, Document))
            assert [*record.documents] == [key[0].lower() + key[1:].lower() for key in dict.fromkeys(keys)]
            assert Decimal(str(record.properties["hs_initial_amount"])) == abs(payment.amount)


@pytest.mark.parametrize("codes", [False, True])
def test_transactions_come_to_the_income_of_the_books(books: Books, codes: bool) -> None:
    chart = Chart({number: kind for number, (kind, _) in ACCOUNTS.items()}, {ACTUAL})
    rows = snapshot((batch.key, batch_row(batch, codes=codes)) for batch in books.journal.batches)
    found = {
        record.key: record
        for record in transactions(rows, chart, TransactionRules(), connection="acme", stamp_zone=OSLO)
    }
    income: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for batch in books.journal.batches:
        entries = [entry for entry in batch.entries if entry.account in INCOME]
        if not entries or batch.ledger != ACTUAL:
            assert found.pop(f"transaction:{batch.key}").no_sale
            continue
        record = found[f"transaction:{batch.key}"]
        assert (record.skip is None) == batch.released or record.voided
        own = ZERO if record.voided else -sum((entry.base for entry in entries), ZERO)
        assert record.amount == own
        income[batch.period] += own
        named = {(entry.kind, entry.reference) for entry in entries if batch.module == "AR"}
        if len(named) == 1:
            ((kind, number),) = named
            from_document = kind in ("Invoice", "CreditNote", "DebitNote")
            assert record.document == (f"{str(kind).lower()}:{number}" if from_document else None)
    assert len(income) >= 12
    assert len({record.document for record in found.values()}) > 200


def test_purchases_come_to_the_orders_and_invoices_of_the_books(books: Books) -> None:
    orders = snapshot((one.key, order_row(one)) for one in books.orders)
    bought = snapshot((one.key, supplier_invoice_row(one)) for one in books.supplier_invoices)
    found = {record.key: record.properties for record in purchases(orders, bought, AS_OF.year)}
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for document in books.supplier_invoices:
        net = document.base.amount - document.base.vat
        counts = document.status in RELEASED and document.day.year == AS_OF.year
        sign = -1 if document.type == "DebitAdj" else 1
        sums[f"supplier:{document.partner.number}"] += sign * net if counts else ZERO
    for key, expected in sums.items():
        assert Decimal(str(found[key]["visma_purchases_this_year"])) == expected
    counted = sum(int(str(values["visma_open_po_count"])) for values in found.values())
    waiting = [
        one for one in books.orders if one.status in ("Open", "PendingEmail", "PendingPrint", "Printed")
    ]
    assert 0 < counted <= len(waiting)
