"""Living through days: every hook carries its effects through balances, statuses, applications, journal and stamps."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.errors import UsageError
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.visma.new_lines import NewLine
from ml_connector.sandbox.visma.sandbox import VismaSandbox
from ml_connector_tests.sandbox.book_keeping import LATER, STAMP, SWEDE, changed, opened, sold


def invoice(visma: VismaSandbox, key: str) -> tuple[Any, ...]:
    """Status, amount and balance of an invoice as served."""
    row = visma.row("customer_invoices", key)
    return row["status"], row["amountInCurrency"], row["balanceInCurrency"]


def test_an_invoice_is_entered_released_and_posted(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice(
        "10003",
        sold("100.00", "50.50"),
        stamp=STAMP,
        day=date(2026, 11, 18),
        due=date(2026, 12, 1),
        currency="NOK",
        reference="PO-1",
        external="T-1",
        contact=3001,
    )
    row = visma.row("customer_invoices", key)
    assert key == "Invoice:100001"
    assert invoice(visma, key) == ("Open", Decimal("188.13"), Decimal("188.13"))
    assert (row["customerRefNumber"], row["externalReference"], row["contact"]["id"]) == ("PO-1", "T-1", 3001)
    assert (row["documentDate"], row["documentDueDate"]) == (datetime(2026, 11, 18), datetime(2026, 12, 1))
    assert row["createdDateTime"] == row["lastModifiedDateTime"] == STAMP
    batch = visma.row("journal_transactions", "AR:000001")
    sides = {
        line["accountNumber"]: (line["debitAmount"], line["creditAmount"])
        for line in batch["journalTransactionLines"]
    }
    assert sides == {
        "1500": (Decimal("188.13"), 0),
        "3000": (0, Decimal("150.50")),
        "2700": (0, Decimal("37.63")),
    }
    assert {
        (line["referenceNumber"], line["transactionType"], line["customerSupplier"])
        for line in batch["journalTransactionLines"]
    } == {("100001", "Invoice", "10003")}


def test_a_held_invoice_is_not_posted_until_released(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice("10003", sold("100"), stage="Hold", stamp=STAMP)
    assert visma.row("customer_invoices", key)["hold"] is True
    assert visma.keys("journal_transactions") == []
    with pytest.raises(UsageError):
        visma.books.pay(key)
    visma.books.release(key, stamp=LATER)
    assert invoice(visma, key)[0] == "Open"
    assert changed(visma, "customer_invoices", key) == LATER
    assert visma.keys("journal_transactions") == ["AR:000001"]
    with pytest.raises(UsageError):
        visma.books.release(key)


def test_a_payment_closes_the_invoice_without_touching_its_stamp(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice("10003", sold("100"), stamp=STAMP)
    version = visma.row("customer_invoices", key)["timeStamp"]
    payment = visma.books.pay(key, stamp=LATER, reference="bank 7")
    assert invoice(visma, key) == ("Closed", 125, 0)
    assert changed(visma, "customer_invoices", key) == STAMP
    assert visma.row("customer_invoices", key)["timeStamp"] != version
    assert changed(visma, "customer_payments", payment) == LATER
    applied = visma.row("customer_invoices", key)["applications"]
    assert [(item["docType"], item["refNbr"], item["amountPaid"], item["status"]) for item in applied] == [
        ("Payment", payment.partition(":")[2], 125, "Closed")
    ]
    line = visma.row("customer_payments", payment)["paymentLines"][0]
    assert (line["documentType"], line["refNbr"], line["amountPaid"], line["balance"]) == (
        "Invoice",
        "100001",
        125,
        0,
    )
    assert visma.row("customer_invoices", key)["closedFinancialPeriod"] == "202611"


def test_a_setting_lets_payments_touch_the_invoice() -> None:
    visma = opened(BooksSettings(invoices=0, payments=0, gl_batches=0, payments_touch_invoices=True))
    key = visma.books.add_invoice("10003", sold("100"), stamp=STAMP)
    visma.books.pay(key, stamp=LATER)
    assert changed(visma, "customer_invoices", key) == LATER


def test_one_payment_pays_parts_of_several_and_keeps_the_rest(visma: VismaSandbox) -> None:
    first, second = (visma.books.add_invoice("10003", sold("100"), currency="NOK") for _ in range(2))
    payment = visma.books.pay({first: Decimal(125), second: Decimal("25.50")}, amount=Decimal(200))
    assert invoice(visma, first)[2] == 0
    assert invoice(visma, second) == ("Open", 125, Decimal("99.50"))
    row = visma.row("customer_payments", payment)
    assert (row["status"], row["availableBalanceInCurrency"]) == ("Open", Decimal("49.50"))
    visma.books.apply(payment, {second: Decimal("49.50")}, stamp=LATER)
    assert invoice(visma, second)[2] == 50
    assert visma.row("customer_payments", payment)["status"] == "Closed"
    assert changed(visma, "customer_payments", payment) == LATER


def test_a_voided_payment_leaves_the_invoice_open_again(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice("10003", sold("100"), stamp=STAMP)
    payment = visma.books.pay(key, stamp=STAMP)
    void = visma.books.void_payment(payment, stamp=LATER)
    assert void == payment.replace("Payment", "VoidPayment")
    assert invoice(visma, key) == ("Open", 125, 125)
    assert changed(visma, "customer_invoices", key) == STAMP
    assert visma.row("customer_payments", payment)["status"] == "Voided"
    amounts = [line["amountPaid"] for line in visma.row("customer_payments", void)["paymentLines"]]
    assert {Decimal(125), Decimal(-125)} == set(amounts)
    applied = visma.row("customer_invoices", key)["applications"]
    assert [(item["docType"], item["amountPaid"], item["voided"]) for item in applied] == [
        ("Payment", 125, True),
        ("VoidPayment", -125, False),
    ]
    with pytest.raises(UsageError):
        visma.books.void_payment(payment)


def test_a_credit_note_is_applied_and_the_rest_paid_back(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice("10003", sold("100"), stamp=STAMP)
    note = visma.books.add_credit_note("10003", sold("120"), stamp=STAMP)
    assert note == "CreditNote:200001"
    assert visma.row("customer_credit_notes", note)["amount"] == 150
    assert visma.row("customer_payments", note)["availableBalanceInCurrency"] == 150
    visma.books.apply(note, {key: Decimal(125)}, stamp=LATER)
    assert invoice(visma, key) == ("Closed", 125, 0)
    assert changed(visma, "customer_invoices", key) == STAMP
    assert changed(visma, "customer_credit_notes", note) == changed(visma, "customer_payments", note) == LATER
    listed = visma.row("customer_payments", note)
    assert [(line["refNbr"], line["amountPaid"]) for line in listed["paymentLines"]] == [("100001", 125)]
    assert visma.row("customer_invoices", key)["applications"][0]["docType"] == "CreditNote"
    refund = visma.books.refund(note)
    assert visma.row("customer_credit_notes", note)["status"] == "Closed"
    assert visma.row("customer_payments", refund)["paymentAmount"] == 25


def test_a_held_credit_note_is_no_payment_yet(visma: VismaSandbox) -> None:
    note = visma.books.add_credit_note("10003", sold("100"), stage="Hold")
    assert visma.keys("customer_payments") == []
    visma.books.release(note)
    assert visma.keys("customer_payments") == [note]


def test_a_prepayment_waits_for_its_invoice(visma: VismaSandbox) -> None:
    paid = visma.books.prepay("10003", Decimal(500), currency="NOK", stamp=STAMP)
    key = visma.books.add_invoice("10003", sold("100"), currency="NOK", stamp=STAMP)
    visma.books.apply(paid, {key: Decimal(125)})
    assert invoice(visma, key) == ("Closed", 125, 0)
    assert visma.row("customer_payments", paid)["availableBalance"] == 375
    visma.books.refund(paid)
    with pytest.raises(UsageError):
        visma.books.void_payment(paid)


def test_a_small_rest_is_written_off(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice("10003", sold("100"), currency="NOK")
    visma.books.pay({key: Decimal("120.01")})
    gone = visma.books.write_off(key)
    assert gone.startswith("SmallBalanceWo:")
    assert invoice(visma, key) == ("Closed", 125, 0)
    with pytest.raises(UsageError):
        visma.books.write_off(key)


def test_rates_make_gains_and_losses_and_nothing_stays_behind(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice(SWEDE, sold("1000.37", vat=None), rate=Decimal("1.0900"), stamp=STAMP)
    note = visma.books.add_credit_note(SWEDE, sold("100", vat=None), rate=Decimal("0.95"), stamp=STAMP)
    row = visma.row("customer_invoices", key)
    assert (row["currencyId"], row["amountInCurrency"], row["amount"]) == (
        "SEK",
        Decimal("1000.37"),
        Decimal("1090.40"),
    )
    assert row["vatTotal"] == 0
    visma.books.apply(note, {key: Decimal(100)})
    visma.books.pay({key: Decimal("333.33")})
    visma.books.pay(key)
    row = visma.row("customer_invoices", key)
    assert (row["status"], row["balance"], row["balanceInCurrency"]) == ("Closed", 0, 0)
    accounts = {
        line["accountNumber"]
        for batch in visma.keys("journal_transactions")
        for line in visma.row("journal_transactions", batch)["journalTransactionLines"]
    }
    assert accounts & {"8060", "8160"}


def test_documents_are_voided_before_and_after_release(visma: VismaSandbox) -> None:
    held = visma.books.add_invoice("10003", sold("100"), stage="Balanced")
    posted = visma.books.add_invoice("10003", sold("100"))
    for key in (held, posted):
        visma.books.void(key, stamp=LATER)
        assert invoice(visma, key) == ("Voided", 125, 0)
        assert changed(visma, "customer_invoices", key) == LATER
    assert len(visma.keys("journal_transactions")) == 2
    paid = visma.books.add_invoice("10003", sold("100"))
    visma.books.pay(paid)
    for key in (paid, posted):
        with pytest.raises(UsageError):
            visma.books.void(key)
    with pytest.raises(UsageError):
        visma.books.release(held)


def test_lines_are_added_changed_and_removed(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice("10003", sold("100", "200"), currency="NOK", stamp=STAMP)
    number = visma.books.add_line(key, NewLine(text="Frakt", price=Decimal(40)), stamp=LATER)
    assert number == 3
    assert invoice(visma, key)[1] == 425
    visma.books.change_line(key, 1, quantity=Decimal(3), text="Ny tekst")
    visma.books.remove_line(key, 2)
    row = visma.row("customer_invoices", key)
    assert [(line["lineNumber"], line["amount"]) for line in row["invoiceLines"]] == [(1, 300), (3, 40)]
    assert row["invoiceLines"][0]["description"] == "Ny tekst"
    assert row["balance"] == row["amount"] == 425
    visma.books.remove_line(key, 3)
    visma.books.pay({key: Decimal(375)})
    with pytest.raises(UsageError):
        visma.books.change_line(key, 1, quantity=Decimal(1))
    assert invoice(visma, key) == ("Closed", 375, 0)


def test_a_refused_change_changes_nothing(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice("10003", sold("100"), currency="NOK")
    visma.books.pay(key)
    before = visma.row("customer_invoices", key)
    with pytest.raises(UsageError):
        visma.books.remove_line(key, 1)
    assert visma.row("customer_invoices", key) == before
    with pytest.raises(UsageError):
        visma.books.remove_line(key, 9)


def test_a_change_in_another_currency_after_payment_leaves_no_base_amount(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice(
        SWEDE, sold("33.33", "33.33", vat=None), rate=Decimal("1.0777"), stamp=STAMP
    )
    visma.books.pay({key: Decimal("33.33")})
    visma.books.remove_line(key, 2)
    row = visma.row("customer_invoices", key)
    assert (row["status"], row["balance"]) == ("Closed", 0)


def test_discounts_and_rounding_go_through_to_the_cent(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice(
        "10003",
        [
            NewLine(text="A", quantity=Decimal("1.3333"), price=Decimal("99.9999"), percent=Decimal("12.5")),
            NewLine(text="B", price=Decimal("14.2875"), vat="31"),
            NewLine(text="Bare tekst", quantity=Decimal(0)),
        ],
        currency="NOK",
        discount_percent=Decimal(3),
        rounded=True,
    )
    row = visma.row("customer_invoices", key)
    assert row["amount"] == row["amount"].to_integral_value()
    assert row["roundingDiff"] != 0
    assert row["discountTotal"] > 0
    assert row["detailTotal"] - row["discountTotal"] + row["vatTotal"] + row["roundingDiff"] == row["amount"]


def test_an_edit_has_no_effect_on_amounts(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice("10003", sold("100"), stamp=STAMP)
    visma.books.edit(key, reference="PO-2", due=date(2027, 1, 4), contact=3002, stamp=LATER)
    row = visma.row("customer_invoices", key)
    assert (row["customerRefNumber"], row["contact"]["id"]) == ("PO-2", 3002)
    assert changed(visma, "customer_invoices", key) == LATER
    with pytest.raises(UsageError):
        visma.books.edit(key, balance=Decimal(0))


@pytest.mark.parametrize("amount", ["0", "-1", "125.01"])
def test_an_impossible_payment_is_refused(visma: VismaSandbox, amount: str) -> None:
    key = visma.books.add_invoice("10003", sold("100"), currency="NOK")
    with pytest.raises(UsageError):
        visma.books.pay({key: Decimal(amount)})
    other = visma.books.add_invoice("10004", sold("100"), currency="NOK")
    with pytest.raises(UsageError):
        visma.books.pay({key: Decimal(1), other: Decimal(1)})
    with pytest.raises(UsageError):
        visma.books.pay({})


def test_hooks_go_on_where_the_year_ended() -> None:
    visma = opened(BooksSettings())
    open_ones = [one for one in visma.books.books.invoices if one.status == "Open" and one.balance]
    visma.books.pay(open_ones[0].key, stamp=STAMP)
    key = visma.books.add_invoice("10003", sold("100"), stamp=STAMP)
    assert key == "Invoice:100301"
    assert visma.keys("customer_invoices")[-1] == key
    assert visma.row("customer_invoices", open_ones[0].key)["status"] == "Closed"
    assert changed(visma, "customer_invoices", open_ones[0].key) < STAMP
    assert visma.books.problems() == []
    visma.reset()
    assert visma.row("customer_invoices", open_ones[0].key)["status"] == "Open"


def test_a_row_can_still_be_changed_by_hand_and_shows_later_events(visma: VismaSandbox) -> None:
    key = visma.books.add_invoice("10003", sold("100"), stamp=STAMP)
    visma.update(
        "customer_invoices", key, {"note": "Feilført", "customer": {"name": "Annet navn"}}, stamp=LATER
    )
    visma.books.pay(key)
    row = visma.row("customer_invoices", key)
    assert (row["note"], row["customer"], row["status"]) == (
        "Feilført",
        {"number": "10003", "name": "Annet navn"},
        "Closed",
    )
