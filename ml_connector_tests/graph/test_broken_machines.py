"""Harmed files, full disks, databases that go away: said clearly, nothing lost, and the next run recovers."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import dagster_postgres.utils
import pytest
import sqlalchemy as sa

from ml_connector.cli.sync import run_windows
from ml_connector.database import home
from ml_connector.errors import ConnectorError
from ml_connector.instance import fail_dead_runs
from ml_connector.sandbox.request_log import LoggedCall
from ml_connector_tests.databases import close
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.outage import Outage
from ml_connector_tests.graph.recovery import one_sentence, recovers


class TestFiles:
    """Snapshots are files: somebody deletes them, a disk rots or fills up."""

    def snapshot(self) -> Path:
        [found] = (home() / "storage" / NAME / "visma" / "customers" / rows.day(0)).glob("*.parquet")
        return found

    def test_a_harmed_snapshot_stops_a_replay_and_a_re_pull_heals_it(self, filled: World) -> None:
        filled.sync(0, steps=("visma",))
        path = self.snapshot()
        content = path.read_bytes()
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
        for harmed in (content[:middle], flipped, b"", None):
            path.unlink()
            if harmed is not None:
                path.write_bytes(harmed)
            summary = filled.sync(0, steps=("records", "plan", "hubspot"))
            assert summary.status == "failed", harmed
            one_sentence(summary.error, "records/", rows.day(0))
            assert filled.companies() == []
        recovers(filled)

    def test_a_full_disk(self, filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
        fsync = os.fsync
        for step in ("visma", "records", "plan"):

            def full(number: int, step: str = step) -> None:
                if f"/{step}/" in str(Path(f"/proc/self/fd/{number}").readlink()):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                fsync(number)

            monkeypatch.setattr(os, "fsync", full)
            summary = filled.sync()
            one_sentence(summary.error, f"{step}/", "the disk is full", "Make room")
            assert filled.companies() == []
            files = [path for path in (home() / "storage").rglob("*") if path.is_file()]
            assert [path for path in files if f"/{step}/" in str(path)] == []
        monkeypatch.setattr(os, "fsync", fsync)
        recovers(filled)


class TestDatabase:
    """The database goes away and comes back."""

    @pytest.fixture
    def outage(self, filled: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
        """The world's database behind a proxy that can be taken away."""
        proxy = Outage(filled.database_url)
        monkeypatch.setenv("ML_CONNECTOR_DATABASE_URL", proxy.url)
        filled.database_url = proxy.url
        yield proxy
        close(proxy.url)
        proxy.begin()

    def test_goes_away_in_the_middle_of_one_run_after_the_other(
        self, filled: World, outage: Outage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At a page of Visma, then at the first batch of companies, of contacts and of links: each gets further."""
        monkeypatch.setattr(dagster_postgres.utils, "time", SimpleNamespace(sleep=lambda _: None))
        end = filled.sandbox.log.end
        for path in ("/v1/customer", "/companies/batch/upsert", "/contacts/batch/upsert", "/associations/"):
            struck: list[str] = []

            def strike(call: LoggedCall, path: str = path, struck: list[str] = struck) -> None:
                end(call)
                if path in call.path and not struck:
                    struck.append(call.path)
                    outage.begin()

            monkeypatch.setattr(filled.sandbox.log, "end", strike)
            text = failure(filled)
            assert struck, path
            one_sentence(text, "database", "does not answer", "ML_CONNECTOR_DATABASE_URL")
            outage.end()
            with filled.instance() as instance:
                fail_dead_runs(instance, grace_seconds=0.0)
                assert instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])) == []
        monkeypatch.setattr(filled.sandbox.log, "end", end)
        recovers(filled)

    def test_is_away_from_the_start_and_restarted_between_two_runs(
        self, filled: World, outage: Outage
    ) -> None:
        outage.begin()
        one_sentence(failure(filled), "database", "does not answer")
        assert filled.calls(None) == []
        outage.end()
        recovers(filled)
        # Pooled connections are dead now, and nobody should notice.
        outage.begin()
        outage.end()
        recovers(filled)


def failure(world: World) -> str:
    """Return what a run of the first window that fails tells the person, be it in its summary or as an error."""
    try:
        summary = run_windows(world.settings, rows.day(0), rows.day(0), steps=None, quiet=True)
    except ConnectorError as error:
        return str(error)
    assert summary.status == "failed"
    return str(summary.error)


def test_the_admin_url_is_a_socket(filled: World) -> None:
    """The proxy forwards to a Unix socket; a server on TCP would make these tests show nothing."""
    assert sa.make_url(filled.database_url).query["host"]
