"""Versions of one document that its own stamp cannot tell apart: which is the newest, whatever is run again."""

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money

FROM_RECORDS = ("records", "plan", "hubspot")
"""The steps of a replay: from the snapshots that are there, without a call to Visma."""


def test_a_payment_and_its_undoing_leave_the_stamp_alone_and_are_told_apart(make_world: MakeWorld) -> None:
    world = make_world(records=DOCUMENTS)
    world.enter_pairs([1])
    money = Money(world)
    key = money.bill(1, "100")
    world.sync(0)
    payment = money.books.pay(key, stamp=rows.at(1))
    world.sync(1)
    assert money.status(key) == ("paid", None)
    money.books.void_payment(payment, stamp=rows.at(2))
    world.sync(2)

    # A replay of the window in which it was paid does not pay it again.
    world.forget_calls()
    world.sync(1, steps=FROM_RECORDS)
    assert world.writes() == []
    assert money.status(key) == ("open", None)

    # A repair writes it again, although the stamp it is read with is older than what was synced.
    world.sandbox.hubspot.edit_as_person("invoices", money.invoice(key).id, {"visma_balance": "1"})
    assert money.reconciled(repair=True)["causes"] == {"edited in HubSpot": 1}
    world.sync(1)
    money.equal()
