"""What settles an invoice, window by window: payments, their undoing, credit notes, write-offs, voiding."""

from decimal import Decimal

import pytest

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money, sold


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A company with three customers, which sends documents."""
    made = make_world(records=DOCUMENTS)
    made.enter_pairs(range(1, 4))
    return made


def stamp_of(world: World, key: str) -> object:
    """Return the last change of an invoice as Visma shows it."""
    return world.sandbox.visma.row("customer_invoices", key)["lastModifiedDateTime"]


def test_a_payment_that_leaves_the_invoice_untouched_pays_it_and_its_undoing_opens_it_again(
    world: World,
) -> None:
    money = Money(world)
    whole, part, other = (money.bill(customer, "100", "49.90") for customer in (1, 2, 3))
    assert world.sync(0).status == "success"
    assert [money.status(key) for key in (whole, part, other)] == [("open", None)] * 3
    before = stamp_of(world, whole)

    payment = money.books.pay(whole, stamp=rows.at(1))
    money.books.pay({part: Decimal("100")}, stamp=rows.at(1))
    assert stamp_of(world, whole) == before, "the hard case: the payment does not touch the invoice"
    summary = world.sync(1)
    assert (summary.entities["invoices"]["updated"], summary.entities["line_items"]["updated"]) == (2, 0)
    paid = money.invoice(whole).values
    assert (paid["hs_invoice_status"], paid["visma_status"]) == ("paid", "Closed")
    assert money.amount(whole, "balance") == 0
    assert paid["visma_paid_date"] == rows.day(1)
    assert money.status(part) == ("open", None)
    money.agrees()

    money.books.void_payment(payment, stamp=rows.at(2))
    assert stamp_of(world, whole) == before
    world.sync(2)
    opened = money.invoice(whole).values
    assert (opened["hs_invoice_status"], opened["visma_status"]) == ("open", "Open")
    assert "visma_paid_date" not in opened
    money.equal()

    money.books.pay(whole, stamp=rows.at(3))
    money.books.write_off(part, stamp=rows.at(3))
    world.sync(3)
    assert [money.status(key)[0] for key in (whole, part, other)] == ["paid", "paid", "open"]
    money.equal()


def test_a_credit_note_is_a_record_and_lowers_what_it_is_applied_to(world: World) -> None:
    money = Money(world)
    first, second = money.bill(1, "1000"), money.bill(1, "200")
    world.sync(0)
    credit = money.books.add_credit_note("1", sold("400"), stamp=rows.at(1))
    world.sync(1)
    assert money.amount(credit, "amount") == money.amount(credit, "balance") == -500
    assert money.status(credit) == ("open", None)
    assert money.invoice(credit).values["visma_document_type"] == "CreditNote"

    before = stamp_of(world, first)
    money.books.apply(credit, {first: Decimal("250"), second: Decimal("250")}, stamp=rows.at(2))
    assert stamp_of(world, first) == before
    world.sync(2)
    assert money.status(credit) == ("paid", None)
    assert money.amount(first, "credited_amount") == money.amount(second, "credited_amount") == 250
    assert [money.amount(key, "balance") for key in (first, second)] == [1000, 0]
    assert [money.status(key) for key in (first, second)] == [("open", None), ("paid", None)]
    money.equal()


def test_only_what_is_released_travels_and_voiding_is_followed(world: World) -> None:
    money = Money(world)
    held = money.bill(1, "10", stage="Hold")
    sent, never = money.bill(2, "20"), money.bill(3, "30")
    money.books.void(never, stamp=rows.at(0))
    summary = world.sync(0)
    assert (summary.entities["invoices"]["created"], summary.entities["invoices"]["skipped"]) == (1, 2)
    money.agrees()

    money.books.release(held, stamp=rows.at(1))
    money.books.void(sent, stamp=rows.at(1))
    world.sync(1)
    assert money.status(held) == ("open", None)
    assert money.status(sent) == ("voided", None)
    money.equal()
    world.forget_calls()
    world.sync(0, 1)
    assert world.writes() == []
