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

INVOICES = f"{OBJECTS}/invoices/batch"
LINES = f"{OBJECTS}/line_items/batch"
LINKS = "/crm/associations/2026-09/invoices/line_items/batch"

KILLS: tuple[Death | tuple[str, int, bool], ...] = (
    Death("settle", 4),
    (f"{INVOICES}/upsert", 2, False),
    (f"{INVOICES}/upsert", 1, True),
    (f"{LINES}/upsert", 2, False),
    (f"{LINKS}/create", 1, True),
    (f"{INVOICES}/update", 1, True),
)
"""Where one run after another is killed: when the ledger knows an answer and nothing is under way, and at calls.

A call goes by path and number, and by whether HubSpot has done what it asks; the ledger has its intent alone. Lines
that HubSpot has made are in ``test_orphans.py``, links that it has not are below.
"""

AS_LINES_CHANGE = ((f"{LINES}/archive", 1, True), ("/crm/associations", 1, False))
"""The same where an invoice gets other lines."""

CUSTOMERS = range(1, 52)


def fill(world: World) -> None:
    """Enter customers with two invoices each; some are paid."""
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


def killed(world: World, window: int, points: Sequence[Death | tuple[str, int, bool]]) -> None:
    """Kill one run of a window after the other; each goes on where the one before it died."""
    for point in points:
        if isinstance(point, Death):
            assert Elsewhere(world, window, death=point).start().died(), point
        else:
            path, nth, carried_out = point
            run = Elsewhere(world, window)
            with killed_at_call(world, run, nth, path=path, carried_out=carried_out):
                assert run.start().died(), point
        buried(world)


@pytest.fixture(scope="module")
def survived(make_shared_world: MakeWorld) -> World:
    """A world after kills at every kind of write, and the run that comes after them; each test leaves it whole."""
    world = make_shared_world(records=DOCUMENTS)
    fill(world)
    killed(world, 0, KILLS)
    assert world.sync(0).status == "success"
    return world


def finished(world: World) -> None:
    """Hold that nothing is lost, doubled, refused or left open."""
    assert world.open_intents() == 0
    assert world.rejects() == []
    assert len(world.sandbox.hubspot.records("invoices")) == 2 * len(CUSTOMERS)
    Money(world).agrees()


def test_killed_at_every_kind_of_write(survived: World) -> None:
    finished(survived)


def test_killed_while_lines_change(survived: World) -> None:
    """The most that can be in between: removed lines, changed ones, added ones, and payments."""
    money = Money(survived)
    for document in money.documents()[::4]:
        if document.balance:
            money.books.add_line(document.key, sold("7")[0], stamp=rows.at(1))
            money.books.remove_line(document.key, 1, stamp=rows.at(1))
    killed(survived, 1, AS_LINES_CHANGE)
    assert survived.sync(1).status == "success"
    finished(survived)


def test_a_lost_ledger_makes_nothing_twice_and_writes_nothing(survived: World) -> None:
    money = Money(survived)
    before = money.portrait()
    survived.lose_ledger()
    survived.forget_calls()
    assert survived.sync(0).status == "success"
    assert survived.writes() == []
    assert money.portrait() == before

    # Lines that went while nobody remembered them are found in the portal.
    key = money.documents()[2].key
    money.keep_lines(key, 2, day=2)
    survived.lose_ledger()
    survived.sync(2)
    assert money.lines(key).keys() == {"2"}
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
            f"{INVOICES}/upsert",
            f"{LINES}/upsert",
            f"{INVOICES}/update",
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
    finished(world)
    world.forget_calls()
    world.sync(0)
    assert world.writes() == []
