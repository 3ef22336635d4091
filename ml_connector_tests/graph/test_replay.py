"""Replay: old windows run again from what is stored, from the command line and the way the UI does it."""

from collections.abc import Sequence

import dagster as dg
import pytest

from ml_connector.automation import job_name
from ml_connector.database import home
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World

FROM_RECORDS = ("records", "plan", "hubspot")


def materialise(world: World, assets: Sequence[str], window: int) -> None:
    """Materialise some assets of a window as the UI does, such as ``plan/companies``."""
    keys = [dg.AssetKey([NAME, *asset.split("/")]) for asset in assets]
    with world.instance() as instance:
        job = world.definitions().resolve_job_def(job_name(NAME))
        result = job.execute_in_process(
            instance=instance, partition_key=rows.day(window), asset_selection=keys
        )
    assert result.success
    assert {event.asset_key for event in result.get_asset_materialization_events()} == set(keys)


class TestReplayOfAnOldWindow:
    """From the stored snapshots, without a call to Visma."""

    def test_calls_visma_not_once_and_leaves_newer_values_alone(self, world: World) -> None:
        world.enter_pairs(range(30))
        world.sync()
        world.sandbox.visma.update("customers", "3", {"name": "Nyere navn"}, stamp=rows.at(1))
        world.sandbox.visma.update("contacts", "4", {"lastName": "Nyere"}, stamp=rows.at(1))
        world.sync(1)
        before = world.portrait()
        world.forget_calls()
        summary = world.sync(0, steps=FROM_RECORDS)
        assert world.calls("visma") == []
        assert world.writes() == []
        assert world.portrait() == before
        assert summary.entities["companies"]["skipped"] == 1
        assert summary.entities["contacts"]["skipped"] == 1

    def test_restores_what_hubspot_lost_and_keeps_every_version_of_the_files(self, world: World) -> None:
        """Where the ledger was emptied and the portal cleaned, the stored snapshots are enough."""
        world.enter_pairs(range(30))
        world.sync()
        world.sync()
        before = world.portrait()
        world.sandbox.hubspot.reset()
        world.lose_ledger()
        world.forget_calls()
        world.sync(0, steps=FROM_RECORDS)
        assert world.calls("visma") == []
        assert world.portrait() == before
        folder = home() / "storage" / NAME
        assert len(list((folder / "visma" / "customers" / rows.day(0)).glob("*.parquet"))) == 2
        assert len(list((folder / "records" / "companies" / rows.day(0)).glob("*.parquet"))) == 3

    def test_a_value_that_went_and_came_back_counts_as_newer(self, world: World) -> None:
        """A window that was never loaded holds a value; a later one has the old value again, and nothing to write."""
        world.enter_pairs([1])
        world.sync()
        visma, phone = world.sandbox.visma, world.contact(1).values["phone"]
        visma.update("customers", "1", {"name": "Kort tid"}, stamp=rows.at(1))
        visma.update("contacts", "1", {"phone1": "+47 22 22 22 22"}, stamp=rows.at(1))
        world.plan(1)
        visma.update("customers", "1", {"name": "Kunde 1 AS"}, stamp=rows.at(2))
        visma.update("contacts", "1", {"phone1": rows.contact(1, 1)["phone1"]}, stamp=rows.at(2))
        world.sync(2)
        world.sync(1, steps=FROM_RECORDS)
        assert world.company(1).values["name"] == "Kunde 1 AS"
        assert world.contact(1).values["phone"] == phone


@pytest.fixture(scope="module")
def loaded(make_shared_world: MakeWorld) -> World:
    """A world whose window is loaded; the tests of it change nothing."""
    world = make_shared_world()
    world.enter_pairs(range(20))
    world.sync()
    return world


class TestParts:
    """Single steps made anew in the UI."""

    @pytest.mark.parametrize(
        "assets",
        [
            ("records/companies", "records/contacts"),
            ("plan/companies", "plan/contacts"),
            ("hubspot/properties", "hubspot/companies", "hubspot/contacts"),
            ("hubspot/contacts",),
            ("visma/customers",),
            ("records/contacts", "plan/contacts", "hubspot/contacts"),
        ],
        ids="+".join,
    )
    def test_can_be_materialised_alone_and_change_nothing(
        self, loaded: World, assets: tuple[str, ...]
    ) -> None:
        before = loaded.portrait()
        loaded.forget_calls()
        materialise(loaded, assets, 0)
        assert loaded.writes() == []
        assert loaded.portrait() == before
        if not any(asset.startswith("visma/") for asset in assets):
            assert loaded.calls("visma") == []

    def test_a_load_of_yesterdays_plan_does_not_undo_today(self, world: World) -> None:
        world.enter_pairs(range(5))
        world.plan(0)
        world.sandbox.visma.update("customers", "3", {"name": "Nyere navn"}, stamp=rows.at(1))
        world.sync(1)
        materialise(world, ("hubspot/properties", "hubspot/companies", "hubspot/contacts"), 0)
        assert world.company(3).values["name"] == "Nyere navn"
        assert len(world.companies()) == 5
        assert world.open_intents() == 0

    def test_a_plan_of_a_window_whose_snapshot_was_never_made_says_so(self, world: World) -> None:
        summary = world.sync(0, steps=("records",))
        assert summary.status == "failed"
        assert "never been materialised" in str(summary.error)
