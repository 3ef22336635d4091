"""The breaker: a run that would change far more than usual writes nothing until a person says yes."""

from typing import Any

import dagster as dg
import pytest

from ml_connector.options import OPTIONS
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, connection
from ml_connector_tests.graph.rows import day

PAIRS = 60
USUAL: dict[str, Any] = {"limits": {}}
MISTAKE: dict[str, Any] = {**USUAL, "record_links": {"customer": "https://visma.example/{number}"}}
"""A setting that touches every customer: it stands for any mistake in what is mapped."""


@pytest.fixture
def mistaken(make_world: MakeWorld) -> World:
    """A connection after its first load and a quiet day, whose settings have then been changed for the worse."""
    world = make_world(**USUAL)
    world.enter_pairs(range(1, PAIRS + 1))
    world.enter_pairs([PAIRS + 1], day=1)
    assert world.sync(0).status == "success"
    assert world.sync(1).status == "success"
    world.settings = connection(**MISTAKE)
    world.forget_calls()
    return world


class TestMappingMistake:
    """Every company would change."""

    def test_stops_before_anything_is_written(self, mistaken: World) -> None:
        before = mistaken.portrait()
        summary = mistaken.sync(0)
        assert (summary.status, summary.exit_code) == ("failed", 1)
        error = str(summary.error)
        assert f"companies: {PAIRS} updates, of {PAIRS + 1} known; recent runs had at most 0" in error
        assert f"{PAIRS} updates of visma_record_link" in error
        assert "`--yes`" in error
        assert mistaken.writes() == []
        assert mistaken.portrait() == before
        assert mistaken.query(
            "SELECT count(*) FROM ml_connector.operation WHERE run_id = :run", run=summary.run_id
        )[0] == (0,)

    def test_is_seen_in_the_plan_which_does_not_fail(self, mistaken: World) -> None:
        summary = mistaken.plan(0)
        assert summary.status == "planned"
        assert [f"{PAIRS} updates" in warning for warning in summary.warnings] == [True]

    def test_goes_on_with_a_yes_which_is_no_measure_for_later(self, mistaken: World) -> None:
        assert mistaken.sync(0, accept_mass_change=True).status == "success"
        assert mistaken.company(1).values["visma_record_link"] == "https://visma.example/1"
        mistaken.settings = connection(**USUAL, record_links={"customer": "https://other.example/{number}"})
        assert "far more" in str(mistaken.sync(0).error).lower()

    def test_is_a_failed_check_in_the_ui_whose_run_can_be_launched_with_a_yes(self, mistaken: World) -> None:
        job = mistaken.definitions().resolve_job_def(f"{NAME}_sync")
        with mistaken.instance() as instance:
            stopped = job.execute_in_process(instance=instance, partition_key=day(0), raise_on_error=False)
            (found,) = [check for check in stopped.get_asset_check_evaluations() if not check.passed]
            assert (found.check_name, found.asset_key) == (
                "no_mass_change",
                dg.AssetKey([NAME, "plan", "companies"]),
            )
            assert mistaken.writes() == []
            accepted = job.execute_in_process(
                instance=instance,
                partition_key=day(0),
                run_config={"resources": {OPTIONS: {"config": {"accept_mass_change": True}}}},
            )
        assert accepted.success
        assert mistaken.company(2).values["visma_record_link"] == "https://visma.example/2"


class TestFirstLoad:
    """Everything is new, and that is no alarm."""

    def test_that_broke_off_goes_on_without_a_yes(self, make_world: MakeWorld) -> None:
        world = make_world(**USUAL)
        world.enter_pairs(range(1, PAIRS + 1))
        refused = FaultRule(
            kind=FaultKind.ANSWER, path="/crm/objects/2026-09/contacts/batch", statuses=(403,)
        )
        world.sandbox.faults.add(refused)
        assert world.sync(0).status == "failed"
        assert len(world.companies()) == PAIRS
        world.sandbox.faults.clear()
        world.enter_pairs(range(PAIRS + 1, 3 * PAIRS))
        assert world.sync(0).status == "success"
        assert len(world.companies()) == 3 * PAIRS - 1

    def test_is_held_to_a_hard_limit(self, make_world: MakeWorld) -> None:
        world = make_world(limits={"most_creates": PAIRS - 1})
        world.enter_pairs(range(1, PAIRS + 1))
        assert f"{PAIRS} creates, and the connection allows {PAIRS - 1}" in str(world.sync(0).error)
        assert world.writes() == []
