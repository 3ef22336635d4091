"""``rejects``: what was refused, by cause and by name; trying it again at once; and putting it aside."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.padding import Padding

from ml_connector.causes.catalogue import CATALOGUE
from ml_connector.causes.model import SEPARATOR
from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import Commands, console, emit, json_option
from ml_connector.cli.program import as_called
from ml_connector.cli.rejects_page import PLACES, rejects_page
from ml_connector.cli.sync import finish, run_windows
from ml_connector.database import engine
from ml_connector.errors import UsageError
from ml_connector.hubspot.report import age
from ml_connector.ledger.due import Selection
from ml_connector.ledger.rejects import Group, Refused, Rejects
from ml_connector.nearest import nearest
from ml_connector.settings import ConnectionSettings

SHOWN = 10
"""Records of a cause that are named without ``--all``."""


def _chosen_by(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose refused records."""
    record = click.option("--record", metavar="KEY", help="Only this record, such as customer:10023.")
    cause = click.option("--cause", metavar="NAME", help="Only this cause, such as email-refused.")
    return cause(record(command))


@click.group(
    cls=Commands,
    invoke_without_command=True,
    short_help="Refused records by cause: list them, retry, dismiss.",
)
@click.argument("name")
@click.pass_context
def rejects(context: click.Context, name: str) -> None:
    """Refused records of connection NAME, by cause; without a command they are listed.

    Later runs try them again, less often each time; at once when their row in Visma, the cause or the settings change.
    """
    context.obj = name
    if context.invoked_subcommand is None:
        context.invoke(list_rejects)


@rejects.command("list", short_help="Show causes with remedies, and the records of each.")
@_chosen_by
@click.option("--all", "everything", is_flag=True, help="Name every record, not the first of each cause.")
@click.option("--dismissed", is_flag=True, help="Show what was put aside instead.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page there, too.")
@json_option
@click.pass_obj
def list_rejects(
    name: str,
    cause: str | None,
    record: str | None,
    html: Path | None,
    *,
    everything: bool,
    dismissed: bool,
    as_json: bool,
) -> None:
    """Show why records are refused, since when, what to do about it and where, and which records they are."""
    settings = find_connection(name)
    chosen, refused = _chosen(cause, record), _rejects_of(settings)
    groups = refused.groups(chosen, dismissed=dismissed)
    if not groups and cause is not None:
        _require_known(cause)
    if html is not None:
        now = datetime.now(UTC)
        text = rejects_page(settings, groups, refused, record=record, dismissed=dismissed, now=now)
        html.write_text(text, encoding="utf-8")
    if as_json:
        now = datetime.now(UTC)
        emit(
            {
                "connection": name,
                "causes": [group.as_dict(now) for group in groups],
                "rejects": [one.as_dict() for one in refused.each(chosen, dismissed=dismissed)],
            }
        )
        return
    if not groups:
        of_what = f" of {record or cause}" if record or cause else ""
        console.print(f"{name}: nothing{of_what} is {'put aside' if dismissed else 'refused'}.", markup=False)
        return
    console.print(_headline(name, groups, dismissed=dismissed))
    keys = refused.keys(None if everything else SHOWN, chosen, dismissed=dismissed)
    for group in groups:
        _show_group(group, keys.get(group.cause.name, ()), settings, dismissed=dismissed)
    if cause or record:
        _show_messages(refused.each(chosen, dismissed=dismissed), None if everything else SHOWN)
    _show_next(name, groups[0], dismissed=dismissed)
    if html is not None:
        console.print(f"The page is at {escape(str(html))}.", soft_wrap=not console.is_terminal)


@rejects.command("retry", short_help="Try refused records again, at once and alone.")
@_chosen_by
@click.option("--all", "everything", is_flag=True, help="Everything that is refused and not put aside.")
@json_option
@click.pass_obj
def retry(name: str, cause: str | None, record: str | None, *, everything: bool, as_json: bool) -> None:
    """Try refused records again: at once, in a run of its own that sends these and nothing else.

    Visma is not asked. A record that was put aside comes back with --record. Exit code 3 if some are refused again.
    """
    from ml_connector.options import KIND_TAG
    from ml_connector.running import RETRY_STEPS, newest_loaded

    if [bool(cause), bool(record), everything].count(True) != 1:
        raise UsageError("Say what to try again.", remedy="Give --cause NAME, --record KEY or --all.")
    settings, chosen = find_connection(name), _chosen(cause, record)
    window = newest_loaded(settings)
    if window is None or not _rejects_of(settings).make_due(chosen):
        raise _nothing(name, chosen)
    summary = run_windows(
        settings,
        window,
        window,
        steps=RETRY_STEPS,
        # Who asks for these records by name has said yes to writing them, be they many.
        options={"retry": str(chosen), "accept_mass_change": True},
        quiet=as_json,
        command="retry",
        tags={KIND_TAG: "retry"},
    )
    finish(summary, as_json=as_json)


@rejects.command("dismiss", short_help="Put refused records aside.")
@_chosen_by
@click.option("--note", default="", help="Why, for whoever looks later.")
@json_option
@click.pass_obj
def dismiss(name: str, cause: str | None, record: str | None, note: str, *, as_json: bool) -> None:
    """Put refused records aside: none is tried again until it changes in Visma, or `retry --record` asks for it."""
    if bool(cause) == bool(record):
        raise UsageError("Say what to put aside.", remedy="Give --cause NAME or --record KEY.")
    chosen = _chosen(cause, record)
    many = _rejects_of(find_connection(name)).dismiss(chosen, note)
    if not many:
        raise _nothing(name, chosen)
    if as_json:
        emit({"connection": name, "cause": cause, "record": record, "dismissed": many})
    else:
        console.print(
            f"{_records(many)} put aside until {'it changes' if many == 1 else 'they change'} in Visma."
        )


def _chosen(cause: str | None, record: str | None) -> Selection:
    if cause and record:
        raise UsageError("--cause does not go with --record.", remedy="Give one or the other.")
    return Selection(cause=cause, record=record)


def _require_known(cause: str) -> None:
    """Raise UsageError for a name that no cause has, so that a typing mistake does not read as good news."""
    if cause.partition(SEPARATOR)[0] not in CATALOGUE:
        raise UsageError(
            f"No cause is called {cause}.",
            remedy=f"Did you mean {nearest(cause, CATALOGUE)[0]}? docs/causes.md has all of them.",
        )


def _rejects_of(settings: ConnectionSettings) -> Rejects:
    return Rejects(engine(), settings.name, settings.model_dump(mode="json"))


def _nothing(name: str, chosen: Selection) -> UsageError:
    what = chosen.record or chosen.cause
    said = f"{what} is not among the refused records of {name}." if what else f"Nothing is refused in {name}."
    return UsageError(said, remedy=f"See `ml-connector rejects {name} list`.")


def _records(many: int) -> str:
    return "1 record is" if many == 1 else f"{many:,} records are"


def _headline(name: str, groups: Sequence[Group], *, dismissed: bool) -> str:
    many = sum(group.count for group in groups)
    causes = "1 cause" if len(groups) == 1 else f"{len(groups)} causes"
    return f"{_records(many)} {'put aside' if dismissed else 'refused'} in {name}, for {causes}."


def _show_group(group: Group, keys: Sequence[str], settings: ConnectionSettings, *, dismissed: bool) -> None:
    """Print a cause: how many of what, the sentence, since when and until when, the remedy, and the keys."""
    cause = group.cause
    counts = ", ".join(f"{many:,} {entity.replace('_', ' ')}" for entity, many in group.entities.items())
    console.print(f"\n[bold]{counts}:[/] {escape(cause.title)}")
    named = ", ".join(keys)
    left = group.count - len(keys)
    more = f" and {left:,} more (--all or --json)" if left else ""
    for text, style in (
        (f"{PLACES.get(cause.where, '')} {cause.remedy}".strip(), ""),
        (f"{_history(group, settings, dismissed=dismissed)} Cause: {cause.name}", "dim"),
        (f"{named}{more}", "dim"),
    ):
        console.print(Padding(escape(as_called(text)), (0, 0, 0, 2)), style=style)


def _history(group: Group, settings: ConnectionSettings, *, dismissed: bool) -> str:
    """Return how old a cause is, how often it was met, and when what waits is tried again."""
    since = age(group.since, datetime.now(UTC))
    tried = f", refused up to {group.attempts} times" if group.attempts > 1 else ""
    start = f"{since[0].upper()}{since[1:]}{tried}"
    if dismissed:
        return f"{start}; put aside until it changes in Visma."
    if group.next_try is None:
        return f"{start}; the next run tries again."
    first = f"{group.next_try.astimezone(settings.zone):%Y-%m-%d %H:%M}"
    waiting = "" if group.waiting == group.count else f"{group.waiting:,} wait, "
    return f"{start}; {waiting}the first is due {first}."


def _show_messages(found: Iterable[Refused], most: int | None) -> None:
    """Print what was said of single records."""
    console.print()
    for place, one in enumerate(found):
        if place == most:
            console.print("…")
            return
        note = f" (put aside: {one.note or 'without a note'})" if one.dismissed_at else ""
        console.print(
            f"{escape(one.record)}: {escape(one.message)}{escape(note)}", soft_wrap=not console.is_terminal
        )


def _show_next(name: str, first: Group, *, dismissed: bool) -> None:
    if dismissed:
        hint = f"To take one back: ml-connector rejects {name} retry --record KEY"
    else:
        hint = f"Once a cause is mended: ml-connector rejects {name} retry --cause {first.cause.name}"
    console.print(f"\n{as_called(hint)}", soft_wrap=not console.is_terminal)
