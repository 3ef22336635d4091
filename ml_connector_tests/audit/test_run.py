"""What a run did and how two differ, counted by a real database, as rows, documents and pages."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector.audit.run import audit_run, document
from ml_connector.audit.run_page import (
    count_rows,
    fact_rows,
    pair_counts,
    pair_page,
    planned_rows,
    run_page,
    verdict,
)
from ml_connector.audit.run_pair import Only, OtherEnd, OtherValue, RunPair, compare_runs
from ml_connector.audit.run_pair import document as pair_document
from ml_connector.errors import UsageError
from ml_connector.ledger.entries import About, Entry
from ml_connector.ledger.journal import Journal
from ml_connector.plan.operations import Action
from ml_connector_tests.ledger.rows import ended, entry, reject
from ml_connector_tests.reconciliation.made import OSLO

SETTINGS = {"name": "acme", "merging": {"companies": {"domain": "fill_blank"}}, "requests_in_flight": 8}
OTHER_SETTINGS = {**SETTINGS, "merging": {"companies": {"domain": "overwrite"}}}


def run(
    engine: sa.Engine,
    run_id: str,
    written: list[Entry],
    *,
    noted: list[Entry] | None = None,
    settings: dict[str, Any] | None = None,
    summary: dict[str, Any] | None = None,
    kind: str = "sync",
) -> Journal:
    """A run that has confirmed and noted operations."""
    journal = Journal(engine, "acme", run_id)
    journal.begin(["2026-11-20", "2026-11-21"], About(kind, settings=settings or {}))
    journal.intend(written)
    journal.settle([ended(one, hubspot_id="901", http_status=200) for one in written])
    journal.note(noted or [])
    if summary:
        journal.add_to_summary(summary)
    return journal


@pytest.fixture
def database(empty_ledger: sa.Engine) -> Iterator[sa.Connection]:
    with empty_ledger.connect() as connection:
        yield connection


def update(number: int, **values: str | None) -> Entry:
    """An update of a customer."""
    return entry(number, action=Action.UPDATE, values=values, previous=dict.fromkeys(values, "old"))


def test_a_run_is_counted_by_what_it_did(empty_ledger: sa.Engine, database: sa.Connection) -> None:
    journal = run(
        empty_ledger,
        "run-aaaa-1",
        [entry(1), update(2, name="Fjord", city="Oslo"), update(3, name="Fjell")],
        noted=[
            entry(4, action=Action.UNCHANGED, values={}),
            entry(5, action=Action.SKIP, values={}, reason="it is inactive"),
            entry(6, action=Action.SKIP, values={}, reason="it is inactive"),
        ],
        settings=SETTINGS,
        summary={"requests": {"hubspot": {"calls": 7, "writes": 2}}},
    )
    refused = [update(number, phone="1") for number in range(10, 15)]
    journal.intend(refused)
    journal.settle(
        [ended(one, "rejected", category="VALIDATION_ERROR", message="Not a phone.") for one in refused],
        rejects=[reject(f"customer:{number}", cause="invalid-phone:phone") for number in range(10, 15)],
    )
    found = audit_run(database, "acme", "run-aaaa-1", SETTINGS)
    assert found.operations == 11
    assert count_rows(found) == [
        ("companies", "update", "rejected", 5),
        ("companies", "skip", "done", 2),
        ("companies", "update", "confirmed", 2),
        ("companies", "create", "confirmed", 1),
        ("companies", "unchanged", "done", 1),
    ]
    assert [(one.property, one.many) for one in found.changed] == [("name", 2), ("city", 1)]
    assert [(one.what, one.many, one.keys) for one in found.problems] == [
        ("update rejected", 5, ("customer:10", "customer:11", "customer:12")),
        ("skip", 2, ("customer:5", "customer:6")),
    ]
    assert found.problems[0].cause == "Not a phone."
    assert found.problems[0].remedy
    assert found.calls == {"hubspot": {"calls": 7, "writes": 2}}
    assert found.today == ()
    told = json.loads(json.dumps(document(found)))
    assert (told["run_id"], told["kind"], told["settings"]["as_today"]) == ("run-aaaa-1", "sync", True)
    page = run_page(found, OSLO)
    assert "Not a phone." in page
    assert "customer:10, customer:11, customer:12, …" in page
    assert "2026-11-20 to 2026-11-21" in page


def test_settings_that_are_others_today_are_told(empty_ledger: sa.Engine, database: sa.Connection) -> None:
    run(empty_ledger, "run-1", [], settings=SETTINGS)
    found = audit_run(database, "acme", "run-1", OTHER_SETTINGS)
    assert [tuple(one) for one in found.today] == [("merging.companies.domain", "fill_blank", "overwrite")]
    assert "fill_blank" in run_page(found, OSLO)


def test_a_run_of_an_older_version_has_no_settings(empty_ledger: sa.Engine, database: sa.Connection) -> None:
    Journal(empty_ledger, "acme", "run-1").begin(["2026-11-20"])
    found = audit_run(database, "acme", "run-1", SETTINGS)
    assert (found.mark, found.today, document(found)["settings"]["as_today"]) == (None, (), None)
    assert "older versions are not known" in run_page(found, OSLO)


def test_a_run_that_only_planned_shows_what_it_planned(
    empty_ledger: sa.Engine, database: sa.Connection
) -> None:
    run(
        empty_ledger,
        "run-1",
        [],
        kind="plan",
        summary={"planned": {"companies": {"read": 3, "created": 3, "updated": 0}}},
    )
    found = audit_run(database, "acme", "run-1", SETTINGS)
    assert planned_rows(found) == [("companies", "read", "3"), ("companies", "created", "3")]
    assert "a run that only plans leaves none" in run_page(found, OSLO)


class TestNaming:
    """A run is named by its id or the start of it."""

    def test_the_start_is_enough_where_it_fits_one(
        self, empty_ledger: sa.Engine, database: sa.Connection
    ) -> None:
        run(empty_ledger, "aa11-first", [])
        run(empty_ledger, "aa22-second", [])
        run(empty_ledger, "aa", [])
        assert audit_run(database, "acme", "aa1", {}).run_id == "aa11-first"
        assert audit_run(database, "acme", "aa", {}).run_id == "aa", "a whole id is itself"
        with pytest.raises(UsageError, match="Several runs of acme begin with a: "):
            audit_run(database, "acme", "a", {})

    @pytest.mark.parametrize("typed", ["zz", "", "%", "a'b"])
    def test_an_unknown_one_names_the_newest(
        self, empty_ledger: sa.Engine, database: sa.Connection, typed: str
    ) -> None:
        run(empty_ledger, "aa11-first", [])
        Journal(empty_ledger, "other", "zz11").begin(["2026-11-20"])
        with pytest.raises(UsageError, match=r"The newest are aa11-first\."):
            audit_run(database, "acme", typed, {})

    def test_without_any_run_that_is_said(self, database: sa.Connection, empty_ledger: sa.Engine) -> None:
        with pytest.raises(UsageError, match="It has had no run yet"):
            audit_run(database, "acme", "aa", {})


@pytest.fixture
def pair(empty_ledger: sa.Engine, database: sa.Connection) -> Callable[[], RunPair]:
    """Two runs that agree about customer 1 and nothing else."""
    twice = entry(7, values={"name": "Refused first"})
    a = [
        update(1, name="Same"),
        update(2, name="Fjord", city="Oslo"),
        entry(3, values={"name": "New", "city": "Oslo"}),
        update(4, name="Only A"),
        update(8, name="A too"),
    ]
    journal = run(empty_ledger, "run-a", a, settings=SETTINGS)
    journal.intend([twice])
    journal.settle([ended(twice, "rejected")])
    b = [
        update(1, name="Same"),
        update(2, name="Fjell"),
        entry(3, action=Action.UPDATE, values={"name": "Newer"}),
        entry(9, keys=("customer:7",), action=Action.UPDATE, values={"name": "Refused first"}),
    ]
    other = [
        entry(5, keys=("contact:5",), entity="contacts"),
        entry(6, action=Action.UNCHANGED, values={}, keys=("customer:8",)),
    ]
    run(empty_ledger, "run-b", [*b, other[0]], noted=[other[1]], settings=OTHER_SETTINGS)
    adopted = entry(99, keys=("customer:7",), action=Action.UPDATE, values={"name": "Refused first"})
    journal.intend([adopted])
    journal.settle([ended(adopted, hubspot_id="901")])
    return lambda: compare_runs(database, "acme", ("run-a", "run-b"), SETTINGS)


def test_two_runs_differ_by_records_ends_values_and_settings(pair: Callable[[], RunPair]) -> None:
    found = pair()
    assert found.only == [
        Only("companies", "a", 1, ("customer:4",)),
        Only("contacts", "b", 1, ("contact:5",)),
    ]
    assert {*found.ends} == {
        OtherEnd("companies", "create confirmed", "update confirmed", 1, ("customer:3",)),
        OtherEnd("companies", "update confirmed", "unchanged done", 1, ("customer:8",)),
    }
    assert [(one.property, one.many) for one in found.properties] == [("name", 2), ("city", 1)]
    assert found.values == [
        OtherValue("companies", "customer:2", "city", "Oslo", None),
        OtherValue("companies", "customer:2", "name", "Fjord", "Fjell"),
        OtherValue("companies", "customer:3", "name", "New", "Newer"),
    ]
    assert [tuple(one) for one in found.settings] == [("merging.companies.domain", "fill_blank", "overwrite")]
    assert verdict(found) == (
        "They differ: records in one only: 2; with another end: 2; values written otherwise: 3; "
        "settings that differ: 1."
    )


def test_the_difference_is_a_document_a_table_and_a_page(pair: Callable[[], RunPair]) -> None:
    found = pair()
    told = json.loads(json.dumps(pair_document(found)))
    assert not told["same"]
    assert told["other_settings"] == [
        {"name": "merging.companies.domain", "a": "fill_blank", "b": "overwrite"}
    ]
    assert ("companies", "update", "confirmed", 5, 4) in pair_counts(found)
    assert ("Run", "run-a", "run-b") in fact_rows(found, OSLO)
    page = pair_page(found, OSLO)
    for text in ("customer:4", "Fjell", "merging.companies.domain", "They differ"):
        assert text in page


def test_a_run_and_itself_are_the_same(pair: Callable[[], RunPair], database: sa.Connection) -> None:
    pair()
    found = compare_runs(database, "acme", ("run-a", "run-a"), SETTINGS)
    assert found.same
    assert verdict(found) == "Both runs did the same to the same records."
    page = pair_page(found, OSLO)
    assert "Both met the same records." in page


def test_long_lists_are_cut_and_counted_in_full(empty_ledger: sa.Engine, database: sa.Connection) -> None:
    run(empty_ledger, "run-a", [update(number, name=f"a{number}") for number in range(300)])
    run(
        empty_ledger,
        "run-b",
        [update(number, name=f"b{number}") for number in range(150)]
        + [update(number, name="b") for number in range(1000, 1030)],
    )
    found = compare_runs(database, "acme", ("run-a", "run-b"), SETTINGS)
    assert [(one.run, one.many, len(one.keys)) for one in found.only] == [("a", 150, 20), ("b", 30, 20)]
    assert [(one.property, one.many) for one in found.properties] == [("name", 150)]
    assert len(found.values) == 100
    assert "And 50 more." in pair_page(found, OSLO)
