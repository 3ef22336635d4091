"""``edits``: what people changed in HubSpot after our last write, and what became of it."""

from collections.abc import Iterable

import click
from rich.markup import escape

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import console, emit, json_option
from ml_connector.database import engine
from ml_connector.ledger.edits import KnownEdit, known_edits

SHOWN = 50
"""Edits that a terminal shows without ``--all``."""

NOTHING = "(nothing)"


@click.command(short_help="List values that people changed in HubSpot.")
@click.argument("name")
@click.option("--all", "everything", is_flag=True, help="Show every edit, not the first ones.")
@json_option
def edits(name: str, *, everything: bool, as_json: bool) -> None:
    """List the values of connection NAME that were changed in HubSpot after our last write, where Visma differs.

    By the policy of the property such a value was kept, kept and flagged on the HubSpot record, or overwritten.
    """
    find_connection(name)
    found = known_edits(engine(), name)
    if as_json:
        emit({"connection": name, "edits": [item.as_dict() for item in found]})
    elif not found:
        console.print(f"{name}: nobody changed a value in HubSpot that Visma has otherwise.")
    else:
        _show(found, len(found) if everything else SHOWN)


def _show(found: list[KnownEdit], most: int) -> None:
    for item in found[:most]:
        console.print(
            f"[cyan]{escape(item.record)}[/] {item.property}: {item.outcome}{_when(item)}",
            soft_wrap=not console.is_terminal,
        )
        for label, value in _sides(item):
            console.print(f"    {label}: {escape(value or NOTHING)}", soft_wrap=not console.is_terminal)
    if len(found) > most:
        console.print(f"and {len(found) - most:,} more; see all with --all or --json", style="dim")


def _sides(item: KnownEdit) -> Iterable[tuple[str, str | None]]:
    return (("HubSpot", item.theirs), ("Visma", item.wanted), ("we wrote", item.ours))


def _when(item: KnownEdit) -> str:
    moment = f", changed {item.edited_at:%Y-%m-%d %H:%M} UTC" if item.edited_at else ""
    return f"{moment} by {item.source}" if item.source else moment
