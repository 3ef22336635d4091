"""The initial load and the same again: call by call, as the figures of the issue are counted."""

from dataclasses import dataclass
from math import ceil

import pytest

from ml_connector.cli.sync import Summary
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, Written, empty_company

CUSTOMERS = 450


@dataclass(frozen=True)
class Load:
    """A run, and the calls it made as the sandbox logged them."""

    world: World
    run: Summary
    counted: Written
    calls: dict[str, int]


def load(world: World) -> Load:
    """Run the first window and count its calls."""
    world.forget_calls()
    run = world.sync()
    assert world.sandbox.hubspot.counts.throttled == 0
    assert world.sandbox.hubspot.counts.v3_v4 == 0
    calls = {"hubspot": len(world.calls()), "visma": len(world.calls("visma")), "writes": len(world.writes())}
    return Load(world, run, world.counted(), calls)


@pytest.fixture(scope="module")
def loads(make_shared_world: MakeWorld) -> tuple[Load, Load]:
    """An initial load of N customers with a contact each, and the same again.

    The portal's true limits are in force: zero 429 is part of the figure.
    """
    limits = {"requests_per_ten_seconds": 190, "association_requests_per_ten_seconds": 150}
    world = make_shared_world(empty_company(hubspot={**limits, "searches_per_second": 5}))
    world.enter_pairs(range(CUSTOMERS))
    return load(world), load(world)


class TestEmptyPortal:
    """N customers with a contact each."""

    def test_costs_one_call_per_hundred_records_and_per_two_thousand_links(
        self, loads: tuple[Load, Load]
    ) -> None:
        first, _ = loads
        assert first.run.status == "success"
        for entity in ("companies", "contacts", "links"):
            assert first.run.entities[entity]["created"] == CUSTOMERS
        assert first.counted.of("POST", "/companies/batch/upsert") == ceil(CUSTOMERS / 100)
        assert first.counted.of("POST", "/contacts/batch/upsert") == ceil(CUSTOMERS / 100)
        assert first.counted.of("POST", "/associations/") == ceil(CUSTOMERS / 2000)
        assert len(first.world.companies()) == CUSTOMERS
        assert len(first.world.sandbox.hubspot.links("contacts", "companies")) == CUSTOMERS

    def test_is_told_with_all_its_calls(self, loads: tuple[Load, Load]) -> None:
        """The run's own figures are the portal's: nothing is left out of what a person is shown."""
        for one in loads:
            for system in ("hubspot", "visma"):
                assert one.run.requests[system]["calls"] == one.calls[system]
                assert one.run.requests[system]["throttled"] == 0


class TestTheSameAgain:
    """Nothing has changed since."""

    def test_writes_nothing_and_costs_at_most_five_calls(self, loads: tuple[Load, Load]) -> None:
        _, again = loads
        assert again.calls["writes"] == 0
        assert again.calls["hubspot"] <= 5
        assert again.run.entities["companies"]["unchanged"] == CUSTOMERS
        assert again.run.entities["contacts"]["unchanged"] == CUSTOMERS

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
