"""Payments and sales of a time in which the portal took none: they come by themselves once it does."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ml_connector.cli.sync import Summary
from ml_connector.database import engine
from ml_connector.ledger.refusals import forget_refusals
from ml_connector.storage_root import StorageRoot
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, connection, empty_company
from ml_connector_tests.graph.money.ledgers import Money
from ml_connector_tests.graph.money.test_payments_and_sales import MOST_CALLS, SALES
from ml_connector_tests.graph.money.test_unchanged import ALL

OFF = {"payments": {"records": "off"}, "transactions": {"object": "ledger"}}


def fill(world: World) -> None:
    """Enter three invoices and payments on three days; one payment is taken back on the second."""
    world.enter_pairs([1])
    money = Money(world)
    first, second = money.bill(1, "100"), money.bill(1, "200")
    third, fourth = money.bill(1, "300", day=1), money.bill(1, "400", day=2)
    money.books.pay(first, stamp=rows.at(0))
    taken_back = money.books.pay(second, stamp=rows.at(0))
    money.books.pay(third, stamp=rows.at(1))
    money.books.void_payment(taken_back, stamp=rows.at(1))
    money.books.pay(fourth, stamp=rows.at(2))


def kept(world: World) -> tuple[int, int]:
    """Return how many payments and transactions the portal has."""
    hubspot = world.sandbox.hubspot
    return len(hubspot.records("commerce_payments")), len(hubspot.records(SALES))


def asked_anew(world: World) -> None:
    """Let the portal take both, and forget that it did not, as `ping` does."""
    world.sandbox.hubspot.configure(enterprise=True, payments_enabled=True)
    forget_refusals(engine(world.database_url), NAME)


def waiting(world: World) -> list[str]:
    """Return the windows that wait, of payments and of transactions."""
    return [row[0] for row in world.query("SELECT partition FROM ml_connector.backlog ORDER BY subject, 1")]


def stored(window: int) -> Path:
    """Return the file of the payments that a window has kept."""
    (found,) = Path(str(StorageRoot().place(f"{NAME}/records/payments/{rows.day(window)}"))).glob("*.parquet")
    return found


@dataclass
class Story:
    """What waited before the portal took anything; and after each run since, with what the portal has by then."""

    world: World
    refused: list[Summary]
    before: list[str]
    waited: dict[str, list[str]] = field(default_factory=dict)
    kept: dict[str, tuple[int, int]] = field(default_factory=dict)
    runs: dict[str, Summary] = field(default_factory=dict)

    def note(self, stage: str, summary: Summary) -> None:
        """Note what a stage has left."""
        self.waited[stage] = waiting(self.world)
        self.kept[stage] = kept(self.world)
        self.runs[stage] = summary


@pytest.fixture(scope="module")
def story(make_shared_world: MakeWorld) -> Story:
    """Three windows that the portal does not take, of which two are not stored any more when it does."""
    world = make_shared_world(records=ALL)
    fill(world)
    told = Story(world, [world.sync(window) for window in range(3)], waiting(world))
    stored(0).unlink()
    stored(1).write_bytes(b"PAR1")
    asked_anew(world)
    told.note("taken", world.sync(3))
    # The commands that the run names: ml-connector sync acme --partition 2026-03-02
    for window in (0, 1):
        told.note(f"window {window} again", world.sync(window))
    return told


def test_they_come_when_the_portal_takes_them(story: Story) -> None:
    assert [run.status for run in (*story.refused, *story.runs.values())] == ["success"] * 6
    days = [rows.day(window) for window in range(3)]
    assert story.before == days * 2
    assert story.kept["taken"] == (1, 4)
    assert story.runs["taken"].entities["payments"]["created"] == 1
    assert story.waited["taken"] == days[:2], "payments alone: the postings of all windows were stored"


def test_a_window_whose_records_are_not_stored_any_more_comes_when_it_is_synced_again(story: Story) -> None:
    """The first is gone, the second is damaged."""
    assert story.kept["window 0 again"] == (2, 4), (
        "not the payment that was taken back before it could be sent"
    )
    assert story.waited["window 0 again"] == [rows.day(1)]
    assert story.kept["window 1 again"] == (3, 4)
    assert story.waited["window 1 again"] == []


def test_everything_is_there_in_the_end_and_the_same_again_writes_nothing(story: Story) -> None:
    hubspot = story.world.sandbox.hubspot
    assert len(hubspot.links("commerce_payments", "invoices")) == 3
    assert len(hubspot.links(SALES, "companies")) == 4
    Money(story.world).equal()
    story.world.forget_calls()
    story.world.sync(0, 3)
    assert story.world.writes() == []
    assert len(story.world.calls()) <= MOST_CALLS, story.world.counted().calls


def test_they_come_when_the_settings_want_them(make_world: MakeWorld) -> None:
    portal = {"enterprise": True, "payments_enabled": True}
    world = make_world(empty_company(hubspot=portal), records=ALL, **OFF)
    fill(world)
    world.sync(0, 2)
    assert world.sandbox.hubspot.records("commerce_payments") == {}
    world.settings = connection(records=ALL)
    assert world.sync(3).status == "success"
    assert kept(world) == (3, 4)
    Money(world).agrees()
