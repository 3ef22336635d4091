"""Trouble on the way: lost answers, broken connections, refusals, expired tokens, a used-up day."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ml_connector.cli.sync import Summary
from ml_connector.hubspot import calls as hubspot_calls
from ml_connector.hubspot.limits import PortalLimits
from ml_connector.sandbox.faults import ErrorBody, FaultKind, FaultRule
from ml_connector.sandbox.hubspot.settings import Fault
from ml_connector.sandbox.request_log import LoggedCall
from ml_connector_tests.graph.conftest import MakeWorld, unhurried
from ml_connector_tests.graph.elsewhere import Elsewhere
from ml_connector_tests.graph.harness import World, empty_company

PAIRS = 120
"""Customers with a contact each: two batches of each."""

BATCHES = "/crm/objects/2026-09/companies/batch"

PATHS = (
    BATCHES,
    "/crm/objects/2026-09/contacts/batch",
    "/crm/objects/2026-09/companies/search",
    "/crm/objects/2026-09/contacts",
    "/crm/associations",
    "/crm/properties",
    "/account-info",
    "/connect/token",
    "/v1/customer",
    "/v1/contact",
    "/v1/account",
)
"""Every kind of call a run makes."""


def spare_naps(patch: pytest.MonkeyPatch) -> None:
    """Let the limiter pass its time without waiting."""
    now = [0.0]

    def nap(_: object, seconds: float) -> None:
        now[0] += seconds

    made = PortalLimits(clock=lambda: now[0], nap=nap)
    patch.setattr(hubspot_calls, "limits_for", lambda *_: made)


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limiter that does not wait."""
    spare_naps(monkeypatch)


def complete(world: World, pairs: int = PAIRS) -> None:
    """Hold that each record and link is there once."""
    assert len(world.companies()) == pairs
    assert len(world.sandbox.hubspot.records("contacts")) == pairs
    assert len(world.sandbox.hubspot.links("contacts", "companies")) == pairs
    assert world.rejects() == []
    assert world.open_intents() == 0


class TestLostAnswers:
    """HubSpot has done what it was asked, and nobody hears of it."""

    def test_over_fifty_after_hubspot_stored_the_records(
        self, world: World, waits: list[float], limits: None
    ) -> None:
        paths = (
            "/crm/objects/2026-09/companies/batch/upsert",
            "/crm/objects/2026-09/contacts/batch/upsert",
            "/crm/associations",
        )
        lost = 0
        for window, first in enumerate((0, 10, 20)):
            world.enter_pairs(range(first, first + 10), day=window)
            # Six of the eight tries that a call has, shared by the calls of a path.
            world.sandbox.faults.restart(
                [FaultRule(kind=FaultKind.DROP_AFTER, path=path, times=6) for path in paths]
            )
            assert world.sync(window).status == "success"
            lost += sum(world.sandbox.faults.fired(number) for number in (1, 2, 3))
        assert lost == 54
        complete(world, 30)

    def test_every_try_of_one_batch(self, world: World, waits: list[float], limits: None) -> None:
        """HubSpot stored it the first time and never says so: reading back proves it."""
        world.enter_pairs(range(20))
        world.sandbox.faults.add(
            FaultRule(kind=FaultKind.DROP_AFTER, path="/crm/objects/2026-09/companies/batch/upsert", times=8)
        )
        summary = world.sync()
        assert summary.status == "success"
        assert summary.entities["companies"]["created"] == 20
        complete(world, 20)

    def test_of_everything_until_the_run_gives_up(
        self, world: World, waits: list[float], limits: None
    ) -> None:
        """HubSpot goes out of reach in the middle: the run fails with a sentence, the next one finishes."""
        world.enter_pairs(range(PAIRS))
        number = world.sandbox.faults.add(
            FaultRule(kind=FaultKind.DROP_AFTER, path="/crm/objects/2026-09/contacts/batch")
        )
        summary = world.sync()
        assert summary.status == "failed"
        assert "hubspot/contacts" in str(summary.error)
        assert "HubSpot gave no usable answer" in str(summary.error)
        assert "next run tries again" in str(summary.error)
        world.sandbox.faults.remove(number)
        assert world.sync().status == "success"
        complete(world)


class TestRandomTrouble:
    """Errors, broken connections and cut answers on every path."""

    def test_on_every_path_costs_nothing_but_tries(
        self, make_world: MakeWorld, waits: list[float], limits: None
    ) -> None:
        undisturbed = make_world()
        undisturbed.enter_pairs(range(PAIRS))
        undisturbed.sync()
        # Five hits per path at most: fewer than the tries of one call, so that no draw of chance can fail the test.
        trouble = [
            FaultRule(kind=kind, path=path, times=times, probability=0.4, statuses=statuses, body=body)
            for path in PATHS
            for kind, times, statuses, body in (
                (FaultKind.ANSWER, 2, (500, 502, 503, 504, 524), ErrorBody.HTML),
                (FaultKind.DROP_BEFORE, 1, (503,), ErrorBody.EMPTY),
                (FaultKind.DROP_AFTER, 1, (503,), ErrorBody.EMPTY),
                (FaultKind.CUT_BODY, 1, (503,), ErrorBody.EMPTY),
            )
        ]
        world = make_world()
        world.sandbox.faults.restart(trouble)
        world.enter_pairs(range(PAIRS))
        summary = world.sync()
        assert summary.status == "success", summary
        assert len(waits) > 10
        assert world.portrait() == undisturbed.portrait()
        complete(world)


def passing_trouble(world: World) -> None:
    """Arm a trouble of each kind that passes, each on a kind of call of its own."""
    faults = world.sandbox.faults
    told = {"statuses": (429,), "kind": FaultKind.ANSWER}
    faults.add(FaultRule(path=f"{BATCHES}/upsert", times=2, retry_after=7, body=ErrorBody.HUBSPOT, **told))
    faults.add(FaultRule(path="/v1/customer", times=1, retry_after=11, **told))
    faults.add(FaultRule(path="/crm/associations", times=1, body=ErrorBody.HUBSPOT, **told))
    faults.add(FaultRule(kind=FaultKind.CUT_BODY, path="/v1/contact", times=3, kept=0.9))
    locked = "contacts/batch/upsert"
    world.sandbox.hubspot.fail(
        Fault(423, path_contains=locked, times=2), Fault(477, path_contains=locked, times=1)
    )
    revoked: list[object] = []

    def revoke(page: object) -> None:
        if not revoked:
            revoked.append(page)
            world.sandbox.visma.tokens.expire_all()

    world.sandbox.visma.on_page.append(revoke)


@dataclass(frozen=True)
class Passed:
    """A run with all of that, and how long its clients would have waited."""

    world: World
    run: Summary
    waits: list[float]

    def waited(self, seconds: int) -> int:
        """How often about so long."""
        return sum(seconds <= wait < seconds + 1 for wait in self.waits)


@pytest.fixture(scope="module")
def passed(make_shared_world: MakeWorld) -> Iterator[Passed]:
    """Such a run."""
    world = make_shared_world(empty_company(visma={"page_caps": {"customers": 50}}))
    world.enter_pairs(range(PAIRS))
    passing_trouble(world)
    with pytest.MonkeyPatch.context() as patch:
        spare_naps(patch)
        waits = unhurried(patch)
        yield Passed(world, world.sync(), waits)


class TestTroubleThatPasses:
    """429 with and without a time to wait, locked records, a token that expires, lists that break off: one run."""

    def test_leaves_nothing_out(self, passed: Passed) -> None:
        assert passed.run.status == "success"
        complete(passed.world)

    def test_waits_as_long_as_it_is_told(self, passed: Passed) -> None:
        assert passed.waited(7) == 2
        assert passed.waited(11) == 1

    def test_waits_for_the_window_where_it_is_not_told(self, passed: Passed) -> None:
        assert passed.waited(10) == 1

    def test_counts_how_often_it_was_too_fast(self, passed: Passed) -> None:
        assert passed.run.requests["hubspot"]["throttled"] == 3
        assert passed.run.requests["visma"]["throttled"] == 1

    def test_of_locked_records_has_really_been(self, passed: Passed) -> None:
        statuses = [call.status for call in passed.world.calls() if "contacts/batch/upsert" in call.path]
        assert sorted(statuses) == ["200", "200", "423", "423", "477"]

    def test_of_a_token_that_expires_costs_one_new_token(self, passed: Passed) -> None:
        assert passed.world.sandbox.visma.tokens.requests == 2

    def test_of_a_list_that_breaks_off_starts_it_again(self, passed: Passed) -> None:
        lists = [call for call in passed.world.calls("visma") if call.path == "/v1/contact"]
        assert len(lists) >= 4

    def test_never_writes_to_visma(self, passed: Passed) -> None:
        asked = [call for call in passed.world.calls("visma") if call.path != "/connect/token"]
        assert {call.method for call in asked} == {"GET"}


class TestDailyLimit:
    """HubSpot's budget of the day is used up."""

    def test_stops_with_a_sentence_and_the_next_day_goes_on(self, world: World) -> None:
        world.enter_pairs(range(PAIRS))
        end = world.sandbox.log.end

        def use_up(call: LoggedCall) -> None:
            end(call)
            if call.path.endswith("companies/batch/upsert"):
                world.sandbox.hubspot.configure(requests_per_day=1)

        world.sandbox.log.end = use_up  # type: ignore[method-assign]
        summary = Elsewhere(world).start().summary()
        assert summary.status == "failed"
        assert "daily budget" in str(summary.error)
        assert "midnight in Europe/Oslo" in str(summary.error)
        assert len(world.companies()) > 0
        assert world.sandbox.hubspot.records("contacts") == {}
        world.sandbox.log.end = end  # type: ignore[method-assign]
        world.sandbox.hubspot.configure(requests_per_day=625_000)
        assert world.sync().status == "success"
        complete(world)

    def test_of_another_app_is_respected_before_anything_is_sent(self, world: World) -> None:
        world.enter_pairs(range(10))
        world.sandbox.hubspot.configure(requests_per_day=1)
        summary = Elsewhere(world).start().summary()
        assert summary.status == "failed"
        assert "daily budget" in str(summary.error)
        assert world.writes() == []


class TestVismaDown:
    """Visma fails."""

    def test_fails_with_a_sentence_and_comes_again(self, world: World, waits: list[float]) -> None:
        world.enter_pairs(range(20))
        number = world.sandbox.faults.add(
            FaultRule(kind=FaultKind.ANSWER, path="/v1/customer", statuses=(503,), body=ErrorBody.HTML)
        )
        summary = world.sync()
        assert summary.status == "failed"
        assert str(summary.error).startswith("visma/")
        assert "/v1/customer" in str(summary.error)
        assert world.companies() == []
        world.sandbox.faults.remove(number)
        assert world.sync().status == "success"
        assert len(world.companies()) == 20
