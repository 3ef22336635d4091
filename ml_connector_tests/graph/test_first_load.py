"""The initial load and the same again: call by call, as the figures of the issue are counted."""

from math import ceil

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company

CUSTOMERS = 450


class TestEmptyPortal:
    """N customers with a contact each."""

    def test_costs_one_call_per_hundred_records_and_per_two_thousand_links(
        self, make_world: MakeWorld
    ) -> None:
        # The portal's true limits are in force: zero 429 is part of the figure.
        limits = {"requests_per_ten_seconds": 190, "association_requests_per_ten_seconds": 150}
        world = make_world(empty_company(hubspot={**limits, "searches_per_second": 5}))
        world.enter_pairs(range(CUSTOMERS))
        summary = world.sync()
        counted = world.counted()
        assert summary.status == "success"
        assert summary.entities["companies"]["created"] == CUSTOMERS
        assert summary.entities["contacts"]["created"] == CUSTOMERS
        assert summary.entities["links"]["created"] == CUSTOMERS
        assert counted.of("POST", "/companies/batch/upsert") == ceil(CUSTOMERS / 100)
        assert counted.of("POST", "/contacts/batch/upsert") == ceil(CUSTOMERS / 100)
        assert counted.of("POST", "/associations/") == ceil(CUSTOMERS / 2000)
        assert world.sandbox.hubspot.counts.throttled == 0
        assert world.sandbox.hubspot.counts.v3_v4 == 0
        assert len(world.companies()) == CUSTOMERS
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == CUSTOMERS
        # The run's own figures are the portal's: nothing is left out of what a person is shown.
        assert summary.requests["hubspot"]["calls"] == len(world.calls())
        assert summary.requests["visma"]["calls"] == len(world.calls("visma"))


class TestTheSameAgain:
    """Nothing has changed since."""

    def test_writes_nothing_and_costs_at_most_five_calls(self, world: World) -> None:
        world.enter_pairs(range(CUSTOMERS))
        world.sync()
        world.forget_calls()
        again = world.sync()
        assert world.writes() == []
        assert len(world.calls()) <= 5
        assert again.entities["companies"]["unchanged"] == CUSTOMERS
        assert again.entities["contacts"]["unchanged"] == CUSTOMERS

    def test_stays_that_cheap_with_people_who_have_left_and_addresses_that_are_none(
        self, world: World
    ) -> None:
        world.enter_pairs(range(150))
        world.enter("contacts", [rows.contact(900 + n, n, active=False) for n in range(120)])
        world.enter("contacts", [rows.contact(2000 + n, n, email=f"nobody{n}(at)kunde") for n in range(5)])
        first = world.sync()
        assert first.entities["contacts"]["skipped"] == 120
        assert first.entities["contacts"]["rejected"] == 5
        world.forget_calls()
        again = world.sync()
        assert again.entities["contacts"]["rejected"] == 5
        assert world.writes() == []
        assert len(world.calls()) <= 5

    def test_stays_that_cheap_for_the_believable_company(self, make_world: MakeWorld) -> None:
        # Shared mailboxes, companies that are customer and supplier, contacts of nobody, odd names.
        world = make_world(empty_company(customers=90, suppliers=30))
        world.sync()
        before = world.portrait()
        world.forget_calls()
        world.sync()
        assert world.writes() == []
        assert len(world.calls()) <= 5
        assert world.portrait() == before
