"""Payments and sales of a time in which the portal took none: they come by themselves once it does."""

from pathlib import Path

import pytest

from ml_connector.database import engine
from ml_connector.ledger.refusals import forget_refusals
from ml_connector.storage_root import StorageRoot
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, connection, empty_company
from ml_connector_tests.graph.money.ledgers import Money
from ml_connector_tests.graph.money.test_payments_and_sales import SALES
from ml_connector_tests.graph.money.test_unchanged import ALL, MOST_CALLS

OFF = {"payments": {"records": "off"}, "transactions": {"object": "ledger"}}


def fill(world: World) -> None:
    """Enter three invoices and payments on two days; one payment is taken back on the second."""
    world.enter_pairs([1])
    money = Money(world)
    first, second, third = money.bill(1, "100"), money.bill(1, "200"), money.bill(1, "300", day=1)
    money.books.pay(first, stamp=rows.at(0))
    taken_back = money.books.pay(second, stamp=rows.at(0))
    money.books.pay(third, stamp=rows.at(1))
    money.books.void_payment(taken_back, stamp=rows.at(1))


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


def test_they_come_when_the_portal_takes_them(make_world: MakeWorld) -> None:
    world = make_world(records=ALL)
    fill(world)
    for window in (0, 1):
        assert world.sync(window).status == "success"
    assert waiting(world) == [rows.day(0), rows.day(1)] * 2

    asked_anew(world)
    summary = world.sync(2)
    assert summary.status == "success"
    assert kept(world) == (2, 3), "not the payment that was taken back before it could be sent"
    assert summary.entities["payments"]["created"] == 2
    assert len(world.sandbox.hubspot.links("commerce_payments", "invoices")) == 2
    assert len(world.sandbox.hubspot.links(SALES, "companies")) == 3
    assert waiting(world) == []
    Money(world).equal()

    for windows in ((2, 2), (0, 2)):
        world.forget_calls()
        world.sync(*windows)
        assert world.writes() == []
        assert len(world.calls()) <= MOST_CALLS, world.counted().calls


def test_they_come_when_the_settings_want_them(make_world: MakeWorld) -> None:
    world = make_world(
        empty_company(hubspot={"enterprise": True, "payments_enabled": True}), records=ALL, **OFF
    )
    fill(world)
    world.sync(0, 1)
    assert world.sandbox.hubspot.records("commerce_payments") == {}
    world.settings = connection(records=ALL)
    assert world.sync(2).status == "success"
    assert kept(world) == (2, 3)
    Money(world).equal()


@pytest.mark.parametrize("trouble", ["gone", "damaged"])
def test_a_window_whose_records_are_not_stored_any_more_comes_when_it_is_synced_again(
    make_world: MakeWorld, trouble: str
) -> None:
    world = make_world(records=ALL)
    fill(world)
    for window in (0, 1):
        world.sync(window)
    (stored,) = Path(str(StorageRoot().place(f"{NAME}/records/payments/{rows.day(0)}"))).glob("*.parquet")
    stored.unlink() if trouble == "gone" else stored.write_bytes(b"PAR1")
    asked_anew(world)
    assert world.sync(2).status == "success"
    assert kept(world) == (1, 3)
    assert waiting(world) == [rows.day(0)]
    # The command that the run names: ml-connector sync acme --partition 2026-03-02
    assert world.sync(0).status == "success"
    assert kept(world) == (2, 3)
    assert waiting(world) == []
    Money(world).equal()
