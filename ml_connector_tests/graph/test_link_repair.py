"""A wrong link put right: the former record lets go of the Visma id, the chosen one gets it, and links move along.

One story is told once, of customers that each stand for one thing that can be put right; a second one is of deaths.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ml_connector.cli import conflicts as command
from ml_connector.running import RETRY_STEPS
from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money
from ml_connector_tests.graph.money.test_trouble import buried
from ml_connector_tests.graph.test_decisions import change, decide
from ml_connector_tests.graph.undoing import stays, undo

UPDATES = "/crm/objects/2026-09/companies/batch/update"
REMOVALS = "/crm/associations/2026-09/contacts/companies/batch/archive"
LINKS = "/crm/associations/2026-09/contacts/companies/batch/create"

MOVED, TRIED, REACHED, GONE, SHARED = 1, 2, 3, 4, 5
"""The customers: one whose company was wrong, one that is put right by a retry, one whose contact was wrong, one whose
company a person archived, and one that shares its company with a supplier."""


@dataclass(frozen=True)
class Whereabouts:
    """At which companies a customer is, and its contact and its invoice, in the portal and in the ledger's links."""

    company: str
    contact: frozenset[str]
    invoice: frozenset[str]
    ledger: frozenset[tuple[str, str, str]]


def everything_at(company: str) -> Whereabouts:
    """What is said of a customer that is at one company with all it has."""
    ledger = {("contacts", company, "confirmed"), ("invoices", company, "confirmed")}
    return Whereabouts(company, frozenset({company}), frozenset({company}), frozenset(ledger))


def whereabouts(world: World, customer: int) -> Whereabouts:
    """Look where a customer is now."""
    contact = world.contact(customer).id
    links = world.sandbox.hubspot.links("contacts", "companies")
    ends = world.query(
        "SELECT from_type, to_id, status FROM ml_connector.link WHERE to_key = :key",
        key=f"customer:{customer}",
    )
    return Whereabouts(
        world.company(customer).id,
        frozenset(company for one, company in links if one == contact),
        frozenset(one.id for one in invoiced(world, customer, "companies")),
        frozenset((kind, end, status) for kind, end, status in ends),
    )


def invoiced(world: World, customer: int, kind: str) -> list[Any]:
    """Return the records a customer's one invoice is linked to."""
    money = Money(world)
    (bill,) = [one for one in money.documents() if one.partner.number == str(customer)]
    return money.linked(bill.key, kind)


def ours(world: World, kind: str, number: str) -> set[str]:
    """Return the properties of ours that a record has a value of."""
    held = world.sandbox.hubspot.record(kind, number).values
    return {name for name, value in held.items() if name.startswith("visma_") and value}


def another(world: World, customer: int) -> tuple[str, str]:
    """Make the right company by hand; return the id of the wrong one and its own."""
    right = world.sandbox.hubspot.add_record("companies", {"name": "Rett AS", "phone": "33 33 33 33"})
    return world.company(customer).id, right


def linked_wrongly(world: World, *customers: int) -> None:
    """Enter customers with a contact and an invoice, whose web addresses lead to companies that are others."""
    for customer in customers:
        company = {"name": "Feil AS", "domain": f"kunde{customer}.no", "phone": "22 22 22 22"}
        world.sandbox.hubspot.add_record("companies", company)
        world.enter_pairs([customer])
        Money(world).bill(customer, "100", contact=customer)
    assert world.sync(0).status == "success"


@dataclass
class Story:
    """What happened to the customers, one run after the other, and the world as it is in the end."""

    world: World
    before: dict[int, str] = field(default_factory=dict)
    right: dict[int, str] = field(default_factory=dict)
    saw: dict[str, Any] = field(default_factory=dict)

    def decide(self) -> None:
        """A person says where each belongs; the company of one has been archived and a supplier shares another."""
        hubspot = self.world.sandbox.hubspot
        for customer in (MOVED, TRIED, SHARED):
            self.before[customer], self.right[customer] = another(self.world, customer)
        self.before[GONE] = self.world.company(GONE).id
        self.before[REACHED] = self.world.contact(REACHED).id
        hubspot.archive_as_person("companies", self.before[GONE])
        change(self.world, GONE, 1)
        self.world.enter("suppliers", [rows.supplier(SHARED, corporateId=str(900_000_000 + SHARED))], day=1)
        seller = rows.contact(
            55, SHARED, email=f"person{SHARED}@kunde{SHARED}.no", businessAccountType="Vendor"
        )
        self.world.enter("contacts", [seller], day=1)
        self.saw["the archived one"] = (self.world.sync(1).status, decide("list"))
        self.saw["the supplier's company"] = self.world.company(SHARED, "supplier").id
        chosen = {"firstname": "Rett", "email": "rett@kunde3.no"}
        self.right[REACHED] = hubspot.add_record("contacts", chosen)
        decide("link", f"contact:{REACHED}", self.right[REACHED])
        decide("create", f"customer:{GONE}")
        for customer in (MOVED, TRIED, SHARED):
            self.saw[f"said of {customer}"] = decide("link", f"customer:{customer}", self.right[customer])

    def retry(self) -> None:
        """One is put right by a retry, which is undone; then it is linked back by another decision."""
        run = self.world.sync(0, retry=f"record:customer:{TRIED}", steps=RETRY_STEPS)
        self.saw["after the retry"] = whereabouts(self.world, TRIED)
        self.saw["the others after the retry"] = whereabouts(self.world, MOVED)
        self.saw["undo"] = undo(self.world, run.run_id)
        self.saw["after the undo"] = whereabouts(self.world, TRIED)
        decide("link", f"customer:{TRIED}", self.before[TRIED])

    def run(self) -> None:
        """HubSpot lets no company go at first; then everything moves, and the same again changes nothing."""
        self.world.sandbox.hubspot.poison(PoisonRule("companies", "visma_customer_id", ""))
        self.saw["refused"] = (self.world.sync(2).status, self.world.rejected_keys())
        self.saw["while refused"] = (
            self.world.company(MOVED).id,
            ours(self.world, "companies", self.right[MOVED]),
        )
        self.world.sandbox.hubspot.poison()
        self.saw["let go"] = (self.world.sync(3).status, self.world.rejects(), self.world.open_intents())
        self.world.forget_calls()
        self.saw["the same again"] = (self.world.sync(4).status, self.world.writes())
        change(self.world, MOVED, 5)
        self.world.sync(5)


@pytest.fixture(scope="module")
def story(make_shared_world: MakeWorld) -> Iterator[Story]:
    """The story told to its end."""
    told = Story(make_shared_world(records=DOCUMENTS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "find_connection", lambda name: told.world.settings)
        told.world.enter_pairs([REACHED, GONE])
        for customer in (REACHED, GONE):
            Money(told.world).bill(customer, "100", contact=customer)
        linked_wrongly(told.world, MOVED, TRIED, SHARED)
        told.decide()
        told.retry()
        told.run()
        yield told


def test_everything_moves_to_the_right_company_and_stays(story: Story) -> None:
    assert "taken from company" in story.saw[f"said of {MOVED}"]
    assert story.saw["let go"] == ("success", [], 0)
    assert whereabouts(story.world, MOVED) == everything_at(story.right[MOVED])
    assert story.world.company(MOVED).values["name"] == f"Nytt {MOVED}"


def test_the_wrong_company_keeps_its_name_and_nothing_of_ours(story: Story) -> None:
    wrong = story.before[MOVED]
    assert ours(story.world, "companies", wrong) == set()
    assert story.world.sandbox.hubspot.record("companies", wrong).values["name"] == f"Kunde {MOVED} AS"


def test_what_is_put_right_leaves_nothing_to_do(story: Story) -> None:
    assert story.saw["the same again"] == ("success", [])


def test_what_the_former_company_does_not_let_go_is_not_claimed_until_it_does(story: Story) -> None:
    refused = {f"customer:{customer}" for customer in (MOVED, TRIED, SHARED)}
    assert story.saw["refused"] == ("rejects", refused)
    assert story.saw["while refused"] == (story.before[MOVED], set())


def test_one_record_is_put_right_at_once_by_a_retry(story: Story) -> None:
    assert story.saw["after the retry"] == everything_at(story.right[TRIED])
    assert story.saw["the others after the retry"] == everything_at(story.before[MOVED])


def test_an_undo_of_the_run_leaves_the_repair_which_links_back_by_another(story: Story) -> None:
    code, document = story.saw["undo"]
    (bill,) = [one for one in Money(story.world).documents() if one.partner.number == str(TRIED)]
    left = {"customer:2", "contact:2>customer:2", f"invoice:{bill.number}>customer:2"}
    assert (code, set(stays(document))) == (0, left)
    assert story.saw["after the undo"] == everything_at(story.right[TRIED])
    assert whereabouts(story.world, TRIED) == everything_at(story.before[TRIED])


def test_a_contact_moves_with_its_company_and_invoice(story: Story) -> None:
    """HubSpot keeps one contact per address: the former one keeps it, the right one has another."""
    world, right = story.world, story.right[REACHED]
    assert world.contact(REACHED).id == right
    assert world.contact(REACHED).values["email"] == "rett@kunde3.no"
    assert ours(world, "contacts", story.before[REACHED]) == set()
    links = world.sandbox.hubspot.links("contacts", "companies")
    assert (right, world.company(REACHED).id) in links
    assert story.before[REACHED] not in {contact for contact, _ in links}
    assert [one.id for one in invoiced(world, REACHED, "contacts")] == [right]


def test_an_archived_company_is_made_again_at_a_persons_word_with_its_links(story: Story) -> None:
    status, listed = story.saw["the archived one"]
    assert status == "rejects"
    assert f"customer:{GONE}" in listed
    new = whereabouts(story.world, GONE)
    assert new.company != story.before[GONE]
    assert new.contact == new.invoice == frozenset({new.company})


def test_what_another_visma_record_has_on_the_former_company_stays(story: Story) -> None:
    """A supplier of the same number in Visma is the same company in HubSpot, and stays where it is."""
    world, before = story.world, story.before[SHARED]
    assert story.saw["the supplier's company"] == before
    assert f"supplier:{SHARED} stays linked" in story.saw[f"said of {SHARED}"]
    held = world.sandbox.hubspot.record("companies", before).values
    assert held["visma_supplier_id"] == f"{NAME}:{SHARED}"
    assert held["visma_relationship"] == "supplier"
    assert not held.get("visma_customer_id")
    assert not held.get("visma_customer_status")
    assert world.company(SHARED).values["visma_relationship"] == "customer"
    # The person is the supplier's too, so that one association is of both and stays.
    assert whereabouts(world, SHARED).contact == {before, story.right[SHARED]}


def test_it_converges_though_one_run_after_the_other_dies(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run comes one step further, or it would not die there: let go, claimed, links taken away, links made."""
    world = make_world(records=DOCUMENTS)
    monkeypatch.setattr(command, "find_connection", lambda name: world.settings)
    linked_wrongly(world, MOVED)
    before, right = another(world, MOVED)
    decide("link", f"customer:{MOVED}", right)
    points = ((UPDATES, True), (UPDATES, True), (REMOVALS, True), (LINKS, False))
    seen = []
    for path, carried_out in points:
        run = Elsewhere(world, 1)
        with killed_at_call(world, run, 1, path=path, carried_out=carried_out):
            assert run.start().died()
        buried(world)
        hubspot = world.sandbox.hubspot
        claimed = [one.id for one in hubspot.find("companies", "visma_customer_id", f"{NAME}:{MOVED}")]
        seen.append((claimed, [company for _, company in hubspot.links("contacts", "companies")]))
    assert seen == [([], [before]), ([right], [before]), ([right], []), ([right], [])]
    assert world.sync(1).status == "success"
    assert whereabouts(world, MOVED) == everything_at(right)
    assert ours(world, "companies", before) == set()
    assert (world.rejects(), world.open_intents()) == ([], 0)
