"""What people do in HubSpot between two runs: archive, merge, edit, make records of their own."""

import pytest
from click.testing import CliRunner

from ml_connector.cli import conflicts
from ml_connector.cli.main import main
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.harness import NAME, World


@pytest.fixture
def synced(world: World) -> World:
    world.enter_pairs(range(5))
    world.sync(0)
    return world


def change(world: World, number: int, window: int = 1) -> None:
    """Change a customer and its contact in Visma."""
    world.sandbox.visma.update("customers", str(number), {"name": f"Nytt {number}"}, stamp=rows.at(window))
    world.sandbox.visma.update("contacts", str(number), {"phone1": "+47 22 22 22 22"}, stamp=rows.at(window))


class TestArchived:
    """Somebody archives what we have made."""

    def test_a_company_is_reported_and_never_made_again(self, synced: World) -> None:
        company = synced.company(3)
        synced.sandbox.hubspot.archive_as_person("companies", company.id)
        change(synced, 3)
        summary = synced.sync(1)
        assert summary.status == "rejects"
        assert summary.entities["companies"]["conflicts"] == 1
        assert synced.rejected_keys() == {"customer:3"}
        assert "archived or merged" in synced.rejects()[0].message
        assert len(synced.companies()) == 4
        # Nor by later runs, and nothing else suffers.
        again = synced.sync(2)
        assert len(synced.companies()) == 4
        assert again.entities["companies"]["conflicts"] == 1
        assert synced.contact(3).values["phone"] == "+4722222222"

    def test_without_a_change_in_visma_it_stays_away(self, synced: World) -> None:
        synced.sandbox.hubspot.archive_as_person("companies", synced.company(3).id)
        synced.sync(0)
        assert len(synced.companies()) == 4
        assert synced.writes()

    def test_one_that_is_restored_goes_on(self, synced: World) -> None:
        company = synced.company(3)
        synced.sandbox.hubspot.archive_as_person("companies", company.id)
        change(synced, 3)
        synced.sync(1)
        synced.sandbox.hubspot.restore_as_person("companies", company.id)
        synced.sync(2)
        assert (synced.company(3).id, synced.company(3).values["name"]) == (company.id, "Nytt 3")
        assert synced.rejects() == []

    def test_one_that_is_made_anew_with_the_id_goes_on(self, synced: World) -> None:
        company = synced.company(3)
        synced.sandbox.hubspot.archive_as_person("companies", company.id)
        change(synced, 3)
        synced.sync(1)
        synced.sandbox.hubspot.add_record("companies", {"name": "Igjen", "visma_customer_id": f"{NAME}:3"})
        synced.sync(2)
        assert synced.company(3).values["name"] == "Nytt 3"
        assert synced.rejects() == []

    def test_a_contact_that_is_restored_goes_on(self, synced: World) -> None:
        contact = synced.contact(3)
        synced.sandbox.hubspot.archive_as_person("contacts", contact.id)
        change(synced, 3)
        assert synced.sync(1).status == "rejects"
        synced.sandbox.hubspot.restore_as_person("contacts", contact.id)
        synced.sync(2)
        assert (synced.contact(3).id, synced.contact(3).values["phone"]) == (contact.id, "+4722222222")

    def test_a_contact_is_reported_and_never_made_again(self, synced: World) -> None:
        synced.sandbox.hubspot.archive_as_person("contacts", synced.contact(3).id)
        change(synced, 3)
        summary = synced.sync(1)
        assert summary.entities["contacts"]["conflicts"] == 1
        assert synced.rejected_keys() == {"contact:3"}
        assert len(synced.sandbox.hubspot.records("contacts")) == 4
        synced.sync(2)
        assert len(synced.sandbox.hubspot.records("contacts")) == 4

    def test_a_company_of_a_new_contact_does_not_stop_the_others(self, synced: World) -> None:
        synced.sandbox.hubspot.archive_as_person("companies", synced.company(3).id)
        synced.enter("contacts", [rows.contact(33, 3), rows.contact(44, 4)], day=1)
        summary = synced.sync(1)
        assert summary.status == "rejects"
        assert summary.entities["contacts"]["created"] == 2
        assert (synced.contact(44).id, synced.company(4).id) in synced.sandbox.hubspot.links(
            "contacts", "companies"
        )
        assert synced.query("SELECT from_key, status FROM ml_connector.link WHERE status <> 'confirmed'") == [
            ("contact:33", "pending")
        ]


class TestMerged:
    """Somebody merges records."""

    @pytest.mark.parametrize("new_id", [False, True], ids=["the primary's id", "a new id"])
    def test_two_of_our_companies_are_never_made_again(self, synced: World, *, new_id: bool) -> None:
        synced.sandbox.hubspot.configure(merge_gives_new_id=new_id)
        kept, gone = synced.company(3), synced.company(4)
        synced.sandbox.hubspot.merge_as_person("companies", kept.id, gone.id)
        change(synced, 3)
        change(synced, 4)
        synced.sync(1)
        assert len(synced.companies()) == 4
        assert synced.company(3).values["name"] == "Nytt 3"
        synced.sync(2)
        assert len(synced.companies()) == 4
        assert synced.rejected_keys() <= {"customer:4"}

    def test_ours_into_one_that_sales_made_follows_the_survivor(self, synced: World) -> None:
        theirs = synced.sandbox.hubspot.add_record("companies", {"name": "Salg", "domain": "salg.no"})
        synced.sandbox.hubspot.merge_as_person("companies", theirs, synced.company(3).id)
        change(synced, 3)
        summary = synced.sync(1)
        assert len(synced.companies()) == 5
        assert synced.company(3).values["name"] == "Nytt 3"
        assert summary.entities["companies"]["updated"] == 1

    def test_ours_into_that_of_another_record_is_a_conflict_until_a_person_links_it(
        self, synced: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(conflicts, "find_connection", lambda name: synced.settings)
        kept, gone = synced.company(3), synced.company(4)
        synced.sandbox.hubspot.merge_as_person("companies", kept.id, gone.id)
        change(synced, 4)
        assert synced.sync(1).status == "rejects"
        assert synced.rejected_keys() == {"customer:4"}
        assert kept.values["visma_customer_id"] == f"{NAME}:3"
        right = synced.sandbox.hubspot.add_record("companies", {"name": "Egen"})
        said = CliRunner().invoke(main, ["conflicts", NAME, "link", "customer:4", right])
        assert said.exit_code == 0, said.output
        assert synced.sync(2).status == "success"
        assert synced.company(4).id == right
        assert synced.company(3).id == kept.id

    def test_a_contact_into_one_that_sales_made_follows_the_survivor(self, synced: World) -> None:
        theirs = synced.sandbox.hubspot.add_record("contacts", {"email": "salg@salg.no"})
        synced.sandbox.hubspot.merge_as_person("contacts", theirs, synced.contact(3).id)
        change(synced, 3)
        assert synced.sync(1).status == "success"
        assert len(synced.sandbox.hubspot.records("contacts")) == 5
        assert synced.contact(3).values["phone"] == "+4722222222"

    def test_contacts_follow_too(self, synced: World) -> None:
        kept, gone = synced.contact(3), synced.contact(4)
        synced.sandbox.hubspot.merge_as_person("contacts", kept.id, gone.id)
        change(synced, 4)
        synced.sync(1)
        synced.sync(2)
        assert len(synced.sandbox.hubspot.records("contacts")) == 4


class TestEdited:
    """Somebody changes values, or makes a record first."""

    def test_a_renamed_company_stays_linked_by_its_id(self, synced: World) -> None:
        company = synced.company(3)
        renamed = {"name": "Helt annet", "domain": "annet.no"}
        synced.sandbox.hubspot.edit_as_person("companies", company.id, renamed)
        change(synced, 3)
        assert synced.sync(1).entities["companies"]["updated"] == 1
        assert (synced.company(3).id, len(synced.companies())) == (company.id, 5)

    def test_values_that_visma_does_not_change_stay_as_the_person_left_them(self, synced: World) -> None:
        company = synced.company(3)
        synced.sandbox.hubspot.edit_as_person("companies", company.id, {"city": "Bergen"})
        synced.sync(0)
        assert synced.company(3).values["city"] == "Bergen"

    def test_our_id_taken_away_is_no_second_company(self, synced: World) -> None:
        company = synced.company(3)
        synced.sandbox.hubspot.edit_as_person("companies", company.id, {"visma_customer_id": ""})
        change(synced, 3)
        synced.sync(1)
        assert len(synced.companies()) == 5
        assert synced.company(3).id == company.id

    def test_an_address_taken_by_another_contact_is_no_second_contact(self, synced: World) -> None:
        """Sales made the person by hand between two runs, under the address Visma is about to send."""
        person = synced.sandbox.hubspot.add_record("contacts", {"email": "ny@kunde2.no", "firstname": "Ny"})
        synced.enter("contacts", [rows.contact(20, 2, email="NY@kunde2.no")], day=1)
        summary = synced.sync(1)
        assert summary.status == "success"
        assert synced.contact(20).id == person
        assert synced.contact(20).values["firstname"] == "Ny"

    def test_a_company_that_hubspot_made_from_an_address_is_adopted(self, synced: World) -> None:
        """Automatic company creation is on: HubSpot makes companies from the domains of new contacts."""
        synced.sandbox.hubspot.configure(automatic_company_association=True)
        synced.sandbox.hubspot.add_record("contacts", {"email": "kari@kunde50.no"})
        made = [one for one in synced.companies() if one.values.get("domain") == "kunde50.no"]
        synced.enter_pairs([50], day=1)
        synced.sync(1)
        assert len(made) <= 1
        found = [one for one in synced.companies() if one.values.get("domain") == "kunde50.no"]
        assert len(found) == 1
        assert found[0].values["visma_customer_id"] == f"{NAME}:50"
