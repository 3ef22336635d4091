"""Data that moves while it is read, commits that come late, and records that name others nobody has synced."""

from datetime import datetime
from typing import Any

import pytest

from ml_connector.sandbox.visma.sandbox import ServedPage
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company


class TestOneStamp:
    """An import gives thousands of rows one stamp."""

    @pytest.mark.parametrize("order", ["key", "modified"])
    def test_of_2500_rows_over_page_edges_loses_none(self, make_world: MakeWorld, order: str) -> None:
        world = make_world(empty_company(visma={"order": order}))
        world.sync(0)
        world.enter("customers", [rows.customer(number) for number in range(2500)], day=1, hour=6)
        summary = world.sync(1)
        assert summary.entities["companies"]["created"] == 2500
        assert len(world.companies()) == 2500


class TestRowsThatChangeWhileTheyAreRead:
    """People go on working in Visma."""

    @pytest.mark.parametrize("order", ["key", "modified"])
    def test_move_to_the_end_and_shift_the_others_and_none_is_lost(
        self, make_world: MakeWorld, order: str
    ) -> None:
        world = make_world(empty_company(visma={"order": order, "page_caps": {"customers": 50}}))
        world.enter_pairs(range(300))
        changed: list[str] = []

        def edit(page: ServedPage) -> None:
            """Somebody saves three customers of the page that has just been read."""
            if page.entity == "customers" and len(changed) < 9:
                for key in page.keys[:3]:
                    changed.append(key)
                    world.sandbox.visma.update("customers", key, {"name": f"Endret {key}"}, stamp=rows.at(1))

        world.sandbox.visma.on_page.append(edit)
        world.sync(0)
        world.sandbox.visma.on_page.clear()
        world.sync(1)
        assert len(world.companies()) == 300
        assert {world.company(key).values["name"] for key in changed} == {f"Endret {key}" for key in changed}
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == 300

    def test_a_row_deleted_in_between_takes_no_other_with_it(self, make_world: MakeWorld) -> None:
        world = make_world(empty_company(visma={"page_caps": {"customers": 50}}))
        world.enter_pairs(range(200))
        gone: list[str] = []

        def delete(page: ServedPage) -> None:
            if page.entity == "customers" and not gone:
                gone.extend(page.keys[:5])
                for key in gone:
                    world.sandbox.visma.delete("customers", key)

        world.sandbox.visma.on_page.append(delete)
        world.sync(0)
        for number in range(200):
            if str(number) not in gone:
                world.company(number)


class TestChangesAfterTheWindowsEnd:
    """A window is closed, whatever has changed since."""

    def test_wait_for_their_own_window_and_their_people_are_linked_then(self, world: World) -> None:
        """The initial load at noon: customers edited this morning belong to the next window."""
        world.enter_pairs(range(10))
        world.sandbox.visma.update("customers", "3", {"name": "I dag"}, stamp=rows.at(1, 9))
        first = world.sync(0)
        assert first.status == "success", "nothing is wrong, so nobody has to look"
        assert world.company(3).values["name"] == "I dag"
        second = world.sync(1)
        assert second.status == "success"
        assert len(world.companies()) == 10
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == 10


class TestLateCommits:
    """Rows that become visible after their window was read."""

    def test_inside_the_overlap_come_with_the_next_window(self, world: World) -> None:
        world.sync(0)
        world.enter_pairs(range(3), day=1)
        world.sync(1)
        # Stamped at half past eleven in the evening, but visible only after that day was synced.
        world.enter("customers", [rows.customer(77)], day=1, hour=23, minute=30)
        world.enter("contacts", [rows.contact(77, 77)], day=1, hour=23, minute=30)
        summary = world.sync(2)
        assert summary.entities["companies"]["created"] == 1
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == 4

    def test_of_a_record_that_came_twice_end_with_the_newest(self, world: World) -> None:
        world.enter_pairs([1])
        world.sync(0)
        world.sandbox.visma.update("customers", "1", {"name": "Sist"}, stamp=rows.at(0, 23, 30))
        world.sync(1)
        assert world.company(1).values["name"] == "Sist"
        assert len(world.companies()) == 1


class TestClosure:
    """Nothing waits for a customer that will never come."""

    def test_a_contact_brings_its_customer_along(self, world: World) -> None:
        world.sync(0)
        # A customer from the time before the connection whose window is not run, and a contact of today.
        world.sandbox.visma.add("customers", rows.customer(5), stamp=datetime(2019, 1, 1))
        world.sandbox.visma.add("suppliers", rows.supplier(6), stamp=datetime(2019, 1, 1))
        world.enter("contacts", [rows.contact(50, 5)], day=1)
        world.enter("contacts", [rows.contact(60, 6, businessAccountType="Vendor")], day=1)
        summary = world.sync(1)
        assert summary.status == "success"
        assert summary.entities["companies"]["created"] == 2
        pairs = world.sandbox.hubspot.links("contacts", "companies")
        assert pairs == {
            (world.contact(50).id, world.company(5).id),
            (world.contact(60).id, world.company(6, "supplier").id),
        }

    def test_a_number_visma_does_not_know_harms_nobody(self, world: World) -> None:
        world.sync(0)
        world.enter_pairs(range(3), day=1)
        world.enter("contacts", [rows.contact(50, 4711), rows.contact(51, None)], day=1)
        summary = world.sync(1)
        assert summary.status == "rejects"
        assert summary.entities["companies"]["created"] == 3
        assert summary.entities["contacts"]["created"] == 5
        assert summary.entities["links"] == {**summary.entities["links"], "created": 3, "pending": 1}
        reasons = world.query("SELECT reason FROM ml_connector.link WHERE status = 'pending'")
        assert reasons == [("customer:4711 is not in HubSpot yet",)]

    def test_odd_numbers_are_found(self, world: World) -> None:
        world.sync(0)
        for place, number in enumerate(("10041/B", "0010018", "A&B 7", "Ø-1")):
            odd = rows.customer(place, number=number)
            world.sandbox.visma.add("customers", odd, stamp=datetime(2019, 1, 1))
            world.enter("contacts", [rows.contact(100 + place, place, businessAccount=number)], day=1)
        summary = world.sync(1)
        assert summary.entities["links"]["created"] == 4, summary

    def test_a_customer_that_came_by_number_is_not_fetched_again(self, world: World) -> None:
        world.sync(0)
        world.sandbox.visma.add("customers", rows.customer(5), stamp=datetime(2019, 1, 1))
        world.enter("contacts", [rows.contact(50, 5)], day=1)
        world.sync(1)
        world.enter("contacts", [rows.contact(51, 5)], day=2)
        world.forget_calls()
        world.sync(2)
        assert [call.path for call in world.calls("visma") if call.path.startswith("/v1/customer/")] == []
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == 2


class TestRestampedRows:
    """Rows with a new stamp and nothing new in them."""

    def test_of_an_upgrade_write_nothing(self, world: World) -> None:
        world.enter_pairs(range(120))
        world.sync(0)
        world.sandbox.visma.restamp("customers", rows.at(1))
        world.sandbox.visma.restamp("contacts", rows.at(1))
        world.forget_calls()
        summary = world.sync(1)
        assert summary.entities["companies"]["unchanged"] == 120
        assert world.writes() == []
        assert len(world.calls()) <= 5


class TestChangedRows:
    """What a change in Visma does in HubSpot."""

    def test_send_only_what_differs(self, world: World) -> None:
        world.enter_pairs(range(5))
        world.sync(0)
        world.sandbox.visma.update(
            "customers", "2", {"creditTerms": {"description": "14 dager"}}, stamp=rows.at(1)
        )
        world.sync(1)
        [sent] = world.query(
            "SELECT properties, previous FROM ml_connector.operation WHERE action = 'update' AND entity = 'companies'"
        )
        assert set(sent[0]) == {"visma_credit_terms", "visma_last_modified"}
        assert sent[1]["visma_credit_terms"] == "30 dager"

    @pytest.mark.parametrize(
        ("change", "kept"),
        [({"creditTerms": None}, "visma_credit_terms"), ({"name": None}, "name")],
    )
    def test_a_null_clears_nothing(self, world: World, change: dict[str, Any], kept: str) -> None:
        world.enter_pairs([1])
        world.sync(0)
        before = world.company(1).values[kept]
        world.sandbox.visma.collection("customers").update("1", change, rows.at(1))
        world.sync(1)
        assert world.company(1).values[kept] == before

    def test_people_who_leave_are_flagged_and_stay(self, world: World) -> None:
        world.enter_pairs([1])
        world.sync(0)
        world.sandbox.visma.update("contacts", "1", {"active": False}, stamp=rows.at(1))
        world.sync(1)
        assert world.contact(1).values["visma_contact_status"] == "inactive"

    def test_a_contact_that_changes_employer_is_linked_to_the_new_one_too(self, world: World) -> None:
        world.enter_pairs([1, 2])
        world.sync(0)
        world.sandbox.visma.update("contacts", "1", {"businessAccount": "2"}, stamp=rows.at(1))
        world.sync(1)
        pairs = world.sandbox.hubspot.links("contacts", "companies")
        assert (world.contact(1).id, world.company(2).id) in pairs
        assert len(world.sandbox.hubspot.records("contacts")) == 2

    def test_a_mailbox_shared_by_companies_is_one_contact_of_each(self, world: World) -> None:
        world.enter("customers", [rows.customer(number) for number in range(4)])
        world.enter("contacts", [rows.contact(n, n, email="Faktura@Regnskap.no") for n in range(3)])
        world.sync(0)
        world.enter("contacts", [rows.contact(3, 3, email="faktura@regnskap.NO")], day=1)
        world.sync(1)
        assert len(world.sandbox.hubspot.records("contacts")) == 1
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == 4
        world.forget_calls()
        world.sync(0)
        world.sync(1)
        assert world.writes() == []
