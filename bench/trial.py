"""A Visma company, a portal and a connection between them, to try things on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.job import JobReport, JobRequest, first_window
from bench.planted import Point
from bench.portal import Known, Portal
from bench.processes import die_in_a_process, kill_in_a_process, run_in_a_process, temporary_home
from bench.works import Kind, PortalSettings, Row


class SyncFailedError(Exception):
    """A sync of a trial ended before it was through."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A running sandbox and the home of a connection to it. A sync that fails raises :class:`SyncFailedError`.

    Args:
        portal: the sandbox.
        home: database and snapshots.
        start: the first window.
        records: what travels besides companies and contacts.
    """

    portal: Portal
    home: Path
    start: str
    records: tuple[str, ...] = ()

    def enter(self, *rows: Sequence[Row], days_ago: int = 2) -> None:
        """Enter companies, or contacts (those with a company) into Visma."""
        for some in rows:
            kind = Kind.LINKED_CONTACTS if some and some[0].company else Kind.COMPANIES
            self.portal.enter(kind, some, days_ago=days_ago)

    def know(self, companies: Sequence[Known]) -> list[str]:
        """Put companies into the portal as sales would have."""
        return self.portal.know(companies)

    def load(self) -> JobReport:
        """Sync the first window, again if it was synced before; calls are counted from its beginning."""
        return self._run(JobRequest(self.portal.url, str(self.home), self.start, self.start))

    def load_and_kill(self, seconds: float) -> None:
        """Sync the first window and kill the process so many seconds after its first call."""
        self.portal.forget()
        request = JobRequest(self.portal.url, str(self.home), self.start, self.start)
        kill_in_a_process(request, lambda: self.portal.asked() > 0, seconds)

    def load_and_die(self, point: Point) -> bool:
        """Sync the first window, let the portal kill the process at a call, and return whether that came."""
        self.portal.forget()
        request = JobRequest(self.portal.url, str(self.home), self.start, self.start, self.records)
        return die_in_a_process(request, lambda process: self.portal.kill(process, point))

    def load_day(self, partition: str) -> JobReport:
        """Sync one window however much it changes; calls are counted from its beginning."""
        return self._run(JobRequest(self.portal.url, str(self.home), self.start, partition, accept=True))

    def catch_up(self) -> JobReport:
        """Sync whatever is due, however much it changes; calls are counted from its beginning."""
        return self._run(JobRequest(self.portal.url, str(self.home), self.start, None, accept=True))

    def undo(self, run_id: str) -> JobReport:
        """Undo a run; calls are counted from its beginning."""
        return self._run(JobRequest(self.portal.url, str(self.home), self.start, undo=run_id))

    def replay(self, run_id: str, partition: str) -> JobReport:
        """Replay a run's one window; calls are counted from its beginning."""
        return self._run(JobRequest(self.portal.url, str(self.home), self.start, partition, replay=run_id))

    def retry(self, chosen: str) -> JobReport:
        """Try refused records of the first window again; calls are counted from its beginning."""
        return self._run(JobRequest(self.portal.url, str(self.home), self.start, self.start, retry=chosen))

    def reconcile(self) -> JobReport:
        """Compare both sides; calls are counted from its beginning."""
        return self._run(JobRequest(self.portal.url, str(self.home), self.start, reconcile=True))

    def _run(self, request: JobRequest) -> JobReport:
        self.portal.forget()
        report = run_in_a_process(replace(request, records=self.records))
        if report.error is not None:
            raise SyncFailedError(report.error)
        return report


@contextmanager
def trial(
    settings: PortalSettings | None = None, *, days: int = 1, records: tuple[str, ...] = ()
) -> Iterator[Trial]:
    """A trial whose connection has so many complete windows, and carries these records besides people."""
    with temporary_home() as home, Portal(settings or PortalSettings()) as portal:
        yield Trial(portal, home, first_window(days), records)


@contextmanager
def memory_lost(trial: Trial) -> Iterator[Trial]:
    """The same with an empty home: a connection that has forgotten everything it did."""
    with temporary_home() as home:
        yield replace(trial, home=home)
