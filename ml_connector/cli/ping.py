"""``ping``: the check-up of a connection."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import click

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import EXIT_FAILED, console, emit, json_option, show_lines
from ml_connector.cli.program import as_called
from ml_connector.credentials import Credentials, credentials_of
from ml_connector.database import engine
from ml_connector.http import RetryPolicy
from ml_connector.hubspot.calls import hubspot_transport
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ledger.bindings import Side, company_mark, require_bound
from ml_connector.ledger.refusals import forget_refusals
from ml_connector.ping import Finding, Level
from ml_connector.ping import ping as look
from ml_connector.settings.hosts import api_hosts
from ml_connector.visma.client import VismaClient, visma_transport

IMPATIENT = RetryPolicy(attempts=3, longest_wait=10.0, budget=15.0, read_timeout=60.0)
"""A person waits for the answer: a host that is down is reported after seconds, not after the minute a run tries."""

LONGEST_SUBJECT = len("transactions properties")

MARKS = {Level.OK: "[green]ok[/]", Level.NOTE: "[yellow]note[/]", Level.STOP: "[bold red]stop[/]"}


@click.command(short_help="Check both systems; say what would stop a sync.")
@click.argument("name")
@json_option
def ping(name: str, *, as_json: bool) -> None:
    """Check that both systems of connection NAME can be reached and that nothing would stop a sync.

    Writes nothing in either system. Each line is ok, a note, or a stop: something a sync would fail on. Exit code 1 if
    there is a stop.
    """
    settings = find_connection(name)
    credentials = credentials_of(name)
    findings: list[Finding] = []
    found = look(settings, lambda: _visma(credentials), lambda: hubspot_of(credentials))
    coming = _kept(chain(found, _refused(name)), findings)
    if as_json:
        lines = [
            {
                "system": item.system,
                "subject": item.subject,
                "level": str(item.level),
                "message": item.message,
            }
            for item in coming
        ]
        emit({"connection": name, "ready": not _stops(findings), "findings": lines})
    else:
        show_lines((_fields(finding), as_called(finding.message)) for finding in coming)
        console.print(f"\n{as_called(_verdict(name, len(_stops(findings))))}")
    raise click.exceptions.Exit(EXIT_FAILED if _stops(findings) else 0)


def _visma(credentials: Credentials) -> VismaClient:
    """Return a client of the company that the connection was synced from before, if it was."""
    company = credentials.visma()
    require_bound(engine(), credentials.connection, Side.COMPANY, company_mark(company.tenant_id))
    return VismaClient(company, transport=visma_transport(IMPATIENT))


def hubspot_of(credentials: Credentials) -> HubSpotClient:
    """Return a client of the portal that the connection was synced into before, if it was.

    Raises:
        UsageError: the token is for another portal.
    """
    token, address = credentials.hubspot(), api_hosts().hubspot_api
    client = HubSpotClient(token, base_url=address, transport=hubspot_transport(IMPATIENT))
    require_bound(engine(), credentials.connection, Side.PORTAL, str(client.account().portal_id))
    return client


def _refused(name: str) -> Iterator[Finding]:
    """Yield what the portal did not take, and forget it: whoever looks may have changed something there."""
    for refusal in forget_refusals(engine(), name):
        message = f"On {refusal.since:%Y-%m-%d} a sync was told: {refusal.reason} The next sync asks again."
        yield Finding("HubSpot", f"{refusal.subject} refused", Level.NOTE, message)


def _kept(coming: Iterable[Finding], kept: list[Finding]) -> Iterator[Finding]:
    for finding in coming:
        kept.append(finding)
        yield finding


def _stops(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is Level.STOP]


def _fields(finding: Finding) -> list[tuple[str, int]]:
    return [(MARKS[finding.level], 4), (finding.system, 7), (finding.subject, LONGEST_SUBJECT)]


def _verdict(name: str, stops: int) -> str:
    if not stops:
        return f"{name} is ready. See what would change: ml-connector plan {name}"
    what = "One finding" if stops == 1 else f"{stops} findings"
    return f"{what} would stop a sync. Put right what is marked stop, then run ping again."
