"""What people do in HubSpot between two runs: archive, merge, edit, make records of their own.

One portal sees all of it, each case with a customer and a contact of its own, before the second of three windows; some
of it is mended before the third.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from ml_connector.cli import conflicts
from ml_connector.cli.main import main
from ml_connector.cli.sync import Summary
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World

ARCHIVED, RESTORED, MADE_ANEW, UNCHANGED, WITH_A_NEW_CONTACT = 1, 2, 3, 4, 5
"""Customers whose company is archived, and what happens to it besides."""

CONTACT_ARCHIVED, CONTACT_RESTORED = 6, 7

SAME_ID, ITS_TWIN, NEW_ID, ANOTHER_TWIN, INTO_SALES, INTO_ANOTHER, THE_OTHER = 10, 11, 12, 13, 14, 15, 16
"""Customers whose companies are merged."""

CONTACT_INTO_SALES, CONTACT_KEPT, CONTACT_MERGED = 17, 18, 19

RENAMED, EDITED, WITHOUT_ID, MET_BY_SALES = 20, 21, 22, 23


@dataclass(frozen=True)
class Told:
    """The portal after three windows, and how it stood after the second."""

    world: World
    ids: dict[int, str]
    """The companies by customer, after the first window."""
    contacts: dict[int, str]
    theirs: dict[str, str]
    """What sales made: ``company``, ``contact``, ``person``, ``right``."""
    second: Summary
    refused: dict[str, str]
    """After the second window: the message by key."""
    companies: dict[int, list[dict[str, str]]]
    """After the second window: the values of the companies with a customer's id."""
    third: Summary

    def company(self, number: int) -> dict[str, Any]:
        """Return the values of the one company that a customer has in the end."""
        return dict(self.world.company(number).values)

    def absent(self, number: int) -> bool:
        """Return whether no company has the id of a customer, neither after the second window nor in the end."""
        return not self.companies[number] and not having(self.world, number)


def having(world: World, number: int) -> list[dict[str, str]]:
    """Return the values of the companies in use with the id of a customer."""
    found = world.sandbox.hubspot.find("companies", "visma_customer_id", f"{NAME}:{number}")
    return [dict(one.values) for one in found]


@pytest.fixture(scope="module")
def told(make_shared_world: MakeWorld) -> Told:
    """The whole story."""
    world = make_shared_world()
    customers = [*range(8), *range(10, 24)]
    world.enter_pairs(customers)
    world.sync(0)
    ids = {number: world.company(number).id for number in customers}
    contacts = {number: world.contact(number).id for number in customers}

    theirs = meddle(world, ids, contacts)
    for number in customers:
        if number not in (0, UNCHANGED, WITH_A_NEW_CONTACT, EDITED, THE_OTHER, MET_BY_SALES):
            change(world, number)
    world.enter("contacts", [rows.contact(33, WITH_A_NEW_CONTACT), rows.contact(34, 0)], day=1)
    met = rows.contact(35, MET_BY_SALES, email="NY@kunde23.no")
    world.enter("contacts", [met], day=1)
    second = world.sync(1)
    refused = {item.record: item.message for item in world.rejects()}
    companies = {number: having(world, number) for number in customers}

    hubspot = world.sandbox.hubspot
    hubspot.restore_as_person("companies", ids[RESTORED])
    hubspot.add_record("companies", {"name": "Igjen", "visma_customer_id": f"{NAME}:{MADE_ANEW}"})
    hubspot.restore_as_person("contacts", contacts[CONTACT_RESTORED])
    theirs["right"] = hubspot.add_record("companies", {"name": "Egen"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conflicts, "find_connection", lambda name: world.settings)
        words = ["conflicts", NAME, "link", f"customer:{INTO_ANOTHER}", theirs["right"]]
        said = CliRunner().invoke(main, words)
    assert said.exit_code == 0, said.output
    return Told(world, ids, contacts, theirs, second, refused, companies, world.sync(2))


def meddle(world: World, ids: dict[int, str], contacts: dict[int, str]) -> dict[str, str]:
    """Do what people do, and return the ids of what they make."""
    hubspot = world.sandbox.hubspot
    for number in (ARCHIVED, RESTORED, MADE_ANEW, UNCHANGED, WITH_A_NEW_CONTACT):
        hubspot.archive_as_person("companies", ids[number])
    for number in (CONTACT_ARCHIVED, CONTACT_RESTORED):
        hubspot.archive_as_person("contacts", contacts[number])

    theirs = {
        "company": hubspot.add_record("companies", {"name": "Salg", "domain": "salg.no"}),
        "contact": hubspot.add_record("contacts", {"email": "salg@salg.no"}),
        # Sales made the person by hand, under the address that Visma is about to send.
        "person": hubspot.add_record("contacts", {"email": "ny@kunde23.no", "firstname": "Ny"}),
    }
    for kept, gone, new_id in ((SAME_ID, ITS_TWIN, False), (NEW_ID, ANOTHER_TWIN, True)):
        hubspot.configure(merge_gives_new_id=new_id)
        hubspot.merge_as_person("companies", ids[kept], ids[gone])
    hubspot.configure(merge_gives_new_id=False)
    hubspot.merge_as_person("companies", theirs["company"], ids[INTO_SALES])
    hubspot.merge_as_person("companies", ids[THE_OTHER], ids[INTO_ANOTHER])
    hubspot.merge_as_person("contacts", theirs["contact"], contacts[CONTACT_INTO_SALES])
    hubspot.merge_as_person("contacts", contacts[CONTACT_KEPT], contacts[CONTACT_MERGED])

    hubspot.edit_as_person("companies", ids[RENAMED], {"name": "Helt annet", "domain": "annet.no"})
    hubspot.edit_as_person("companies", ids[EDITED], {"city": "Bergen"})
    hubspot.edit_as_person("companies", ids[WITHOUT_ID], {"visma_customer_id": ""})
    return theirs


def change(world: World, number: int) -> None:
    """Change a customer and its contact in Visma."""
    world.sandbox.visma.update("customers", str(number), {"name": f"Nytt {number}"}, stamp=rows.at(1))
    world.sandbox.visma.update("contacts", str(number), {"phone1": "+47 22 22 22 22"}, stamp=rows.at(1))


class TestArchived:
    """Somebody archives what we have made."""

    def test_a_company_is_reported_and_never_made_again(self, told: Told) -> None:
        assert told.second.status == "rejects"
        assert "archived or merged" in told.refused[f"customer:{ARCHIVED}"]
        assert told.absent(ARCHIVED)
        assert f"customer:{ARCHIVED}" in told.world.rejected_keys(), "nor by later runs"
        assert told.world.contact(ARCHIVED).values["phone"] == "+4722222222", "nothing else suffers"

    def test_without_a_change_in_visma_it_stays_away(self, told: Told) -> None:
        assert told.absent(UNCHANGED)
        assert f"customer:{UNCHANGED}" not in told.world.rejected_keys()

    @pytest.mark.parametrize("number", [RESTORED, MADE_ANEW])
    def test_one_that_is_restored_or_made_anew_with_the_id_goes_on(self, told: Told, number: int) -> None:
        assert f"customer:{number}" in told.refused
        assert told.company(number)["name"] == f"Nytt {number}"
        assert (told.world.company(number).id == told.ids[number]) is (number == RESTORED)
        assert f"customer:{number}" not in told.world.rejected_keys()

    def test_a_contact_is_reported_and_never_made_again(self, told: Told) -> None:
        assert {f"contact:{CONTACT_ARCHIVED}", f"contact:{CONTACT_RESTORED}"} <= told.refused.keys()
        own = f"{NAME}:{CONTACT_ARCHIVED}"
        assert told.world.sandbox.hubspot.find("contacts", "visma_contact_id", own) == []
        assert f"contact:{CONTACT_ARCHIVED}" in told.world.rejected_keys()

    def test_a_contact_that_is_restored_goes_on(self, told: Told) -> None:
        restored = told.world.contact(CONTACT_RESTORED)
        assert (restored.id, restored.values["phone"]) == (told.contacts[CONTACT_RESTORED], "+4722222222")
        assert f"contact:{CONTACT_RESTORED}" not in told.world.rejected_keys()

    def test_a_company_of_a_new_contact_does_not_stop_the_others(self, told: Told) -> None:
        world = told.world
        assert world.contact(33).values["lastname"] == "Etternavn33"
        assert (world.contact(34).id, world.company(0).id) in world.sandbox.hubspot.links(
            "contacts", "companies"
        )
        assert world.query("SELECT from_key, status FROM ml_connector.link WHERE status <> 'confirmed'") == [
            ("contact:33", "pending")
        ]
        assert told.absent(WITH_A_NEW_CONTACT)


class TestMerged:
    """Somebody merges records."""

    @pytest.mark.parametrize(("kept", "gone"), [(SAME_ID, ITS_TWIN), (NEW_ID, ANOTHER_TWIN)])
    def test_two_of_our_companies_are_never_made_again(self, told: Told, kept: int, gone: int) -> None:
        assert told.companies[kept][0]["name"] == f"Nytt {kept}"
        assert told.company(kept)["name"] == f"Nytt {kept}"
        assert (told.world.company(kept).id == told.ids[kept]) is (kept == SAME_ID)
        assert told.absent(gone)

    def test_ours_into_one_that_sales_made_follows_the_survivor(self, told: Told) -> None:
        assert told.world.company(INTO_SALES).id == told.theirs["company"]
        assert told.company(INTO_SALES)["name"] == f"Nytt {INTO_SALES}"

    def test_ours_into_that_of_another_record_is_a_conflict_until_a_person_links_it(self, told: Told) -> None:
        assert f"customer:{INTO_ANOTHER}" in told.refused
        assert told.companies[INTO_ANOTHER] == []
        assert [one["name"] for one in told.companies[THE_OTHER]] == [f"Kunde {THE_OTHER} AS"]
        assert told.world.company(INTO_ANOTHER).id == told.theirs["right"]
        assert told.world.company(THE_OTHER).id == told.ids[THE_OTHER]
        assert f"customer:{INTO_ANOTHER}" not in told.world.rejected_keys()

    def test_a_contact_into_one_that_sales_made_follows_the_survivor(self, told: Told) -> None:
        followed = told.world.contact(CONTACT_INTO_SALES)
        assert (followed.id, followed.values["phone"]) == (told.theirs["contact"], "+4722222222")

    def test_contacts_follow_too(self, told: Told) -> None:
        assert told.world.contact(CONTACT_KEPT).id == told.contacts[CONTACT_KEPT]
        own = f"{NAME}:{CONTACT_MERGED}"
        assert told.world.sandbox.hubspot.find("contacts", "visma_contact_id", own) == []


class TestEdited:
    """Somebody changes values, or makes a record first."""

    @pytest.mark.parametrize("number", [RENAMED, WITHOUT_ID])
    def test_a_renamed_company_or_one_without_our_id_stays_linked(self, told: Told, number: int) -> None:
        assert told.company(number)["name"] == f"Nytt {number}"
        assert told.world.company(number).id == told.ids[number]

    def test_values_that_visma_does_not_change_stay_as_the_person_left_them(self, told: Told) -> None:
        told.world.sync(0)
        assert told.company(EDITED)["city"] == "Bergen"

    def test_an_address_taken_by_another_contact_is_no_second_contact(self, told: Told) -> None:
        assert told.world.contact(35).id == told.theirs["person"]
        assert told.world.contact(35).values["firstname"] == "Ny"

    def test_nobody_is_there_twice(self, told: Told) -> None:
        companies, contacts = told.world.companies(), told.world.sandbox.hubspot.records("contacts")
        # Of 22: four stay archived and three went into others; one was made anew, one chosen.
        assert len(companies) == 22 - 4 - 3 + 1 + 1
        # Of 22: one stays archived, one went into another; three are new, of whom sales had made one.
        assert len(contacts) == 22 - 1 - 1 + 3
        assert told.third.entities["companies"]["created"] == told.third.entities["contacts"]["created"] == 0


def test_a_company_that_hubspot_made_from_an_address_is_adopted(world: World) -> None:
    """Automatic company creation is on: HubSpot makes companies from the domains of new contacts."""
    world.sandbox.hubspot.configure(automatic_company_association=True)
    world.sandbox.hubspot.add_record("contacts", {"email": "kari@kunde50.no"})
    made = [one for one in world.companies() if one.values.get("domain") == "kunde50.no"]
    world.enter_pairs([50])
    world.sync(0)
    assert len(made) <= 1
    found = [one for one in world.companies() if one.values.get("domain") == "kunde50.no"]
    assert len(found) == 1
    assert found[0].values["visma_customer_id"] == f"{NAME}:50"
