"""Customer payments: which are records of their own, what they settle, and what becomes of one that is taken back."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from ml_connector.records.booking_model import PAYMENT_SCHEMA, PaymentRecord
from ml_connector.records.payments import payments
from ml_connector_tests.records.documents import OSLO
from ml_connector_tests.records.snapshots import DAY, Rows, stored


def settles(kind: str | None, number: str | None, amount: float = 1) -> dict[str, Any]:
    """Return one line of a payment."""
    return {"documentType": kind, "refNbr": number, "amountPaid": amount}


def payment(kind: str = "Payment", base: str | None = "NOK", **values: Any) -> PaymentRecord:
    """Return the record of one stored payment."""
    row = {
        "status": "Closed",
        "customer": {"number": "10023"},
        "applicationDate": "2026-10-25T00:00:00",
        "currency": "EUR",
        "paymentAmount": 1450,
        "paymentAmountInCurrency": 125.5,
        "paymentRef": "KID 1002341",
        "paymentLines": [settles("Invoice", "100234")],
    }
    rows = Rows(stored(f"{kind}:400017", row | values))
    (found,) = payments(rows, connection="acme", zone=OSLO, stamp_zone=OSLO, base_currency=base)
    return found


def test_a_payment_carries_its_money() -> None:
    record = payment()
    assert record.properties == {
        "visma_payment_id": "acme:Payment:400017",
        "hs_initial_amount": "125.50",
        "hs_initiated_date": "2026-10-25T11:00:00.000Z",
        "hs_currency_code": "EUR",
        "hs_latest_status": "succeeded",
        "hs_payment_method_type": "other",
        "hs_processor_type": "none",
        "hs_reference_number": "KID 1002341",
        "visma_last_modified": "2026-11-20T05:35:22.153Z",
    }
    assert (record.key, record.keys) == ("payment:Payment:400017", ("payment:Payment:400017",))
    assert (record.customer, record.documents) == ("customer:10023", ("invoice:100234",))
    assert (record.partition, record.voided, record.skip, record.refusal) == (DAY, False, None, None)


def test_what_it_comes_to_in_base_is_told_where_that_is_another_currency() -> None:
    told = {"hs_initial_amount": "1450.00", "hs_currency_code": "NOK"}
    assert payment().in_base == told
    assert payment(paymentAmount=-1450).in_base == told, "the amount of a refund may be negative"
    for other in (payment(base=None), payment(currency="NOK"), payment(paymentAmount=None)):
        assert (other.in_base, other.refusal) == ({}, None)
    assert PaymentRecord.from_row(payment().to_row()) == payment()


def test_documents_come_once_and_payments_among_them_not_at_all() -> None:
    lines = [
        settles("Invoice", "100234", 50),
        settles("Invoice", "100234", -50),
        settles("CreditNote", "200012"),
        settles("DebitNote", "300001"),
        settles("Prepayment", "400003"),
        settles("Invoice", None),
        settles(None, "100999"),
    ]
    found = payment(paymentLines=lines).documents
    assert found == ("invoice:100234", "creditnote:200012", "debitnote:300001")
    assert payment(paymentLines=None).documents == ()


@pytest.mark.parametrize("kind", ["VoidPayment", "CreditNote", "SmallBalanceWo", "VoidRefund"])
def test_what_moves_no_money_of_its_own_stays_behind(kind: str) -> None:
    assert payment(kind).skip == f"it moves no money of its own: type {kind}"


@pytest.mark.parametrize("kind", ["Payment", "Prepayment", "Refund"])
@pytest.mark.parametrize("status", ["Open", "Closed"])
def test_released_money_travels(kind: str, status: str) -> None:
    record = payment(kind, status=status)
    assert record.skip is None
    assert record.properties["hs_latest_status"] == ("refunded" if kind == "Refund" else "succeeded")


@pytest.mark.parametrize("status", ["Hold", "Balanced", "Reserved"])
def test_money_that_is_not_released_stays_behind(status: str) -> None:
    assert payment(status=status).skip == f"it is not released: status {status}"


def test_a_payment_taken_back_is_followed() -> None:
    record = payment(status="Voided")
    assert (record.voided, record.skip) == (True, None)
    assert record.properties["hs_latest_status"] == "refunded"


def test_amounts_have_no_sign_and_a_number_stands_in_for_a_missing_reference() -> None:
    record = payment("Refund", paymentAmountInCurrency=-12.3, paymentRef=None)
    assert record.properties["hs_initial_amount"] == "12.30"
    assert record.properties["hs_reference_number"] == "400017"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"paymentAmountInCurrency": None}, "it has no paymentAmountInCurrency"),
        ({"paymentAmountInCurrency": "Hemmelig"}, "type str stands where a number should"),
        ({"applicationDate": "Hemmelig"}, "a text stands where a date should"),
        ({"paymentLines": ["Hemmelig"]}, "unknown shape"),
        ({"paymentRef": ["Hemmelig"]}, "type list stands where text should"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused(changes: dict[str, Any], why: str) -> None:
    record = payment(**changes)
    assert why in str(record.refusal)
    assert "Hemmelig" not in str(record.refusal)
    assert (record.key, record.properties) == ("payment:Payment:400017", {})


def test_a_record_keeps_through_its_row() -> None:
    records = [payment(), payment(paymentAmountInCurrency=None), payment("VoidPayment")]
    table = pa.Table.from_pylist([record.to_row() for record in records], schema=PAYMENT_SCHEMA)
    assert [PaymentRecord.from_row(row) for row in table.to_pylist()] == records


def test_an_amount_keeps_all_its_places() -> None:
    raw = '{"status": "Open", "paymentAmountInCurrency": 1234567890.1234}'
    (record,) = payments(Rows(stored("Payment:1", raw)), connection="acme", zone=OSLO, stamp_zone=OSLO)
    assert Decimal(str(record.properties["hs_initial_amount"])) == Decimal("1234567890.1234")
