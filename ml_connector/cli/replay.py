"""``replay``: windows again from their stored snapshots, without a call to Visma; or what that would do, compared."""

from typing import TYPE_CHECKING

import click
from pydantic import ValidationError

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import emit, json_option
from ml_connector.cli.sync import Summary, chosen_range, document, finish, run_windows, show_summary
from ml_connector.errors import UsageError
from ml_connector.settings import ConnectionSettings

if TYPE_CHECKING:
    from ml_connector.ledger.runs import Run, RunReader

SHOWN = 20
"""Differing operations that a terminal names of each kind without ``--all``."""


@click.command(short_help="Sync windows again from what is stored; Visma is not asked.")
@click.argument("name")
@click.option("--run", "run_id", metavar="ID", help="The windows and the snapshots of this run.")
@click.option("--partition", metavar="KEY", help="This window, from its newest snapshots.")
@click.option("--from", "first", metavar="KEY", help="First window of a range.")
@click.option("--to", "last", metavar="KEY", help="Last window of a range.")
@click.option("--dry", is_flag=True, help="Write nothing: compare the plan with what that run did.")
@click.option(
    "--settings",
    "when",
    type=click.Choice(["now", "then"]),
    default="now",
    show_default=True,
    help="On today's settings, or with --run on those of that time.",
)
@click.option("--yes", is_flag=True, help="Write even where far more would change than usual.")
@click.option("--all", "everything", is_flag=True, help="Name every difference, not the first of each kind.")
@json_option
def replay(
    name: str,
    run_id: str | None,
    partition: str | None,
    first: str | None,
    last: str | None,
    when: str,
    *,
    dry: bool,
    yes: bool,
    everything: bool,
    as_json: bool,
) -> None:
    """Carry stored windows of connection NAME into HubSpot again: the steps records, plan and hubspot.

    With --run the snapshots are those that run made, even where newer ones exist. An old window never overwrites
    what a newer one has written. The run shows in the Dagster UI like any other, as a replay.
    """
    from ml_connector.database import engine
    from ml_connector.ledger.runs import RunReader
    from ml_connector.options import KIND_TAG, OF_RUN_TAG
    from ml_connector.running import REPLAY_STEPS

    settings, chosen = find_connection(name), chosen_range(partition, first, last)
    runs = RunReader(engine(), name)
    old = _named(runs, run_id, chosen, when)
    if old is not None:
        chosen = (old.first, old.last)
    if when == "then" and old is not None:
        settings = settings_of(old)
    tags = {OF_RUN_TAG: runs.source_of(old).run_id} if old is not None else {}
    summary = run_windows(
        settings,
        *chosen,
        steps=REPLAY_STEPS[:-1] if dry else REPLAY_STEPS,
        options={"accept_mass_change": True} if yes else {},
        quiet=as_json,
        command="replay",
        tags=tags if dry else {**tags, KIND_TAG: "replay"},
    )
    if not dry or summary.status == "failed":
        finish(summary, as_json=as_json)
    against = old or runs.last_load(summary.partitions[0], summary.partitions[-1])
    _show_comparison(settings, summary, against, everything=everything, as_json=as_json)


def settings_of(old: "Run") -> ConnectionSettings:
    """Return the settings that a run had.

    Raises:
        UsageError: an older version ran it, which kept none, or kept them in a form that is no more.
    """
    remedy = "Leave out --settings: the replay then runs on today's settings."
    if old.settings is None:
        raise UsageError(
            f"Run {old.run_id} was made by an older version, which did not keep its settings.", remedy=remedy
        )
    try:
        return ConnectionSettings.model_validate(old.settings)
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors()}))
        raise UsageError(
            f"The settings of run {old.run_id} do not fit this version any more ({fields}).", remedy=remedy
        ) from None


def _named(
    runs: "RunReader", run_id: str | None, chosen: tuple[str | None, str | None], when: str
) -> "Run | None":
    """Return the run that is to be replayed, None where windows are named.

    Raises:
        UsageError: neither or both are named, or the run had no windows.
    """
    if (run_id is None) == (chosen[0] is None):
        raise UsageError(
            "Name what to replay: a run or windows.",
            remedy="Give --run ID, or --partition KEY, or --from KEY --to KEY.",
        )
    if run_id is None:
        if when == "then":
            raise UsageError("--settings then needs --run.", remedy="Name the run whose settings you mean.")
        return None
    old = runs.named(run_id)
    if old.first is None or old.last is None:
        raise UsageError(
            f"Run {old.run_id} worked on no windows, so there is nothing to replay.",
            remedy="Name a run of sync, plan or replay.",
        )
    return old


def _show_comparison(
    settings: ConnectionSettings,
    summary: Summary,
    against: "Run | None",
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Show what is planned now beside what that run did, and end the command well whatever the two are."""
    from ml_connector.cli.comparison_view import as_document, show_comparison
    from ml_connector.database import engine
    from ml_connector.replay.comparison import compare
    from ml_connector.running import planned_operations

    run_id = against.run_id if against is not None else None
    found = compare(
        engine(),
        settings.name,
        run_id or "",
        planned_operations(settings, summary.partitions),
        most=None if everything or as_json else SHOWN,
    )
    if as_json:
        emit({**document(summary), **as_document(found, run_id)})
    else:
        show_comparison(found, run_id)
        show_summary(summary)
