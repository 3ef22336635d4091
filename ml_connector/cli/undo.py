"""``undo``: take back what a run wrote in HubSpot, but for what was changed since; see it first with ``--dry``."""

import sys
import time
from typing import TYPE_CHECKING

import click

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import json_option
from ml_connector.cli.sync import follow
from ml_connector.errors import UsageError
from ml_connector.settings import ConnectionSettings

if TYPE_CHECKING:
    from ml_connector.cli.undo_view import Undone

STOPPED = "Stopped. What was taken back is in the ledger; the same undo goes on from there."


@click.command(short_help="Take back what a run wrote, but for what was changed since.")
@click.argument("name")
@click.option("--run", "run_id", metavar="ID", required=True, help="The run to undo.")
@click.option("--dry", is_flag=True, help="Show what would be taken back and what stays; write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@click.option("--all", "everything", is_flag=True, help="Show every operation, not the first of each kind.")
@json_option
def undo(name: str, run_id: str, *, dry: bool, yes: bool, everything: bool, as_json: bool) -> None:
    """Take back what a run of connection NAME wrote in HubSpot, as a run of its own.

    Values go back to what they were where HubSpot still holds what that run wrote. Records it made are archived
    where nobody has touched them since; links it made are removed. Everything else stays and is listed.
    """
    from ml_connector.cli.undo_view import Undone, show
    from ml_connector.database import engine
    from ml_connector.ledger.runs import RunReader
    from ml_connector.undo.choice import require_undoable

    if not (dry or yes) and (as_json or not someone_is_there()):
        raise UsageError(
            "Nobody can be asked here.", remedy="Look at it with --dry, then give --yes to carry it out."
        )
    settings, runs = find_connection(name), RunReader(engine(), name)
    chosen = runs.named(run_id)
    require_undoable(name, chosen, alive=False)
    undone = Undone(name, chosen.run_id, chosen.kind, runs.undone_by(chosen.run_id))
    if dry or not yes:
        take_back(settings, undone, dry=True, quiet=as_json)
        show(undone, everything=everything, as_json=as_json)
        if dry or undone.error is not None or not _asked(undone):
            raise click.exceptions.Exit(undone.exit_code)
    take_back(settings, undone, dry=False, quiet=as_json)
    show(undone, everything=everything, as_json=as_json)
    raise click.exceptions.Exit(undone.exit_code)


def take_back(settings: ConnectionSettings, undone: "Undone", *, dry: bool, quiet: bool) -> None:
    """Run the undo, or only its plan, and note what it came to."""
    from ml_connector.database import engine
    from ml_connector.instance import connector_instance, fail_dead_runs
    from ml_connector.ledger.runs import RunReader
    from ml_connector.running import UndoRun

    started = time.monotonic()
    undone.dry = dry
    with connector_instance(keeps_output=False) as instance:
        fail_dead_runs(instance)
        run = UndoRun(instance, settings, run_id=undone.of_run, dry=dry)
        undone.run_id = run.run_id
        undone.error = follow(run, undone.of_run[:8], quiet=quiet, stopped=STOPPED)
        if undone.error is None and not run.succeeded:
            undone.error = "The run did not succeed; the Dagster UI has its events."
        undone.take(RunReader(engine(), settings.name).outcome(run.run_id))
        if undone.error is None:
            undone.plan(run.operations)
    undone.seconds = round(time.monotonic() - started, 2)


def someone_is_there() -> bool:
    """Return whether a person can be asked."""
    return sys.stdin.isatty()


def _asked(undone: "Undone") -> bool:
    """Ask a person whether to carry out what was planned; where there is nothing to do, nobody is asked."""
    words = undone.in_words
    return bool(words) and click.confirm(f"Shall I {words}?", default=False, err=True)
