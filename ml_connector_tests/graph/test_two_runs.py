"""Two runs at once, in two processes: the portal has one writer, and the newest values win."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ml_connector.database import advisory_lock
from ml_connector.hubspot import resource
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.elsewhere import LONGEST_SECONDS, Elsewhere
from ml_connector_tests.graph.harness import World

HELD = 7777.0
"""Seconds of the delay that stands for "until the test lets it go"."""

FROM_RECORDS = ("records", "plan", "hubspot")

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@contextmanager
def held_call(world: World, path: str) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Hold the next call of a path before it is handled; yields the event that it has come and the one to let it go."""
    come, go = threading.Event(), threading.Event()
    gate = world.sandbox._gate
    sleep = gate._sleep

    async def hold(seconds: float) -> None:
        if seconds != HELD:
            await sleep(seconds)
            return
        come.set()
        while not go.is_set():
            await asyncio.sleep(0.005)

    gate._sleep = hold
    rule = world.sandbox.faults.add(FaultRule(kind=FaultKind.DELAY, path=path, seconds=HELD, times=1))
    try:
        yield come, go
    finally:
        go.set()
        gate._sleep = sleep
        world.sandbox.faults.remove(rule)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something another process is about to do."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class TestTheSameWindowTwice:
    """Somebody starts a run that is under way."""

    def test_at_once_makes_each_record_once(self, world: World) -> None:
        world.enter_pairs(range(150))
        runs = [Elsewhere(world).start() for _ in range(2)]
        summaries = [run.summary() for run in runs]
        for summary in summaries:
            assert summary.status == "success"
            world.check(summary)
        assert len(world.companies()) == 150
        assert len(world.sandbox.hubspot.records("contacts")) == 150
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == 150
        assert world.sandbox.hubspot.counts.throttled == 0
        assert sorted(summary.entities["companies"]["created"] for summary in summaries) == [0, 150]
        assert world.open_intents() == 0


class TestARunThatNeverEnds:
    """Somebody else writes to the portal, and goes on and on."""

    def test_is_named_by_the_one_that_gives_up(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.enter_pairs(range(5))
        monkeypatch.setattr(resource, "WRITER_WAIT_SECONDS", 0.05)
        portal = world.sandbox.settings.hubspot.portal_id
        with advisory_lock(f"hubspot portal {portal}", note="run 4711"):
            summary = world.sync()
        assert summary.status == "failed"
        assert "run 4711" in str(summary.error)
        assert "Wait until it has finished" in str(summary.error)
        assert world.writes() == []
        assert world.sync().status == "success"


class TestAnOldAndANewWindow:
    """The order of runs is not the order of windows."""

    @pytest.fixture
    def changed_twice(self, world: World) -> World:
        """A customer that had another name for a day; both windows are still to be synced."""
        world.enter_pairs(range(5))
        world.sync()
        world.sandbox.visma.update("customers", "1", {"name": "Kort tid"}, stamp=rows.at(1))
        world.sandbox.visma.update("contacts", "1", {"phone1": "+47 22 22 22 22"}, stamp=rows.at(1))
        world.sync(1, steps=("visma",))
        world.sandbox.visma.update("customers", "1", {"name": "Kunde 1 AS"}, stamp=rows.at(2))
        world.sandbox.visma.update(
            "contacts", "1", {"phone1": rows.contact(1, 1)["phone1"]}, stamp=rows.at(2)
        )
        return world

    def test_end_with_the_newest_values_when_the_old_one_writes_in_between(
        self, changed_twice: World
    ) -> None:
        """The old one must not write while the new one is between plan and load: it had found nothing to change."""
        world = changed_twice
        world.sandbox.visma.update("contacts", "2", {"phone1": "+47 33 33 33 33"}, stamp=rows.at(2))
        with held_call(world, "/crm/objects/2026-09/contacts/batch/read") as (come, go):
            new = Elsewhere(world, 2).start()
            assert come.wait(LONGEST_SECONDS)
            old = Elsewhere(world, 1, steps=FROM_RECORDS).start()
            until(lambda: old.ended() or world.query(WAITING)[0][0] > 0)
            go.set()
            assert new.summary().status == "success"
            old.summary()
        assert world.company(1).values["name"] == "Kunde 1 AS"
        assert world.contact(1).values["phone"] == "+4790000001"
        assert world.contact(2).values["phone"] == "+4733333333"

    def test_end_with_the_newest_values_when_the_new_one_is_done_first(self, changed_twice: World) -> None:
        world = changed_twice
        assert world.sync(2).status == "success"
        Elsewhere(world, 1, steps=FROM_RECORDS).start().summary()
        assert world.company(1).values["name"] == "Kunde 1 AS"
        assert world.contact(1).values["phone"] == "+4790000001"


class TestPlanningBesideALoad:
    """A person looks what would change while a run writes."""

    def test_is_not_kept_waiting(self, world: World) -> None:
        """A dry run writes nothing, so it does not need the portal for itself."""
        world.enter_pairs(range(5))
        with held_call(world, "/crm/objects/2026-09/companies/batch/upsert") as (come, go):
            run = Elsewhere(world).start()
            assert come.wait(LONGEST_SECONDS)
            assert world.plan().status == "planned"
            go.set()
            assert run.summary().status == "success"
        assert len(world.companies()) == 5
