"""A dry run: it writes nothing, and says exactly what the next run does."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from ml_connector.database import home
from ml_connector.datasets import Dataset
from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector.storage import Storage, recorded_dataset
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, empty_company

SENT = ("create", "update", "link")


def plan_of(world: World, entity: str, window: int) -> Dataset:
    """Return the newest recorded plan of a window."""
    with world.instance() as instance:
        key = dg.AssetKey([NAME, "plan", entity])
        return recorded_dataset(instance, Storage(""), key, [rows.day(window)])


def planned(world: World, window: int) -> set[tuple[Any, ...]]:
    """Return what the newest plans of a window would do."""
    return {
        (row["entity"], row["key"], row["action"], row["hubspot_id"], row["values"])
        for entity in ("companies", "contacts")
        for row in plan_of(world, entity, window).rows()
    }


def portal_in_use(make_world: MakeWorld) -> World:
    """A world with everything in its next window: new, changed, unchanged, refused, in conflict, known to sales."""
    world = make_world(empty_company(customers=60, suppliers=20, portal_seed="demo"))
    world.sync(0)
    numbers = world.sandbox.visma.keys("customers")
    for number in numbers[:10]:
        world.sandbox.visma.update("customers", number, {"status": "CreditHold"}, stamp=rows.at(1))
    world.sandbox.visma.restamp("customers", rows.at(1), numbers[10:20])
    world.enter_pairs(range(900, 915), day=1)
    world.enter("contacts", [rows.contact(990, 901, email="ikke en adresse")], day=1)
    return world


class TestPlan:
    """Up to the plan and no further."""

    def test_sends_no_write_and_says_what_the_next_run_does(self, make_world: MakeWorld) -> None:
        world = portal_in_use(make_world)
        before = world.portrait()
        world.forget_calls()
        dry = world.plan(1)
        assert (dry.status, dry.exit_code) == ("planned", 0)
        assert world.writes() == []
        assert world.sandbox.hubspot.counts.writes == 0
        assert world.portrait() == before
        operations = "SELECT entity, record_key, action FROM ml_connector.operation WHERE run_id = :r"
        assert world.query(operations, r=dry.run_id) == []

        said = planned(world, 1)
        real = world.sync(1)
        assert planned(world, 1) == said
        for entity in ("companies", "contacts"):
            assert real.entities[entity] == dry.entities[entity]
        # Which links stand already is found out when they are made, all at once.
        assert real.entities["links"]["read"] == dry.entities["links"]["read"]
        did = {tuple(row) for row in world.query(operations, r=real.run_id)}
        assert did == {line[:3] for line in said}

    def test_counts_as_much_as_the_run_does_with_links_that_wait(self, world: World) -> None:
        """A link that is owed from before and named again by the window is one link."""
        world.enter_pairs(range(4))
        world.sandbox.hubspot.poison(
            PoisonRule("companies", "name", "Kunde 1 AS", PoisonMode.INPUT_ERROR),
            PoisonRule("contacts", "lastname", "Etternavn2", PoisonMode.INPUT_ERROR),
        )
        world.sync(0)
        world.sandbox.hubspot.poison()
        world.sandbox.visma.restamp("contacts", rows.at(1), ["1"])
        dry = world.plan(1)
        real = world.sync(1)
        assert dry.entities == real.entities
        assert real.status == "success"
        assert real.entities["links"]["read"] == 2

    def test_into_a_portal_without_our_properties_sends_none_either_and_leaves_its_window_due(
        self, make_world: MakeWorld
    ) -> None:
        yesterday = datetime.now(ZoneInfo("Europe/Oslo")).date() - timedelta(days=1)
        world = make_world(start=yesterday)
        world.enter_pairs(range(3))
        summary = world.plan(yesterday.isoformat())
        assert world.writes() == []
        assert summary.entities["companies"]["created"] == 3
        assert world.sandbox.hubspot.records("companies") == {}
        folder = home() / "storage" / NAME / "plan" / "companies" / yesterday.isoformat()
        assert (folder / f"{summary.run_id}.parquet").exists()
        assert world.sync(None).partitions == [yesterday.isoformat()]
        assert len(world.companies()) == 3
