"""Versions of a record from stored snapshots: in the order they were seen, each once, with what changed."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ml_connector.audit.differences import Change
from ml_connector.audit.versions import Source, source_of, versions
from ml_connector.dataset_writer import Storage
from ml_connector.visma.extract import SNAPSHOT_SCHEMA

BEGAN = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
RUNS = {f"run{number}": BEGAN + timedelta(days=number) for number in range(9)}


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path))


def keep(
    storage: Storage, entity: str, window: str, run_id: str, *rows: tuple[str, str, Mapping[str, Any]]
) -> None:
    """Store a snapshot: key, stamp and values of its rows."""
    with storage.writer(("acme", "visma", entity), [window], run_id, SNAPSHOT_SCHEMA) as writer:
        writer.write(
            window,
            [
                {"key": key, "modified": stamp, "partition": window, "raw": json.dumps(values), "names": None}
                for key, stamp, values in rows
            ],
        )


@pytest.mark.parametrize(
    ("key", "source"),
    [
        ("customer:10023", Source("customers", "10023")),
        ("contact:4711", Source("contacts", "4711")),
        ("contact:customer-10-23-invoiceContact", Source("customers", "10-23", "invoiceContact.")),
        ("invoice:100234", Source("customer_invoices", "Invoice:100234")),
        ("creditnote:200012", Source("customer_credit_notes", "CreditNote:200012")),
        ("line:CreditNote:200012:3", Source("customer_credit_notes", "CreditNote:200012", "[3].")),
        ("line:Invoice:100234:rounding", Source("customer_invoices", "Invoice:100234")),
        ("payment:Payment:400017", Source("customer_payments", "Payment:400017")),
        ("transaction:AR:000123", Source("journal_transactions", "AR:000123")),
        ("contact:1>customer:2", None),
        ("deal:99", None),
    ],
)
def test_each_kind_has_its_snapshot(key: str, source: Source | None) -> None:
    assert source_of(key) == source


def test_versions_come_in_the_order_they_were_seen_with_what_changed(storage: Storage) -> None:
    other = ("2", "2026-11-20T09:00:00", {"name": "Somebody else"})
    first = ("1", "2026-11-20T10:00:00.0", {"name": "Fjord", "address": {"city": "Oslo"}})
    moved = ("1", "2026-11-21T10:00:00", {"name": "Fjord", "address": {"city": "Bergen"}})
    keep(storage, "customers", "2026-11-21", "run2", moved)
    keep(storage, "customers", "2026-11-20", "run1", other, first)
    keep(storage, "customers", "2026-11-20", "run3", other)
    seen = versions(storage, "acme", "customer:1", ["2026-11-20", "2026-11-21", "2026-11-22"], RUNS.get)
    assert [(one.stamp, one.run_id, one.partition, one.first) for one in seen] == [
        ("2026-11-20T10:00:00", "run1", "2026-11-20", True),
        ("2026-11-21T10:00:00", "run2", "2026-11-21", False),
    ]
    assert seen[0].seen_at == RUNS["run1"]
    assert seen[0].changes == (Change("address.city", None, "Oslo"), Change("name", None, "Fjord"))
    assert seen[1].changes == (Change("address.city", "Oslo", "Bergen"),)


def test_the_same_again_is_counted_and_what_comes_back_is_a_version(storage: Storage) -> None:
    for number, name in enumerate(["Fjord", "Fjord", "Fjell", "Fjord"]):
        keep(storage, "customers", "2026-11-20", f"run{number}", ("1", "2026-11-20T10:00:00", {"name": name}))
    seen = versions(storage, "acme", "customer:1", ["2026-11-20"], RUNS.get)
    assert [(one.changes[0].new, one.again) for one in seen] == [("Fjord", 1), ("Fjell", 0), ("Fjord", 0)]


def test_a_part_of_a_row_changes_only_with_that_part(storage: Storage) -> None:
    def row(city: str, email: str) -> dict[str, Any]:
        return {"name": city, "mainContact": {"email": email, "attention": "Kari"}}

    keep(storage, "customers", "2026-11-20", "run0", ("1", "", row("Oslo", "a@b.no")))
    keep(storage, "customers", "2026-11-21", "run1", ("1", "", row("Bergen", "a@b.no")))
    keep(storage, "customers", "2026-11-22", "run2", ("1", "", row("Bergen", "c@b.no")))
    windows = ["2026-11-20", "2026-11-21", "2026-11-22"]
    seen = versions(storage, "acme", "contact:customer-1-mainContact", windows, RUNS.get)
    assert [one.changes for one in seen[1:]] == [(Change("mainContact.email", "a@b.no", "c@b.no"),)]
    assert seen[0].again == 1


def test_a_run_the_ledger_does_not_know_counts_from_its_file(storage: Storage) -> None:
    keep(storage, "customers", "2026-11-20", "elsewhere", ("1", "", {"name": "Fjord"}))
    (seen,) = versions(storage, "acme", "customer:1", ["2026-11-20"], RUNS.get)
    assert abs(datetime.now(UTC) - seen.seen_at) < timedelta(minutes=5)


def test_nothing_stored_is_no_version(storage: Storage) -> None:
    assert versions(storage, "acme", "customer:1", ["2026-11-20"], RUNS.get) == []
    assert versions(storage, "acme", "contact:1>customer:2", ["2026-11-20"], RUNS.get) == []
