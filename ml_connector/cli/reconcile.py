"""``reconcile``: compare Visma and HubSpot in this process, file the statement, and say where the two differ."""

import re
import shutil
import time
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import (
    EXIT_FAILED,
    EXIT_REJECTS,
    console,
    emit,
    json_option,
    show_error,
    show_table,
)
from ml_connector.cli.sync import follow
from ml_connector.errors import StorageError, UsageError
from ml_connector.settings import ConnectionSettings

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

NAMED = 5
"""Records that are named for each cause; the statement has all of them."""

STOPPED = "Stopped. Nothing was filed; what a repair had handed on by then stays so."


@dataclass(slots=True)
class Outcome:
    """What a reconciliation came to: its statement, where the files are, or why it failed."""

    connection: str
    run_id: str
    seconds: float
    statement: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    error: str | None = None

    @property
    def status(self) -> str:
        """How it ended, for scripts."""
        if self.error is not None:
            return "failed"
        return "agrees" if self.statement["agrees"] else "differences"

    @property
    def exit_code(self) -> int:
        """0 the two agree, 1 failed, 3 there are differences."""
        return {"failed": EXIT_FAILED, "differences": EXIT_REJECTS}.get(self.status, 0)


@click.command(short_help="Prove that both systems agree to the cent, or say where not.")
@click.argument("name")
@click.option("--month", metavar="YYYY-MM", help="Compare the documents of this month only.")
@click.option("--repair", is_flag=True, help="Hand what drifted to the next sync; archive by the policy.")
@click.option(
    "--out", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path), help="Copy the files there."
)
@json_option
def reconcile(name: str, month: str | None, out: Path | None, *, repair: bool, as_json: bool) -> None:
    """Compare everything connection NAME carries: read Visma and HubSpot afresh, add up, and file a statement.

    Exit code 0 says that the two agree, 3 that they differ. The run shows in the Dagster UI like any other.
    """
    if month is not None and MONTH.fullmatch(month) is None:
        raise UsageError(f"{month!r} is not a month.", remedy="Write it as 2026-11.")
    outcome = run_reconciliation(find_connection(name), month=month, repair=repair, out=out, quiet=as_json)
    if as_json:
        emit(document(outcome))
    else:
        show_outcome(outcome)
    raise click.exceptions.Exit(outcome.exit_code)


def run_reconciliation(
    settings: ConnectionSettings, *, month: str | None, repair: bool, out: Path | None, quiet: bool
) -> Outcome:
    """Run a reconciliation and return what it came to."""
    from ml_connector.instance import connector_instance, fail_dead_runs
    from ml_connector.reconciliation.files import FORMS, path_of, read_statement
    from ml_connector.running import ReconciliationRun
    from ml_connector.storage_root import StorageRoot

    started = time.monotonic()
    with connector_instance(keeps_output=False) as instance:
        fail_dead_runs(instance)
        run = ReconciliationRun(instance, settings, month=month, repair=repair)
        error = follow(run, month or "all months", quiet=quiet, stopped=STOPPED)
        outcome = Outcome(settings.name, run.run_id, 0.0, error=error)
        if error is None and not run.succeeded:
            outcome.error = "The run did not succeed; the Dagster UI has its events."
    if outcome.error is None:
        root = StorageRoot()
        outcome.statement = read_statement(root, settings.name, run.run_id)
        places = {form: root.place(path_of(settings.name, run.run_id, form)) for form in FORMS}
        outcome.files = _copied(places, out) if out else {form: str(place) for form, place in places.items()}
    outcome.seconds = round(time.monotonic() - started, 2)
    return outcome


def _copied(places: dict[str, Any], folder: Path) -> dict[str, str]:
    """Copy the files of a statement into a folder, which is made where it is missing; return where they are."""
    copies: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for form, place in places.items():
            copy = folder / place.name
            with place.open("rb") as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target)
            copies[form] = str(copy)
    except OSError as error:
        raise StorageError(
            f"The statement cannot be copied to {folder} ({error.strerror or type(error).__name__}).",
            remedy="Name another folder with --out.",
        ) from error
    return copies


def document(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome as the JSON document of the command; after a failure there is an error and no statement."""
    found = {
        "connection": outcome.connection,
        "run_id": outcome.run_id,
        "status": outcome.status,
        "seconds": outcome.seconds,
    }
    if outcome.error is not None:
        return {**found, "error": outcome.error}
    return {**found, **outcome.statement, "files": outcome.files}


def show_outcome(outcome: Outcome) -> None:
    """Print the totals, the checks, what differs by cause with the command that repairs it, and where the files are."""
    if outcome.error is not None:
        show_error(outcome.error)
        return
    statement = outcome.statement
    _show_totals(statement)
    for check in statement["checks"]:
        mark = "[green]✓[/]" if check["passed"] else "[bold red]✗[/]"
        console.print(f"{mark} {check['name'].replace('_', ' ')}: {check['sentence']}", highlight=False)
    if statement["different"]:
        _show_causes(statement)
    for note in statement["notes"]:
        console.print(note, highlight=False, soft_wrap=not console.is_terminal)
    verdict = "Visma and HubSpot agree to the cent" if statement["agrees"] else "Visma and HubSpot differ"
    synced = f", synced through {statement['synced_through']}" if statement["synced_through"] else ""
    span = f" in {statement['month']}" if statement["month"] else ""
    console.print(f"{verdict}{span}{synced}. Compared in {outcome.seconds:.1f} s. Run {outcome.run_id}.")
    console.print(f"Statement: {outcome.files['html']}", soft_wrap=True, highlight=False)


def _show_totals(statement: dict[str, Any]) -> None:
    """Print the totals of the one month that was compared, else those that differ; of kinds that both systems keep."""
    from ml_connector.reconciliation.facts import Kind
    from ml_connector.reconciliation.statement import KIND_WORDS

    month = statement["month"]
    rows = [
        (
            *(() if month else (total["month"] or "no date",)),
            total["currency"],
            KIND_WORDS[Kind(total["kind"])].lower(),
            *(Decimal(total[side]["amount"]) for side in ("visma", "hubspot")),
            *(Decimal(total[side]["balance"]) for side in ("visma", "hubspot")),
        )
        for total in statement["totals"]
        if total["kind"] in statement["kinds"] and (month or total["visma"] != total["hubspot"])
    ]
    if rows:
        columns = (
            *(() if month else ("month",)),
            "",
            "",
            "Visma",
            "HubSpot",
            "open in\nVisma",
            "open in\nHubSpot",
        )
        show_table(f"{statement['connection']}, {month or 'totals that differ'}", columns, rows)


def _show_causes(statement: dict[str, Any]) -> None:
    """Print each cause with how many, some of the records, and the command."""
    by_cause: dict[tuple[str, str], list[str]] = {}
    for item in statement["differences"]:
        by_cause.setdefault((item["cause"], item["command"]), []).append(item["key"])
    rows = [
        (cause, len(keys), ", ".join(keys[:NAMED]) + " …" * (len(keys) > NAMED), command)
        for (cause, command), keys in by_cause.items()
    ]
    show_table(
        f"{statement['different']} records differ", ("cause", "how many", "such as", "what to do"), rows
    )
    left = statement["different"] - len(statement["differences"])
    if left:
        console.print(f"And {left} more that are counted but not listed.")
