"""A connection that takes one class of customers only: what belongs to the others stays in Visma and never waits."""

from collections.abc import Iterator
from typing import Any

from ml_connector.cli.sync import Summary
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


def test_only_what_is_taken_travels_and_what_was_synced_before_stays_as_it_is(make_world: MakeWorld) -> None:
    """The first load, then a day of what is not taken, then narrower settings, then wider ones."""
    portal = {"enterprise": True, "payments_enabled": True}
    world = make_world(
        empty_company(customers=12, suppliers=2, books=FEW, hubspot=portal),
        records=list(RecordKind),
        take=TAKEN,
    )
    money, visma = Money(world), world.sandbox.visma
    taken, others = of_class(world, HOME, taken=True), of_class(world, HOME, taken=False)
    assert len(taken) > 3 < len(others)
    moved, narrowed = sorted(taken)[:2]
    due, waiting = money.bill(int(moved), "100"), money.bill(int(narrowed), "100")
    only_what_is_taken(world, world.sync(), taken, others)
    agree_with_a_note(money)
    before, shown = portrait(money), dict(money.invoice(due).values)

    # One customer is moved to another class, and a stranger buys and pays; all are left out by a status a day later.
    visma.update("customers", moved, {"customerClass": {"id": AWAY, "description": "EU"}}, stamp=rows.at(1))
    late, strange = money.bill(int(moved), "200", day=1), money.bill(int(sorted(others)[0]), "100", day=1)
    for key in (due, strange):
        money.books.pay(key, stamp=rows.at(1))
    summary = world.sync(1)
    assert summary.status == "success"
    skipped = {name: summary.entities[name]["skipped"] for name in ("companies", "invoices", "payments")}
    assert skipped == {"companies": 2, "invoices": 3, "payments": 2}
    assert portrait(money) == before
    assert money.invoice(due).values == shown, "not even its days overdue go on"
    everything = money.portrait()
    world.settings = connection(records=list(RecordKind), take={**TAKEN, "customer_statuses": ["OneTime"]})
    money.books.pay(waiting, stamp=rows.at(2))
    summary = world.sync(2)
    assert summary.status == "success", summary
    assert money.portrait() == everything
    assert summary.entities["invoices"]["skipped"] >= 1
    agree_with_a_note(money)

    # Taken again, they come when they are looked at again.
    world.settings = connection(records=list(RecordKind))
    assert world.sync(0, 2).status == "success"
    assert money.invoice(late).values["hs_invoice_status"] == "open"
    assert [money.status(key)[0] for key in (due, waiting)] == ["paid", "paid"]
    money.equal()


def only_what_is_taken(world: World, summary: Summary, taken: set[str], others: set[str]) -> None:
    """Hold that the first run brought what is taken, and left the rest without waiting for it."""
    assert summary.status == "success", summary
    held = {one.values.get("visma_customer_id") for one in world.companies()}
    assert {number for number in taken | others if f"{NAME}:{number}" in held} == taken
    assert set(linked_customers(world)) - {""} <= taken
    for entity in ("companies", "contacts", "invoices", "payments", "transactions"):
        assert summary.entities[entity]["skipped"] > 0, entity
        assert summary.entities[entity]["pending"] == 0, entity
    assert world.rejects() == []


def agree_with_a_note(money: Money) -> None:
    """Hold that the statement agrees and says what it leaves out."""
    statement = money.reconciled()
    assert statement["agrees"], statement["differences"][:3]
    assert any("customers that the connection does not take" in note for note in statement["notes"])
