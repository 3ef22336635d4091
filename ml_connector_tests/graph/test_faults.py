"""Trouble on the way: lost answers, broken connections, refusals, expired tokens, a used-up day."""

from collections.abc import Callable

import pytest

from ml_connector.hubspot import calls as hubspot_calls
from ml_connector.hubspot.limits import PortalLimits
from ml_connector.sandbox.faults import ErrorBody, FaultKind, FaultRule
from ml_connector.sandbox.hubspot.settings import Fault
from ml_connector.sandbox.request_log import LoggedCall
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Elsewhere
from ml_connector_tests.graph.harness import World, empty_company

PAIRS = 250

PATHS = (
    "/crm/objects/2026-09/companies/batch",
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


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The naps of the limiter, which passes its time without waiting."""
    naps: list[float] = []
    now = [0.0]

    def nap(_: object, seconds: float) -> None:
        naps.append(seconds)
        now[0] += seconds

    made = PortalLimits(clock=lambda: now[0], nap=nap)
    monkeypatch.setattr(hubspot_calls, "limits_for", lambda *_: made)
    return naps


@pytest.fixture
def undisturbed(make_world: MakeWorld) -> Callable[[], dict[str, object]]:
    """The portrait of a portal after a run without trouble."""

    def portrait() -> dict[str, object]:
        world = make_world()
        world.enter_pairs(range(PAIRS))
        world.sync()
        return world.portrait()

    return portrait


def complete(world: World) -> None:
    """Hold that each record and link is there once."""
    assert len(world.companies()) == PAIRS
    assert len(world.sandbox.hubspot.records("contacts")) == PAIRS
    assert len(world.sandbox.hubspot.links("contacts", "companies")) == PAIRS
    assert world.rejects() == []
    assert world.open_intents() == 0


class TestLostAnswers:
    """HubSpot has done what it was asked, and nobody hears of it."""

    def test_over_fifty_after_hubspot_stored_the_records(
        self, world: World, waits: list[float], limits: list[float]
    ) -> None:
        paths = (
            "/crm/objects/2026-09/companies/batch/upsert",
            "/crm/objects/2026-09/contacts/batch/upsert",
            "/crm/associations",
        )
        lost = 0
        for window, first in enumerate((0, 100, 200)):
            world.enter_pairs(range(first, min(first + 100, PAIRS)), day=window)
            # Six of the eight tries that a call has, shared by the calls of a path.
            world.sandbox.faults.restart(
                [FaultRule(kind=FaultKind.DROP_AFTER, path=path, times=6) for path in paths]
            )
            assert world.sync(window).status == "success"
            lost += sum(world.sandbox.faults.fired(number) for number in (1, 2, 3))
        assert lost == 54
        complete(world)

    def test_every_try_of_one_batch(self, world: World, waits: list[float], limits: list[float]) -> None:
        """HubSpot stored it the first time and never says so: reading back proves it."""
        world.enter_pairs(range(PAIRS))
        world.sandbox.faults.add(
            FaultRule(kind=FaultKind.DROP_AFTER, path="/crm/objects/2026-09/companies/batch/upsert", times=8)
        )
        summary = world.sync()
        assert summary.status == "success"
        assert summary.entities["companies"]["created"] == PAIRS
        complete(world)

    def test_of_everything_until_the_run_gives_up(
        self, world: World, waits: list[float], limits: list[float]
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
        self,
        make_world: MakeWorld,
        waits: list[float],
        limits: list[float],
        undisturbed: Callable[[], dict[str, object]],
    ) -> None:
        expected = undisturbed()
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
        assert world.portrait() == expected
        complete(world)


class TestRefusedForBeingTooFast:
    """429 with and without a time to wait, and locked records."""

    def test_waits_as_long_as_it_is_told_or_for_the_window_and_asks_again(
        self, world: World, waits: list[float], limits: list[float]
    ) -> None:
        world.enter_pairs(range(PAIRS))
        told = FaultRule(
            kind=FaultKind.ANSWER,
            path="/crm/objects/2026-09/companies/batch/upsert",
            statuses=(429,),
            times=2,
            retry_after=7,
            body=ErrorBody.HUBSPOT,
        )
        world.sandbox.faults.add(told)
        world.sandbox.faults.add(
            told.model_copy(update={"path": "/crm/associations", "times": 1, "retry_after": None})
        )
        world.sandbox.faults.add(
            FaultRule(kind=FaultKind.ANSWER, path="/v1/customer", statuses=(429,), times=1, retry_after=11)
        )
        world.sandbox.hubspot.fail(
            Fault(423, path_contains="contacts/batch/upsert", times=2), Fault(477, times=1)
        )
        summary = world.sync()
        assert summary.status == "success"
        assert sum(7 <= wait < 8 for wait in waits) == 2
        assert sum(11 <= wait < 12 for wait in waits) == 1
        assert sum(10 <= wait < 11 for wait in waits) == 1, "the window, where nothing is told"
        assert summary.requests["hubspot"]["throttled"] == 3
        assert summary.requests["visma"]["throttled"] == 1
        complete(world)


class TestVismaBreaksOff:
    """Visma refuses a token before its time, and loses the connection in the middle of a list."""

    def test_one_new_token_is_enough_and_a_big_list_is_started_again(
        self, make_world: MakeWorld, waits: list[float]
    ) -> None:
        world = make_world(empty_company(visma={"page_caps": {"customers": 50}}))
        world.enter_pairs(range(PAIRS))
        seen: list[int] = []

        def revoke(page: object) -> None:
            if not seen:
                seen.append(1)
                world.sandbox.visma.tokens.expire_all()

        world.sandbox.visma.on_page.append(revoke)
        cut = FaultRule(kind=FaultKind.CUT_BODY, path="/v1/contact", times=3, kept=0.9)
        number = world.sandbox.faults.add(cut)
        assert world.sync().status == "success"
        assert world.sandbox.visma.tokens.requests == 2
        assert world.sandbox.faults.fired(number) == 3
        complete(world)


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


class TestWritesToVisma:
    """There are none."""

    def test_never_happen(self, world: World) -> None:
        world.enter_pairs(range(20))
        world.sandbox.visma.update("customers", "1", {"name": "Nytt"}, stamp=rows.at(1))
        world.sync()
        world.sync(1)
        assert world.sandbox.visma.refused_writes == []
        assert {call.method for call in world.calls("visma") if call.path != "/connect/token"} == {"GET"}
