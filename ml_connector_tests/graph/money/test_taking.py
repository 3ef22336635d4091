"""A connection that takes one class of customers only: what belongs to the others stays in Visma and never waits."""

from collections.abc import Iterator
from typing import Any

import pytest

from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.settings import RecordKind
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, connection, empty_company
from ml_connector_tests.graph.money.ledgers import Money

HOME, AWAY = "1", "2"
"""Ids of the customer classes that travel, and of one that does not."""

MONEY = ("invoices", "commerce_payments", "p139876543_visma_transaction")
FEW = BooksSettings(
    invoices=20,
    credit_notes=3,
    debit_notes=2,
    payments=14,
    supplier_invoices=2,
    purchase_orders=2,
    gl_batches=2,
)
TAKEN = {"customer_classes": [HOME]}


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    portal = {"enterprise": True, "payments_enabled": True}
    return make_world(
        empty_company(customers=12, suppliers=2, books=FEW, hubspot=portal),
        records=list(RecordKind),
        take=TAKEN,
    )


def of_class(world: World, wanted: str, *, taken: bool) -> set[str]:
    """Return the numbers of the customers that are of a class, or those that are not."""
    visma = world.sandbox.visma
    found = {key: visma.row("customers", key)["customerClass"]["id"] for key in visma.keys("customers")}
    return {key for key, one in found.items() if (one == wanted) is taken}


def linked_customers(world: World) -> Iterator[str]:
    """Yield the customers of everything in the portal that is linked to a company."""
    hubspot = world.sandbox.hubspot
    companies = hubspot.records("companies")
    for kind in ("contacts", *MONEY):
        for _, company in hubspot.links(kind, "companies"):
            yield companies[company].values.get("visma_customer_id", "").removeprefix(f"{NAME}:")


def portrait(money: Money) -> dict[str, Any]:
    """Return all the money in the portal but for what changes by itself."""
    return {
        kind: [(name, [one for one in values if one[0] != "visma_days_overdue"]) for name, values in found]
        if " > " not in kind
        else found
        for kind, found in money.portrait().items()
    }


def test_only_what_is_taken_travels_and_the_statement_agrees(world: World) -> None:
    money = Money(world)
    summary = world.sync()
    assert summary.status == "success", summary
    taken, others = of_class(world, HOME, taken=True), of_class(world, HOME, taken=False)
    assert len(taken) > 3 < len(others)
    held = {one.values.get("visma_customer_id") for one in world.companies()}
    assert {number for number in taken | others if f"{NAME}:{number}" in held} == taken
    assert set(linked_customers(world)) - {""} <= taken
    for entity in ("companies", "contacts", "invoices", "payments", "transactions"):
        assert summary.entities[entity]["skipped"] > 0, entity
        assert summary.entities[entity]["pending"] == 0, entity
    assert world.rejects() == []
    statement = money.reconciled()
    assert statement["agrees"], statement["differences"][:3]
    assert any("customers that the connection does not take" in note for note in statement["notes"])

    world.forget_calls()
    assert world.sync().status == "success"
    assert world.writes() == []

    stranger = sorted(others)[0]
    bill = money.bill(int(stranger), "100", day=1)
    money.books.pay(bill, stamp=rows.at(1))
    before = portrait(money)
    again = world.sync(1)
    assert again.status == "success"
    assert {name: again.entities[name]["skipped"] for name in ("companies", "invoices", "payments")} == {
        "companies": 1,
        "invoices": 1,
        "payments": 1,
    }
    assert portrait(money) == before


def test_what_was_synced_before_stays_as_it_is(world: World) -> None:
    money, visma = Money(world), world.sandbox.visma
    moved, narrowed = sorted(of_class(world, HOME, taken=True))[:2]
    due = money.bill(int(moved), "100", day=0)
    waiting = money.bill(int(narrowed), "100", day=0)
    assert world.sync().status == "success"
    before, shown = portrait(money), dict(money.invoice(due).values)

    # One customer is moved to another class; all of them are left out by a status a day later.
    visma.update("customers", moved, {"customerClass": {"id": AWAY, "description": "EU"}}, stamp=rows.at(1))
    late = money.bill(int(moved), "200", day=1)
    money.books.pay(due, stamp=rows.at(1))
    assert world.sync(1).status == "success"
    assert portrait(money) == before
    assert money.invoice(due).values == shown, "not even its days overdue go on"
    everything = money.portrait()
    world.settings = connection(records=list(RecordKind), take={**TAKEN, "customer_statuses": ["OneTime"]})
    money.books.pay(waiting, stamp=rows.at(2))
    summary = world.sync(2)
    assert summary.status == "success", summary
    assert money.portrait() == everything
    assert summary.entities["invoices"]["skipped"] >= 1
    statement = money.reconciled()
    assert statement["agrees"], statement["differences"][:3]

    # Taken again, they come when they are looked at again.
    world.settings = connection(records=list(RecordKind))
    assert world.sync(0, 2).status == "success"
    assert money.invoice(late).values["hs_invoice_status"] == "open"
    assert [money.status(key)[0] for key in (due, waiting)] == ["paid", "paid"]
    money.equal()
