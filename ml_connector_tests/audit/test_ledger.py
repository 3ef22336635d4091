"""What the ledger knows of one record, on a real database: all of it, and by an index however large the ledger is."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector import database as engines
from ml_connector.audit import ledger as questions
from ml_connector.audit.finding import find, unknown
from ml_connector.audit.ledger import RecordLedger
from ml_connector.audit.links import links_of
from ml_connector.errors import UsageError
from ml_connector.plan.operations import Action
from ml_connector_tests.ledger.rows import ended, entry, identity, journal, link

CUSTOMERS, TURNS = 400, 20
"""A ledger that is small, and yet large enough for the database to see what a scan of it all would cost."""


@pytest.fixture
def database(empty_ledger: sa.Engine) -> Iterator[sa.Connection]:
    with empty_ledger.connect() as connection:
        yield connection


@pytest.fixture
def asked(database: sa.Connection) -> RecordLedger:
    return RecordLedger(database, "acme")


@pytest.fixture(scope="module")
def many(new_database: Callable[..., str]) -> Iterator[sa.Connection]:
    """A ledger with operations on many customers, in twenty runs."""
    url = new_database()
    with engines.engine(url).connect() as connection:
        connection.execute(
            sa.text(
                """
                INSERT INTO ml_connector.operation (run_id, connection, entity, record_key, object_type, action, status,
                                                    properties, intended_at, trace_id, stamp, partition)
                SELECT 'run-' || turn, 'acme', 'companies', 'customer:' || number, 'companies', 'update', 'confirmed',
                       '{}', now(), turn || '-' || number, now(), '2026-11-20'
                FROM generate_series(1, :turns) AS turn, generate_series(1, :many) AS number
                """
            ),
            {"turns": TURNS, "many": CUSTOMERS},
        )
        connection.execute(sa.text("ANALYZE ml_connector.operation"))
        yield connection
    engines.close_engine(url)


def write(engine: sa.Engine, *operations: Any, connection: str = "acme", run_id: str = "run-1") -> None:
    """Let a run write confirmed operations."""
    made = journal(engine, run_id, connection)
    made.intend(operations)
    made.settle([ended(one, hubspot_id="901") for one in operations])


def linked(number: int, start: str, end: str) -> Any:
    """An operation on a link."""
    values = {"from": start, "to": end}
    return entry(number, action=Action.LINK, keys=(f"{start}>{end}",), entity="links", values=values)


def test_operations_come_newest_first_with_those_on_its_links(
    empty_ledger: sa.Engine, asked: RecordLedger
) -> None:
    write(
        empty_ledger,
        entry(1, keys=("contact:1",)),
        entry(2, keys=("contact:10",)),
        linked(3, "contact:1", "customer:7"),
        linked(4, "contact:10", "customer:7"),
        entry(5, keys=("contact:1",), action=Action.UPDATE, rule="visma_id", previous={"name": "Old"}),
    )
    write(empty_ledger, entry(6, keys=("contact:1",)), connection="other", run_id="run-2")
    found = asked.operations(["contact:1"], 10)
    assert [(one.key, one.action) for one in found] == [
        ("contact:1", "update"),
        ("contact:1>customer:7", "link"),
        ("contact:1", "create"),
    ]
    newest = found[0]
    assert (newest.status, newest.rule, newest.previous, newest.hubspot_id) == (
        "confirmed",
        "visma_id",
        {"name": "Old"},
        "901",
    )
    assert [one.action for one in asked.operations(["contact:1"], 2)] == ["update", "link"]
    assert asked.runs_of(["contact:1"]) == {"run-1"}
    assert asked.newest(["contact:1", "contact:2"])["contact:1"].action == "update"


def test_windows_are_those_that_brought_a_version(empty_ledger: sa.Engine, asked: RecordLedger) -> None:
    write(
        empty_ledger,
        entry(1, partition="2026-11-22"),
        entry(2, keys=("customer:1",), partition="2026-11-20"),
        entry(3, keys=("customer:1",), partition="2026-11-23", stamp=""),
        entry(4, keys=("customer:2",), partition="2026-11-24"),
    )
    assert asked.windows(["customer:1"]) == ["2026-11-20", "2026-11-22"]


def test_links_are_counted_and_those_that_wait_come_first(
    empty_ledger: sa.Engine, asked: RecordLedger
) -> None:
    made = journal(empty_ledger)
    made.intend([linked(1, "contact:2", "customer:1")])
    rows = [
        link("customer:1", from_key=f"contact:{number}", status="pending" if number == 2 else "confirmed")
        for number in range(5)
    ]
    made.settle([], links=[*rows, link("customer:8", from_key="contact:8")])
    found = links_of(asked, ["companies"], ["customer:1"], most=3)
    assert (found.total, len(found.listed)) == (5, 3)
    assert (found.listed[0].from_key, found.listed[0].status) == ("contact:2", "pending")
    assert {(one.from_type, one.to_type, one.status): one.many for one in found.counts} == {
        ("contacts", "companies", "confirmed"): 4,
        ("contacts", "companies", "pending"): 1,
    }
    outgoing = links_of(asked, ["contacts"], ["contact:8"])
    assert [one.to_key for one in outgoing.listed] == ["customer:8"]


def test_keys_of_one_hubspot_record_are_found_together(empty_ledger: sa.Engine, asked: RecordLedger) -> None:
    journal(empty_ledger).settle(
        [],
        identities=[identity("customer:1"), identity("supplier:7"), identity("customer:2", hubspot_id="902")],
    )
    rows = asked.same_record(["companies"], ["901"])
    assert [row.record_key for row in rows] == ["customer:1", "supplier:7"]


class TestFinding:
    """What is typed becomes a known record, or an error that helps."""

    def test_a_short_form_says_what_it_was_taken_for(
        self, empty_ledger: sa.Engine, asked: RecordLedger
    ) -> None:
        write(empty_ledger, entry(1, keys=("payment:Refund:400017",)))
        found = find(asked, "acme", "payment:400017")
        assert found is not None
        assert (found.key, found.said) == (
            "payment:Refund:400017",
            "payment:400017 is payment:Refund:400017 here.",
        )
        plain = find(asked, "acme", "payment:Refund:400017")
        assert plain is not None
        assert plain.said is None

    def test_the_kind_that_is_named_wins_and_a_bare_number_does_not_guess(
        self, empty_ledger: sa.Engine, asked: RecordLedger
    ) -> None:
        write(empty_ledger, entry(1, keys=("invoice:7",)), entry(2, keys=("creditnote:7",)))
        found = find(asked, "acme", "invoice:7")
        assert found is not None
        assert found.key == "invoice:7"
        with pytest.raises(UsageError, match="'7' fits 2 records of acme: invoice:7, creditnote:7"):
            find(asked, "acme", "7")

    def test_a_hubspot_id_leads_to_the_record(self, empty_ledger: sa.Engine, asked: RecordLedger) -> None:
        journal(empty_ledger).settle([], identities=[identity("customer:1")])
        found = find(asked, "acme", "hubspot:901")
        assert found is not None
        assert found.key == "customer:1"
        with pytest.raises(UsageError, match="no record that is '902' in HubSpot"):
            find(asked, "acme", "hubspot:902")

    def test_an_identity_is_enough_to_be_known(self, empty_ledger: sa.Engine, asked: RecordLedger) -> None:
        """Old operations may have been deleted."""
        journal(empty_ledger).settle([], identities=[identity("customer:1")])
        assert find(asked, "acme", "customer:1") is not None
        assert find(asked, "acme", "customer:2") is None

    @pytest.mark.parametrize(
        ("typed", "near"),
        [
            ("customer:10032", "customer:10023"),
            ("customer:1023", "customer:10023"),
            ("customer:20002", "invoice:20002"),
            ("supplier:10023", "customer:10023"),
        ],
    )
    def test_an_unknown_record_names_the_nearest(
        self, empty_ledger: sa.Engine, asked: RecordLedger, typed: str, near: str
    ) -> None:
        write(empty_ledger, entry(1, keys=("customer:10023",)), entry(2, keys=("invoice:20002",)))
        assert find(asked, "acme", typed) is None
        error = unknown(asked, "acme", typed)
        assert f"acme knows nothing of {typed}" in str(error)
        assert near in str(error.remedy)

    def test_neighbours_are_of_the_kind_and_no_links(
        self, empty_ledger: sa.Engine, asked: RecordLedger
    ) -> None:
        write(
            empty_ledger,
            entry(1, keys=("contact:1",)),
            linked(2, "contact:1", "customer:1"),
            linked(3, "contact:1", "customer:2"),
            entry(4, keys=("contact:3",)),
            entry(5, keys=("customer:1",)),
        )
        assert asked.neighbours("contact:2", 3) == ["contact:3", "contact:1"]

    def test_where_nothing_is_known_the_kinds_are_named(self, asked: RecordLedger) -> None:
        assert "customer, supplier, contact" in str(unknown(asked, "acme", "customer:1").remedy)


@pytest.mark.parametrize(
    "name", ["_OF_KEYS", "_OF_LINKS", "_WINDOWS", "_RUNS", "_KNOWN", "_AFTER", "_BEFORE"]
)
def test_a_question_about_a_record_reads_its_rows_alone(many: sa.Connection, name: str) -> None:
    asked = {"connection": "acme", "key": "customer:7", "keys": ["customer:7"], "most": 10, "types": []}
    asked |= {"start": "customer:7>", "beyond": "customer:7?"}
    statement = f"EXPLAIN (ANALYZE, FORMAT JSON) {getattr(questions, name).text}"
    plan = many.execute(sa.text(statement), asked).scalar_one()
    scans = [node for node in _nodes(plan[0]["Plan"]) if node.get("Relation Name") == "operation"]
    assert scans
    for node in scans:
        read = node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
        assert read <= TURNS, json.dumps(node)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
