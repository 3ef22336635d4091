"""Everything again, unchanged, in a portal that has refused: nothing is provoked anew until that is forgotten.

What a portal costs that takes everything is held in ``test_payments_and_sales.py``.
"""

from decimal import Decimal

from ml_connector.database import engine
from ml_connector.ledger.refusals import forget_refusals
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME
from ml_connector_tests.graph.money.ledgers import Money
from ml_connector_tests.graph.money.test_payments_and_sales import MOST_CALLS

ALL = ["purchases", "invoices", "payments", "transactions"]


def test_a_portal_that_has_refused_is_asked_again_once_that_is_forgotten(make_world: MakeWorld) -> None:
    world = make_world(records=ALL)
    world.enter_pairs(range(1, 3))
    money = Money(world)
    first, second = (money.bill(customer, "100", "49.90") for customer in (1, 2))
    money.books.pay(first, stamp=rows.at(0))
    money.books.pay({second: Decimal("100")}, stamp=rows.at(0))
    assert world.sync(0).status == "success"

    # The portal takes them by now, which is not known before it is asked; and it is not.
    world.sandbox.hubspot.configure(enterprise=True, payments_enabled=True)
    world.forget_calls()
    again = world.sync(0)
    assert again.status == "success"
    assert world.writes() == []
    assert len(world.calls()) <= MOST_CALLS, world.counted().calls
    for entity in ("payments", "transactions"):
        counts = again.entities[entity]
        assert counts["read"] == counts["skipped"] > 0, (entity, counts)

    told = forget_refusals(engine(world.database_url), NAME)
    assert [str(one.subject) for one in told] == ["payments", "transactions"]
    summary = world.sync(0)
    assert summary.entities["payments"]["created"] == 2
    assert summary.entities["transactions"]["created"] > 0
