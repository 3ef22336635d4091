"""``undo`` of runs that carried documents, lines, payments and sales: to the cent, and never a document half there."""

from decimal import Decimal

import pytest

from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector.settings import RecordKind
from ml_connector.undo.removed import IN_THE_BIN
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, SMALL, Money, sold
from ml_connector_tests.graph.undoing import differences, picture, stays, undo


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A company with three customers, which sends documents."""
    made = make_world(records=DOCUMENTS)
    made.enter_pairs(range(1, 4))
    return made


def test_a_first_load_of_everything_is_taken_back_whole(make_world: MakeWorld) -> None:
    """Customers, suppliers and their purchases, documents of every kind, payments, sales."""
    portal = {"payments_enabled": True, "enterprise": True}
    settings = empty_company(customers=12, suppliers=4, books=SMALL, hubspot=portal)
    world = make_world(settings, records=list(RecordKind))
    done = world.sync()
    assert {name for name, counts in done.entities.items() if counts["created"] or counts["updated"]} == {
        "companies",
        "contacts",
        "links",
        "purchases",
        "invoices",
        "line_items",
        "invoice_links",
        "openings",
        "payments",
        "payment_links",
        "transactions",
        "transaction_links",
    }
    _, document = undo(world, done.run_id)
    assert (document["status"], document["stays"], document["refused"]) == ("success", [], [])
    assert sum(world.sandbox.hubspot.snapshot().values()) == 0
    for table in ("identity", "link", "reject"):
        assert world.query(f"SELECT * FROM ml_connector.{table}") == []
    world.forget_calls()
    world.sync(1)
    assert world.writes() == []


def test_a_day_of_changed_documents_goes_back(world: World) -> None:
    money = Money(world)
    changed, paid, voided, lined = (money.bill(customer, "100", "49.90") for customer in (1, 2, 3, 1))
    world.sync(0)
    before = picture(world)
    money.books.change_line(changed, 1, stamp=rows.at(1), price=Decimal("80"))
    money.books.pay(paid, stamp=rows.at(1))
    money.books.void(voided, stamp=rows.at(1))
    money.books.remove_line(lined, 1, stamp=rows.at(1))
    money.books.add_line(lined, sold("40")[0], stamp=rows.at(1))
    new = money.bill(2, "10", "20", day=1)
    done = world.sync(1)
    assert money.status(new) == ("open", None)
    assert money.status(paid)[0] == "paid"
    _, document = undo(world, done.run_id)
    assert (document["stays"], document["refused"]) == ([], [])
    assert differences(before, picture(world)) == {}
    assert {number: line.values["price"] for number, line in money.lines(lined).items()} == {
        "1": "100",
        "2": "49.9",
    }
    assert money.status(lined) == ("open", None)

    # Without a change in Visma nothing of it comes back; the window itself brings it back whole.
    world.forget_calls()
    world.sync(2)
    assert world.writes() == []
    world.sync(1)
    money.equal()


def test_a_document_that_a_person_has_changed_stays_whole(world: World) -> None:
    money = Money(world)
    world.sync(0)
    before = picture(world)
    key, other = money.bill(1, "10", "20", day=1), money.bill(2, "30", day=1)
    world.enter_pairs([7], day=1)
    third = money.bill(7, "40", "50", day=1)
    done = world.sync(1)
    hubspot = world.sandbox.hubspot
    hubspot.edit_as_person("invoices", money.invoice(key).id, {"hs_comments": "Checked"})
    line = money.lines(third)["1"]
    hubspot.edit_as_person("line_items", line.id, {"description": "Mine"})
    _, document = undo(world, done.run_id)
    why = stays(document)
    assert why[f"line:{third}:1"] == "changed in HubSpot since: description"
    assert why["customer:7"] == f"it belongs to {third.lower()}, which stays"
    assert why[key.lower()] == "changed in HubSpot since: hs_comments"
    assert hubspot.find("invoices", "visma_invoice_id", f"acme:{other}") == []
    for kept, lines in ((key, 2), (third, 2)):
        assert len(money.lines(kept)) == lines
        assert len(money.linked(kept, "companies")) == 1
        assert money.status(kept) == ("open", None)
    gone = [name for name, (then, now) in differences(before, picture(world)).items() if now is None]
    assert gone == []


def test_what_was_the_portals_own_is_its_own_again(make_world: MakeWorld) -> None:
    """A supplier's company and an invoice's deal were there before: they are adopted, linked and written to."""
    settings = empty_company(books=SMALL, suppliers=3)
    world = make_world(settings, records=["purchases", "invoices"])
    world.enter_pairs([1])
    money, hubspot = Money(world), world.sandbox.hubspot
    for number in world.sandbox.visma.keys("suppliers"):
        address = world.sandbox.visma.row("suppliers", number)["mainContact"]["email"]
        hubspot.add_record("companies", {"name": "Theirs", "domain": address.partition("@")[2]})
    hubspot.add_property("deals", "order_reference")
    hubspot.add_record("deals", {"dealname": "D", "dealstage": "closedwon", "order_reference": "PO-77"})
    money.bill(1, "10", reference="PO-77")
    world.plan()
    before = picture(world)
    done = world.sync()
    assert done.entities["purchases"]["updated"] == 3
    assert len(hubspot.links("invoices", "deals")) == 1
    assert len(hubspot.records("companies")) == 4
    _, document = undo(world, done.run_id)
    assert (document["stays"], document["refused"]) == ([], [])
    assert differences(before, picture(world)) == {}


def test_what_a_reconciliation_archived_is_for_a_person(make_world: MakeWorld) -> None:
    world = make_world(records=DOCUMENTS, reconciliation={"deletions": "archive"})
    world.enter_pairs([1])
    money, hubspot = Money(world), world.sandbox.hubspot
    money.bill(1, "10")
    world.sync()
    hubspot.add_record(
        "invoices",
        {
            "hs_currency": "NOK",
            "hs_invoice_billable": "false",
            "visma_invoice_id": "acme:Invoice:999",
            "visma_document_type": "Invoice",
            "visma_status": "Open",
        },
    )
    assert money.reconciled(repair=True)["causes"]
    (run,) = world.query("SELECT run_id FROM ml_connector.run WHERE kind = 'reconcile'")
    assert hubspot.find("invoices", "visma_invoice_id", "acme:Invoice:999") == []
    _, document = undo(world, run[0])
    assert stays(document) == {"invoice:999": IN_THE_BIN}
    assert (document["operations"], document["status"]) == ([], "nothing to do")


def test_drafts_that_became_whole_are_drafts_again_and_stay_so(world: World) -> None:
    """HubSpot refuses a company and a line, then takes them; once that is undone, nothing opens without them."""
    money, hubspot = Money(world), world.sandbox.hubspot
    hubspot.poison(PoisonRule("companies", "name", "Kunde 9 AS"), PoisonRule("line_items", "name", "Vare 66"))
    world.enter_pairs([9])
    keys = [money.bill(9, "10", "20"), money.bill(1, "10", "66")]
    world.sync(0)
    before, drafts = picture(world), [money.status(key) for key in keys]
    assert [status for status, _ in drafts] == ["draft", "draft"]
    hubspot.poison()
    done = world.sync(1)
    assert [money.status(key) for key in keys] == [("open", None)] * 2
    _, document = undo(world, done.run_id)
    assert (document["stays"], document["refused"]) == ([], [])
    assert rows.day(0) in document["windows"]
    assert differences(before, picture(world)) == {}
    world.sync(2)
    assert [money.status(key)[0] for key in keys] == ["draft", "draft"]
    world.sync(0)
    money.equal()
