"""Finding runs in the ledger: by id or its beginning, by what they were for, by what became of them."""

import pytest
import sqlalchemy as sa

from ml_connector.errors import UsageError
from ml_connector.ledger.entries import About
from ml_connector.ledger.journal import Journal, close_run
from ml_connector.ledger.runs import RunReader


@pytest.fixture
def reader(empty_ledger: sa.Engine) -> RunReader:
    return RunReader(empty_ledger, "acme")


def began(engine: sa.Engine, run_id: str, *, of_run: str | None = None, kind: str = "sync") -> Journal:
    """Note that a run of two windows has begun."""
    journal = Journal(engine, "acme", run_id)
    windows = ["2026-11-20", "2026-11-21"] if kind != "undo" else []
    journal.begin(windows, About(kind, of_run, {"name": "acme"}))
    return journal


def test_by_its_id_or_the_only_one_that_begins_so(empty_ledger: sa.Engine, reader: RunReader) -> None:
    for run_id in ("aaaaaaaa-1", "aaaaaaaa-2", "bbbbbbbb-1", "b%bbbbbb-1"):
        began(empty_ledger, run_id)
    Journal(empty_ledger, "other", "cccccccc-1").begin([])
    found = reader.named("bbbbbbbb")
    assert (found.run_id, found.kind, found.first, found.last) == (
        "bbbbbbbb-1",
        "sync",
        "2026-11-20",
        "2026-11-21",
    )
    assert found.settings == {"name": "acme"}
    assert reader.named("aaaaaaaa-2").run_id == "aaaaaaaa-2"
    for name in ("aaaaaaaa", "bbbb", "cccccccc-1", "%bbbbbbb", "dddddddd"):
        with pytest.raises(UsageError):
            reader.named(name)


def test_a_replay_of_a_replay_worked_on_the_first_ones_snapshots(
    empty_ledger: sa.Engine, reader: RunReader
) -> None:
    began(empty_ledger, "first-run")
    began(empty_ledger, "second-run", kind="replay", of_run="first-run")
    began(empty_ledger, "third-run", kind="replay", of_run="second-run")
    assert reader.source_of(reader.named("third-run")).run_id == "first-run"
    assert reader.source_of(reader.named("first-run")).run_id == "first-run"


def test_the_newest_run_that_loaded_windows(empty_ledger: sa.Engine, reader: RunReader) -> None:
    assert reader.last_load("2026-11-20", "2026-11-20") is None
    for run_id in ("first-run", "second-run"):
        began(empty_ledger, run_id).add_to_summary({"entities": {"companies": {"read": 1}}})
    began(empty_ledger, "a-retry", kind="retry").add_to_summary({"entities": {"companies": {"read": 1}}})
    began(empty_ledger, "only-planned", kind="plan").add_to_summary({"planned": {"companies": {"read": 1}}})
    assert getattr(reader.last_load("2026-11-21", "2026-11-21"), "run_id", None) == "second-run"
    assert reader.last_load("2026-11-21", "2026-11-22") is None


def test_an_undo_counts_once_it_has_ended_well(empty_ledger: sa.Engine, reader: RunReader) -> None:
    began(empty_ledger, "some-run")
    began(empty_ledger, "an-undo", kind="undo", of_run="some-run")
    assert reader.undone_by("some-run") is None
    close_run(empty_ledger, "an-undo", failed=True)
    assert reader.undone_by("some-run") is None
    close_run(empty_ledger, "an-undo", failed=False)
    assert getattr(reader.undone_by("some-run"), "run_id", None) == "an-undo"
    assert reader.undone_by("an-undo") is None
