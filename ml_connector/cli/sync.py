"""``sync``: run windows of a connection in this process, with progress, and say what happened."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import click
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import (
    EXIT_FAILED,
    EXIT_REJECTS,
    StoppedError,
    console,
    emit,
    errors,
    json_option,
    show_error,
    show_table,
)
from ml_connector.cli.program import as_called
from ml_connector.errors import UsageError
from ml_connector.settings import ConnectionSettings

ALWAYS = ("read", "created", "updated", "unchanged")
"""Counts that a summary shows even where all are nothing."""

COUNTS = (
    "read",
    "created",
    "updated",
    "unchanged",
    "archived",
    "skipped",
    "rejected",
    "pending",
    "conflicts",
)
"""What a summary counts for each entity, in this order; the last three keep a run from being a plain success."""

PLANNED = {"created": "create", "updated": "update", "rejected": "reject"}
"""Headings of a plan, which has done nothing yet."""

RARE = ("error", "warnings", "waiting")
"""Keys of the JSON document that most runs do not have."""

SYSTEMS = {"visma": "Visma", "hubspot": "HubSpot"}

STOPPED = "Stopped. What was sent is in the ledger; the next run goes on from there."


@dataclass(slots=True)
class Summary:
    """What a command did, under the keys that scripts rely on."""

    connection: str
    run_id: str | None = None
    partitions: list[str] = field(default_factory=list)
    status: str = "nothing to do"
    entities: dict[str, dict[str, int]] = field(default_factory=dict)
    requests: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: float = 0.0
    waiting: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    error: str | None = None

    @property
    def exit_code(self) -> int:
        """0 done, 1 failed, 3 done with rejects."""
        return {"failed": EXIT_FAILED, "rejects": EXIT_REJECTS}.get(self.status, 0)


@click.command(short_help="Carry every window that is due into HubSpot.")
@click.argument("name")
@click.option("--partition", metavar="KEY", help="Sync this window only, such as 2026-11-20.")
@click.option("--from", "first", metavar="KEY", help="First window of a range.")
@click.option("--to", "last", metavar="KEY", help="Last window of a range.")
@click.option("--yes", is_flag=True, help="Write even where far more would change than usual.")
@json_option
def sync(
    name: str, partition: str | None, first: str | None, last: str | None, *, yes: bool, as_json: bool
) -> None:
    """Sync connection NAME: every complete window that has no successful load yet, or the windows named.

    A window that is named is synced again even if it was before. The run shows in the Dagster UI like any other.
    """
    chosen = chosen_range(partition, first, last)
    options = {"accept_mass_change": True} if yes else {}
    done = run_windows(find_connection(name), *chosen, steps=None, options=options, quiet=as_json)
    finish(done, as_json=as_json)


def chosen_range(partition: str | None, first: str | None, last: str | None) -> tuple[str | None, str | None]:
    """Return the first and last window that the options name; None for those that are due.

    Raises:
        UsageError: the options contradict each other.
    """
    if partition and (first or last):
        raise UsageError("--partition does not go with --from and --to.", remedy="Give one or the other.")
    if bool(first) != bool(last):
        raise UsageError("--from and --to go together.", remedy="Give both, or --partition for one window.")
    return (partition, partition) if partition else (first, last)


def run_windows(
    settings: ConnectionSettings,
    first: str | None,
    last: str | None,
    *,
    steps: tuple[str, ...] | None,
    quiet: bool,
    options: Mapping[str, Any] | None = None,
    command: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Summary:
    """Run the chosen windows, range by range, and return what happened; stops at the first range that fails.

    ``options`` are those of :class:`ml_connector.options.RunOptions`; ``command`` and ``tags`` those of
    :class:`ml_connector.running.ConnectionRun`.
    """
    from ml_connector.automation import ranges_of
    from ml_connector.instance import connector_instance, fail_dead_runs
    from ml_connector.partitions import partitions_of
    from ml_connector.running import ConnectionRun, choose_partitions

    started = time.monotonic()
    summary = Summary(settings.name)
    writes = steps is None or "hubspot" in steps
    with connector_instance(keeps_output=False) as instance:
        fail_dead_runs(instance)
        keys = choose_partitions(instance, settings, first, last)
        for start, end in ranges_of(keys, partitions_of(settings)):
            run = ConnectionRun(
                instance, settings, start, end, steps=steps, options=options, command=command, tags=tags
            )
            summary.run_id = run.run_id
            summary.partitions = keys[: keys.index(end) + 1]
            title = f"{start} to {end}" if start != end else start
            summary.error = follow(run, title, quiet=quiet, warnings=summary.warnings)
            _add(summary, settings.name, run.run_id, planned=not writes)
            if summary.error is not None or not run.succeeded:
                summary.status = "failed"
                break
    summary.seconds = round(time.monotonic() - started, 2)
    return summary


def follow(
    run: Any, title: str, *, quiet: bool, stopped: str = STOPPED, warnings: list[str] | None = None
) -> str | None:
    """Execute a run with a progress bar; return the first error's sentence, or None.

    Args:
        run: a :class:`ml_connector.running.JobRun`.
        title: what it is about, beside the bar.
        quiet: show no bar.
        stopped: what it means that a person pressed Ctrl-C.
        warnings: gets what a check of the run warns of.

    Raises:
        StoppedError: Ctrl-C was pressed; the run is recorded as canceled.
    """
    columns = (
        TextColumn("{task.description:<18}"),
        BarColumn(bar_width=18),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn(title, style="dim"),
    )
    problem: str | None = None
    interrupted = False
    with Progress(
        *columns, console=errors, disable=quiet or not errors.is_terminal, transient=True
    ) as progress:
        task = progress.add_task("starting", total=len(run.steps))
        for event in run.events():
            if event.state == "started":
                progress.update(task, description=event.step)
            elif event.state == "done":
                progress.advance(task)
            elif event.state == "warned":
                (warnings if warnings is not None else []).append(event.error)
            else:
                interrupted = interrupted or event.state == "stopped"
                problem = problem or f"{event.step}: {event.error}"
    if interrupted:
        raise StoppedError(stopped)
    return problem


def _add(summary: Summary, connection: str, run_id: str, *, planned: bool) -> None:
    """Add a run's counts to the summary and derive its status."""
    from ml_connector.database import engine
    from ml_connector.ledger.queries import run_report

    report = run_report(engine(), connection, run_id, planned=planned)
    for entity, counts in report.entities.items():
        known = summary.entities.setdefault(entity, dict.fromkeys(COUNTS, 0))
        for name in COUNTS:
            known[name] += counts.get(name, 0)
    for system, counts in report.requests.items():
        known = summary.requests.setdefault(system, dict.fromkeys(counts, 0))
        for name, many in counts.items():
            known[name] = known.get(name, 0) + many
    bad = any(counts[name] for counts in summary.entities.values() for name in COUNTS[-3:])
    summary.waiting = {} if planned else report.waiting
    summary.status = "planned" if planned else "rejects" if bad or summary.waiting else "success"


def document(summary: Summary) -> dict[str, Any]:
    """Return the summary as a command's JSON document, :data:`RARE` keys only where there is something to say."""
    return {name: value for name, value in asdict(summary).items() if value or name not in RARE}


def finish(summary: Summary, *, as_json: bool) -> None:
    """Show a summary and end the command with its exit code."""
    if as_json:
        emit(document(summary))
    else:
        show_summary(summary)
    raise click.exceptions.Exit(summary.exit_code)


def show_summary(summary: Summary, *, hint: str | None = None) -> None:
    """Print what happened as sentences and a table; ``hint`` says about rejects something else than how to see them."""
    if not summary.partitions:
        console.print(f"{summary.connection}: every complete window is synced; nothing to do.")
        return
    span = summary.partitions[0] + (f" to {summary.partitions[-1]}" if len(summary.partitions) > 1 else "")
    met = {entity: counts for entity, counts in summary.entities.items() if counts["read"]}
    shown = [name for name in COUNTS if name in ALWAYS or any(counts[name] for counts in met.values())]
    if met:
        names = shown if summary.status != "planned" else [PLANNED.get(name, name) for name in shown]
        rows = [
            (entity.replace("_", " "), *(counts[name] for name in shown)) for entity, counts in met.items()
        ]
        show_table(f"{summary.connection}, {span}", ("", *names), rows)
    for system, counts in sorted(summary.requests.items(), reverse=True):
        called = f"{counts['calls']:,} calls" + (
            f", {counts['writes']:,} of them writes" * (system == "hubspot")
        )
        slowed = f", {counts['throttled']:,} answered with 429" if counts["throttled"] else ""
        console.print(f"{SYSTEMS.get(system, system)}: {called}{slowed}.")
    console.print(
        f"{as_called(_verdict(summary, hint))} Run {summary.run_id}.", soft_wrap=not console.is_terminal
    )
    if summary.waiting:
        many = sum(summary.waiting.values())
        console.print(f"{many:,} refused before {'waits' if many == 1 else 'wait'} for a later run.")
    for warning in summary.warnings:
        console.print(f"[yellow]{escape(as_called(warning))}[/]", soft_wrap=not console.is_terminal)
    if summary.error:
        show_error(summary.error)


def _verdict(summary: Summary, hint: str | None) -> str:
    took = f"in {summary.seconds:.1f} s"
    if summary.status == "failed":
        return f"Failed after {summary.seconds:.1f} s."
    if summary.status == "planned":
        return f"Planned {took}; nothing was written to HubSpot."
    if summary.status == "rejects":
        hint = hint or f"see `ml-connector rejects {summary.connection} list`"
        return f"Done {took}, but not every record went through: {hint}."
    return f"Done {took}."
