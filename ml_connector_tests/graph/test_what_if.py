"""Other settings tried by `plan --settings`: what they would change before they are saved; nothing is written."""

from typing import Any

import pytest

from ml_connector import database
from ml_connector.cli.trial import portal
from ml_connector.running import stored_snapshots
from ml_connector.trial.changed import WhatIf
from ml_connector.trial.fates import Kind
from ml_connector.trial.page import headline
from ml_connector.trial.sides import Snapshots
from ml_connector.trial.what_if import SettingsTrial
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, connection

TODAY: dict[str, Any] = {"matching": {"companies": ["domain", "phone"]}}


def tried(world: World, **changes: Any) -> WhatIf:
    """Try settings that differ from the world's; only reads may go out, and none to Visma."""
    other = connection(**{**TODAY, **changes})
    world.forget_calls()
    snapshots = Snapshots(
        *(stored_snapshots(world.settings, name) for name in ("customers", "suppliers", "contacts"))
    )
    engine = database.engine(world.database_url)
    client = portal(world.settings).get_client()
    portrait = world.portrait()
    found = SettingsTrial(engine, world.settings, other, client, snapshots, None).compare()
    assert world.writes() == []
    assert world.sandbox.hubspot.counts.writes == 0
    assert (world.calls("visma"), world.portrait()) == ([], portrait)
    assert found.calls == len([call for call in world.calls() if "account-info" not in call.path])
    return found


def kinds(found: WhatIf) -> dict[str, int]:
    return {str(kind): many for kind in Kind if (many := found.many(kind))}


@pytest.fixture(scope="module")
def world(make_shared_world: MakeWorld) -> World:
    """A portal with companies of its own; customers that fit one, two or none of them; all of it synced."""
    world = make_shared_world(**TODAY)
    hubspot = world.sandbox.hubspot
    for number in (1, 2):
        hubspot.add_record("companies", {"name": f"Telefon {number}", "phone": f"+47 2233440{number}"})
        hubspot.add_record("companies", {"name": f"Domene {number}", "domain": f"kunde{number}.no"})
    for name in ("En", "To"):
        hubspot.add_record("companies", {"name": name, "domain": "kunde3.no"})
    hubspot.add_record("companies", {"name": "Tre", "phone": "22 33 44 03"})
    for number in (4, 5):
        hubspot.add_record("companies", {"name": f"Fem {number}", "phone": "22 33 44 05"})
    hubspot.add_record("contacts", {"email": "person6@kunde6.no", "jobtitle": "Sjef"})
    for number in range(1, 8):
        contact = {"contactId": 600_000 + number, "web": f"kunde{number}.no", "phone1": f"2233440{number}"}
        own = {"customerClass": {"id": "B"}} if number == 7 else {"customerClass": {"id": "A"}}
        world.enter("customers", [rows.customer(number, mainContact=contact, **own)])
        world.enter("contacts", [rows.contact(number, number)])
    world.enter("suppliers", [rows.supplier(1)])
    world.sync(0)
    assert world.runs[-1].entities["companies"]["conflicts"] == 2
    return world


def ids(world: World, name: str) -> str:
    """Return the HubSpot id of a company by the name it had before we came."""
    found = world.query(
        "SELECT hubspot_id FROM ml_connector.operation WHERE previous ->> 'name' = :name", name=name
    )
    return str(found[0][0]) if found else world.sandbox.hubspot.find("companies", "name", name)[0].id


class TestUnchangedSettings:
    """The same settings."""

    def test_change_nothing_whatever_people_did_in_the_portal(self, world: World) -> None:
        hubspot = world.sandbox.hubspot
        hubspot.edit_as_person("companies", world.company(6).id, {"zip": "0001", "visma_currency": ""})
        found = tried(world)
        assert (kinds(found), found.values) == ({}, 0)
        assert headline(found) == "Nothing would change."
        assert (found.companies.records, found.contacts.records) == (8, 7)

    def test_that_are_written_otherwise_change_nothing_either(self, world: World) -> None:
        assert kinds(tried(world, matching={"companies": [{"rule": "domain"}, "phone"]})) == {}


class TestMatching:
    """Rules of matching."""

    def test_in_another_order_every_link_that_changes_is_told_from_where_to_where(self, world: World) -> None:
        found = tried(world, matching={"companies": ["phone", "domain"]})
        links = {
            shift.record: (shift.old, shift.new)
            for shift in found.companies.shifts
            if shift.kind == Kind.LINK
        }
        assert links == {
            f"customer:{number}": (ids(world, f"Domene {number}"), ids(world, f"Telefon {number}"))
            for number in (1, 2)
        }
        # Two companies have the domain of customer 3, only one its phone number.
        (solved,) = [shift for shift in found.companies.shifts if shift.kind == Kind.SOLVED]
        assert (solved.record, solved.old, solved.new) == ("customer:3", None, ids(world, "Tre"))
        assert headline(found) == "2 links change, 1 conflict solved."
        assert kinds(found) == {"link": 2, "solved": 1}

    def test_a_rule_less_leaves_what_it_found_without_a_company_or_a_conflict(self, world: World) -> None:
        found = tried(world, matching={"companies": ["phone"]})
        told = {shift.record: (shift.kind, shift.new) for shift in found.companies.shifts}
        assert told["customer:1"] == (Kind.LINK, ids(world, "Telefon 1"))
        found = tried(world, matching={"companies": ["domain"]})
        assert {shift.record: shift.kind for shift in found.companies.shifts} == {"customer:5": Kind.SOLVED}

    def test_what_is_only_proposed_becomes_a_conflict_with_its_candidate(self, world: World) -> None:
        rules = ["domain", {"rule": "phone", "one": "conflict"}]
        assert kinds(tried(world, matching={"companies": rules})) == {}
        found = tried(world, matching={"companies": [{"rule": "domain", "one": "conflict"}, "phone"]})
        assert [(shift.record, shift.kind, shift.candidates) for shift in found.companies.shifts] == [
            (f"customer:{number}", Kind.CONFLICT, (ids(world, f"Domene {number}"),)) for number in (1, 2)
        ]
        contacts = tried(
            world, matching={**TODAY["matching"], "contacts": [{"rule": "email", "one": "conflict"}]}
        ).contacts
        assert [(shift.record, shift.kind) for shift in contacts.shifts] == [("contact:6", Kind.CONFLICT)]

    def test_records_that_would_be_made_no_more_are_counted(self, world: World) -> None:
        world.enter("customers", [rows.customer(9, customerClass={"id": "A"})], day=1)
        world.plan(1)
        found = tried(world, matching={**TODAY["matching"], "create_missing": False})
        # The rule is about records that are still to be made; those that were made are not taken away.
        told = {shift.record: (shift.kind, shift.new) for shift in found.companies.shifts}
        assert told == {"customer:9": (Kind.NO_CREATE, None)}
        asks = {**TODAY["matching"], "create_missing": {"companies": "conflict", "contacts": True}}
        assert kinds(tried(world, matching=asks)) == {"conflict": 1}


class TestMerging:
    """Who wins."""

    def test_a_policy_changed_from_fill_blank_to_overwrite_tells_the_values(
        self, make_world: MakeWorld
    ) -> None:
        world = make_world(**TODAY, merging={"companies": {"phone": "fill_blank"}})
        hubspot = world.sandbox.hubspot
        hubspot.add_record("companies", {"name": "En", "domain": "kunde1.no", "phone": "12345"})
        for number in (1, 2):
            contact = {"web": f"kunde{number}.no", "phone1": f"2233440{number}"}
            world.enter("customers", [rows.customer(number, mainContact=contact)])
        world.sync(0)
        found = tried(world, merging={"companies": {"phone": "overwrite"}})
        assert found.companies.properties == {"phone": 1}
        (value,) = found.companies.values
        assert (value.record, value.old, value.new) == ("customer:1", "12345", "+4722334401")
        assert (kinds(found), headline(found)) == ({}, "1 value changes.")
        assert tried(world, merging={"companies": {"phone": "fill_blank"}}).values == 0

    def test_a_person_s_value_is_told_where_it_would_be_kept_no_more(self, make_world: MakeWorld) -> None:
        world = make_world(merging={"companies": {"name": "overwrite_unless_edited"}})
        world.enter("customers", [rows.customer(1)])
        world.sync(0)
        hubspot = world.sandbox.hubspot
        hubspot.edit_as_person("companies", world.company(1).id, {"name": "Vår kunde"})
        other = {"matching": {}, "merging": {"companies": {"name": "overwrite"}}}
        (value,) = tried(world, **other).companies.values
        assert (value.record, value.old, value.new) == ("customer:1", "Vår kunde", "Kunde 1 AS")


def test_a_class_that_is_taken_no_more_takes_its_contacts_with_it(world: World) -> None:
    found = tried(world, take={"customer_classes": ["A"]})
    told = {(shift.entity, shift.record): (shift.kind, shift.reason) for shift in found.companies.shifts}
    assert told == {("companies", "customer:7"): (Kind.LEFT_OUT, "not taken: customer class B")}
    assert [(shift.record, shift.kind) for shift in found.contacts.shifts] == [("contact:7", Kind.LEFT_OUT)]
    assert headline(found) == "2 no longer taken."


def test_a_mapping_tells_how_many_records_get_the_value_and_what_else_differs_is_named(world: World) -> None:
    mapping = {"customers": [{"visma": "status", "hubspot": "description"}]}
    found = tried(world, mapping=mapping, daily=True)
    assert found.companies.properties == {"description": 5}
    assert found.companies.values[0].new == "Active"
    assert found.not_looked_at == ("daily",)
