"""``ping``: the check-up of a connection."""

import click

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import EXIT_FAILED, console, emit, json_option
from ml_connector.credentials import credentials_of
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ping import Finding, Level
from ml_connector.ping import ping as look
from ml_connector.settings import api_hosts
from ml_connector.visma.client import VismaClient

MARKS = {Level.OK: "[green]ok  [/]", Level.NOTE: "[yellow]note[/]", Level.STOP: "[bold red]stop[/]"}


@click.command()
@click.argument("name")
@json_option
def ping(name: str, *, as_json: bool) -> None:
    """Check that both systems of connection NAME can be reached and nothing would stop a sync. Writes nothing."""
    settings = find_connection(name)
    credentials = credentials_of(name)
    findings: list[Finding] = []
    for finding in look(
        settings,
        lambda: VismaClient(credentials.visma()),
        lambda: HubSpotClient(credentials.hubspot(), base_url=api_hosts().hubspot_api),
    ):
        findings.append(finding)
        if not as_json:
            console.print(
                f"{MARKS[finding.level]} {finding.system:8} {finding.subject:22}",
                finding.message,
                soft_wrap=True,
            )
    stops = [finding for finding in findings if finding.level is Level.STOP]
    if as_json:
        lines = [
            {
                "system": item.system,
                "subject": item.subject,
                "level": str(item.level),
                "message": item.message,
            }
            for item in findings
        ]
        emit({"connection": name, "ready": not stops, "findings": lines})
    else:
        console.print(
            f"{name} is ready to sync." if not stops else f"{len(stops)} findings would stop a sync."
        )
    raise click.exceptions.Exit(EXIT_FAILED if stops else 0)
