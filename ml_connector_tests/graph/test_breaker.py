"""The breaker: a run that would change far more than usual writes nothing until a person says yes."""

from dataclasses import dataclass, field
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


@dataclass
class Mistake:
    """What becomes of a connection whose settings change for the worse, twice; the world is as it is in the end."""

    world: World
    before: dict[str, Any]
    saw: dict[str, Any] = field(default_factory=dict)

    def stop(self) -> None:
        """It is run, and planned."""
        self.world.forget_calls()
        self.saw["stopped"] = self.world.sync(0)
        self.saw["after the stop"] = (self.world.writes(), self.world.portrait())
        self.saw["planned"] = self.world.plan(0)

    def accept(self) -> None:
        """It is run with a yes; then settings touch every customer again, and the UI runs it without and with one."""
        self.saw["accepted"] = (self.world.sync(0, accept_mass_change=True).status, self.link(1))
        self.world.settings = connection(**USUAL, record_links={"customer": "https://other.example/{number}"})
        self.world.forget_calls()
        job = self.world.definitions().resolve_job_def(f"{NAME}_sync")
        options = {"resources": {OPTIONS: {"config": {"accept_mass_change": True}}}}
        with self.world.instance() as instance:
            stopped = job.execute_in_process(instance=instance, partition_key=day(0), raise_on_error=False)
            self.saw["failed checks"] = [
                (check.asset_key, check.check_name)
                for check in stopped.get_asset_check_evaluations()
                if not check.passed
            ]
            self.saw["written in the UI"] = self.world.writes()
            accepted = job.execute_in_process(instance=instance, partition_key=day(0), run_config=options)
        self.saw["accepted in the UI"] = (accepted.success, self.link(2))

    def link(self, number: int) -> str | None:
        """The property that the mistake touches."""
        return self.world.company(number).values.get("visma_record_link")


@pytest.fixture(scope="module")
def mistake(make_shared_world: MakeWorld) -> Mistake:
    """The story, which begins after a first load and a quiet day."""
    world = make_shared_world(**USUAL)
    world.enter_pairs(range(1, PAIRS + 1))
    world.enter_pairs([PAIRS + 1], day=1)
    assert world.sync(0).status == "success"
    assert world.sync(1).status == "success"
    world.settings = connection(**MISTAKE)
    told = Mistake(world, world.portrait())
    told.stop()
    told.accept()
    return told


class TestMappingMistake:
    """Every company would change."""

    def test_stops_before_anything_is_written(self, mistake: Mistake) -> None:
        summary = mistake.saw["stopped"]
        assert (summary.status, summary.exit_code) == ("failed", 1)
        error = str(summary.error)
        assert f"companies: {PAIRS} updates, of {PAIRS + 1} known; recent runs had at most 0" in error
        assert f"{PAIRS} updates of visma_record_link" in error
        assert "`--yes`" in error
        assert mistake.saw["after the stop"] == ([], mistake.before)
        assert mistake.world.query(
            "SELECT count(*) FROM ml_connector.operation WHERE run_id = :run", run=summary.run_id
        )[0] == (0,)

    def test_is_seen_in_the_plan_which_does_not_fail(self, mistake: Mistake) -> None:
        summary = mistake.saw["planned"]
        assert summary.status == "planned"
        assert [f"{PAIRS} updates" in warning for warning in summary.warnings] == [True]

    def test_goes_on_with_a_yes(self, mistake: Mistake) -> None:
        assert mistake.saw["accepted"] == ("success", "https://visma.example/1")

    def test_of_the_next_is_not_measured_by_one_with_a_yes(self, mistake: Mistake) -> None:
        """It is a failed check in the UI, and nothing is written."""
        assert mistake.saw["failed checks"] == [(dg.AssetKey([NAME, "plan", "companies"]), "no_mass_change")]
        assert mistake.saw["written in the UI"] == []

    def test_can_be_launched_with_a_yes_in_the_ui(self, mistake: Mistake) -> None:
        assert mistake.saw["accepted in the UI"] == (True, "https://other.example/2")


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
