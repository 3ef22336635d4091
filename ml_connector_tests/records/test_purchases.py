"""What a supplier's company shows of buying from it: open orders and two years of invoices."""

import json
from typing import Any

import pyarrow as pa
import pytest

from ml_connector.records.booking_model import PURCHASES_SCHEMA, PurchasesRecord
from ml_connector.records.purchases import purchases
from ml_connector_tests.records.snapshots import Rows, stored

YEAR = 2026


def order(
    number: str = "1", supplier: Any = "50001", partition: str = "2026-11-20", **values: Any
) -> dict[str, Any]:
    """Return a stored purchase order in a foreign currency, with two lines to come."""
    row = {
        "supplier": {"number": supplier},
        "status": "Open",
        "date": "2026-11-02T00:00:00",
        "orderTotal": 10,
        "orderTotalInBaseCurrency": 116.25,
        "lines": [{"completed": False, "canceled": False}, {"completed": True, "canceled": False}],
    }
    return stored(f"RegularOrder:{number}", row | values, partition=partition)


def invoice(
    number: str = "1",
    kind: str = "Invoice",
    supplier: Any = "50001",
    partition: str = "2026-11-20",
    **values: Any,
) -> dict[str, Any]:
    """Return a stored invoice of 100 without VAT."""
    row = {
        "supplier": {"number": supplier},
        "documentType": kind,
        "status": "Open",
        "date": "2026-11-02T00:00:00",
        "amount": 125,
        "vatTotal": 25,
    }
    return stored(f"{kind}:{number}", row | values, partition=partition)


def found(*rows: dict[str, Any]) -> dict[str, PurchasesRecord]:
    """Return the purchases of stored rows by key of the company."""
    orders = [row for row in rows if row["key"].startswith("RegularOrder")]
    records = purchases(Rows(*orders), Rows(*(row for row in rows if row not in orders)), YEAR)
    return {record.key: record for record in records}


def shown(*rows: dict[str, Any]) -> list[str | None]:
    """Return what the company of the one supplier shows: count, amount, newest order, this year, last year."""
    (record,) = found(*rows).values()
    assert list(record.properties) == [
        "visma_open_po_count",
        "visma_open_po_amount",
        "visma_newest_po_date",
        "visma_purchases_this_year",
        "visma_purchases_last_year",
    ]
    return list(record.properties.values())


def test_open_orders_are_counted_in_base_currency() -> None:
    rows = [order("1"), order("2", date="2026-11-09T00:00:00", status="Printed"), order("3", date=None)]
    assert shown(*rows) == ["3", "348.75", "2026-11-09", "0.00", "0.00"]


@pytest.mark.parametrize("status", ["Balanced", "Cancelled", "Closed", "Hold", "Voided", None])
def test_orders_that_bring_nothing_do_not_count(status: str | None) -> None:
    assert shown(order(status=status)) == ["0", "0.00", None, "0.00", "0.00"]


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ([{"completed": True}, {"canceled": True}], "0"),
        ([{"completed": True}, {"completed": False}], "1"),
        ([], "1"),
        (None, "1"),
    ],
)
def test_an_order_is_open_while_a_line_is(lines: list[dict[str, bool]] | None, count: str) -> None:
    assert shown(order(lines=lines))[0] == count


def test_invoices_count_without_vat_in_their_year() -> None:
    rows = [
        invoice("1"),
        invoice("2", date="2026-01-01T00:00:00", status="Closed"),
        invoice("3", date="2025-12-31T00:00:00"),
        invoice("4", date="2024-12-31T00:00:00"),
    ]
    assert shown(*rows)[3:] == ["200.00", "100.00"]


def test_adjustments_raise_and_lower() -> None:
    assert shown(invoice(), invoice(kind="CreditAdj", amount=10, vatTotal=0))[3] == "110.00"
    assert shown(invoice(), invoice(kind="DebitAdj", amount=12.5, vatTotal=2.5))[3] == "90.00"


@pytest.mark.parametrize(
    "changes", [{"status": "Hold"}, {"status": "Balanced"}, {"status": "Voided"}, {"date": None}]
)
def test_documents_that_do_not_count(changes: dict[str, Any]) -> None:
    assert shown(invoice(**changes))[3] == "0.00"
    assert shown(invoice(kind="Prepayment"))[3] == "0.00"


def test_each_supplier_has_its_own_in_the_newest_window_that_names_it() -> None:
    rows = [
        order("1", "50001", partition="2026-11-19"),
        invoice("1", supplier="50001", partition="2026-11-21"),
        order("2", "50002", partition="2026-11-20"),
        invoice("2", supplier="50002", partition="2026-11-18"),
    ]
    records = found(*rows)
    assert {key: record.partition for key, record in records.items()} == {
        "supplier:50001": "2026-11-21",
        "supplier:50002": "2026-11-20",
    }
    assert records["supplier:50001"].keys == ("supplier:50001",)
    assert records["supplier:50002"].properties["visma_open_po_count"] == "1"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (order("7", orderTotalInBaseCurrency="Hemmelig"), "purchase RegularOrder:7: its row"),
        (order("7", lines=["Hemmelig"]), "purchase RegularOrder:7: its row"),
        (invoice("7", date="Hemmelig"), "purchase Invoice:7: its row"),
        (invoice("7", amount=["Hemmelig"]), "type list stands where a number should"),
    ],
)
def test_a_row_that_cannot_be_read_refuses_its_supplier_alone(row: dict[str, Any], why: str) -> None:
    records = found(row, invoice("8"), invoice("9", supplier="50002"))
    refusal = str(records["supplier:50001"].refusal)
    assert why in refusal
    assert "Hemmelig" not in refusal
    assert records["supplier:50002"].refusal is None


@pytest.mark.parametrize("supplier", [None, "", ["50001"]])
def test_a_row_of_nobody_stops_nothing(supplier: Any) -> None:
    assert list(found(order("1", supplier), invoice("1"))) == ["supplier:50001"]


def test_a_record_keeps_through_its_row() -> None:
    records = [*found(order(), invoice("9", supplier="50002", amount="?")).values()]
    table = pa.Table.from_pylist([record.to_row() for record in records], schema=PURCHASES_SCHEMA)
    assert [PurchasesRecord.from_row(row) for row in table.to_pylist()] == records
    assert [
        PurchasesRecord.from_row(json.loads(json.dumps(record.to_row()))) for record in records
    ] == records
