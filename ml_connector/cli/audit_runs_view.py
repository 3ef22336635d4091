"""How a run, and the difference between two, looks on a terminal."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.markup import escape

from ml_connector.audit.run import RunAudit
from ml_connector.audit.run_page import (
    STATUSES,
    call_rows,
    changed_rows,
    count_rows,
    end_rows,
    fact_rows,
    facts,
    only_rows,
    pair_counts,
    planned_rows,
    problem_rows,
    property_rows,
    settings_sentence,
    value_rows,
    verdict,
)
from ml_connector.audit.run_pair import RunPair
from ml_connector.cli.output import console, show_table

SHOWN = 15
"""Rows of a table without ``--all``."""


def show_run(audit: RunAudit, zone: ZoneInfo, *, everything: bool) -> None:
    """Print what a run did."""
    for name, value in facts(audit, zone).items():
        if value:
            console.print(f"[dim]{name:<12}[/] {escape(value)}", highlight=False)
    _table("Operations", ("what", "action", "end", "how many"), count_rows(audit), everything=everything)
    _table("Planned", ("what", "", "how many"), planned_rows(audit), everything=everything)
    _table("Changes by property", ("what", "property", "records"), changed_rows(audit), everything=everything)
    problems = [(what, why, many, keys) for what, why, _, many, keys in problem_rows(audit)]
    _table("Not written", ("what", "why", "many", "such as"), problems, everything=everything)
    calls = ", ".join(f"{system} {name} {many}" for system, name, many in call_rows(audit))
    if calls:
        console.print(f"Calls: {calls}.", highlight=False)
    if audit.today:
        changed = [(one.name, one.old or "", one.new or "") for one in audit.today]
        _table("Settings that are others today", ("setting", "then", "today"), changed, everything=everything)
    else:
        console.print(f"Settings that are others today: {settings_sentence(audit)}", highlight=False)
    console.print(STATUSES.get(audit.row.status, (audit.row.status, ""))[0], style="bold")


def show_pair(pair: RunPair, zone: ZoneInfo, *, everything: bool) -> None:
    """Print how two runs differ."""
    _table("The two runs", ("", "run A", "run B"), fact_rows(pair, zone), everything=True)
    counts = pair_counts(pair)
    _table("Operations", ("what", "action", "end", "run A", "run B"), counts, everything=everything)
    _table("In one run only", ("what", "only in", "many", "such as"), only_rows(pair), everything=everything)
    _table(
        "Another end", ("what", "run A", "run B", "many", "such as"), end_rows(pair), everything=everything
    )
    _table("Other values", ("what", "property", "records"), property_rows(pair), everything=everything)
    _table("Such as", ("record", "property", "run A", "run B"), value_rows(pair), everything=everything)
    settings = [(one.name, one.old or "", one.new or "") for one in pair.settings]
    _table("Settings that differ", ("setting", "run A", "run B"), settings, everything=everything)
    console.print(verdict(pair), style="bold", highlight=False)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, everything: bool) -> None:
    """Print a table that has rows, the first of them; the rest is said in a sentence."""
    if not rows:
        return
    shown = rows if everything else rows[:SHOWN]
    show_table(title, columns, shown)
    if len(rows) > len(shown):
        console.print(f"And {len(rows) - len(shown)} more; see all with --all or --json.", style="dim")
