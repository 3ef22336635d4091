"""A year of a mid-size company in one first window: whether all of it arrives, and what that costs.

5,000 customers, 42,200 documents with four lines, 30,000 payments and 20,000 journal batches, or a part of that.
"""

import math

from bench.books import PAIRS, Books
from bench.figures import Figure, at_most, exactly, seconds_here, shown
from bench.job import JobReport
from bench.portal import Traffic
from bench.trial import trial
from bench.works import PortalSettings

RECORDS = ("purchases", "invoices", "payments", "transactions")
ROWS = ("companies", "contacts", "purchases", "invoices", "line_items", "payments", "transactions")
"""What counts as a row; links are not counted as rows of their own."""

SMALL = 0.02
"""The part of the year for what does not depend on size."""

PEAK_MB = 1_000.0
CPU_MS = 1.5
LINKS_A_CALL = 2_000
AGAIN = 10
"""HubSpot calls of a run in which nothing changed."""


def year(part: float) -> list[Figure]:
    """Load the year, load it again unchanged, and reconcile; then again in a portal that takes less."""
    with trial(PortalSettings(year=part, takes_all=True), records=RECORDS) as here:
        first = here.load()
        traffic, books = here.portal.traffic(), here.portal.books()
        here.load()
        again = here.portal.traffic()
        statement = here.reconcile()
    return [
        shown("year", "read", _read(first)),
        *_whole(books),
        *_agrees(statement),
        *_calls(traffic, books),
        exactly("year", "writes of the same again", again.writes, 0),
        at_most("year", "HubSpot calls of the same again", again.calls, AGAIN),
        *(shown("year", f"again: {path}", f"{many:,}") for path, many in sorted(again.paths.items())),
        *_cost(first, statement),
        *_refusing(min(part, SMALL)),
    ]


def _whole(books: Books) -> list[Figure]:
    wanted = books.documents
    return [
        exactly("year", "released documents in HubSpot", books.there, wanted),
        exactly("year", "with exactly their lines, adding up", books.lines, wanted),
        exactly("year", "linked with their company, and deal", books.linked, wanted),
        exactly("year", "with the right status", books.statuses, wanted),
        exactly("year", "with the right balance", books.balances, wanted),
        exactly("year", "doubled or stray", books.doubled, 0),
        *(shown("year", "not as they should be, such as", key) for key in books.wrong),
    ]


def _agrees(statement: JobReport) -> list[Figure]:
    return [
        Figure("year", f"statement: {name}", "yes", answer, not answer.startswith("NO"))
        for name, answer in statement.statement.items()
    ]


def _calls(traffic: Traffic, books: Books) -> list[Figure]:
    """Return the figures about calls: those that write beside what was asked, and each of those that read."""
    lines, invoices = books.records["line_items"], books.records["invoices"]
    found = [
        at_most("year", "line writes", traffic.writes_of("/line_items/batch/up"), math.ceil(lines * 0.0105)),
        at_most(
            "year",
            "invoice writes",
            traffic.writes_of("/invoices/batch/up"),
            2 * math.ceil(invoices * 0.0105),
        ),
        exactly("year", "answers 429", traffic.throttled, 0),
    ]
    for start, end in PAIRS:
        links = books.links[f"{start} > {end}"]
        calls = sum(
            many
            for path, many in traffic.paths.items()
            if path.endswith(f"{start.removeprefix('p')}/{end}/batch/create")
        )
        most = math.ceil(1.2 * links / LINKS_A_CALL)
        found.append(at_most("year", f"calls for {links:,} links {start} > {end}", calls, most))
    reads = {path: many for path, many in traffic.paths.items() if not traffic.writes_of(path)}
    return [*found, *(shown("year", f"read: {path}", f"{many:,}") for path, many in sorted(reads.items()))]


def _cost(first: JobReport, statement: JobReport) -> list[Figure]:
    rows = sum(first.count(entity, "read") for entity in ROWS)
    return [
        at_most("year", "peak memory of the run process", round(first.peak_mb, 1), PEAK_MB, " MB"),
        shown("year", "highest in", _highest(first)),
        at_most(
            "year", f"CPU for each of {rows:,} rows", 1000 * first.cpu_seconds / max(1, rows), CPU_MS, " ms"
        ),
        seconds_here("year", "the whole run", first.seconds, ""),
        at_most("year", "peak memory of the reconciliation", round(statement.peak_mb, 1), PEAK_MB, " MB"),
        seconds_here("year", "the reconciliation", statement.seconds, ""),
        shown("year", "longest steps", _longest(first)),
    ]


def _refusing(part: float) -> list[Figure]:
    """Load into a portal without payments and custom objects, twice: what it refused once is not sent again."""
    with trial(PortalSettings(year=part), records=RECORDS) as here:
        here.load()
        here.load()
        again = here.portal.traffic()
    what = "again, where payments and transactions are refused"
    return [
        exactly("year", f"writes {what}", again.writes, 0),
        at_most("year", f"HubSpot calls {what}", again.calls, AGAIN),
        *(shown("year", f"so: {path}", f"{many:,}") for path, many in sorted(again.paths.items())),
    ]


def _read(report: JobReport) -> str:
    return ", ".join(f"{counts['read']:,} {entity}" for entity, counts in report.entities.items())


def _highest(report: JobReport) -> str:
    most = sorted(report.peaks.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{step} {size:.0f} MB" for step, size in most)


def _longest(report: JobReport) -> str:
    most = sorted(report.steps.items(), key=lambda item: -item[1])[:5]
    return ", ".join(f"{step} {seconds:.0f} s" for step, seconds in most)
