"""Batches that were sales and are none any more: what HubSpot shows of them must go, and nothing else."""

from dataclasses import replace
from decimal import Decimal

import pytest

from ml_connector.hubspot.transaction_object import ensure_transaction_object
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.transactions import Sales, transactions
from ml_connector.records.booking_model import NO_SALE, TransactionRecord
from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector_tests.plan.money import LATER, Books
from ml_connector_tests.plan.test_bookings import SALE, load, plan
from ml_connector_tests.records.snapshots import DAY

KEY = SALE.key
EARLIER = "2026-11-20T01:00:00"


def ended(
    books: Books, place: str, stamp: str = LATER, due: tuple[TransactionRecord, ...] = ()
) -> list[Operation]:
    """Plan the end of the transaction whose batch came as no sale with a stamp, beside one that never was one."""
    none = TransactionRecord("AR", "001234", "", stamp, DAY, None, None, Decimal(0), {}, skip=NO_SALE)
    other = replace(SALE, batch="3")
    sales = Sales([none, replace(none, batch="2"), other])
    assert list(sales) == [other]
    return list(sales.ended(due, books.chain.ledger, place))


@pytest.fixture
def place(books: Books) -> str:
    """The object of a portal that keeps transactions."""
    books.chain.portal.configure(enterprise=True)
    made = ensure_transaction_object(books.chain.client, books.settings.transactions, sleep=lambda _: None)
    return str(made.name)


def test_a_transaction_whose_batch_is_no_sale_any_more_is_archived_and_may_come_back(
    books: Books, place: str
) -> None:
    booking = transactions(place)
    assert ended(books, place) == [], "what was never sent has no end"
    load(books, plan(books, SALE, booking=booking), booking)
    assert ended(books, place, EARLIER) == [], "an old window says nothing of a newer version"
    (end,) = ended(books, place)
    assert (end.action, end.key, end.reason) == (Action.ARCHIVE, KEY, NO_SALE)
    load(books, [end], booking)
    assert books.chain.portal.records(place) == {}
    assert ended(books, place) == []
    back = replace(SALE, stamp="2026-11-20T10:00:00")
    load(books, plan(books, back, booking=booking), booking)
    assert len(books.chain.portal.records(place)) == 1


def test_one_that_was_refused_is_not_tried_again(books: Books, place: str) -> None:
    booking = transactions(place)
    books.chain.portal.poison(PoisonRule(place, "visma_amount", ".*"))
    load(books, plan(books, SALE, booking=booking), booking)
    assert set(books.chain.rejects()) == {KEY}
    (end,) = ended(books, place, due=(SALE,))
    assert end.action is Action.SKIP
    load(books, [end], booking)
    assert books.chain.rejects() == {}
