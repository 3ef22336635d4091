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

PAIRS = 130
"""Customers with a contact each: three pages and two batches of each."""

OBJECTS = "/crm/objects/2026-09"

CALLS = {
    "a list of Visma is half read": ("/v1/customer", 2, True),
    "the portal is being read for the plan": (f"{OBJECTS}/contacts/search", 1, True),
    "properties are made of companies only": ("/crm/properties/2026-09/contacts/batch/create", 1, False),
    "companies are made and none is settled": (f"{OBJECTS}/companies/batch/upsert", 1, True),
    "companies are intended beside others that are made": (f"{OBJECTS}/companies/batch/upsert", 2, False),
    "a company of sales is intended to be taken over": (f"{OBJECTS}/companies/batch/update", 1, False),
    "a company of sales is taken over and not settled": (f"{OBJECTS}/companies/batch/update", 1, True),
    "contacts are made and not settled": (f"{OBJECTS}/contacts/batch/upsert", 2, True),
    "links are intended and not made": ("/crm/associations", 1, False),
    "links are made and not settled": ("/crm/associations", 1, True),
}
"""Calls, by path, number and whether they are carried out, at which a run is killed, and what has become of it then."""

DEATHS = (
    (Death("events", before=True, owner=ConnectionRun), 1, 0),
    (Death("intend", before=True), 1, 0),
    (Death("settle", 4, before=True), PAIRS, 0),
    (Death("add_to_summary", 12, before=True), PAIRS, 0),
    (Death("add_to_summary", 15, before=True), PAIRS, PAIRS),
)
"""Where a machine goes down five times in a row, with no call under way, and how many companies and contacts there are
then: before the first step; before anything is intended; where answers are not settled; and where all is, and is not
counted, of companies and then of contacts. One company is that of sales."""


def fill(world: World) -> None:
    """Enter what the killed run was to carry: new records, merged ones, and one that sales knew before."""
    world.enter_pairs(range(PAIRS))
    world.enter("suppliers", [rows.supplier(n, corporateId=str(900_000_000 + n)) for n in range(0, 20, 2)])
    world.sandbox.hubspot.add_record("companies", {"name": "Kunde sju", "domain": "kunde7.no"})


def filled_world(make_world: MakeWorld) -> World:
    world = make_world(empty_company(visma={"page_caps": {"customers": 50}}))
    fill(world)
    return world


@pytest.fixture(scope="module")
def undisturbed(make_shared_world: MakeWorld) -> dict[str, Any]:
    """The portal after a run that nobody disturbs."""
    world = filled_world(make_shared_world)
    assert world.sync().status == "success"
    return world.portrait()


def until(condition: Callable[[], bool]) -> None:
    """Wait until the database has noticed that a process is gone."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came true")


def bury(world: World, dead: int = 1) -> None:
    """End the dead run as the sensor or the next command does, and see that it holds nothing any more.

    ``dead`` is how many runs have died here so far, this one among them.
    """
    with world.instance() as instance:
        newest, *earlier = [run.run_id for run in instance.get_runs()]
        until(lambda: not run_is_alive(newest))
        assert len(earlier) == dead - 1
        assert fail_dead_runs(instance, grace_seconds=0.0) == [newest]
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.FAILURE}
        for pool in (f"{NAME}_visma", f"hubspot_{NAME}"):
            info = instance.event_log_storage.get_concurrency_info(pool)
            assert info.active_slot_count == 0
            assert info.pending_step_count == 0


def recover(world: World, undisturbed: dict[str, Any]) -> None:
    """Run the window again and compare the portal with that of an undisturbed run."""
    summary = world.sync()
    assert summary.status == "success", summary
    assert world.open_intents() == 0
    assert world.portrait() == undisturbed
    assert world.rejects() == []


class TestKilled:
    """One run dies at one point; the next one must not notice."""

    @pytest.mark.parametrize("point", CALLS)
    def test_at_a_call(self, make_world: MakeWorld, undisturbed: dict[str, Any], point: str) -> None:
        path, nth, carried_out = CALLS[point]
        world = filled_world(make_world)
        run = Elsewhere(world)
        with killed_at_call(world, run, nth, path=path, carried_out=carried_out):
            assert run.start().died()
        bury(world)
        recover(world, undisturbed)

    def test_again_and_again(self, make_world: MakeWorld, undisturbed: dict[str, Any]) -> None:
        """A machine that goes down five times in a row; a run that never began keeps nobody waiting either."""
        world = filled_world(make_world)
        seen = []
        for dead, (death, _, _) in enumerate(DEATHS, start=1):
            assert Elsewhere(world, death=death).start().died()
            bury(world, dead)
            seen.append((len(world.companies()), len(world.sandbox.hubspot.records("contacts"))))
        assert seen == [(companies, contacts) for _, companies, contacts in DEATHS]
        recover(world, undisturbed)
