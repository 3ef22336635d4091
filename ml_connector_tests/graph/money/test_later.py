"""Invoices whose contact or company comes windows after them: linked in the run that brings it, and only then.

All of it happens in one company, window by window, and is told once.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from ml_connector.cli.sync import Summary
from ml_connector.hubspot.linking import LinkLoader
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Death, Elsewhere
from ml_connector_tests.graph.harness import NAME, World, Written
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money
from ml_connector_tests.graph.money.test_trouble import buried

HOTEL, BAKERY, GARAGE, SCHOOL, CHURCH, INN, MILL, BANK = range(1, 9)

NAMED = ("better", "named", "address", "alone")
"""Invoices whose contacts come in window 1."""

KILLED = ("better, killed", "address, killed", "alone, killed")
"""Invoices whose contacts come in window 3, in a run that is killed."""


def enter(world: World) -> None:
    """Enter customers of whom the hotel and the inn alone have a contact; all other people come on a later day.

    The church is a customer that Visma does not give before window 2.
    """
    world.enter_pairs([HOTEL, INN])
    world.enter("customers", [rows.customer(number) for number in (BAKERY, GARAGE, SCHOOL, MILL, BANK)])
    world.enter("customers", [rows.customer(CHURCH)], day=2)
    people = [rows.contact(20, HOTEL), rows.contact(21, BAKERY), rows.contact(41, SCHOOL)]
    world.enter("contacts", people, day=1)
    world.enter("contacts", [rows.contact(60, INN), rows.contact(81, BANK)], day=3)
    for number, customer, day in ((31, GARAGE, 1), (32, GARAGE, 9), (71, MILL, 3), (72, MILL, 9)):
        world.enter("contacts", [rows.contact(number, customer, email=f"Faktura@{customer}.no")], day)


@dataclass
class Story:
    """What was seen after each stage, by its name: the run, its calls, the contacts of the invoices, and more."""

    world: World
    keys: dict[str, str]
    runs: dict[str, Summary] = field(default_factory=dict)
    calls: dict[str, Written] = field(default_factory=dict)
    people: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    status: dict[str, dict[str, tuple[str, str | None]]] = field(default_factory=dict)
    companies: dict[str, list[str]] = field(default_factory=dict)
    reasons: dict[str, dict[str, tuple[str, str | None]]] = field(default_factory=dict)

    def goes_on(self, stage: str, window: int, death: Death | None = None) -> None:
        """Run a window, or kill its run, and note what it has left."""
        world, money = self.world, Money(self.world)
        world.forget_calls()
        if death is None:
            self.runs[stage] = world.sync(window)
            self.reasons[stage] = reasons(world)
        else:
            assert Elsewhere(world, window, death=death).start().died()
            buried(world)
        self.calls[stage] = world.counted()
        self.people[stage] = {name: people(money, key) for name, key in self.keys.items()}
        self.status[stage] = {name: money.status(key) for name, key in self.keys.items()}
        linked = money.linked(self.keys["church"], "companies")
        self.companies[stage] = [one.values["visma_customer_id"] for one in linked]

    def of(self, stage: str, names: tuple[str, ...]) -> list[list[str]]:
        """Return the contacts of invoices after a stage."""
        return [self.people[stage][name] for name in names]


def people(money: Money, key: str) -> list[str]:
    """Return the contacts of an invoice."""
    return [one.values["visma_contact_id"].removeprefix(f"{NAME}:") for one in money.linked(key, "contacts")]


def reasons(world: World) -> dict[str, tuple[str, str | None]]:
    """Return what the newest run did about the contacts of invoices, and by which rule."""
    found = world.query(
        "SELECT record_key, action, rule FROM ml_connector.operation WHERE run_id = :run"
        " AND entity = 'invoice_links' AND record_key LIKE '%>contact:%'",
        run=world.runs[-1].run_id,
    )
    return {key.partition(":")[2]: (action, rule) for key, action, rule in found}


@pytest.fixture(scope="module")
def story(make_shared_world: MakeWorld) -> Story:
    """Contacts come in windows 1 and 3, a customer in window 2; the first run of window 3 is killed."""
    world = make_shared_world(records=DOCUMENTS)
    enter(world)
    money = Money(world)
    bills: list[tuple[str, int, dict[str, Any]]] = [
        ("better", HOTEL, {"contact": 20}),
        ("named", BAKERY, {"contact": 21}),
        ("address", GARAGE, {"contact": 32}),
        ("alone", SCHOOL, {}),
        ("church", CHURCH, {}),
        ("better, killed", INN, {"contact": 60}),
        ("address, killed", MILL, {"contact": 72}),
        ("alone, killed", BANK, {}),
    ]
    row = world.sandbox.visma.row("customers", str(CHURCH))
    told = Story(world, {name: money.bill(customer, "100", "50", **how) for name, customer, how in bills})
    world.sandbox.visma.delete("customers", str(CHURCH))
    told.goes_on("first", 0)
    told.goes_on("contacts", 1)
    world.enter("customers", [row], day=2)
    told.goes_on("customer", 2)
    # The contacts and their links to companies are made by then, those of invoices are not.
    told.goes_on("killed", 3, Death("load", 2, before=True, owner=LinkLoader))
    told.goes_on("after the kill", 3)
    told.goes_on("contacts again", 1)
    return told


def test_all_is_as_in_visma_in_the_end(story: Story) -> None:
    assert [run.status for run in story.runs.values()] == [*["rejects"] * 2, *["success"] * 3]
    Money(story.world).equal()


def test_a_contact_that_comes_later_is_linked_with_the_invoices_that_name_it(story: Story) -> None:
    assert story.of("first", NAMED) == [["1"], [], [], []]
    assert [story.status["first"][name][0] for name in NAMED] == ["open"] * 4
    assert story.of("contacts", NAMED) == [["20"], ["21"], ["31"], ["41"]]
    better, named, address, alone = (story.keys[name].partition(":")[2] for name in NAMED)
    assert story.reasons["contacts"] == {
        f"{better}>contact:20": ("link", "contact"),
        f"{better}>contact:1": ("unlink", None),
        f"{named}>contact:21": ("link", "contact"),
        f"{address}>contact:31": ("link", "email"),
        f"{alone}>contact:41": ("link", "customer"),
    }
    assert story.calls["contacts"].of("/associations/", "/invoices/contacts/") == 4, (
        "read, made, taken away and seen gone"
    )


def test_the_same_window_again_asks_for_no_links_and_makes_none(story: Story) -> None:
    assert story.calls["contacts again"].of("/associations/") == 0
    assert story.reasons["contacts again"] == {}
    assert story.of("contacts again", NAMED) == story.of("contacts", NAMED)


def test_one_that_came_in_a_run_that_was_killed_is_linked_by_the_next(story: Story) -> None:
    assert story.of("killed", KILLED) == [[str(INN)], [], []]
    assert story.of("after the kill", KILLED) == [["60"], ["71"], ["81"]]


def test_a_customer_that_visma_does_not_give_until_later_makes_its_invoices_whole(story: Story) -> None:
    status, reason = story.status["contacts"]["church"]
    assert (status, story.companies["contacts"]) == ("draft", [])
    assert f"customer:{CHURCH} is not in HubSpot yet" in str(reason)
    assert story.status["customer"]["church"] == ("open", None)
    assert story.companies["customer"] == [f"{NAME}:{CHURCH}"]
