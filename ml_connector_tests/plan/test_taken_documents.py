"""Documents of customers that do not travel: new ones are left out, and those sent before wait for nothing any more."""

from datetime import date
from typing import Any

import pytest

from ml_connector.plan.operations import Action
from ml_connector.plan.taken import NotTaken
from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.plan.chain import Chain
from ml_connector_tests.plan.money import LATER, Books, actions, document, of
from ml_connector_tests.plan.test_invoice_deals import deal
from ml_connector_tests.records.snapshots import customer

AWAY = {"number": "99"}
REASON = "not taken: customer class NO"
TOMORROW = date(2026, 11, 21)


@pytest.fixture
def away(books: Books) -> NotTaken:
    """Who does not travel: customer 99 and, from now on, customer 10, whose documents are in HubSpot."""
    chain = books.chain
    values = {**chain.settings.model_dump(), "take": {"customer_classes": ["EU"]}}
    mine = Chain(chain.sandbox, chain.client, chain.engine, ConnectionSettings.model_validate(values))
    rows = [customer(number, customerClass={"id": "NO"}) for number in ("10", "99")]
    return mine.not_taken(mine.plan_companies(mine.companies(rows)))


def test_a_document_is_left_out_with_the_reason(books: Books, away: NotTaken) -> None:
    odd: dict[str, Any] = {"customer": AWAY, "currencyId": "SEK"}
    planned = books.plan(document(), document(100235, **odd), not_taken=away)
    found = of(planned, "invoices")
    assert {one.reason for one in found.values()} == {REASON}
    assert actions(planned) == {"invoices": {"skip": 2}}


def test_one_that_waited_for_its_customer_waits_no_more(books: Books, away: NotTaken) -> None:
    books.sync(document(customer=AWAY))
    assert {one.entity for one in books.plan()} == {"invoice_links", "openings"}
    assert books.plan(not_taken=away) == []
    books.chain.sync([customer("99")])
    assert {one.entity for one in books.plan()} == {"invoice_links", "openings"}, "taken again, it goes on"


def test_one_that_was_sent_is_left_alone(books: Books, away: NotTaken) -> None:
    books.sync(document())
    assert of(books.plan(as_of=TOMORROW), "invoices")["invoice:100234"].action is Action.UPDATE
    assert books.plan(as_of=TOMORROW, not_taken=away) == []
    changed = document(stamp=LATER, balanceInCurrency=0, balance=0, status="Closed")
    assert actions(books.plan(changed, as_of=TOMORROW, not_taken=away)) == {"invoices": {"skip": 1}}


def test_no_deal_is_looked_for(books: Books, away: NotTaken) -> None:
    books.sync(document())
    deal(books)
    assert [one.entity for one in books.plan()] == ["invoice_links"]
    assert books.plan(not_taken=away) == []


def test_a_refused_line_is_settled(books: Books, away: NotTaken) -> None:
    books.chain.portal.poison(PoisonRule("line_items", "visma_line_id", ".*:1"))
    books.sync(document())
    assert set(books.chain.rejects()) == {"line:Invoice:100234:1"}
    planned = books.plan(not_taken=away)
    assert of(planned, "line_items")["line:Invoice:100234:1"].action is Action.SKIP
    books.load(planned)
    assert books.chain.rejects() == {}
    assert books.plan(not_taken=away) == []
