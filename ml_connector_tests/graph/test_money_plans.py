"""The plans of money as assets: a year of books against a portal that sales has worked in, told deal by deal."""

from collections import Counter
from typing import Any

import pytest

from ml_connector.plan.operations import Operation
from ml_connector.sandbox.books.deals import DealClue, DealFact
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.visma.opening import deal_plan
from ml_connector.settings import RecordKind
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company
from ml_connector_tests.graph.test_money_records import stored

TO_PLAN = ("visma", "records", "plan")

BOOKS = BooksSettings(invoices=150, payments=40, supplier_invoices=12, purchase_orders=8, gl_batches=6)


def planned(world: World, entity: str) -> list[Operation]:
    """Return the operations of a plan of the first window."""
    return [Operation.from_row(row) for row in stored(world, entity, 0, step="plan")]


def counts(operations: list[Operation]) -> dict[str, Counter[str]]:
    """Return how many operations of each action each entity has."""
    found: dict[str, Counter[str]] = {}
    for one in operations:
        found.setdefault(one.entity, Counter())[str(one.action)] += 1
    return found


@pytest.fixture
def books(make_world: MakeWorld) -> World:
    """A year of books, and a portal with companies, people and deals; planned, not loaded."""
    world = make_world(
        empty_company(
            customers=40, suppliers=6, portal_seed="demo", books=BOOKS, hubspot={"enterprise": True}
        ),
        records=list(RecordKind),
    )
    world.sync(0, steps=TO_PLAN)
    return world


def test_a_first_plan_of_a_year(books: World) -> None:
    invoices = planned(books, "invoices")
    told = counts(invoices)
    released = told["invoices"]["create"]
    assert released > 120
    assert told["openings"] == {"open": released}
    to_types = Counter(str(one.values["to_type"]) for one in invoices if one.entity == "invoice_links")
    assert to_types["line_items"] == told["line_items"]["create"]
    assert to_types["companies"] == released
    assert to_types["contacts"] > released / 2
    assert_deals(books, invoices)
    assert counts(planned(books, "companies"))["purchases"].keys() <= {"update"}
    sales = counts(planned(books, "transactions"))
    assert sales["transactions"]["create"] > 100
    assert sales["transaction_links"]["link"] > sales["transactions"]["create"]
    assert counts(planned(books, "payments"))["payments"]["create"] > 20


def assert_deals(world: World, invoices: list[Operation]) -> None:
    """Hold the deals of the plan to what the books know: the right ones, and never one where two fit."""
    facts = {
        fact.name: fact
        for fact in deal_plan(world.sandbox.company).deals(world.sandbox.visma.books.books.invoices)
    }
    deals = {
        number: facts[record.values["dealname"]]
        for number, record in world.sandbox.hubspot.records("deals").items()
    }
    chosen: dict[str, tuple[DealFact, str | None]] = {
        str(one.values["from"]): (deals[str(one.values["to"]).removeprefix("deal:")], one.rule)
        for one in invoices
        if one.values.get("to_type") == "deals" and str(one.action) == "link"
    }
    linked_by: dict[DealClue, list[Any]] = {}
    for key, (fact, rule) in chosen.items():
        linked_by.setdefault(fact.clue, []).append((key, rule))
        assert f"Invoice:{key.removeprefix('invoice:')}" in fact.invoices, (key, fact, rule)
    assert not linked_by.keys() & {DealClue.TWO_OF_AMOUNT, DealClue.TWO_WITH_REFERENCE, DealClue.NONE}
    belonging = {
        f"invoice:{key.partition(':')[2]}"
        for fact in facts.values()
        if fact.clue is DealClue.REFERENCE
        for key in fact.invoices
    }
    assert belonging <= chosen.keys()
    assert linked_by[DealClue.AMOUNT]
    assert any("2 deals fit" in str(one.reason) for one in invoices if one.entity == "invoice_links")
