"""An invoice before its customer, contact or deal: whole in the same run, or a draft that says why, then whole."""

import pytest

from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A company with three customers, which sends documents."""
    made = make_world(records=DOCUMENTS)
    made.enter_pairs(range(1, 4))
    return made


def test_a_customer_of_a_later_window_comes_with_its_invoice(world: World) -> None:
    world.enter("customers", [rows.customer(7)], day=3)
    money = Money(world)
    key = money.bill(7, "100", contact=1)
    summary = world.sync(0)
    assert summary.status == "success"
    assert money.status(key) == ("open", None)
    assert [one.values["visma_contact_id"] for one in money.linked(key, "contacts")] == [f"{NAME}:1"]
    money.agrees()
    world.sync(3)
    money.equal()


def test_a_refused_line_keeps_its_invoice_a_draft_until_it_is_taken(world: World) -> None:
    money, hubspot = Money(world), world.sandbox.hubspot
    key, neighbour = money.bill(1, "100", "66", "50"), money.bill(1, "100")
    hubspot.poison(PoisonRule("line_items", "name", "Vare 66"))
    summary = world.sync(0)
    assert summary.status == "rejects"
    line = f"line:{key}:2"
    assert world.rejected_keys() == {line}
    status, reason = money.status(key)
    assert status == "draft"
    assert line in str(reason)
    assert money.status(neighbour) == ("open", None)
    assert money.reconciled()["causes"] == {"draft in HubSpot": 1}

    # Still refused a day later, then not any more: windows that do not name the invoice.
    world.forget_calls()
    assert world.sync(1).status == "rejects"
    assert money.status(key) == (status, reason)
    hubspot.poison()
    assert world.sync(2).status == "success"
    assert money.status(key) == ("open", None)
    assert world.rejects() == []
    money.equal()


def test_an_invoice_waits_for_a_contact_that_is_refused(world: World) -> None:
    money, hubspot = Money(world), world.sandbox.hubspot
    key = money.bill(1, "100", contact=1)
    hubspot.poison(PoisonRule("contacts", "email", "person1@.*"))
    assert world.sync(0).status == "rejects"
    status, reason = money.status(key)
    assert status == "draft"
    assert "contact:1" in str(reason)
    hubspot.poison()
    assert world.sync(1).status == "success"
    assert money.status(key) == ("open", None)
    assert [one.values["visma_contact_id"] for one in money.linked(key, "contacts")] == [f"{NAME}:1"]
    money.equal()


def test_a_refused_company_keeps_its_invoices_drafts_until_it_is_taken(world: World) -> None:
    money, hubspot = Money(world), world.sandbox.hubspot
    key, other = money.bill(1, "100"), money.bill(2, "100")
    hubspot.poison(PoisonRule("companies", "name", "Kunde 1 AS"))
    assert world.sync(0).status == "rejects"
    status, reason = money.status(key)
    assert status == "draft"
    assert "customer:1" in str(reason)
    assert money.status(other) == ("open", None)
    hubspot.poison()
    assert world.sync(1).status == "success"
    assert money.status(key) == ("open", None)
    money.equal()


def test_a_refused_invoice_leaves_no_line_behind_and_lands_whole_later(world: World) -> None:
    money, hubspot = Money(world), world.sandbox.hubspot
    key, other = money.bill(1, "100", "50"), money.bill(2, "100")
    number = key.partition(":")[2]
    hubspot.poison(PoisonRule("invoices", "hs_number", number))
    assert world.sync(0).status == "rejects"
    assert world.rejected_keys() == {f"invoice:{number}"}
    assert hubspot.find("invoices", "visma_invoice_id", f"{NAME}:{key}") == []
    assert money.status(other) == ("open", None)
    money.no_orphans(1)
    hubspot.poison()
    assert world.sync(1).status == "success"
    assert money.status(key) == ("open", None)
    assert world.rejects() == []
    money.equal()


def test_a_deal_that_comes_later_is_linked(world: World) -> None:
    money, hubspot = Money(world), world.sandbox.hubspot
    key = money.bill(1, "100", reference="PO-4711")
    world.sync(0)
    assert money.linked(key, "deals") == []
    (company,) = money.linked(key, "companies")
    (name,) = world.settings.deals.reference_properties[:1]
    hubspot.add_property("deals", name)
    deal = hubspot.add_record(
        "deals",
        {"dealname": "Ombygging", "dealstage": "closedwon", name: "PO-4711"},
        [("companies", company.id)],
    )
    world.sync(1)
    assert [one.id for one in money.linked(key, "deals")] == [deal]
    assert money.status(key) == ("open", None)
    money.books.pay(key, stamp=rows.at(2))
    world.sync(2)
    assert [one.id for one in money.linked(key, "deals")] == [deal]
    money.equal()
