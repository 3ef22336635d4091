"""How the duplicate desk looks on a terminal: what waits, what was decided, and the evidence side by side."""

from collections.abc import Sequence

from rich import box
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from ml_connector.cli.output import console
from ml_connector.cli.program import as_called
from ml_connector.desk.evidence import Candidate, Evidence
from ml_connector.desk.opened import Open
from ml_connector.desk.page import standing

SHOWN = 30
"""Records that a terminal shows without ``--all``."""


def show_open(name: str, found: Sequence[Open], *, everything: bool) -> None:
    """Print what waits for a person, by its cause."""
    if not found:
        line(f"{name}: nothing waits for a decision.")
        return
    many = "1 record waits" if len(found) == 1 else f"{len(found):,} records wait"
    line(f"{many} for a decision in {name}.")
    by_cause: dict[str, list[Open]] = {}
    for one in found:
        by_cause.setdefault(one.state, []).append(one)
    for state, mine in by_cause.items():
        console.print(f"\n[bold]{len(mine):,}:[/] {escape(state)}")
        shown = mine if everything else mine[:SHOWN]
        more = f" and {len(mine) - len(shown):,} more (--all or --json)" if len(shown) < len(mine) else ""
        named = ", ".join(one.key for one in shown)
        console.print(Padding(escape(f"{named}{more}"), (0, 0, 0, 2)), style="dim")
    line(as_called(f"\nThe evidence for one: ml-connector conflicts {name} show {found[0].key}"))


def show_decided(found: Sequence[Open], *, everything: bool) -> None:
    """Print what was decided."""
    if not found:
        return
    console.print("\n[bold]Decided:[/]")
    shown = found if everything else found[:SHOWN]
    for one in shown:
        note = f" ({one.decision.note})" if one.decision and one.decision.note else ""
        line(f"  {one.key}: {one.decided}{note}. {one.state}")
    if len(shown) < len(found):
        console.print(f"and {len(found) - len(shown):,} more; see all with --all or --json", style="dim")


def show_evidence(name: str, found: Evidence) -> None:
    """Print a Visma record beside each HubSpot record it may be."""
    key = found.record.key
    line(f"{key}: {standing(found)}")
    if not found.candidates:
        line("No rule finds a HubSpot record for it.")
    for one in found.candidates:
        console.print(_side_by_side(found, one))
        line(f"  Found by {', '.join(one.rules) or 'no rule'}. {_about(one)}")
    if found.left_out:
        line(f"And {found.left_out:,} more that the rules find.")
    command = f"ml-connector conflicts {name}"
    line(as_called(f"\nDecide: {command} link {key} ID, or create, ignore or forget {key}."))


def _side_by_side(found: Evidence, candidate: Candidate) -> Table:
    linked = " (linked now)" if candidate.linked else ""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    columns = ("", f"Visma {found.record.key}", "", f"HubSpot {candidate.hubspot_id}{linked}")
    for column in columns:
        table.add_column(escape(column), overflow="fold")
    for visma, hubspot in zip(found.values, candidate.values, strict=True):
        mark = "[green]=[/]" if hubspot.equal else ""
        table.add_row(visma.label, escape(visma.shown), mark, escape(hubspot.shown))
    return table


def _about(candidate: Candidate) -> str:
    carried = f"It carries the id of {' and '.join(candidate.visma)}." if candidate.visma else "No Visma id."
    owner = "It has an owner." if candidate.owned else "No owner."
    changed = f" Last changed {candidate.modified} UTC." if candidate.modified else ""
    rivals = f" Claimed by {', '.join(candidate.rivals)} too." if candidate.rivals else ""
    return f"{carried} {owner}{changed}{rivals}"


def line(text: str) -> None:
    """Print a line that wraps on a terminal only."""
    console.print(escape(text), soft_wrap=not console.is_terminal)
