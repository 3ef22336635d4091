"""``init``: make a connection: write its ``defs.yaml`` and store its credentials."""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import yaml
from pydantic import ValidationError

from ml_connector.cli.connections import COMPONENT
from ml_connector.cli.output import console, emit, json_option
from ml_connector.credentials import ENVIRONMENT
from ml_connector.database import engine
from ml_connector.definitions import defs_folder
from ml_connector.errors import UsageError
from ml_connector.settings import ConnectionSettings
from ml_connector.vault import Vault

HEADING = """\
# A connection of ml-connector: one Visma company and one HubSpot portal.
# Every field is described in docs/settings.md; `dg check yaml` checks this file. Credentials are never written here.
"""


@click.command()
@click.argument("name")
@click.option(
    "--start",
    metavar="DATE",
    help="Date of the first window, which holds the initial load. Default: yesterday.",
)
@click.option("--timezone", metavar="ZONE", help="The company's time zone. Default: Europe/Oslo.")
@click.option(
    "--windows", metavar="CRON", help="Cron that cuts time into windows. Default: midnight, '0 0 * * *'."
)
@click.option("--region", metavar="CC", help="Country of phone numbers without a country code. Default: NO.")
@click.option("--portal-id", type=int, help="The only HubSpot portal this connection may write to.")
@json_option
def init(
    name: str,
    start: str | None,
    timezone: str | None,
    windows: str | None,
    region: str | None,
    portal_id: int | None,
    *,
    as_json: bool,
) -> None:
    """Make connection NAME. Asks for what is missing on a terminal; elsewhere takes flags, environment and defaults."""
    asking = sys.stdin.isatty() and not as_json
    path = defs_folder() / name / "defs.yaml"
    if path.exists():
        raise UsageError(
            f"Connection {name} exists already, in {path}.", remedy="Edit that file, or take another name."
        )
    zone = timezone or (
        click.prompt("Time zone of the company", default="Europe/Oslo") if asking else "Europe/Oslo"
    )
    attributes: dict[str, object] = {"name": name, "timezone": zone, "start": start or yesterday(zone)}
    if asking and windows is None:
        windows = click.prompt("Cut windows at (cron)", default="0 0 * * *")
    attributes |= {
        key: value
        for key, value in {"windows": windows, "region": region, "portal_id": portal_id}.items()
        if value is not None
    }
    settings = make_connection(path, attributes)
    stored = _store_credentials(name, asking=asking)
    if as_json:
        emit({"connection": settings.name, "file": str(path), "credentials_stored": stored})
        return
    console.print(f"Wrote {path}", soft_wrap=True)
    console.print(f"Credentials stored: {', '.join(stored) or 'none'}")
    console.print(f"Next: ml-connector ping {name}")


def make_connection(path: Path, attributes: dict[str, object]) -> ConnectionSettings:
    """Check the attributes and write them as a connection; returns its settings.

    Raises:
        UsageError: an attribute is not what it should be; nothing is written.
    """
    try:
        settings = ConnectionSettings.model_validate(attributes)
    except ValidationError as error:
        problems = "; ".join(
            f"{item['loc'][0] if item['loc'] else ''}: {item['msg']}" for item in error.errors()
        )
        raise UsageError(f"This is no connection: {problems}.", remedy="Correct the option.") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    written = settings.model_dump(mode="json", include=set(attributes))
    document = yaml.safe_dump({"type": COMPONENT, "attributes": written}, sort_keys=False, allow_unicode=True)
    path.write_text(HEADING + document, encoding="utf-8")
    return settings


def yesterday(zone: str) -> str:
    """Return yesterday's date in a zone, so that the initial load can run at once."""
    try:
        here = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"{zone!r} is not a time zone.", remedy="Use a name such as Europe/Oslo.") from None
    return (datetime.now(here) - timedelta(days=1)).date().isoformat()


def _store_credentials(name: str, *, asking: bool) -> list[str]:
    """Store the credentials the environment has, or a person types; return their names."""
    stored: list[str] = []
    vault = Vault(engine())
    for credential, variable in ENVIRONMENT.items():
        value = os.environ.get(variable)
        if not value and asking:
            label = f"{credential} (empty to set it later)"
            value = click.prompt(label, hide_input=True, default="", show_default=False)
        if value:
            vault.set(name, credential, value)
            stored.append(credential)
    return stored
