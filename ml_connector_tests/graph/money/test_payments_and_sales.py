"""A year of small books into an empty portal: every document, and payments and sales where the portal keeps them."""

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.cli.sync import Summary
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.settings import RecordKind
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, connection, empty_company
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, SMALL, ZERO, Money

SALES = "p139876543_visma_transaction"
MOST_CALLS = 10
"""What the same again may cost."""


def parents(world: World, from_type: str, record: Record, to_type: str, name: str) -> set[str]:
    """Return the Visma ids of what a record is linked to."""
    held = world.sandbox.hubspot.records(to_type)
    pairs = world.sandbox.hubspot.links(from_type, to_type)
    return {held[to_id].values[name] for from_id, to_id in pairs if from_id == record.id}


@pytest.fixture(scope="module")
def everything(make_shared_world: MakeWorld) -> tuple[World, Summary]:
    """A year of small books in a portal that keeps all of it, and the run that brought it."""
    portal = {"enterprise": True, "payments_enabled": True}
    settings = empty_company(customers=15, suppliers=4, books=SMALL, hubspot=portal)
    world = make_shared_world(settings, records=list(RecordKind))
    return world, world.sync()


def test_a_year_lands_whole_and_the_same_again_writes_nothing(everything: tuple[World, Summary]) -> None:
    world, first = everything
    money, hubspot = Money(world), world.sandbox.hubspot
    assert first.status == "success", first
    assert world.rejects() == []
    statement = money.equal()
    assert len({total["month"] for total in statement["totals"]}) >= 12
    assert len({total["currency"] for total in statement["totals"]}) > 1
    assert first.entities["invoices"]["created"] > 60
    for document_type in ("Invoice", "CreditNote", "DebitNote"):
        assert_same_sums(money, document_type, statement)
    sales = [total for total in statement["totals"] if total["kind"] == "transaction"]
    assert sum(Decimal(total["hubspot"]["amount"]) for total in sales) > 0
    assert all(check["passed"] for check in statement["checks"])

    transactions, payments = hubspot.records(SALES), hubspot.records("commerce_payments")
    assert len(transactions) == first.entities["transactions"]["created"] > 60
    assert len(payments) == first.entities["payments"]["created"] > 20
    assert len({one.values["visma_payment_id"] for one in payments.values()}) == len(payments)

    held = money.portrait()
    world.forget_calls()
    again = world.sync()
    assert again.status == "success"
    assert world.writes() == []
    assert len(world.calls()) <= MOST_CALLS, world.counted()
    assert money.portrait() == held
    for entity in ("invoices", "payments", "transactions"):
        assert again.entities[entity]["unchanged"] == first.entities[entity]["created"], entity


def assert_same_sums(money: Money, document_type: str, statement: dict[str, Any]) -> None:
    """Hold both sides of a statement to what the books add up to."""
    totals = [total for total in statement["totals"] if total["kind"] == document_type.lower()]
    released = [
        one
        for one in money.documents()
        if one.type == document_type and one.released and one.stage != "Voided"
    ]
    sign = -1 if document_type == "CreditNote" else 1
    amount = sign * sum((one.totals.amount for one in released), ZERO)
    balance = sign * sum((one.balance for one in released), ZERO)
    assert amount != 0
    for side in ("visma", "hubspot"):
        assert sum((Decimal(total[side]["amount"]) for total in totals), ZERO) == amount
        assert sum((Decimal(total[side]["balance"]) for total in totals), ZERO) == balance


def test_a_payment_and_a_sale_come_linked_and_a_corrected_posting_goes(
    everything: tuple[World, Summary],
) -> None:
    world, _ = everything
    money, hubspot, ledger = Money(world), world.sandbox.hubspot, world.sandbox.visma.ledger
    paid = money.bill(1_0001, "80", day=1)
    payment = money.books.pay(paid, stamp=rows.at(1))
    posted = ledger.post([("3000", "10-1", Decimal(-90)), ("1920", "00-0", Decimal(90))], stamp=rows.at(1))
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
    sales = {one.values["visma_transaction_id"] for one in hubspot.records(SALES).values()}
    assert f"{NAME}:{posted}" in sales

    # Somebody corrects the posting: no line of it stands on an account of sales any more.
    ledger.reclassify(posted, 0, "1930", stamp=rows.at(2))
    assert world.sync(2).entities["transactions"]["archived"] == 1
    left = {one.values["visma_transaction_id"] for one in hubspot.records(SALES).values()}
    assert sales - left == {f"{NAME}:{posted}"}
    money.equal()


def test_a_connection_without_sales_is_not_held_to_those_in_the_portal(
    everything: tuple[World, Summary], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = everything
    money, held = Money(world), len(world.sandbox.hubspot.records(SALES))
    monkeypatch.setattr(world, "settings", connection(records=DOCUMENTS))
    money.bill(1_0001, "90", day=3)
    world.sync(3)
    assert len(world.sandbox.hubspot.records(SALES)) == held
    notes = money.equal()["notes"]
    assert any("sales transactions do not travel" in note for note in notes)


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
