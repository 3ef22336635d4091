"""Everything again, unchanged: nothing is written, hardly anything is asked, and a refusal is not provoked anew."""

from decimal import Decimal

import pytest

from ml_connector.database import engine
from ml_connector.ledger.refusals import forget_refusals
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, empty_company
from ml_connector_tests.graph.money.ledgers import Money

MOST_CALLS = 10
ALL = ["purchases", "invoices", "payments", "transactions"]


def filled(make_world: MakeWorld, **portal: bool) -> World:
    """Return a world with two invoices, a payment and the journal that follows from them, synced once."""
    world = make_world(empty_company(hubspot=portal), records=ALL)
    world.enter_pairs(range(1, 3))
    money = Money(world)
    first, second = (money.bill(customer, "100", "49.90") for customer in (1, 2))
    money.books.pay(first, stamp=rows.at(0))
    money.books.pay({second: Decimal("100")}, stamp=rows.at(0))
    assert world.sync(0).status == "success"
    world.forget_calls()
    return world


@pytest.mark.parametrize("takes_all", [True, False])
def test_the_same_again_writes_nothing_and_asks_little(make_world: MakeWorld, takes_all: bool) -> None:
    world = filled(make_world, enterprise=takes_all, payments_enabled=takes_all)
    again = world.sync(0)
    assert again.status == "success"
    assert world.writes() == []
    assert len(world.calls()) <= MOST_CALLS, world.counted().calls
    counted = "unchanged" if takes_all else "skipped"
    for entity in ("payments", "transactions"):
        counts = again.entities[entity]
        assert counts["read"] == counts[counted] > 0, (entity, counts)


def test_a_portal_that_has_refused_is_asked_again_once_that_is_forgotten(make_world: MakeWorld) -> None:
    world = filled(make_world)
    portal = world.sandbox.hubspot
    portal.configure(enterprise=True, payments_enabled=True)
    world.sync(0)
    assert world.writes() == [], "what the portal takes by now is not known before it is asked"

    told = forget_refusals(engine(world.database_url), NAME)
    assert [str(one.subject) for one in told] == ["payments", "transactions"]
    summary = world.sync(0)
    assert summary.entities["payments"]["created"] == 2
    assert summary.entities["transactions"]["created"] > 0
