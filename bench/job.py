"""ml-connector's own job, measured: a Dagster run from Visma to HubSpot with its ledger on an embedded PostgreSQL.

Run as a program it reads a :class:`JobRequest` from standard input, does what ``ml-connector sync`` does, and prints a
:class:`JobReport` as the last line: the process that is measured does nothing else.
"""

import json
import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bench.works import CONNECTION

if TYPE_CHECKING:
    from ml_connector.ledger.rejects import Refused, Rejects
    from ml_connector.settings import ConnectionSettings

ROOT = Path(__file__).resolve().parent.parent
LOOK_EVERY_SECONDS = 0.05
ZONE = "Europe/Oslo"
RECORDS = ("companies", "contacts")
LOAD = "hubspot/"
"""How the names of the load steps begin."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What to sync.

    Args:
        url: where both APIs are.
        home: the folder that keeps database and snapshots from one run to the next.
        start: the date of the connection's first window.
        partition: the one window to sync, whether it was synced before or not; None for every window that is due.
        records: what travels besides companies and contacts.
        reconcile: compare both sides instead.
        accept: write even where far more would change than usual.
        undo: the run to undo instead.
        replay: the run to replay instead.
        retry: the refused records to try again instead, such as ``cause:email-refused``.
    """

    url: str
    home: str
    start: str
    partition: str | None = None
    records: tuple[str, ...] = ()
    reconcile: bool = False
    accept: bool = False
    undo: str = ""
    replay: str = ""
    retry: str = ""


@dataclass(slots=True)
class JobReport:
    """What a sync did and what it cost its process.

    Args:
        status: as ``ml-connector sync`` says it.
        runs: how many Dagster runs there are by now, earlier syncs included.
        partitions: the windows synced.
        entities: the counts by entity.
        refused: keys of all records that are refused by now, in the form of the works.
        steps: wall seconds by step, such as ``hubspot/contacts``.
        peaks: the highest resident memory in each step, in MB.
        peak_mb: the highest of the whole process, its start included.
        cpu_seconds: of the whole process, its start included.
        seconds: from the first look at the windows to the end.
        statement: of a reconciliation, the answer to each of its questions in words, by its name; those that are a no
            begin with ``NO``.
        run_id: the last run.
        causes: how many records are refused, by cause.
        stays: of an undo, the keys of the records that stay.
        error: what stopped it.
    """

    status: str = "failed"
    run_id: str = ""
    causes: dict[str, int] = field(default_factory=dict)
    stays: list[str] = field(default_factory=list)
    runs: int = 0
    partitions: list[str] = field(default_factory=list)
    entities: dict[str, dict[str, int]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    steps: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    statement: dict[str, str] = field(default_factory=dict)
    error: str | None = None

    def count(self, entity: str, *names: str) -> int:
        """Return the sum of some counts of an entity."""
        return sum(self.entities.get(entity, {}).get(name, 0) for name in names)

    @property
    def records(self) -> int:
        """Companies and contacts read; their links are not counted as records of their own."""
        return sum(self.count(entity, "read") for entity in RECORDS)

    @property
    def load_seconds(self) -> float:
        """Wall seconds of the load steps."""
        return sum(seconds for step, seconds in self.steps.items() if step.startswith(LOAD))


def first_window(days_ago: int = 1) -> str:
    """Return the date of a window that many days back; the one of yesterday is the newest complete one."""
    return (datetime.now(ZoneInfo(ZONE)).date() - timedelta(days=days_ago)).isoformat()


def run(request: JobRequest) -> JobReport:
    """Sync or reconcile in this process, which must not have used ml-connector before."""
    _point_at(request)
    from ml_connector.settings import ConnectionSettings, RecordKind

    settings = ConnectionSettings(
        name=CONNECTION,
        start=date.fromisoformat(request.start),
        timezone=ZONE,
        settle_minutes=0,
        records=tuple(RecordKind(name) for name in request.records),
    )
    if request.undo:
        return _undone(settings, request.undo)
    return _reconciled(settings) if request.reconcile else _synced(settings, request)


def _undone(settings: "ConnectionSettings", run_id: str) -> JobReport:
    from ml_connector.cli.undo import take_back
    from ml_connector.cli.undo_view import Undone

    undone = Undone(settings.name, run_id, "sync", None)
    take_back(settings, undone, dry=False, quiet=True)
    return JobReport(
        status=undone.status,
        run_id=str(undone.run_id),
        entities={entity: dict(counts) for entity, counts in undone.counts.items()},
        refused=[one.key for one in undone.refused],
        stays=[one.key for one in undone.stays()],
        peak_mb=_memory_mb("VmHWM"),
        cpu_seconds=time.process_time(),
        seconds=undone.seconds,
        error=undone.error,
    )


def _reconciled(settings: "ConnectionSettings") -> JobReport:
    from ml_connector.cli.reconcile import run_reconciliation

    outcome = run_reconciliation(settings, month=None, repair=False, out=None, quiet=True)
    return JobReport(
        status=outcome.status,
        peak_mb=_memory_mb("VmHWM"),
        cpu_seconds=time.process_time(),
        seconds=outcome.seconds,
        statement={
            check["name"]: check["sentence"] if check["passed"] else f"NO: {check['sentence']}"
            for check in outcome.statement.get("checks", ())
        },
        error=outcome.error,
    )


def _synced(settings: "ConnectionSettings", request: JobRequest) -> JobReport:
    from ml_connector.cli.sync import run_windows
    from ml_connector.instance import connector_instance
    from ml_connector.ledger.due import Selection
    from ml_connector.options import KIND_TAG, OF_RUN_TAG
    from ml_connector.running import REPLAY_STEPS, RETRY_STEPS

    how: dict[str, Any] = {"steps": None, "options": {"accept_mass_change": request.accept}}
    if request.replay:
        how |= {"steps": REPLAY_STEPS, "tags": {OF_RUN_TAG: request.replay, KIND_TAG: "replay"}}
    if request.retry:
        _refused_ones(settings.model_dump(mode="json")).make_due(Selection.parse(request.retry))
        how = {"steps": RETRY_STEPS, "options": {"retry": request.retry, "accept_mass_change": True}}
    watch = MemoryWatch()
    with watch:
        summary = run_windows(settings, request.partition, request.partition, quiet=True, **how)
    cpu_seconds = time.process_time()
    refused = _refused_ones(settings.model_dump(mode="json"))
    report = JobReport(
        status=summary.status,
        run_id=summary.run_id or "",
        partitions=summary.partitions,
        entities=summary.entities,
        refused=[_key_of(one) for one in refused.each()],
        causes={group.cause.name: group.count for group in refused.groups()},
        peak_mb=_memory_mb("VmHWM"),
        cpu_seconds=cpu_seconds,
        seconds=summary.seconds,
        error=summary.error,
    )
    with connector_instance() as instance:
        report.runs = instance.get_runs_count()
        for found in instance.get_run_step_stats(summary.run_id) if summary.run_id else ():
            step = "/".join(found.step_key.split("__")[-2:])
            if found.start_time is not None and found.end_time is not None:
                report.steps[step] = found.end_time - found.start_time
                report.peaks[step] = watch.highest(found.start_time, found.end_time)
    return report


def _point_at(request: JobRequest) -> None:
    """Make this process use the sandbox and the home, and nothing of the environment it was started in."""
    from ml_connector.cli.sandbox import addresses
    from ml_connector.credentials import ENVIRONMENT
    from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN
    from ml_connector.sandbox.visma.settings import VismaSandboxSettings

    for name in ("ML_CONNECTOR_DATABASE_URL", "ML_CONNECTOR_STORAGE_URL", "DAGSTER_HOME"):
        os.environ.pop(name, None)
    visma = VismaSandboxSettings()
    values = {
        "visma_client_id": visma.client_id,
        "visma_client_secret": visma.client_secret,
        "visma_tenant_id": visma.tenant_id,
        "hubspot_access_token": DEFAULT_TOKEN,
    }
    os.environ |= {"ML_CONNECTOR_HOME": request.home, **addresses(request.url)}
    os.environ |= {variable: values[name] for name, variable in ENVIRONMENT.items()}


def _refused_ones(settings: dict[str, Any]) -> "Rejects":
    from ml_connector.database import engine
    from ml_connector.ledger.rejects import Rejects

    return Rejects(engine(), CONNECTION, settings)


def _key_of(refused: "Refused") -> str:
    """Return the unique key of a refused record: ``bench:C000037`` for ``customer:C000037``."""
    return f"{CONNECTION}:{refused.record.partition(':')[2]}"


class MemoryWatch:
    """Looks at the resident memory of this process twenty times a second, for a ``with`` block."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def highest(self, start: float, end: float) -> float:
        """Return the most MB seen between two moments, in seconds since 1970; 0 where none was."""
        return max((size for moment, size in self._seen if start <= moment <= end), default=0.0)

    def _look(self) -> None:
        while not self._stop.wait(LOOK_EVERY_SECONDS):
            self._seen.append((time.time(), _memory_mb("VmRSS")))


def _memory_mb(name: str) -> float:
    """Return a figure of this process as Linux tells it (VmRSS, VmHWM); 0 elsewhere.

    The highest one of ``getrusage`` would not do: it starts with that of the process that started this one.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    print(json.dumps(asdict(run(JobRequest(**json.loads(sys.stdin.readline()))))))
