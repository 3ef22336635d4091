"""How a trial of other settings looks on a terminal."""

from rich.markup import escape

from ml_connector.cli.output import console
from ml_connector.cli.plan_view import BLANK, indented
from ml_connector.trial.changed import Changed, WhatIf
from ml_connector.trial.page import by_kind, end, headline, said, why

SHOWN = 5
"""Records of each kind, and of each property, that a terminal shows without ``--all``."""


def show_what_if(found: WhatIf, *, everything: bool) -> None:
    """Print what would change; the headline comes last, where the eye is."""
    for one in found.both:
        _show_shifts(one, everything=everything)
        _show_values(one, everything=everything)
    for one in found.both:
        console.print(f"{one.records:,} {one.entity} were matched and merged by both settings.")
    if found.not_looked_at:
        console.print(f"These differ too and were not looked at: {', '.join(found.not_looked_at)}.")
    console.print(f"[bold]{headline(found)}[/]")
    console.print(
        f"{found.calls:,} calls to HubSpot and none to Visma; nothing was written. "
        "Links that are made stay as they are, whatever the rules would make of them now.",
        style="dim",
        soft_wrap=not console.is_terminal,
    )


def _show_shifts(one: Changed, *, everything: bool) -> None:
    for kind, shifts in by_kind(one).items():
        many = one.kinds[kind]
        console.print(f"\n[bold]{one.entity.capitalize()}: {said(kind, many)}[/]")
        shown = shifts if everything else shifts[:SHOWN]
        for shift in shown:
            ends = f"{end(shift.old)} -> {end(shift.new)}"
            about = f" [dim]({escape(why(shift))})[/]" if why(shift) else ""
            indented(f"[cyan]{escape(shift.record)}[/] {ends}{about}")
        _show_rest(many - len(shown))


def _show_values(one: Changed, *, everything: bool) -> None:
    for name, many in sorted(one.properties.items()):
        records = f"{many:,} record{'s' * (many != 1)} would hold another value"
        console.print(f"\n[bold]{one.entity.capitalize()}: {escape(name)} of {records}[/]")
        values = [shift for shift in one.values if shift.name == name]
        shown = values if everything else values[:SHOWN]
        for shift in shown:
            indented(
                f"[cyan]{escape(shift.record)}[/] {escape(shift.old or BLANK)} -> {escape(shift.new or BLANK)}"
            )
        _show_rest(many - len(shown))


def _show_rest(many: int) -> None:
    if many > 0:
        indented(f"and {many:,} more; see all with --all or --json", style="dim")
