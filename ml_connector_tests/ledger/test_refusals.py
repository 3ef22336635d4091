"""What a portal has refused is taken for granted for a week, by the token that was told."""

import pytest
import sqlalchemy as sa

from ml_connector.ledger.refusals import Refusals, Subject, forget_refusals
from ml_connector.ledger.tables import refusal

WHY = "It needs an Enterprise subscription."


@pytest.fixture
def refusals(engine: sa.Engine) -> Refusals:
    return Refusals(engine, "acme", "mark")


def age(engine: sa.Engine, days: float) -> None:
    """Make all refusals so many days old."""
    with engine.begin() as database:
        database.execute(
            sa.update(refusal).values(since=sa.func.now() - sa.func.make_interval(0, 0, 0, days))
        )


def test_a_refusal_is_known_to_its_connection_subject_and_token_only(
    engine: sa.Engine, refusals: Refusals
) -> None:
    assert refusals.known(Subject.TRANSACTIONS) is None
    refusals.note(Subject.TRANSACTIONS, WHY)
    found = refusals.known(Subject.TRANSACTIONS)
    assert found is not None
    assert str(found).startswith(f"{WHY} So it said on ")
    assert refusals.known(Subject.PAYMENTS) is None
    assert Refusals(engine, "acme", "another token").known(Subject.TRANSACTIONS) is None
    assert Refusals(engine, "other", "mark").known(Subject.TRANSACTIONS) is None


def test_it_is_asked_again_after_a_week_and_the_newest_answer_counts(
    engine: sa.Engine, refusals: Refusals
) -> None:
    refusals.note(Subject.PAYMENTS, "old")
    age(engine, 6)
    assert refusals.known(Subject.PAYMENTS) is not None
    age(engine, 8)
    assert refusals.known(Subject.PAYMENTS) is None
    refusals.note(Subject.PAYMENTS, "new")
    found = refusals.known(Subject.PAYMENTS)
    assert found is not None
    assert found.reason == "new"


def test_what_is_forgotten_is_said_once(engine: sa.Engine, refusals: Refusals) -> None:
    refusals.note(Subject.TRANSACTIONS, WHY)
    refusals.note(Subject.PAYMENTS, "not set up")
    Refusals(engine, "other", "mark").note(Subject.PAYMENTS, "theirs")
    assert [(one.subject, one.reason) for one in forget_refusals(engine, "acme")] == [
        (Subject.PAYMENTS, "not set up"),
        (Subject.TRANSACTIONS, WHY),
    ]
    assert forget_refusals(engine, "acme") == []
    assert Refusals(engine, "other", "mark").known(Subject.PAYMENTS) is not None
