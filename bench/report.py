"""The tables on the terminal and the figures in a file."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.candidates import CANDIDATES
from bench.figures import Figure
from bench.measure import Measurement

BASE = CANDIDATES[0].short
TITLES = {candidate.short: candidate.title for candidate in CANDIDATES}
COLUMNS = (
    "work",
    "who",
    "calls",
    "writes",
    "429",
    "in flight",
    "stored",
    "doubled",
    "says",
    "names",
    "time",
    "error",
)

LEGEND = """\
calls, writes  HubSpot calls, and those meant to change data, as the sandbox counted them
stored         of the records the work asks for; red where one is missing
doubled        records beyond one per key
says           rows said to be stored, +rows said to have failed; red where it says stored and it is not
names          whether exactly the rows that cannot be stored were named
error          the last one that its code raised
time           of writing, against the first candidate on the same work in this run; 1x is the first itself

ml-connector's job reads Visma, matches, plans, and keeps a ledger; its calls are all it needs for that, and its time is
that of its load steps. The others are handed the rows. In Visma a key is there once, so W11 gives the job 50 rows."""


def show(measurements: Sequence[Measurement], skipped: dict[str, str]) -> None:
    """Print one table, a row per work and candidate, and why a candidate is not in it."""
    table = Table(*COLUMNS, title="The same work on the same sandbox")
    for column in table.columns[2:]:
        column.justify = "right"
    base = {found.work: found.seconds for found in measurements if found.candidate == BASE}
    last = ""
    for found in measurements:
        if last and found.work != last:
            table.add_section()
        table.add_row(
            f"{found.work}: {found.title}" if found.work != last else "", *_cells(found, base.get(found.work))
        )
        last = found.work
    console = _console()
    console.print(table)
    console.print(LEGEND, highlight=False)
    for short, reason in skipped.items():
        console.print(f"{TITLES[short]} is not in the table: {reason}", highlight=False)


def show_figures(figures: Sequence[Figure]) -> None:
    """Print one table, a row per figure that was asked for."""
    table = Table("goal", "what", "asked", "measured", "holds", title="What ml-connector promises")
    for column in table.columns[2:4]:
        column.justify = "right"
    last = ""
    for found in figures:
        if last and found.goal != last:
            table.add_section()
        holds = {True: "yes", False: "[red]no[/red]", None: ""}[found.holds]
        table.add_row(
            found.goal if found.goal != last else "", found.what, found.asked, found.measured, holds
        )
        last = found.goal
    _console().print(table)


def _console() -> Console:
    """Return a console that is wide enough where there is no terminal."""
    return Console(width=None if Console().is_terminal else 170)


def _cells(found: Measurement, base: float | None) -> tuple[str, ...]:
    stored = f"{found.stored:,} of {found.expected:,}"
    if found.linked is not None:
        stored += f", {found.linked:,} links"
    says = f"{found.claimed_ok:,}" + (f" +{found.claimed_failed:,}" if found.claimed_failed else "")
    return (
        TITLES[found.candidate],
        f"{found.calls:,}",
        f"{found.writes:,}",
        _marked(str(found.throttled), bad=found.throttled > 0),
        str(found.in_flight),
        _marked(stored, bad=found.stored < found.expected),
        _marked(str(found.doubled), bad=found.doubled > 0),
        _marked(says, bad=found.overclaimed > 0),
        {True: "yes", False: "[red]no[/red]", None: ""}[found.named],
        f"{found.seconds / base:.1f}x" if base else "",
        found.error or "",
    )


def _marked(text: str, *, bad: bool) -> str:
    return f"[red]{text}[/red]" if bad else text


def store(
    measurements: Sequence[Measurement], skipped: dict[str, str], figures: Sequence[Figure], path: Path
) -> None:
    """Write all figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {
        "measurements": [asdict(found) for found in measurements],
        "skipped": skipped,
        "goals": [asdict(found) for found in figures],
    }
    path.write_text(json.dumps(body, indent=2) + "\n")
