"""``undo`` of runs that carried documents, lines, payments and sales: to the cent, and never a document half there."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector.settings import RecordKind
from ml_connector.undo.removed import IN_THE_BIN
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, SMALL, Money, sold
from ml_connector_tests.graph.undoing import Picture, differences, picture, stays, undo

DRAFTS = ("refused company", "refused line")
"""Invoices that wait for what HubSpot refuses at first."""


def test_a_first_load_of_everything_is_taken_back_whole(make_world: MakeWorld) -> None:
    """Customers, suppliers and their purchases, documents of every kind, payments, sales.

    Companies of suppliers and the deal of an invoice were there before: they are adopted, linked and written to, and
    are the portal's own again.
    """
    portal = {"payments_enabled": True, "enterprise": True}
    settings = empty_company(customers=12, suppliers=4, books=SMALL, hubspot=portal)
    world = make_world(settings, records=list(RecordKind))
    money, hubspot = Money(world), world.sandbox.hubspot
    for number in world.sandbox.visma.keys("suppliers"):
        address = world.sandbox.visma.row("suppliers", number)["mainContact"]["email"]
        hubspot.add_record("companies", {"name": "Theirs", "domain": address.partition("@")[2]})
    hubspot.add_property("deals", "order_reference")
    hubspot.add_record("deals", {"dealname": "D", "dealstage": "closedwon", "order_reference": "PO-77"})
    money.bill(10001, "10", reference="PO-77")
    before = picture(world)
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
    assert done.entities["purchases"]["updated"] == 4
    assert len(hubspot.links("invoices", "deals")) == 1
    _, document = undo(world, done.run_id)
    assert (document["status"], document["stays"], document["refused"]) == ("success", [], [])
    assert differences(before, picture(world)) == {}
    for table in ("identity", "link", "reject"):
        assert world.query(f"SELECT * FROM ml_connector.{table}") == []
    world.forget_calls()
    world.sync(1)
    assert world.writes() == []


@dataclass
class Story:
    """A day that is undone: what the portal held and how the invoices stood, by the name they have here, per stage."""

    world: World
    keys: dict[str, str]
    held: dict[str, Picture] = field(default_factory=dict)
    status: dict[str, dict[str, tuple[str, str | None]]] = field(default_factory=dict)
    undone: dict[str, Any] = field(default_factory=dict)

    def note(self, stage: str) -> None:
        """Note what the portal holds."""
        money = Money(self.world)
        self.held[stage] = picture(self.world)
        self.status[stage] = {name: money.status(key) for name, key in self.keys.items()}


@pytest.fixture(scope="module")
def story(make_shared_world: MakeWorld) -> Story:
    """A day on which documents change and drafts become whole; it is undone, and brought back by its windows."""
    world = make_shared_world(records=DOCUMENTS, reconciliation={"deletions": "archive"})
    world.enter_pairs([1, 2, 3, 9])
    money, hubspot, books = Money(world), world.sandbox.hubspot, Money(world).books
    hubspot.poison(PoisonRule("companies", "name", "Kunde 9 AS"), PoisonRule("line_items", "name", "Vare 66"))
    keys = {
        name: money.bill(customer, "100", "49.90")
        for name, customer in (("changed", 1), ("paid", 2), ("voided", 3), ("lined", 1))
    }
    keys |= {"refused company": money.bill(9, "10", "20"), "refused line": money.bill(1, "10", "66")}
    world.sync(0)
    told = Story(world, keys)
    told.note("before")

    hubspot.poison()
    books.change_line(keys["changed"], 1, stamp=rows.at(1), price=Decimal("80"))
    books.pay(keys["paid"], stamp=rows.at(1))
    books.void(keys["voided"], stamp=rows.at(1))
    books.remove_line(keys["lined"], 1, stamp=rows.at(1))
    books.add_line(keys["lined"], sold("40")[0], stamp=rows.at(1))
    new = money.bill(2, "10", "20", day=1)
    done = world.sync(1)
    assert money.status(new) == ("open", None)
    told.note("done")
    told.undone = undo(world, done.run_id)[1]
    told.note("undone")

    # Without a change in Visma nothing of it comes back; the windows themselves bring it back whole.
    world.sync(2)
    told.note("a window without them")
    world.sync(0, 1)
    told.note("their windows again")
    money.equal()
    return told


def test_a_day_of_changed_documents_goes_back(story: Story) -> None:
    assert [story.status["done"][name][0] for name in ("paid", "voided", "lined")] == [
        "paid",
        "voided",
        "open",
    ]
    assert differences(story.held["before"], story.held["done"]) != {}
    assert (story.undone["stays"], story.undone["refused"]) == ([], [])
    assert differences(story.held["before"], story.held["undone"]) == {}
    assert story.status["undone"] == story.status["before"]
    prices = {
        name.rpartition(":")[2]: values["price"]
        for name, values in story.held["undone"].items()
        if f"acme:{story.keys['lined']}:" in name and " > " not in name
    }
    assert prices == {"1": "100", "2": "49.9"}


def test_drafts_that_became_whole_are_drafts_again_and_stay_so(story: Story) -> None:
    """HubSpot refuses a company and a line, then takes them; once that is undone, nothing opens without them."""
    assert [story.status["before"][name][0] for name in DRAFTS] == ["draft"] * 2
    assert [story.status["done"][name] for name in DRAFTS] == [("open", None)] * 2
    assert rows.day(0) in story.undone["windows"]
    assert [story.status["a window without them"][name][0] for name in DRAFTS] == ["draft"] * 2
    assert [story.status["their windows again"][name] for name in DRAFTS] == [("open", None)] * 2


def test_what_is_undone_comes_back_with_its_windows_alone(story: Story) -> None:
    changed = differences(story.held["undone"], story.held["a window without them"])
    moved = {name for then, now in changed.values() for name in then | now if then.get(name) != now.get(name)}
    assert moved <= {"visma_pending_reason"}, "a draft says again what it waits for"
    assert len(changed) <= len(DRAFTS)
    assert story.status["their windows again"] == story.status["done"]


def test_a_document_that_a_person_has_changed_stays_whole(story: Story) -> None:
    world, money = story.world, Money(story.world)
    hubspot, before = world.sandbox.hubspot, picture(story.world)
    key, other = money.bill(1, "10", "20", day=3), money.bill(2, "30", day=3)
    world.enter_pairs([7], day=3)
    third = money.bill(7, "40", "50", day=3)
    done = world.sync(3)
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


def test_what_a_reconciliation_archived_is_for_a_person(story: Story) -> None:
    world, hubspot = story.world, story.world.sandbox.hubspot
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
    assert Money(world).reconciled(repair=True)["causes"]["deleted in Visma"] == 1
    newest = "SELECT run_id FROM ml_connector.run WHERE kind = 'reconcile' ORDER BY started_at DESC LIMIT 1"
    ((run,),) = world.query(newest)
    assert hubspot.find("invoices", "visma_invoice_id", "acme:Invoice:999") == []
    _, document = undo(world, run)
    assert stays(document) == {"invoice:999": IN_THE_BIN}
    assert (document["operations"], document["status"]) == ([], "nothing to do")
