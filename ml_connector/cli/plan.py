"""``plan``: what a sync would change, operation by operation. Writes nothing in HubSpot."""

from pathlib import Path

import click

from ml_connector.cli.audit import say_where
from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import emit, json_option
from ml_connector.cli.sync import chosen_range, document, run_windows, show_summary
from ml_connector.errors import UsageError

SHOWN = 5
"""Operations of each kind that a terminal shows without ``--all``; more would bury the summary."""


@click.command(short_help="Show what a sync would change; write nothing.")
@click.argument("name")
@click.option("--partition", metavar="KEY", help="Plan this window only, such as 2026-11-20.")
@click.option("--from", "first", metavar="KEY", help="First window of a range.")
@click.option("--to", "last", metavar="KEY", help="Last window of a range.")
@click.option("--record", metavar="KEY", help="Try one record as Visma has it now: customer:10023.")
@click.option(
    "--settings",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Show what another defs.yaml of this connection would change.",
)
@click.option("--all", "everything", is_flag=True, help="Show every operation, not the first of each kind.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page to this file.",
)
@json_option
def plan(
    name: str,
    partition: str | None,
    first: str | None,
    last: str | None,
    record: str | None,
    file: Path | None,
    page: Path | None,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Show what syncing connection NAME would change in HubSpot. Writes nothing there.

    Takes the same windows as sync: those that are due, or the ones named. With --record it reads one record from Visma
    now and tells what would become of it and why: which rule matches what, and what is decided about each value.
    With --settings it maps, matches and merges all that is stored by the connection's settings and by those of the
    file, and tells where the two differ.
    """
    from ml_connector.cli.plan_view import show_views
    from ml_connector.cli.trial import try_record, try_settings, write_plan_page
    from ml_connector.plan.view import as_json as row
    from ml_connector.plan.view import view
    from ml_connector.running import PLAN_STEPS, planned_operations

    settings = find_connection(name)
    chosen = chosen_range(partition, first, last)
    if sum(one is not None for one in (chosen[0], record, file)) > 1:
        raise UsageError("Windows, --record and --settings do not go together.", remedy="Give one of them.")
    if record is not None:
        try_record(settings, record, page, everything=everything, as_json=as_json)
        return
    if file is not None:
        try_settings(settings, file, page, everything=everything, as_json=as_json)
        return
    summary = run_windows(settings, *chosen, steps=PLAN_STEPS, quiet=as_json)
    planned = summary.partitions if summary.status == "planned" else []
    operations = planned_operations(settings, planned) if planned else iter(())
    if page is not None and planned:
        write_plan_page(settings, summary.run_id or "", planned, page)
    if as_json:
        rows = map(row, operations)
        emit({**document(summary), "operations": rows, **({"html": str(page)} if page and planned else {})})
    else:
        show_views(view(operations, most=None if everything else SHOWN), everything=everything)
        show_summary(summary)
        say_where(page if planned else None)
    raise click.exceptions.Exit(summary.exit_code)
