"""Data that moves while it is read, commits that come late, and records that name others nobody has synced."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from ml_connector.cli.sync import Summary
from ml_connector.sandbox.visma.sandbox import ServedPage
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company
from ml_connector_tests.graph.snapshots import EXTRACT, keys


class TestOneStamp:
    """An import gives thousands of rows one stamp."""

    @pytest.mark.parametrize("order", ["key", "modified"])
    def test_of_2500_rows_over_page_edges_loses_none(self, make_world: MakeWorld, order: str) -> None:
        world = make_world(empty_company(visma={"order": order}))
        world.enter("customers", [rows.customer(number) for number in range(2500)], day=1, hour=6)
        world.sync(1, steps=EXTRACT)
        assert keys(world, "customers", 1) == sorted(map(str, range(2500)))


class TestRowsThatChangeWhileTheyAreRead:
    """People go on working in Visma."""

    @pytest.mark.parametrize("order", ["key", "modified"])
    def test_move_to_the_end_and_shift_the_others_and_none_is_lost(
        self, make_world: MakeWorld, order: str
    ) -> None:
        world = make_world(empty_company(visma={"order": order, "page_caps": {"customers": 20}}))
        world.enter_pairs(range(120))
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
        assert len(world.companies()) == 120
        assert {world.company(key).values["name"] for key in changed} == {f"Endret {key}" for key in changed}
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == 120

    def test_a_row_deleted_in_between_takes_no_other_with_it(self, make_world: MakeWorld) -> None:
        world = make_world(empty_company(visma={"page_caps": {"customers": 50}}))
        world.enter("customers", [rows.customer(number) for number in range(200)])
        gone: list[str] = []

        def delete(page: ServedPage) -> None:
            if page.entity == "customers" and not gone:
                gone.extend(page.keys[:5])
                for key in gone:
                    world.sandbox.visma.delete("customers", key)

        world.sandbox.visma.on_page.append(delete)
        world.sync(0, steps=EXTRACT)
        assert set(map(str, range(200))) - {*keys(world, "customers", 0)} <= {*gone}


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


@dataclass(frozen=True)
class Told:
    """A connection after its three windows, and what the second and third did."""

    world: World
    second: Summary
    third: Summary
    before: dict[str, str]
    """Values of two companies after the first window: the credit terms of the one, the name of the other."""


@pytest.fixture(scope="module")
def changed(make_shared_world: MakeWorld) -> Told:
    """A day on which something happened to many records, and what Visma showed of it only after it was synced."""
    world = make_shared_world()
    visma = world.sandbox.visma
    world.enter_pairs(range(1, 10))
    world.enter("customers", [rows.customer(number) for number in range(10, 14)])
    world.enter("contacts", [rows.contact(n, n, email="Faktura@Regnskap.no") for n in (10, 11, 12)])
    world.sync(0)
    before = {"3": world.company(3).values["visma_credit_terms"], "4": world.company(4).values["name"]}

    world.enter_pairs(range(20, 23), day=1)
    visma.update("customers", "2", {"creditTerms": {"description": "14 dager"}}, stamp=rows.at(1))
    visma.collection("customers").update("3", {"creditTerms": None}, rows.at(1))
    visma.collection("customers").update("4", {"name": None}, rows.at(1))
    visma.update("contacts", "5", {"active": False}, stamp=rows.at(1))
    visma.update("contacts", "6", {"businessAccount": "7"}, stamp=rows.at(1))
    visma.update("customers", "8", {"name": "Sist"}, stamp=rows.at(0, 23, 30))
    world.enter("contacts", [rows.contact(13, 13, email="faktura@regnskap.NO")], day=1)
    second = world.sync(1)

    # Stamped at half past eleven in the evening, but visible only after that day was synced.
    world.enter("customers", [rows.customer(77)], day=1, hour=23, minute=30)
    world.enter("contacts", [rows.contact(77, 77)], day=1, hour=23, minute=30)
    return Told(world, second, world.sync(2), before)


class TestLateCommits:
    """Rows that become visible after their window was read."""

    def test_inside_the_overlap_come_with_the_next_window(self, changed: Told) -> None:
        assert changed.third.entities["companies"]["created"] == 1
        linked = changed.world.sandbox.hubspot.links("contacts", "companies")
        assert (changed.world.contact(77).id, changed.world.company(77).id) in linked

    def test_of_a_record_that_came_twice_end_with_the_newest(self, changed: Told) -> None:
        assert changed.world.company(8).values["name"] == "Sist"


class TestChangedRows:
    """What a change in Visma does in HubSpot."""

    def test_send_only_what_differs(self, changed: Told) -> None:
        [sent] = changed.world.query(
            "SELECT properties, previous FROM ml_connector.operation"
            " WHERE action = 'update' AND record_key = 'customer:2'"
        )
        assert set(sent[0]) == {"visma_credit_terms", "visma_last_modified"}
        assert sent[1]["visma_credit_terms"] == "30 dager"

    def test_a_null_clears_nothing(self, changed: Told) -> None:
        assert changed.before == {"3": "30 dager", "4": "Kunde 4 AS"}
        assert changed.world.company(3).values["visma_credit_terms"] == changed.before["3"]
        assert changed.world.company(4).values["name"] == changed.before["4"]

    def test_people_who_leave_are_flagged_and_stay(self, changed: Told) -> None:
        assert changed.world.contact(5).values["visma_contact_status"] == "inactive"

    def test_a_contact_that_changes_employer_is_linked_to_the_new_one_too(self, changed: Told) -> None:
        world = changed.world
        assert (world.contact(6).id, world.company(7).id) in world.sandbox.hubspot.links(
            "contacts", "companies"
        )
        assert changed.second.entities["contacts"]["created"] == 3, "those of the three new customers"

    def test_a_mailbox_shared_by_companies_is_one_contact_of_each(self, changed: Told) -> None:
        world = changed.world
        shared = world.sandbox.hubspot.find("contacts", "email", "faktura@regnskap.no")
        assert len(shared) == 1
        companies = {world.company(number).id for number in (10, 11, 12, 13)}
        linked = world.sandbox.hubspot.links("contacts", "companies")
        assert {company for contact, company in linked if contact == shared[0].id} == companies

    def test_windows_that_are_run_again_write_nothing(self, changed: Told) -> None:
        changed.world.forget_calls()
        for window in (0, 1, 2):
            changed.world.sync(window)
        assert changed.world.writes() == []


ODD = ("10041/B", "0010018", "A&B 7", "Ø-1")


@pytest.fixture(scope="module")
def named(make_shared_world: MakeWorld) -> Told:
    """Contacts that name customers from the time before the connection, whose window is not run."""
    world = make_shared_world()
    long_ago = datetime(2019, 1, 1)
    world.sync(0)
    for number in (5, 7):
        world.sandbox.visma.add("customers", rows.customer(number), stamp=long_ago)
    world.sandbox.visma.add("suppliers", rows.supplier(6), stamp=long_ago)
    world.enter("contacts", [rows.contact(50, 5), rows.contact(70, 7)], day=1)
    world.enter("contacts", [rows.contact(60, 6, businessAccountType="Vendor")], day=1)
    for place, odd in enumerate(ODD, start=100):
        world.sandbox.visma.add("customers", rows.customer(place, number=odd), stamp=long_ago)
        world.enter("contacts", [rows.contact(place, place, businessAccount=odd)], day=1)
    world.enter("contacts", [rows.contact(90, 4711), rows.contact(91, None)], day=1)
    second = world.sync(1)

    world.enter("contacts", [rows.contact(51, 5)], day=2)
    world.forget_calls()
    return Told(world, second, world.sync(2), {})


class TestClosure:
    """Nothing waits for a customer that will never come."""

    def test_a_contact_brings_its_customer_along(self, named: Told) -> None:
        world = named.world
        assert world.sandbox.hubspot.links("contacts", "companies") >= {
            (world.contact(50).id, world.company(5).id),
            (world.contact(60).id, world.company(6, "supplier").id),
        }

    @pytest.mark.parametrize(("place", "number"), enumerate(ODD, start=100))
    def test_odd_numbers_are_found(self, named: Told, place: int, number: str) -> None:
        world = named.world
        pair = (world.contact(place).id, world.company(number).id)
        assert pair in world.sandbox.hubspot.links("contacts", "companies")

    def test_a_number_visma_does_not_know_harms_nobody(self, named: Told) -> None:
        assert named.second.status == "rejects"
        entities = named.second.entities
        assert (entities["companies"]["created"], entities["contacts"]["created"]) == (7, 9)
        assert (entities["links"]["created"], entities["links"]["pending"]) == (7, 1)
        reasons = named.world.query("SELECT reason FROM ml_connector.link WHERE status = 'pending'")
        assert reasons == [("customer:4711 is not in HubSpot yet",)]

    def test_a_customer_that_came_by_number_is_not_fetched_again(self, named: Told) -> None:
        fetched = [call.path for call in named.world.calls("visma") if call.path.startswith("/v1/customer/")]
        assert [path for path in fetched if not path.endswith("/4711")] == []
        world = named.world
        assert (world.contact(51).id, world.company(5).id) in world.sandbox.hubspot.links(
            "contacts", "companies"
        )


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
