"""The questions to the ledger that the documents offer: each can be asked as it stands, and has an answer."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from ml_connector.ledger.entries import About
from ml_connector.plan.operations import Action
from ml_connector_tests.ledger.rows import ended, entry, identity, journal, link, reject
from ml_connector_tests.source_tree import ROOT
from scripts.ledger_questions import QUESTIONS, Question

OTHERS = [
    statement.strip()
    for page in sorted((ROOT / "docs").glob("*.md"))
    for block in re.findall(r"^```sql\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    for statement in block.split(";")
    if "FROM ml_connector." in statement
]
"""What the blocks of SQL of all pages ask of the ledger."""


@pytest.fixture(scope="module")
def asked(ledger_engine: sa.Engine) -> Iterator[sa.Connection]:
    """A ledger with a little of everything."""
    made = journal(ledger_engine, "0f9c2a44")
    made.begin(["2026-11-20"], About("sync"))
    moved = entry(
        1,
        keys=("customer:10023",),
        action=Action.UPDATE,
        values={"city": "Bergen"},
        previous={"city": "Oslo"},
    )
    made.intend([moved])
    made.settle(
        [ended(moved, hubspot_id="901")],
        identities=[identity("customer:10023")],
        links=[link(status="pending")],
        rejects=[reject("customer:2")],
    )
    with ledger_engine.begin() as database:
        database.execute(
            sa.text(
                "INSERT INTO ml_connector.edit (connection, object_type, record_key, property, hubspot_id, outcome,"
                " first_seen, last_seen, run_id)"
                " VALUES ('acme', 'companies', 'customer:1', 'city', '9', 'kept', now(), now(), 'r')"
            )
        )
    with ledger_engine.connect() as database:
        yield database


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.words)
def test_a_question_has_an_answer(asked: sa.Connection, question: Question) -> None:
    assert asked.execute(sa.text(question.sql)).all(), question.sql
    assert f"{question.sql};" in (ROOT / "docs" / "ledger.md").read_text()


@pytest.mark.parametrize("statement", OTHERS)
def test_every_statement_of_the_documents_can_be_asked(asked: sa.Connection, statement: str) -> None:
    asked.execute(sa.text(f"EXPLAIN {statement}"))


def test_the_statements_were_found() -> None:
    assert len(OTHERS) > len(QUESTIONS)
