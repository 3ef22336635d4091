"""``plan``: what a sync would change, operation by operation. Writes nothing in HubSpot."""

import click

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import emit, json_option
from ml_connector.cli.sync import chosen_range, document, run_windows, show_summary

SHOWN = 5
"""Operations of each kind that a terminal shows without ``--all``; more would bury the summary."""


@click.command(short_help="Show what a sync would change; write nothing.")
@click.argument("name")
@click.option("--partition", metavar="KEY", help="Plan this window only, such as 2026-11-20.")
@click.option("--from", "first", metavar="KEY", help="First window of a range.")
@click.option("--to", "last", metavar="KEY", help="Last window of a range.")
@click.option("--all", "everything", is_flag=True, help="Show every operation, not the first of each kind.")
@json_option
def plan(
    name: str, partition: str | None, first: str | None, last: str | None, *, everything: bool, as_json: bool
) -> None:
    """Show what syncing connection NAME would change in HubSpot. Writes nothing there.

    Takes the same windows as sync: those that are due, or the ones named.
    """
    from ml_connector.cli.plan_view import show_views
    from ml_connector.plan.view import as_json as row
    from ml_connector.plan.view import view
    from ml_connector.running import PLAN_STEPS, planned_operations

    settings = find_connection(name)
    chosen = chosen_range(partition, first, last)
    summary = run_windows(settings, *chosen, steps=PLAN_STEPS, quiet=as_json)
    planned = summary.partitions if summary.status == "planned" else []
    operations = planned_operations(settings, planned) if planned else iter(())
    if as_json:
        emit({**document(summary), "operations": [row(one) for one in operations]})
    else:
        show_views(view(operations, most=None if everything else SHOWN), everything=everything)
        show_summary(summary)
    raise click.exceptions.Exit(summary.exit_code)
