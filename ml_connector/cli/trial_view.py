"""How the trial of one record looks on a terminal."""

from collections.abc import Iterable, Sequence

from rich.markup import escape

from ml_connector.cli.output import console
from ml_connector.cli.plan_view import BLANK, indented
from ml_connector.plan.merging import Outcome
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.view import item_of
from ml_connector.trial.decisions import FieldDecision
from ml_connector.trial.model import LINKED, Candidate, Trial, Tried

QUIET = frozenset({Outcome.EQUAL, Outcome.NO_VALUE})
"""Decisions that are counted only, without ``--all``: nothing happens, and nothing was kept from happening."""

VERDICTS = {
    Action.CREATE: "would be made",
    Action.UPDATE: "would be changed",
    Action.LINK: "would be linked",
    Action.UNLINK: "would be unlinked",
    Action.ARCHIVE: "would be archived",
    Action.OPEN: "would be opened",
    Action.UNCHANGED: "stays as it is",
    Action.SKIP: "would be left out",
    Action.CONFLICT: "would wait for a person",
    Action.REJECT: "cannot be sent",
}


def show_trial(trial: Trial, *, everything: bool) -> None:
    """Print what would become of a record, then of what it belongs to; nothing that was written, as nothing was."""
    for tried in trial.about:
        _show(tried, everything=everything)
    if trial.shared:
        console.print(f"The same HubSpot record is {', '.join(trial.shared)} too.")
    if trial.owner:
        console.print("\n[bold]It belongs to[/]")
        for tried in trial.owner:
            _show(tried, everything=everything)
    for note in trial.notes:
        console.print(note, style="dim")
    visma, hubspot = trial.calls
    console.print(
        f"Tried with {visma} calls to Visma and {hubspot} to HubSpot; nothing was written anywhere."
    )


def _show(tried: Tried, *, everything: bool) -> None:
    operation, item = tried.operation, item_of(tried.operation)
    name = " -> ".join(item.ends) if item.ends else " + ".join(item.keys)
    title = f" {escape(item.title)}" if item.title else ""
    where = f" (HubSpot {operation.hubspot_id})" if operation.hubspot_id else ""
    console.print(f"[cyan]{escape(name)}[/]{title}{where} [bold]{VERDICTS[operation.action]}[/]")
    if operation.reason:
        indented(escape(operation.reason))
    _show_candidates(operation, tried.candidates)
    _show_fields(tried.fields, everything=everything)


def _show_candidates(operation: Operation, candidates: Iterable[Candidate]) -> None:
    """Say what each rule found; of a record that is linked already the first line says all there is."""
    for one in candidates:
        if one.rule == LINKED:
            continue
        fits = "decides" if operation.hubspot_id else "fits"
        verdict = one.ruled_out or (fits if one.rule == operation.rule else "is not asked any more")
        name = f" {escape(one.name)}" if one.name else ""
        indented(
            f"by {escape(one.rule.replace('_', ' '))}: HubSpot {one.hubspot_id}{name} [dim]({verdict})[/]"
        )


def _show_fields(fields: Sequence[FieldDecision], *, everything: bool) -> None:
    quiet = 0
    for field in fields:
        if field.decision in QUIET and not everything:
            quiet += 1
            continue
        if field.held == field.after:
            shown = escape(field.held or BLANK)
            told = f"; Visma has {escape(field.visma)}" if field.visma and field.visma != field.held else ""
            indented(f"{field.name}: {shown} [dim]({field.why}{told})[/]", 4)
        else:
            indented(f"{field.name}: {escape(field.held or BLANK)} -> {escape(field.after or BLANK)}", 4)
    if quiet:
        indented(f"and {quiet} values that are equal or empty in Visma; see them with --all", 4, style="dim")
