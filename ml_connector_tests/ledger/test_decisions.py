"""What people decided: kept once per record, in place of what they said before, and due in the next run."""

from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector.ledger.decisions import Decision, DecisionDesk, DueRecord, Verdict, decisions_of
from ml_connector.ledger.due import DueReader
from ml_connector.ledger.queries import LedgerReader

NAME = "acme"
KEY = "customer:10023"
DUE = DueRecord({"key": KEY}, "2026-11-20", "2026-11-20T10:00:00", "run")


@pytest.fixture
def desk(empty_ledger: sa.Engine) -> DecisionDesk:
    return DecisionDesk(empty_ledger, NAME)


def link(hubspot_id: str, note: str | None = None) -> Decision:
    return Decision("companies", KEY, Verdict.LINK, hubspot_id, note)


def due(desk: DecisionDesk) -> list[str]:
    """The companies that the next run tries by themselves."""
    return [one.key for one in DueReader(desk.engine, NAME, {}).due("companies")]


def rejects(desk: DecisionDesk) -> list[Any]:
    with desk.engine.connect() as database:
        query = "SELECT record_key, cause, attempts, due_at, dismissed_at FROM ml_connector.reject"
        return list(database.execute(sa.text(query)))


def refuse(desk: DecisionDesk) -> None:
    """Leave the record refused, waiting, and put aside."""
    statement = (
        "INSERT INTO ml_connector.reject (connection, entity, record_key, cause, record, run_id, first_seen,"
        " last_seen, attempts, due_at, dismissed_at) VALUES ('acme', 'companies', :key, 'several-fit', '{}',"
        " 'run', now(), now(), 7, now() + interval '1 day', now())"
    )
    with desk.engine.begin() as database:
        database.execute(sa.text(statement), {"key": KEY})


def test_the_newest_word_counts(desk: DecisionDesk) -> None:
    desk.decide(link("1", "first"), None, ())
    desk.decide(link("2"), None, ())
    (one,) = decisions_of(desk.engine, NAME).values()
    assert (one.hubspot_id, one.note, one.verdict) == ("2", None, Verdict.LINK)
    assert one.decided_at is not None
    assert LedgerReader(desk.engine, NAME).decisions("companies") == {KEY: one}
    assert LedgerReader(desk.engine, NAME).decisions("contacts") == {}
    assert decisions_of(desk.engine, "another") == {}


def test_a_record_that_is_in_order_is_due_once(desk: DecisionDesk) -> None:
    desk.decide(link("1"), DUE, ())
    desk.decide(link("2"), DUE, ())
    assert due(desk) == [KEY]
    assert [row[:4] for row in rejects(desk)] == [(KEY, "decided", 0, None)]


def test_a_refused_record_is_due_at_once_even_if_put_aside(desk: DecisionDesk) -> None:
    refuse(desk)
    assert due(desk) == []
    desk.decide(link("1"), None, [KEY])
    assert due(desk) == [KEY]
    assert [tuple(row) for row in rejects(desk)] == [(KEY, "several-fit", 0, None, None)]


def test_one_taken_back_is_due_by_the_rules(desk: DecisionDesk) -> None:
    desk.decide(Decision("companies", KEY, Verdict.IGNORE), None, ())
    assert due(desk) == []
    desk.forget(Decision("companies", KEY, Verdict.IGNORE), DUE, ())
    assert decisions_of(desk.engine, NAME) == {}
    assert due(desk) == [KEY]


def test_a_record_whose_hubspot_record_is_gone_is_known_no_more_and_its_links_wait(
    desk: DecisionDesk,
) -> None:
    statements = (
        "INSERT INTO ml_connector.identity (connection, object_type, record_key, hubspot_id, updated_at)"
        " VALUES ('acme', 'companies', :key, '5', now())",
        "INSERT INTO ml_connector.link (connection, from_type, from_key, to_type, to_key, from_id, to_id, status,"
        " updated_at) VALUES ('acme', 'contacts', 'contact:1', 'companies', :key, '7', '5', 'confirmed', now())",
    )
    with desk.engine.begin() as database:
        for statement in statements:
            database.execute(sa.text(statement), {"key": KEY})
    desk.decide(Decision("companies", KEY, Verdict.CREATE), DUE, (), gone="5")
    ledger = LedgerReader(desk.engine, NAME)
    assert ledger.identities("companies", [KEY]) == {}
    (waiting,) = ledger.pending_links("contacts")
    assert (waiting.from_id, waiting.to_id, waiting.to_key) == ("7", None, KEY)
