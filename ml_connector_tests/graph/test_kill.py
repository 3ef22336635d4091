"""kill -9 anywhere in a run, then the next run: nothing lost, nothing doubled, nothing left open or stuck."""

import time
from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from ml_connector.instance import fail_dead_runs
from ml_connector.run_life import run_is_alive
from ml_connector.running import ConnectionRun
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Death, Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import NAME, World, empty_company

PAIRS = 230
"""Customers with a contact each: three pages and three batches of each."""

CALLS = (2, 6, 10, 13, 15, 17, 19, 21, 24, 26, 28, 30, 32, 34, 36)
"""Calls at which a run is killed, of the 36 it makes: properties, extract, plan, companies, contacts, links."""

WRITES = (26, 28, 32, 34, 36)
"""Those of them that write; these are killed before HubSpot does anything as well."""

LEDGER = (
    Death("begin", 3),
    Death("intend", 1, before=True),
    Death("intend", 2),
    Death("intend", 7),
    Death("settle", 1, before=True),
    Death("settle", 2, before=True),
    Death("settle", 5),
    Death("settle", 7, before=True),
    Death("note", 1),
    Death("add_to_summary", 9, before=True),
    Death("add_to_summary", 12),
)
"""Where in the ledger it is killed: intents without a call, answers without a settlement, and so on."""


def fill(world: World) -> None:
    """Enter what the killed run was to carry: new records, merged ones, and one that sales knew before."""
    world.enter_pairs(range(PAIRS))
    world.enter("suppliers", [rows.supplier(n, corporateId=str(900_000_000 + n)) for n in range(0, 20, 2)])
    world.sandbox.hubspot.add_record("companies", {"name": "Kunde sju", "domain": "kunde7.no"})


def filled_world(make_world: MakeWorld) -> World:
    world = make_world(empty_company(visma={"page_caps": {"customers": 100, "suppliers": 100}}))
    fill(world)
    return world


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """What :func:`undisturbed` has found out."""
    return {}


@pytest.fixture
def undisturbed(known: dict[str, Any], make_world: MakeWorld) -> dict[str, Any]:
    """The portal after a run that nobody disturbs, and how many calls that took."""
    if not known:
        world = filled_world(make_world)
        assert world.sync().status == "success"
        known |= {"portrait": world.portrait(), "calls": len(world.calls(None))}
    return known


def until(condition: Callable[[], bool]) -> None:
    """Wait until the database has noticed that a process is gone."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came true")


def bury(world: World) -> None:
    """End the dead run as the sensor or the next command does, and see that it holds nothing any more."""
    with world.instance() as instance:
        mine = [run.run_id for run in instance.get_runs()]
        until(lambda: not any(run_is_alive(run_id) for run_id in mine))
        assert fail_dead_runs(instance, grace_seconds=0.0) == mine
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]
        for pool in (f"{NAME}_visma", f"hubspot_{NAME}"):
            info = instance.event_log_storage.get_concurrency_info(pool)
            assert info.active_slot_count == 0
            assert info.pending_step_count == 0


def recover(world: World, undisturbed: dict[str, Any]) -> None:
    """Run the window again and compare the portal with that of an undisturbed run."""
    summary = world.sync()
    assert summary.status == "success", summary
    assert world.open_intents() == 0
    assert world.portrait() == undisturbed["portrait"]
    assert world.rejects() == []


def die_and_recover(make_world: MakeWorld, undisturbed: dict[str, Any], nth: int, *, carried_out: bool) -> None:
    world = filled_world(make_world)
    run = Elsewhere(world)
    with killed_at_call(world, run, nth, carried_out=carried_out):
        assert run.start().died()
    bury(world)
    recover(world, undisturbed)


class TestKilled:
    def test_the_points_are_spread_over_all_calls(self, undisturbed: dict[str, Any]) -> None:
        assert max(CALLS) == undisturbed["calls"]

    @pytest.mark.parametrize("nth", CALLS)
    def test_at_a_call_that_is_carried_out(
        self, make_world: MakeWorld, undisturbed: dict[str, Any], nth: int
    ) -> None:
        die_and_recover(make_world, undisturbed, nth, carried_out=True)

    @pytest.mark.parametrize("nth", WRITES)
    def test_at_a_write_that_is_not(
        self, make_world: MakeWorld, undisturbed: dict[str, Any], nth: int
    ) -> None:
        die_and_recover(make_world, undisturbed, nth, carried_out=False)

    @pytest.mark.parametrize("death", LEDGER, ids=lambda death: f"{death.method}-{death.nth}-{death.before}")
    def test_in_the_ledger(
        self, make_world: MakeWorld, undisturbed: dict[str, Any], death: Death
    ) -> None:
        world = filled_world(make_world)
        assert Elsewhere(world, death=death).start().died()
        bury(world)
        recover(world, undisturbed)

    def test_before_the_first_step(self, make_world: MakeWorld, undisturbed: dict[str, Any]) -> None:
        """A run that exists but never began must not keep the sensor waiting for ever."""
        world = filled_world(make_world)
        assert Elsewhere(world, death=Death("events", before=True, owner=ConnectionRun)).start().died()
        bury(world)
        recover(world, undisturbed)

    def test_again_and_again(self, make_world: MakeWorld, undisturbed: dict[str, Any]) -> None:
        """A machine that goes down three times in a row."""
        world = filled_world(make_world)
        for nth in (2, 1, 4):
            assert Elsewhere(world, death=Death("settle", nth, before=True)).start().died()
            with world.instance() as instance:
                until(lambda: not any(run_is_alive(run.run_id) for run in instance.get_runs()))
                assert len(fail_dead_runs(instance, grace_seconds=0.0)) == 1
        recover(world, undisturbed)
