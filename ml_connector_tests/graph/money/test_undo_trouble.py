"""An undo in trouble: answers that are lost, a process that is killed, a portal that refuses; the next one goes on."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from ml_connector.instance import fail_dead_runs
from ml_connector.run_life import run_is_alive
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Death, Elsewhere
from ml_connector_tests.graph.harness import World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money, sold
from ml_connector_tests.graph.test_kill import until
from ml_connector_tests.graph.undoing import Picture, differences, picture, undo

PATHS = (
    "/crm/objects/2026-09/invoices/batch/update",
    "/crm/associations/2026-09/contacts/companies/batch/archive",
    "/crm/objects/2026-09/line_items/batch/archive",
    "/crm/objects/2026-09/companies/batch/archive",
    "/crm/objects/2026-09/companies/batch/update",
    "/crm/objects/2026-09/line_items/batch/upsert",
)
"""Every kind of write that an undo makes."""


DEATHS = (
    Death("intend", 1),
    Death("settle", 2, before=True),
    Death("settle", 4),
    Death("add_to_summary", 1, before=True),
)
"""After the intents, after HubSpot has done it, between the two, and before the ledger forgets."""


@dataclass(frozen=True)
class Day:
    """A day on which everything happened, the portal before it, and the newest run that carried it."""

    before: Picture
    run_id: str


@pytest.fixture(scope="module")
def world(make_shared_world: MakeWorld) -> World:
    """A company with three customers, which sends documents; every test undoes its second day, and leaves it undone."""
    made = make_shared_world(records=DOCUMENTS)
    made.enter_pairs(range(1, 4))
    return made


@pytest.fixture(scope="module")
def before(world: World) -> Picture:
    """The portal after the first day; on the second, records come, change, are adopted and linked, and lines go."""
    money = Money(world)
    changed, lined = money.bill(1, "100", "49.90"), money.bill(1, "10", "20")
    world.sandbox.hubspot.add_record("companies", {"name": "Portalens", "domain": "kunde11.no"})
    world.sync(0)
    held = picture(world)
    world.enter_pairs(range(10, 13), day=1)
    world.sandbox.visma.update("customers", "2", {"name": "Nyere navn"}, stamp=rows.at(1))
    money.bill(10, "10", "20", day=1)
    money.books.change_line(changed, 1, stamp=rows.at(1), price=Decimal("80"))
    money.books.remove_line(lined, 1, stamp=rows.at(1))
    money.books.add_line(lined, sold("40")[0], stamp=rows.at(1))
    return held


@pytest.fixture
def day(world: World, before: Picture) -> Day:
    """The second day, carried once more."""
    done = world.sync(1)
    assert done.status == "success"
    Money(world).agrees()
    return Day(before, str(done.run_id))


def settled(world: World, day: Day) -> None:
    """Hold that the day is undone, in the portal and in the ledger."""
    assert differences(day.before, picture(world)) == {}
    assert world.open_intents() == 0
    assert world.rejects() == []
    first = "SELECT record_key FROM ml_connector.identity WHERE first_run = :run"
    assert world.query(first, run=day.run_id) == []
    assert world.query("SELECT from_key FROM ml_connector.link WHERE status <> 'confirmed'") == []
    Money(world).no_orphans(4)


def test_answers_that_are_lost(world: World, day: Day, waits: list[float]) -> None:
    world.sandbox.faults.restart([FaultRule(kind=FaultKind.DROP_AFTER, path=path, times=2) for path in PATHS])
    code, document = undo(world, day.run_id)
    assert (code, document["status"]) == (0, "success")
    assert all(world.sandbox.faults.fired(number) == 2 for number in range(1, len(PATHS) + 1))
    world.sandbox.faults.restart([])
    settled(world, day)


def test_killed_again_and_again(world: World, day: Day) -> None:
    for death in DEATHS:
        assert Elsewhere(world, death=death, undo=day.run_id).start().died(), death
        with world.instance() as instance:
            until(lambda: not any(run_is_alive(run.run_id) for run in instance.get_runs()))
            fail_dead_runs(instance, grace_seconds=0.0)
    code, document = undo(world, day.run_id)
    assert (code, document["undone_by"]) == (0, None)
    settled(world, day)
    world.forget_calls()
    assert world.sync(2).status == "success"
    assert world.writes() == []


def test_what_hubspot_refuses_is_named_and_goes_once_it_does_not(world: World, day: Day) -> None:
    world.sandbox.hubspot.poison(PoisonRule("companies", "name", "Kunde 2 AS"))
    code, document = undo(world, day.run_id)
    assert (code, document["status"]) == (3, "rejects")
    assert [one["record"] for one in document["refused"]] == ["customer:2"]
    assert world.company(2).values["name"] == "Nyere navn"
    world.sandbox.hubspot.poison()
    code, document = undo(world, day.run_id)
    assert (code, [one["record"] for one in document["operations"]]) == (0, ["customer:2"])
    settled(world, day)
