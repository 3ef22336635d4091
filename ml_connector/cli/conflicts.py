"""``conflicts``: the duplicate desk. What only a person can decide, the evidence for it, and the decisions."""

from pathlib import Path

import click

from ml_connector.cli.conflicts_view import line, show_decided, show_evidence, show_open
from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import Commands, emit, json_option
from ml_connector.cli.program import as_called
from ml_connector.database import engine
from ml_connector.desk.deciding import Decider, Done
from ml_connector.desk.evidence import evidence
from ml_connector.desk.opened import opened
from ml_connector.desk.records import VismaRecord, read_record
from ml_connector.errors import UsageError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.settings import ConnectionSettings

note_option = click.option("--note", default=None, help="Why, for whoever looks later; no names of persons.")
html_option = click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page to this file.",
)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    short_help="Decide which HubSpot record a Visma record is; mend wrong links.",
)
@click.argument("name")
@click.pass_context
def conflicts(context: click.Context, name: str) -> None:
    """The duplicate desk of connection NAME: records that fit several HubSpot records, or none for certain.

    What is decided here comes before all rules and is remembered; the next run carries it out. Without a command what
    waits is listed.
    """
    context.obj = name
    if context.invoked_subcommand is None:
        context.invoke(list_conflicts)


@conflicts.command("list", short_help="Show what waits for a person, and what was decided.")
@click.option("--all", "everything", is_flag=True, help="Show every record, not the first ones.")
@html_option
@json_option
@click.pass_obj
def list_conflicts(name: str, page: Path | None, *, everything: bool, as_json: bool) -> None:
    """Show the records that wait for a person, those that wait longest first, and what was decided."""
    settings = find_connection(name)
    found = opened(engine(), name)
    if page is not None:
        from ml_connector.cli.audit import write_page
        from ml_connector.desk.page import list_page

        write_page(page, list_page(settings, found))
    if as_json:
        emit({"connection": name, "conflicts": [one.as_dict() for one in found]})
        return
    show_open(name, [one for one in found if one.waits], everything=everything)
    show_decided([one for one in found if one.decision is not None], everything=everything)
    _say_where(page)


@conflicts.command("show", short_help="Show the evidence for one, side by side.")
@click.argument("key")
@click.argument("hubspot_ids", metavar="[ID]...", nargs=-1)
@html_option
@json_option
@click.pass_obj
def show(name: str, key: str, hubspot_ids: tuple[str, ...], page: Path | None, *, as_json: bool) -> None:
    """Show Visma record KEY beside every HubSpot record that a rule finds, and those named by their ID.

    HubSpot is read as it is now; nothing is written. Equal values are marked, whatever their spelling.
    """
    for one in hubspot_ids:
        _require_id(one)
    settings, record = _record(name, key)
    found = evidence(engine(), settings, portal(settings), record, hubspot_ids)
    if page is not None:
        from ml_connector.cli.audit import write_page
        from ml_connector.desk.page import evidence_page

        write_page(page, evidence_page(settings, found))
    if as_json:
        emit({"connection": name, **found.as_dict()})
        return
    show_evidence(name, found)
    _say_where(page)


@conflicts.command("link", short_help="Say which HubSpot record it is; also mends a wrong link.")
@click.argument("key")
@click.argument("hubspot_id", metavar="ID")
@note_option
@json_option
@click.pass_obj
def link(name: str, key: str, hubspot_id: str, note: str | None, *, as_json: bool) -> None:
    """Say that Visma record KEY is the HubSpot record with this ID.

    If it is linked to another one, the next run takes the Visma id and the values of the group Visma from that one,
    then gives them to this one, and moves its links. Nothing else is touched there.
    """
    _require_id(hubspot_id)
    settings, record = _record(name, key)
    _say(name, record, _decider(settings).link(record, hubspot_id, note), as_json=as_json)


@conflicts.command("create", short_help="Make a new HubSpot record, though others fit.")
@click.argument("key")
@note_option
@json_option
@click.pass_obj
def create(name: str, key: str, note: str | None, *, as_json: bool) -> None:
    """Say that Visma record KEY is none of HubSpot's records: the next run makes a new one."""
    settings, record = _record(name, key)
    _say(name, record, _decider(settings).create(record, note), as_json=as_json)


@conflicts.command("ignore", short_help="Leave a record alone until that is taken back.")
@click.argument("key")
@note_option
@json_option
@click.pass_obj
def ignore(name: str, key: str, note: str | None, *, as_json: bool) -> None:
    """Leave Visma record KEY alone: no run writes it, nor what belongs to it."""
    settings, record = _record(name, key)
    _say(name, record, _decider(settings).ignore(record, note), as_json=as_json)


@conflicts.command("forget", short_help="Take a decision back.")
@click.argument("key")
@json_option
@click.pass_obj
def forget(name: str, key: str, *, as_json: bool) -> None:
    """Take back what was decided about Visma record KEY; the rules apply again. A link that was made stays."""
    settings, record = _record(name, key)
    _say(name, record, _decider(settings).forget(record), as_json=as_json)


def _require_id(text: str) -> None:
    if not (text.isascii() and text.isdigit()):
        raise UsageError(
            f"{text!r} is no id of HubSpot.",
            remedy="It is the number at the end of the record's address in HubSpot.",
        )


def _record(name: str, typed: str) -> tuple[ConnectionSettings, VismaRecord]:
    from ml_connector.dataset_writer import Storage

    settings = find_connection(name)
    return settings, read_record(engine(), Storage(), name, typed)


def _decider(settings: ConnectionSettings) -> Decider:
    return Decider(engine(), settings.name, portal(settings))


def portal(settings: ConnectionSettings) -> HubSpotClient:
    """Return a client of the portal that the connection is bound to.

    Raises:
        UsageError: the token is for another portal.
    """
    from ml_connector.cli.ping import hubspot_of
    from ml_connector.credentials import credentials_of

    return hubspot_of(credentials_of(settings.name))


def _say(name: str, record: VismaRecord, done: Done, *, as_json: bool) -> None:
    """Say what was decided, what to know of it, and when it is carried out."""
    made = done.decision
    if as_json:
        emit(
            {
                "connection": name,
                "record": record.key,
                "object": record.object_type,
                "decision": str(made.verdict) if made else None,
                "hubspot_id": made.hubspot_id if made else None,
                "note": made.note if made else None,
                "due": done.due,
                "notes": list(done.notes),
            }
        )
        return
    what = "the rules decide again" if made is None else f"{made.verdict} {made.hubspot_id or ''}".strip()
    line(f"{record.key}: {what}.")
    for one in done.notes:
        line(one)
    if done.due:
        line(
            as_called(
                f"The next run carries it out; at once: ml-connector rejects {name} retry --record "
                f"{record.refused[0].key if record.refused else record.key}"
            )
        )
    elif made is None or record.linked is None:
        line("It is carried out when the record comes with its next change in Visma.")


def _say_where(page: Path | None) -> None:
    if page is not None:
        line(f"Page: {page}")
