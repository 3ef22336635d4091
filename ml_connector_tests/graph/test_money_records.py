"""The records of money as assets: a year of books becomes records, and a window made again alone becomes the same."""

from decimal import Decimal
from functools import partial
from typing import Any

import dagster as dg
import pytest

from ml_connector.records.booking_model import PaymentRecord, PurchasesRecord, TransactionRecord
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.settings import RecordKind
from ml_connector.storage import Storage, recorded_dataset
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, empty_company
from ml_connector_tests.records.test_lines import assert_whole

TO_RECORDS = ("visma", "records")
BOOKS = BooksSettings(
    invoices=40,
    credit_notes=4,
    debit_notes=2,
    payments=30,
    supplier_invoices=12,
    purchase_orders=8,
    gl_batches=12,
)


@pytest.fixture
def make_world(make_world: MakeWorld) -> MakeWorld:
    """Makes worlds whose connection carries everything."""
    return partial(make_world, records=list(RecordKind))


def stored(world: World, entity: str, *windows: int, step: str = "records") -> list[dict[str, Any]]:
    """Return the rows of an asset in windows."""
    with world.instance() as instance:
        key = dg.AssetKey([NAME, step, entity])
        keys = [rows.day(number) for number in windows]
        return list(recorded_dataset(instance, Storage(""), key, keys).rows())


def test_books_become_records_and_a_window_alone_becomes_them_again(make_world: MakeWorld) -> None:
    world = make_world(empty_company(customers=20, suppliers=6, books=BOOKS))
    world.sync(0, 1, steps=TO_RECORDS)

    invoices = [InvoiceRecord.from_row(row) for row in stored(world, "invoices", 0, 1)]
    received = [
        row["key"]
        for entity in ("customer_invoices", "customer_credit_notes", "customer_debit_notes")
        for row in stored(world, entity, 0, 1, step="visma")
    ]
    assert len(received) > 40
    assert [f"{record.document_type}:{record.number}" for record in invoices] == received
    for record in invoices:
        assert_whole(record, record.document_type)
        assert (record.in_base is None) == (record.currency == "NOK")
    paid = [PaymentRecord.from_row(row) for row in stored(world, "payments", 0, 1)]
    assert len(paid) >= 30
    bought = [PurchasesRecord.from_row(row) for row in stored(world, "purchases", 0, 1)]
    assert 0 < len(bought) <= 6
    sales = [TransactionRecord.from_row(row) for row in stored(world, "transactions", 0)]
    assert sum((record.amount for record in sales), Decimal(0)) > 0
    for entity in ("invoices", "payments", "purchases", "transactions"):
        assert {row["refusal"] for row in stored(world, entity, 0, 1)} == {None}

    world.sync(0, steps=("records",))
    assert [TransactionRecord.from_row(row) for row in stored(world, "transactions", 0)] == sales
    again = [InvoiceRecord.from_row(row) for row in stored(world, "invoices", 0)]
    assert [record.in_base is None for record in again] == [record.currency == "NOK" for record in again]
