"""One candidate on one work: run it, and hold what it says against what the portal holds."""

import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bench.candidates import Candidate
from bench.job import ROOT
from bench.portal import Holdings, Portal, Traffic
from bench.processes import temporary_home
from bench.runners import Claim, Job
from bench.works import Kind, Row, Work

LOOK_EVERY_SECONDS = 0.05
LONGEST_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a candidate did on a work.

    ``stored`` counts the work's keys the portal holds, ``doubled`` the records beyond one per key, ``linked`` the links
    asked for that exist (of contacts). ``overclaimed`` counts rows said to be stored that are not; ``named`` tells
    whether exactly the rows that could not be stored were named, None where there are none.
    """

    work: str
    title: str
    candidate: str
    calls: int
    writes: int
    throttled: int
    in_flight: int
    expected: int
    stored: int
    doubled: int
    linked: int | None
    claimed_ok: int
    claimed_failed: int
    overclaimed: int
    named: bool | None
    seconds: float
    error: str | None


def measure(candidate: Candidate, work: Work) -> Measurement:
    """Let a candidate do a work in a portal of its own."""
    with temporary_home() as folder, Portal(work.portal) as portal:
        job = folder / "job.json"

        def ask(kind: Kind, rows: list[Row]) -> None:
            portal.enter(kind, rows)
            Job(portal.url, portal.token, str(folder), kind, rows).write(job)

        if work.first:
            ask(Kind.COMPANIES, work.first)
            _run(candidate, job)
        ask(work.kind, work.rows)
        portal.forget()
        if work.kill_at is not None:
            _run_and_kill(candidate, job, portal, work.kill_at)
        claim = _run(candidate, job)
        return _compare(candidate, work, claim, portal.traffic(), portal.holdings())


def _command(candidate: Candidate, job: Path) -> list[str]:
    return [*candidate.command, str(job)]


def _run(candidate: Candidate, job: Path) -> Claim:
    done = subprocess.run(
        _command(candidate, job),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    return Claim.parse(done.stdout)


def _run_and_kill(candidate: Candidate, job: Path, portal: Portal, stored: int) -> None:
    """Start a candidate and kill it, as a machine that loses its power would, once so many records are stored."""
    process = subprocess.Popen(_command(candidate, job), cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + LONGEST_SECONDS
    while process.poll() is None and time.monotonic() < deadline and portal.stored() < stored:
        time.sleep(LOOK_EVERY_SECONDS)
    process.kill()
    process.wait()


def _compare(
    candidate: Candidate, work: Work, claim: Claim, traffic: Traffic, holdings: Holdings
) -> Measurement:
    held = Counter((holdings.companies if work.kind is Kind.COMPANIES else holdings.contacts).values())
    keys = {row.key for row in work.rows}
    really_ok = sum(1 for row in work.rows if row.key in held)
    return Measurement(
        work=work.name,
        title=work.title,
        candidate=candidate.short,
        calls=traffic.calls,
        writes=traffic.writes,
        throttled=traffic.throttled,
        in_flight=traffic.in_flight,
        expected=work.expected,
        stored=len(keys & held.keys()),
        doubled=held.total() - len(held),
        linked=_linked(work.rows, holdings) if work.kind is Kind.LINKED_CONTACTS else None,
        claimed_ok=claim.ok,
        claimed_failed=claim.failed,
        overclaimed=max(0, claim.ok - really_ok),
        named=set(claim.named) == set(work.refused) if work.refused else None,
        seconds=claim.seconds,
        error=claim.error,
    )


def _linked(rows: list[Row], holdings: Holdings) -> int:
    """Return how many of the links asked for the portal holds."""
    return len({(row.key, row.company) for row in rows} & {(start, end) for start, end in holdings.links})
