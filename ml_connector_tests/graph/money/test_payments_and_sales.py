"""Payments and sales transactions as records of their own, in a portal that keeps them and in one that does not."""

from decimal import Decimal

import pytest

from ml_connector.sandbox.hubspot.records import Record
from ml_connector.settings import RecordKind
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, connection, empty_company
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, SMALL, Money

SALES = "p139876543_visma_transaction"


def parents(world: World, from_type: str, record: Record, to_type: str, name: str) -> set[str]:
    """Return the Visma ids of what a record is linked to."""
    held = world.sandbox.hubspot.records(to_type)
    pairs = world.sandbox.hubspot.links(from_type, to_type)
    return {held[to_id].values[name] for from_id, to_id in pairs if from_id == record.id}


def test_a_portal_with_everything_keeps_both_and_the_same_again_writes_nothing(make_world: MakeWorld) -> None:
    world = make_world(
        empty_company(
            customers=15,
            suppliers=4,
            books=SMALL,
            hubspot={"enterprise": True, "payments_enabled": True},
        ),
        records=list(RecordKind),
    )
    money, hubspot = Money(world), world.sandbox.hubspot
    summary = world.sync()
    assert summary.status == "success", summary
    statement = money.equal()
    sales = [total for total in statement["totals"] if total["kind"] == "transaction"]
    assert sum(Decimal(total["hubspot"]["amount"]) for total in sales) > 0
    assert all(check["passed"] for check in statement["checks"])

    transactions, payments = hubspot.records(SALES), hubspot.records("commerce_payments")
    assert len(transactions) == summary.entities["transactions"]["created"] > 60
    assert len(payments) == summary.entities["payments"]["created"] > 20
    assert len({one.values["visma_payment_id"] for one in payments.values()}) == len(payments)

    paid = money.bill(1_0001, "80", day=1)
    payment = money.books.pay(paid, stamp=rows.at(1))
    world.sync(1)
    record = world._one("commerce_payments", "visma_payment_id", f"{NAME}:{payment}")
    assert Decimal(record.values["hs_initial_amount"]) == 100
    assert parents(world, "commerce_payments", record, "invoices", "visma_invoice_id") == {f"{NAME}:{paid}"}
    assert parents(world, "commerce_payments", record, "companies", "visma_customer_id") == {f"{NAME}:10001"}
    (batch,) = [
        one
        for one in hubspot.records(SALES).values()
        if f"{NAME}:{paid}" in parents(world, SALES, one, "invoices", "visma_invoice_id")
    ]
    assert Decimal(batch.values["visma_amount"]) == 80
    assert parents(world, SALES, batch, "companies", "visma_customer_id") == {f"{NAME}:10001"}
    money.equal()

    # A posting that somebody corrects: no line of it stands on an account of sales any more.
    ledger = world.sandbox.visma.ledger
    posted = ledger.post([("3000", "10-1", Decimal(-90)), ("1920", "00-0", Decimal(90))], stamp=rows.at(1))
    world.sync(1)
    ledger.reclassify(posted, 0, "1930", stamp=rows.at(2))
    assert world.sync(2).entities["transactions"]["archived"] == 1
    assert f"{NAME}:{posted}" not in {
        one.values["visma_transaction_id"] for one in hubspot.records(SALES).values()
    }
    money.equal()

    world.forget_calls()
    again = world.sync(0, 2)
    assert again.status == "success"
    assert world.writes() == []
    assert len(world.calls()) <= 10, world.counted()


@pytest.mark.parametrize("lacking", [{"enterprise": True}, {"payments_enabled": True}], ids=str)
def test_a_portal_that_does_not_take_them_is_told_and_everything_else_lands(
    make_world: MakeWorld, lacking: dict[str, bool]
) -> None:
    world = make_world(empty_company(hubspot=lacking), records=list(RecordKind))
    world.enter_pairs([1])
    money = Money(world)
    paid = money.bill(1, "80")
    money.books.pay(paid, stamp=rows.at(0))
    summary = world.sync(0)
    assert summary.status == "success", summary
    assert money.status(paid) == ("paid", None)
    for entity, kept in (("payments", "payments_enabled"), ("transactions", "enterprise")):
        counts = summary.entities[entity]
        assert (counts["created"], counts["skipped"]) == ((1, 0) if lacking.get(kept) else (0, 1)), entity
    assert world.rejects() == []
    assert world.open_intents() == 0
    money.equal()


def test_a_connection_without_sales_is_not_held_to_those_in_the_portal(make_world: MakeWorld) -> None:
    world = make_world(empty_company(hubspot={"enterprise": True}), records=list(RecordKind))
    world.enter_pairs([1])
    money = Money(world)
    money.bill(1, "80")
    world.sync(0)
    world.settings = connection(records=DOCUMENTS)
    money.bill(1, "90", day=1)
    world.sync(1)
    assert len(world.sandbox.hubspot.records(SALES)) == 1
    notes = money.equal()["notes"]
    assert any("sales transactions do not travel" in note for note in notes)
