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

OBJECTS = "/crm/objects/2026-09"

CALLS = (
    ("/account-info", 1),
    ("/crm/properties/2026-09/contacts", 1),
    ("/connect/token", 1),
    ("/v1/contact", 1),
    ("/v1/customer", 2),
    ("/v1/supplier", 1),
    (f"{OBJECTS}/contacts/search", 1),
    (f"{OBJECTS}/companies", 1),
    (f"{OBJECTS}/companies/batch/upsert", 1),
    (f"{OBJECTS}/companies/batch/upsert", 3),
    (f"{OBJECTS}/companies/batch/update", 1),
    (f"{OBJECTS}/contacts/batch/upsert", 2),
    ("/crm/associations", 1),
)
"""Calls, by path and number, at which a run is killed after they are carried out: properties, extract, plan, loads."""

WRITES = (
    (f"{OBJECTS}/companies/batch/upsert", 2),
    (f"{OBJECTS}/companies/batch/update", 1),
    (f"{OBJECTS}/contacts/batch/upsert", 1),
    ("/crm/associations", 1),
)
"""Calls at which it is killed before HubSpot does anything."""

LEDGER = (
    Death("intend", 1, before=True),
    Death("intend", 2),
    Death("intend", 7),
    Death("settle", 1, before=True),
    Death("settle", 4, before=True),
    Death("settle", 6),
    Death("settle", 7, before=True),
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
    """The portal after a run that nobody disturbs."""
    if not known:
        world = filled_world(make_world)
        assert world.sync().status == "success"
        known["portrait"] = world.portrait()
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


def die_and_recover(
    make_world: MakeWorld, undisturbed: dict[str, Any], path: str, nth: int, *, carried_out: bool
) -> None:
    world = filled_world(make_world)
    run = Elsewhere(world)
    with killed_at_call(world, run, nth, path=path, carried_out=carried_out):
        assert run.start().died()
    bury(world)
    recover(world, undisturbed)


class TestKilled:
    """One run dies at one point; the next one must not notice."""

    @pytest.mark.parametrize(("path", "nth"), CALLS)
    def test_at_a_call_that_is_carried_out(
        self, make_world: MakeWorld, undisturbed: dict[str, Any], path: str, nth: int
    ) -> None:
        die_and_recover(make_world, undisturbed, path, nth, carried_out=True)

    @pytest.mark.parametrize(("path", "nth"), WRITES)
    def test_at_a_write_that_is_not(
        self, make_world: MakeWorld, undisturbed: dict[str, Any], path: str, nth: int
    ) -> None:
        die_and_recover(make_world, undisturbed, path, nth, carried_out=False)

    @pytest.mark.parametrize("death", LEDGER, ids=lambda death: f"{death.method}-{death.nth}-{death.before}")
    def test_in_the_ledger(self, make_world: MakeWorld, undisturbed: dict[str, Any], death: Death) -> None:
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
