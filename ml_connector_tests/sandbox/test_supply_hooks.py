"""Living through days in the ledger and in purchasing: batches, orders, receipts and supplier invoices."""

from decimal import Decimal

import pytest

from ml_connector.errors import UsageError
from ml_connector.sandbox.visma.sandbox import VismaSandbox
from ml_connector_tests.sandbox.book_keeping import LATER, STAMP, changed, sold


def test_a_ledger_batch_is_entered_posted_and_reversed(visma: VismaSandbox) -> None:
    key = visma.ledger.post(
        [("1920", "00-0", Decimal(100)), ("3000", "10-1", Decimal(-100))], status="Unposted", stamp=STAMP
    )
    visma.ledger.set_batch_status(key, "Posted", stamp=LATER)
    assert visma.row("journal_transactions", key)["status"] == "Posted"
    assert changed(visma, "journal_transactions", key) == LATER
    back = visma.row("journal_transactions", visma.ledger.reverse(key))
    assert (back["reversingEntry"], back["originalBatchNumber"]) == (True, "000001")
    assert [line["creditAmount"] for line in back["journalTransactionLines"]] == [100, 0]
    for hook in (visma.ledger.reverse, lambda one: visma.ledger.set_batch_status(one, "Posted")):
        with pytest.raises(UsageError):
            hook("GL:999999")
    with pytest.raises(UsageError):
        visma.ledger.post([("1920", "00-0", Decimal(1))])


def test_goods_are_ordered_received_and_paid(visma: VismaSandbox) -> None:
    order = visma.purchasing.order("50003", sold("100", "10", quantity="5"), currency="EUR", stamp=STAMP)
    row = visma.row("purchase_orders", order)
    assert (row["status"], row["orderTotal"], row["openQuantity"], row["openBalance"]) == (
        "Open",
        550,
        10,
        550,
    )
    assert row["orderTotalInBaseCurrency"] == (550 * row["exchangeRate"]).quantize(Decimal("0.01"))
    visma.purchasing.receive(order, {1: Decimal(2)}, stamp=LATER)
    row = visma.row("purchase_orders", order)
    assert (row["openBalance"], row["lines"][0]["qtyOnReceipts"], row["lines"][0]["completed"]) == (
        350,
        2,
        False,
    )
    visma.purchasing.close_line(order, 1)
    visma.purchasing.receive(order)
    row = visma.row("purchase_orders", order)
    assert (row["status"], row["openBalance"], len(row["purchaseReceipts"])) == ("Closed", 0, 2)
    assert changed(visma, "purchase_orders", order) > LATER
    with pytest.raises(UsageError):
        visma.purchasing.receive(order)
    bill = visma.purchasing.add_invoice("50003", sold("100", vat=None), currency="NOK", stamp=STAMP)
    assert visma.row("supplier_invoices", bill)["balance"] > 0
    visma.purchasing.pay(bill, Decimal(40))
    visma.purchasing.pay(bill, stamp=LATER)
    row = visma.row("supplier_invoices", bill)
    assert (row["status"], row["balance"], row["lastModifiedDateTime"]) == ("Closed", 0, STAMP)


def test_suppliers_documents_are_held_and_orders_cancelled(visma: VismaSandbox) -> None:
    bill = visma.purchasing.add_invoice("50003", sold("100", vat=None), stage="Hold")
    with pytest.raises(UsageError):
        visma.purchasing.pay(bill)
    visma.purchasing.release(bill)
    adjusted = visma.purchasing.add_invoice("50003", sold("10", vat=None), kind="DebitAdj")
    assert visma.row("supplier_invoices", adjusted)["status"] == "Open"
    order = visma.purchasing.order("50003", sold("100"))
    visma.purchasing.cancel(order)
    row = visma.row("purchase_orders", order)
    assert (row["status"], row["openBalance"], row["lines"][0]["canceled"]) == ("Cancelled", 0, True)
