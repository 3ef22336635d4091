"""What rows name, and what the snapshots of a run must therefore hold."""

from datetime import date
from typing import Any

import pytest

from ml_connector.visma.closure import Wanted, accounts_named, documents_settled
from ml_connector.visma.names import names_of
from ml_connector_tests.records.snapshots import Rows, at, stored


@pytest.mark.parametrize(
    ("entity", "row", "names"),
    [
        ("contacts", {"businessAccount": "10", "businessAccountType": "Customer"}, ["customer:10"]),
        ("contacts", {"businessAccount": "50", "businessAccountType": "Vendor"}, ["supplier:50"]),
        ("contacts", {}, []),
        ("customer_invoices", {"customer": {"number": " 10 "}}, ["customer:10"]),
        ("customer_credit_notes", {"customer": {"number": 10}}, ["customer:10"]),
        ("customer_debit_notes", {"customer": {"number": None}}, []),
        ("customer_payments", {"customer": None}, []),
        ("customer_payments", {"customer": "10"}, []),
        ("supplier_invoices", {"supplier": {"number": "50"}, "customer": {"number": "10"}}, ["supplier:50"]),
        ("purchase_orders", {"supplier": {"number": "50"}}, ["supplier:50"]),
        ("customers", {"number": "10", "customer": {"number": "11"}}, []),
    ],
)
def test_names(entity: str, row: dict[str, Any], names: list[str]) -> None:
    assert names_of(entity, row) == names


@pytest.mark.parametrize(
    ("batch", "lines", "names"),
    [
        ("ModuleAR", [("ModuleAR", "10"), (None, "11"), ("ModuleAR", "10")], ["customer:10", "customer:11"]),
        ("ModuleGL", [("AR", "10"), ("ModuleAP", "50"), (None, "12")], ["customer:10"]),
        ("ModuleAP", [(None, "50")], []),
        ("ModuleAR", [("ModuleAR", None), ("ModuleAR", "")], []),
        ("ModuleAR", None, []),
    ],
)
def test_journal_lines_of_receivables_name_customers(
    batch: str, lines: list[tuple[str | None, str | None]] | None, names: list[str]
) -> None:
    made: object = lines
    if lines is not None:
        made = [{"module": module, "customerSupplier": number} for module, number in lines]
    assert names_of("journal_transactions", {"module": batch, "journalTransactionLines": made}) == names


def payment(number: str, day: str, *documents: str, customer: str = "10") -> dict[str, Any]:
    """Return a stored payment of a window."""
    values = {
        "type": "Payment",
        "refNbr": number,
        "customer": {"number": customer},
        "paymentLines": [
            {"documentType": kind, "refNbr": name, "date": "2026-10-05T00:00:00"}
            for kind, _, name in (document.partition(":") for document in documents)
        ],
    }
    return at(stored(f"Payment:{number}", values), f"{day}T10:00:00", day)


def test_documents_belong_to_the_newest_window_that_names_them() -> None:
    payments = Rows(
        payment("1", "2026-11-18", "Invoice:1", "Invoice:2", "CreditNote:1"),
        payment("2", "2026-11-20", "Invoice:2", customer="20"),
    )
    day = date(2026, 10, 5)
    assert documents_settled(payments, "customer_invoices") == {
        "Invoice:1": Wanted("2026-11-18", "10", day, "2026-11-18T10:00:00"),
        "Invoice:2": Wanted("2026-11-20", "20", day, "2026-11-20T10:00:00"),
    }
    assert documents_settled(payments, "customer_credit_notes") == {
        "CreditNote:1": Wanted("2026-11-18", "10", day, "2026-11-18T10:00:00")
    }
    assert documents_settled(payments, "customer_debit_notes") == {}


def test_of_two_payments_in_a_window_the_newer_one_touched_a_document() -> None:
    paid, undone = (payment(number, "2026-11-18", "Invoice:1") for number in ("1", "2"))
    undone["modified"] = "2026-11-18T14:00:00.5"
    for order in ((paid, undone), (undone, paid)):
        (wanted,) = documents_settled(Rows(*order), "customer_invoices").values()
        assert wanted.touched == "2026-11-18T14:00:00.5"


def test_accounts_of_several_snapshots() -> None:
    first = Rows({**at(stored("1", "{}"), None, "2026-11-20"), "names": ["customer:10", "supplier:50"]})
    second = Rows(
        {**at(stored("1", "{}"), None, "2026-11-18"), "names": ["customer:10", "customer:11"]},
        {**at(stored("2", "{}"), None, "2026-11-18"), "names": None},
    )
    assert accounts_named([first, second], "customer") == {"10": "2026-11-20", "11": "2026-11-18"}
    assert accounts_named([first, second], "supplier") == {"50": "2026-11-20"}
