"""Who does the works. One file per candidate; each is a program of its own, so that it can be killed and timed alike.

A runner gets the path of a job file as its only argument, does the job, and prints one line of JSON, its claim, as the
last line on standard output. What it claims is compared with what the portal holds.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter

from bench.works import Kind, Row


@dataclass(frozen=True, slots=True)
class Job:
    """What a runner is asked to do: write ``rows`` of one kind into the portal at ``url`` with the bearer ``token``.

    ``home`` is an empty folder at first, for what a candidate keeps from one run to the next.
    """

    url: str
    token: str
    home: str
    kind: Kind
    rows: list[Row]

    def write(self, path: Path) -> None:
        """Store the job for a runner in any language."""
        path.write_text(json.dumps(asdict(self)))

    @staticmethod
    def read(path: Path) -> "Job":
        """Return the job stored by :meth:`write`."""
        body = json.loads(path.read_text())
        rows = [Row(**row) for row in body["rows"]]
        return Job(body["url"], body["token"], body["home"], Kind(body["kind"]), rows)


@dataclass(slots=True)
class Claim:
    """What a runner says it did.

    ``ok`` and ``failed`` count rows, ``named`` holds the keys of the failed ones it could name, ``seconds`` is the time
    it spent writing, without its start (what it does not say is measured), and ``error`` what stopped it.
    """

    ok: int = 0
    failed: int = 0
    named: list[str] = field(default_factory=list)
    seconds: float = 0.0
    error: str | None = None

    @staticmethod
    def parse(output: str) -> "Claim":
        """Return the claim in the last line of a runner's output; without one, an empty claim that says so."""
        lines = output.strip().splitlines()
        try:
            return Claim(**json.loads(lines[-1]))
        except (IndexError, ValueError, TypeError):
            return Claim(error="ended without a claim")


def chunks(rows: Sequence[Row], size: int = 100) -> Iterator[Sequence[Row]]:
    """Yield the rows in pieces of the size HubSpot's batches take."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def main(do: Callable[[Job, Claim], None]) -> None:
    """Run a Python runner: read the job, let ``do`` fill in the claim, print it."""
    job = Job.read(Path(sys.argv[1]))
    claim = Claim()
    started = perf_counter()
    try:
        do(job, claim)
    except Exception as error:
        claim.error = type(error).__name__
    claim.seconds = claim.seconds or perf_counter() - started
    print(json.dumps(asdict(claim)))
