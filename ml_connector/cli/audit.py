"""``audit``: why a record looks as it does, what a run did, and how two runs differ."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.markup import escape

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import console, emit, json_option
from ml_connector.database import engine
from ml_connector.errors import StorageError, UsageError
from ml_connector.http import RetryPolicy
from ml_connector.hubspot.calls import hubspot_transport
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.settings import ConnectionSettings
from ml_connector.settings.hosts import api_hosts

PATIENCE = RetryPolicy(attempts=3, longest_wait=10.0, budget=20.0, read_timeout=30.0, body_timeout=60.0)
"""How long HubSpot is waited for while a person looks on; without its answer the ledger still has its own."""


@click.command(short_help="Say why a record looks as it does, or what a run did.")
@click.argument("name")
@click.option("--record", metavar="KEY", help="The record: customer:10023, invoice:100234, or just a number.")
@click.option("--run", "runs", metavar="ID", multiple=True, help="A run; give two to compare them.")
@click.option("--offline", is_flag=True, help="Do not ask HubSpot what it holds and who wrote it.")
@click.option("--all", "everything", is_flag=True, help="Show everything, however long.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page to this file.",
)
@json_option
def audit(
    name: str,
    record: str | None,
    runs: tuple[str, ...],
    page: Path | None,
    *,
    offline: bool,
    everything: bool,
    as_json: bool,
) -> None:
    """Answer from the ledger of connection NAME; nothing is written but the page.

    With --record: every version seen in Visma, every plan, every call and its answer, what others changed in HubSpot
    since, and why each property is as it is. With --run: what a run did; with two, what differs.
    """
    if (record is None) == (not runs) or len(runs) > 2:
        raise UsageError("Ask for one record with --record, or for one or two runs with --run.")
    settings = find_connection(name)
    if record is not None:
        _record(settings, record, page, offline=offline, everything=everything, as_json=as_json)
    elif len(runs) == 1:
        _run(settings, runs[0], page, everything=everything, as_json=as_json)
    else:
        _pair(settings, (runs[0], runs[1]), page, everything=everything, as_json=as_json)


def _record(
    settings: ConnectionSettings,
    typed: str,
    page: Path | None,
    *,
    offline: bool,
    everything: bool,
    as_json: bool,
) -> None:
    from ml_connector.audit.page import record_page
    from ml_connector.audit.reading import audit_record
    from ml_connector.audit.record import document
    from ml_connector.cli.audit_view import show_record
    from ml_connector.dataset_writer import Storage

    zone = ZoneInfo(settings.timezone)
    found = audit_record(
        engine(),
        Storage(),
        settings,
        typed,
        client=None if offline else _client(settings),
        everything=everything,
    )
    if page is not None:
        write_page(page, record_page(found, zone, datetime.now(UTC)))
    if as_json:
        emit({**document(found), "html": str(page) if page else None})
        return
    show_record(found, zone, everything=everything)
    say_where(page)


def _run(
    settings: ConnectionSettings, run_id: str, page: Path | None, *, everything: bool, as_json: bool
) -> None:
    from ml_connector.audit.run import audit_run, document
    from ml_connector.audit.run_page import run_page
    from ml_connector.cli.audit_runs_view import show_run

    zone = ZoneInfo(settings.timezone)
    with engine().connect() as database:
        found = audit_run(database, settings.name, run_id, settings.model_dump(mode="json"))
    if page is not None:
        write_page(page, run_page(found, zone))
    if as_json:
        emit({"connection": settings.name, **document(found), "html": str(page) if page else None})
        return
    show_run(found, zone, everything=everything)
    say_where(page)


def _pair(
    settings: ConnectionSettings,
    run_ids: tuple[str, str],
    page: Path | None,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    from ml_connector.audit.run_page import pair_page
    from ml_connector.audit.run_pair import compare_runs, document
    from ml_connector.cli.audit_runs_view import show_pair

    zone = ZoneInfo(settings.timezone)
    with engine().connect() as database:
        found = compare_runs(database, settings.name, run_ids, settings.model_dump(mode="json"))
    if page is not None:
        write_page(page, pair_page(found, zone))
    if as_json:
        emit({"connection": settings.name, **document(found), "html": str(page) if page else None})
        return
    show_pair(found, zone, everything=everything)
    say_where(page)


def say_where(page: Path | None) -> None:
    """Say where a page was written, if one was asked for."""
    if page is not None:
        console.print(f"Page: {escape(str(page))}", soft_wrap=True, highlight=False)


def _client(settings: ConnectionSettings) -> Callable[[], HubSpotClient]:
    """Return what makes a client of the connection's portal, once it is needed."""

    def make() -> HubSpotClient:
        from ml_connector.credentials import credentials_of

        token = credentials_of(settings.name).hubspot()
        return HubSpotClient(token, base_url=api_hosts().hubspot_api, transport=hubspot_transport(PATIENCE))

    return make


def write_page(file: Path, text: str) -> None:
    """Write a page that a person asked for.

    Raises:
        StorageError: the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"The page cannot be written to {file} ({error.strerror or type(error).__name__}).",
            remedy="Name another file with --html.",
        ) from error
