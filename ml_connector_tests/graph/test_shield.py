"""The human-edit shield over the whole graph: what people change is kept, flagged or overwritten by rule."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest

from ml_connector import database
from ml_connector.hubspot import client
from ml_connector.hubspot.calls import Caller
from ml_connector.hubspot.history import Remembered, read_history
from ml_connector.ledger.edits import KnownEdit, known_edits
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World

RULES = {
    "city": "overwrite_unless_edited",
    "address": "flag_if_edited",
    "zip": "overwrite",
}
FIELDS = {"city": "city", "address": "addressLine1", "zip": "postalCode"}
"""HubSpot property to the field of a Visma address."""

HISTORIES = 200
ROUNDS = 2
SEED = 20261122


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A connection with a rule of each kind."""
    return make_world(merging={"companies": RULES})


def edits(world: World) -> dict[tuple[str, str], KnownEdit]:
    """Return the known edits by record and property."""
    found = known_edits(database.engine(world.database_url), NAME)
    return {(item.record, item.property): item for item in found}


def move(world: World, number: int, day: int, **address: str) -> None:
    """Change a customer's address in Visma."""
    world.sandbox.visma.update("customers", str(number), {"mainAddress": address}, stamp=rows.at(day))


@dataclass
class Property:
    """What an oracle knows of one value: what we wrote last, what HubSpot holds, and whether a person is behind it."""

    ours: str
    held: str
    by_person: bool = False

    @property
    def edited(self) -> bool:
        """Whether a person changed it since; one who changed it back has not."""
        return self.by_person and self.held != self.ours

    def written(self, value: str) -> None:
        """We write."""
        self.ours, self.held, self.by_person = value, value, False

    def typed(self, value: str) -> None:
        """A person writes; who types our value again is of one mind with us, whatever programs do to it then."""
        self.held, self.by_person = value, value != self.ours

    def set_by_workflow(self, value: str) -> None:
        """A program writes; our own value from it looks like ours."""
        self.held, self.by_person = value, self.by_person and value != self.ours


def test_two_hundred_histories_end_as_the_rules_say(world: World) -> None:
    chance = random.Random(SEED)
    world.enter("customers", [rows.customer(number) for number in range(1, HISTORIES + 1)])
    assert world.sync(0).status == "success"
    ids = {number: world.company(number).id for number in range(1, HISTORIES + 1)}
    truth = {
        (number, name): Property(world.company(number).values[name], world.company(number).values[name])
        for number in ids
        for name in RULES
    }
    for round_ in range(1, ROUNDS + 1):
        for number, company in ids.items():
            for name in RULES:
                _live(world, chance, company, name, truth[number, name])
        wanted: dict[tuple[int, str], str] = {}
        for number in ids:
            # A record that is in Visma as it was is not compared at all; the name changes so that each one is.
            world.sandbox.visma.update("customers", str(number), {"name": f"Kunde {number}, {round_}"})
            for name in RULES:
                value = chance.choice([truth[number, name].ours, f"V{round_}{chance.randrange(100)}"])
                wanted[number, name] = value
            move(world, number, round_, **{FIELDS[name]: wanted[number, name] for name in RULES})
        assert world.sync(round_).status == "success"
        met = edits(world)
        for (number, name), value in wanted.items():
            expected = truth[number, name]
            kept = expected.edited and value != expected.held and RULES[name] != "overwrite"
            if not kept and value != expected.held:
                expected.written(value)
            found = world.company(number).values
            assert found[name] == expected.held, (number, name, expected)
            listed = met.get((f"customer:{number}", name))
            assert (listed is not None and listed.outcome != "overwritten") == kept, (number, name, expected)
            if name == "address":
                assert bool(found.get("visma_differences")) == kept, (number, expected)
                assert not kept or value in found["visma_differences"]


def _live(world: World, chance: random.Random, company: str, name: str, truth: Property) -> None:
    """Let up to three things happen to a value."""
    for _ in range(chance.randrange(4)):
        value = chance.choice([truth.ours, f"H{chance.randrange(1000)}"])
        if value == truth.held:
            continue
        if chance.random() < 0.6:
            world.sandbox.hubspot.edit_as_person("companies", company, {name: value})
            truth.typed(value)
        else:
            world.sandbox.hubspot.edit_as_workflow("companies", company, {name: value})
            truth.set_by_workflow(value)


KEPT, ADOPTED, OVERWRITTEN = 1, 2, 3
"""Customers, by what becomes of the value that a person changed."""


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The ids of records of which a run has asked for histories."""
    asked: set[str] = set()

    def read(caller: Caller, kind: str, ids: Iterable[str], names: Sequence[str]) -> list[Remembered]:
        wanted = list(ids)
        asked.update(wanted)
        return read_history(caller, kind, wanted, names)

    monkeypatch.setattr(client, "read_history", read)
    return asked


def test_what_is_kept_stays_kept_until_both_agree_and_what_is_not_is_listed_and_costs_no_reading(
    world: World, remembered: set[str]
) -> None:
    """One company was the portal's own, and equal when it was adopted."""
    hubspot = world.sandbox.hubspot
    known = {"name": f"Kunde {ADOPTED} AS", "domain": f"kunde{ADOPTED}.no", "city": "Ålesund"}
    adopted = hubspot.add_record("companies", known)
    world.enter("customers", [rows.customer(number) for number in (KEPT, ADOPTED, OVERWRITTEN)])
    world.sync(0)
    ids = {number: world.company(number).id for number in (KEPT, ADOPTED, OVERWRITTEN)}
    assert ids[ADOPTED] == adopted
    for number in (KEPT, ADOPTED):
        hubspot.edit_as_person("companies", ids[number], {"city": "Molde"})
    hubspot.edit_as_person("companies", ids[OVERWRITTEN], {"zip": "9999"})
    move(world, OVERWRITTEN, 1, postalCode="5003")
    for day, city in ((1, "Bergen"), (2, "Bodø")):
        for number in (KEPT, ADOPTED):
            move(world, number, day, city=city)
        world.sync(day)
        for number in (KEPT, ADOPTED):
            assert world.company(number).values["city"] == "Molde"
            found = edits(world)[f"customer:{number}", "city"]
            assert (found.ours, found.theirs, found.wanted) == ("Ålesund", "Molde", city)
            assert found.source == "CRM_UI"
    assert world.company(OVERWRITTEN).values["zip"] == "5003"
    found = edits(world)[f"customer:{OVERWRITTEN}", "zip"]
    assert (found.ours, found.theirs, found.wanted) == ("6002", "9999", "5003")
    assert (found.outcome, found.source) == ("overwritten", None)
    assert remembered == {ids[KEPT], ids[ADOPTED]}
    move(world, KEPT, 3, city="Molde")
    world.sync(3)
    assert edits(world).keys() == {(f"customer:{ADOPTED}", "city"), (f"customer:{OVERWRITTEN}", "zip")}


def test_contacts_have_the_same_shield(make_world: MakeWorld) -> None:
    world = make_world(merging={"contacts": {"jobtitle": "overwrite_unless_edited", "email": "fill_blank"}})
    world.enter("customers", [rows.customer(1)])
    world.enter("contacts", [rows.contact(1, 1, position="Daglig leder")])
    world.sync(0)
    assert world.contact(1).values["jobtitle"] == "Daglig leder"
    world.sandbox.hubspot.edit_as_person("contacts", world.contact(1).id, {"jobtitle": "CEO"})
    world.sandbox.visma.update("contacts", "1", {"position": "Styreleder"}, stamp=rows.at(1))
    world.sync(1)
    assert world.contact(1).values["jobtitle"] == "CEO"
    assert [item.property for item in edits(world).values()] == ["jobtitle"]
