"""Trouble on the way of the money: killed runs, lost answers, errors at random. The next run finishes, to the cent."""

from collections.abc import Sequence
from typing import Any

import pytest

from ml_connector.hubspot import calls as hubspot_calls
from ml_connector.hubspot.limits import PortalLimits
from ml_connector.instance import fail_dead_runs
from ml_connector.run_life import run_is_alive
from ml_connector.sandbox.faults import ErrorBody, FaultKind, FaultRule
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Death, Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money, sold
from ml_connector_tests.graph.test_kill import until

OBJECTS = "/crm/objects/2026-09"

CARRIED_OUT = (
    (f"{OBJECTS}/invoices/batch/upsert", 1),
    (f"{OBJECTS}/line_items/batch/upsert", 1),
    ("/crm/associations", 2),
    (f"{OBJECTS}/invoices/batch/update", 1),
)
"""Calls, by path and number, at which one run after another is killed when HubSpot has done what they ask."""

NOT_CARRIED_OUT = (
    (f"{OBJECTS}/invoices/batch/upsert", 2),
    (f"{OBJECTS}/line_items/batch/upsert", 3),
    ("/crm/associations", 4),
    (f"{OBJECTS}/invoices/batch/update", 1),
)
"""The same, before HubSpot does anything."""

LEDGER = (
    Death("intend", 4),
    Death("settle", 5, before=True),
    Death("intend", 6),
    Death("settle", 4),
)
"""Where in the ledger one run after another is killed."""

CUSTOMERS = range(1, 52)


def fill(world: World) -> None:
    """Enter customers with two invoices each; some are paid, some are credited."""
    world.enter_pairs(CUSTOMERS)
    money = Money(world)
    for customer in CUSTOMERS:
        first = money.bill(customer, "100", "49.90", "0")
        money.bill(customer, "10", contact=customer)
        if customer % 3 == 0:
            money.books.pay(first, stamp=rows.at(0))


def buried(world: World) -> None:
    """End the run that died, as the next command does."""
    with world.instance() as instance:
        until(lambda: not any(run_is_alive(run.run_id) for run in instance.get_runs()))
        assert len(fail_dead_runs(instance, grace_seconds=0.0)) == 1


def recovers(world: World) -> None:
    """Hold that the next run finishes, with nothing lost, doubled, refused or left open."""
    summary = world.sync(0)
    assert summary.status == "success", summary
    assert world.open_intents() == 0
    assert world.rejects() == []
    assert len(world.sandbox.hubspot.records("invoices")) == 2 * len(CUSTOMERS)
    Money(world).agrees()


@pytest.mark.parametrize(
    ("points", "carried_out"), [(CARRIED_OUT, True), (NOT_CARRIED_OUT, False)], ids=["after", "before"]
)
def test_killed_at_calls(make_world: MakeWorld, points: Sequence[tuple[str, int]], carried_out: bool) -> None:
    world = make_world(records=DOCUMENTS)
    fill(world)
    for path, nth in points:
        run = Elsewhere(world)
        with killed_at_call(world, run, nth, path=path, carried_out=carried_out):
            assert run.start().died(), path
        buried(world)
    recovers(world)


def test_killed_in_the_ledger(make_world: MakeWorld) -> None:
    world = make_world(records=DOCUMENTS)
    fill(world)
    for death in LEDGER:
        assert Elsewhere(world, death=death).start().died(), death
        buried(world)
    recovers(world)


def test_killed_while_lines_change(make_world: MakeWorld) -> None:
    """The most that can be in between: removed lines, changed ones, added ones, and payments."""
    world = make_world(records=DOCUMENTS)
    fill(world)
    world.sync(0)
    money = Money(world)
    for document in money.documents()[::4]:
        if document.balance:
            money.books.add_line(document.key, sold("7")[0], stamp=rows.at(1))
            money.books.remove_line(document.key, 1, stamp=rows.at(1))
    for path, carried_out in ((f"{OBJECTS}/line_items/batch/archive", True), ("/crm/associations", False)):
        run = Elsewhere(world, 1)
        with killed_at_call(world, run, 1, path=path, carried_out=carried_out):
            assert run.start().died(), path
        buried(world)
    assert world.sync(1).status == "success"
    assert world.open_intents() == 0
    money.equal()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> list[float]:
    """The waits of clients that do not wait."""
    now = [0.0]

    def nap(_: object, seconds: float) -> None:
        now[0] += seconds

    made = PortalLimits(clock=lambda: now[0], nap=nap)
    monkeypatch.setattr(hubspot_calls, "limits_for", lambda *_: made)
    return waits


def test_lost_answers_and_errors_at_random(make_world: MakeWorld, patient: list[float]) -> None:
    """Every twentieth call fails or breaks off, and of every kind of write some answers get lost."""
    world = make_world(records=DOCUMENTS)
    fill(world)
    faults: list[FaultRule] = [
        FaultRule(kind=FaultKind.DROP_AFTER, path=path, times=3)
        for path in (
            f"{OBJECTS}/invoices/batch/upsert",
            f"{OBJECTS}/line_items/batch/upsert",
            f"{OBJECTS}/invoices/batch/update",
            "/crm/associations",
        )
    ]
    usual: dict[str, Any] = {"path": "/", "probability": 0.05}
    faults += [
        FaultRule(kind=FaultKind.ANSWER, statuses=(500, 502, 503), body=ErrorBody.HTML, **usual),
        FaultRule(kind=FaultKind.DROP_BEFORE, **usual),
        FaultRule(kind=FaultKind.DROP_AFTER, **usual),
    ]
    world.sandbox.faults.restart(faults)
    assert world.sync(0).status == "success"
    assert len(patient) >= 12
    world.sandbox.faults.restart([])
    money = Money(world)
    assert len(world.sandbox.hubspot.records("invoices")) == 2 * len(CUSTOMERS)
    money.equal()
    world.forget_calls()
    world.sync(0)
    assert world.writes() == []


def test_a_lost_ledger_makes_nothing_twice_and_writes_nothing(make_world: MakeWorld) -> None:
    world = make_world(records=DOCUMENTS)
    fill(world)
    world.sync(0)
    money = Money(world)
    before = money.portrait()
    world.lose_ledger()
    world.forget_calls()
    assert world.sync(0).status == "success"
    assert world.writes() == []
    assert money.portrait() == before
    money.equal()

    # Lines that went while nobody remembered them are found in the portal.
    key = money.documents()[0].key
    money.keep_lines(key, 2, day=1)
    world.lose_ledger()
    world.sync(1)
    assert money.lines(key).keys() == {"2"}
    money.equal()
