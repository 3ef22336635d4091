"""``init``: make a connection: write its ``defs.yaml`` and store its credentials."""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import yaml
from pydantic import ValidationError

from ml_connector.cli.connections import COMPONENT, problems_of
from ml_connector.cli.credentials import checked
from ml_connector.cli.output import console, emit, json_option
from ml_connector.cli.program import as_called
from ml_connector.credentials import ENVIRONMENT, store
from ml_connector.database import engine
from ml_connector.definitions import defs_folder
from ml_connector.errors import UsageError
from ml_connector.settings import ConnectionSettings
from ml_connector.vault import Vault

HEADING = """\
# A connection of ml-connector: one Visma company and one HubSpot portal.
# Every field is described in docs/settings.md; `ml-connector ping` names the line of a mistake. No credentials here.
"""

DEFAULT_ZONE = "Europe/Oslo"
DEFAULT_WINDOWS = "0 0 * * *"


@click.command(short_help="Make a connection: its settings and credentials.")
@click.argument("name")
@click.option(
    "--start",
    metavar="DATE",
    help="Date of the first window, which holds the initial load, as 2026-11-20. Default: yesterday.",
)
@click.option("--timezone", metavar="ZONE", help=f"The company's time zone. Default: {DEFAULT_ZONE}.")
@click.option(
    "--windows",
    metavar="CRON",
    help=f"When a window ends and the next begins. Default: midnight, '{DEFAULT_WINDOWS}'.",
)
@click.option("--region", metavar="CC", help="Country of phone numbers without a country code. Default: NO.")
@click.option("--portal-id", type=int, help="The only HubSpot portal this connection may write to.")
@json_option
def init(name: str, *, as_json: bool, **options: str | int | None) -> None:
    """Make connection NAME: write its settings and store its credentials, encrypted.

    NAME is yours to choose: lower-case letters, digits and _. It becomes part of every id in HubSpot and never changes.

    On a terminal it asks for what no option says. Elsewhere it never asks: it takes options and defaults, and the
    credentials of VISMA_CLIENT_ID, VISMA_CLIENT_SECRET, VISMA_TENANT_ID and HUBSPOT_ACCESS_TOKEN.
    """
    path = defs_folder() / name / "defs.yaml"
    attributes: dict[str, object] = {"name": name}
    attributes |= {option: value for option, value in options.items() if value is not None}
    checked_settings(_with_start(attributes))
    if path.exists():
        raise UsageError(
            f"Connection {name} exists already, in {path}.", remedy="Edit that file, or take another name."
        )
    asking = sys.stdin.isatty() and not as_json
    if asking:
        _ask_for_the_rest(attributes)
    attributes = _with_start(attributes)
    values = _credentials(asking=asking)
    vault = Vault(engine())
    settings = make_connection(path, attributes)
    for credential, value in values.items():
        store(vault, name, credential, value)
    _say(settings, path, sorted(values), as_json=as_json)


def _with_start(attributes: Mapping[str, object]) -> dict[str, object]:
    """Return the attributes with a zone and a start, the only settings besides the name that are always written."""
    zone = str(attributes.get("timezone") or DEFAULT_ZONE)
    start = attributes.get("start") or yesterday(zone)
    return {"name": attributes["name"], "start": start, "timezone": zone} | {
        name: value for name, value in attributes.items() if name not in ("name", "start", "timezone")
    }


def _ask_for_the_rest(attributes: dict[str, object]) -> None:
    """Ask a person for the settings that matter and no option named; a bad answer is asked for again."""

    def ask(setting: str, question: str, default: str) -> None:
        if setting not in attributes:
            attributes[setting] = click.prompt(
                question, default=default, value_proc=_judge(attributes, setting)
            )

    ask("timezone", "Time zone of the company", DEFAULT_ZONE)
    ask("start", "First window (date)", yesterday(str(attributes["timezone"])))
    ask("windows", "A window ends at (cron)", DEFAULT_WINDOWS)
    console.print("Credentials, not shown as you type; leave one empty to set it later.")


def _judge(attributes: Mapping[str, object], setting: str) -> Callable[[str], str]:
    """Return what turns down an answer that the settings would refuse, with their sentence."""

    def judge(answer: str) -> str:
        try:
            checked_settings(_with_start({**attributes, setting: answer.strip()}))
        except UsageError as error:
            raise click.BadParameter(error.message) from None
        return answer.strip()

    return judge


def checked_settings(attributes: Mapping[str, object]) -> ConnectionSettings:
    """Return the attributes as settings.

    Raises:
        UsageError: one is not what it should be; says which and why.
    """
    try:
        return ConnectionSettings.model_validate(dict(attributes))
    except ValidationError as error:
        raise UsageError(
            problems_of(error), remedy="Correct it and run the command again; nothing was written."
        ) from None


def make_connection(path: Path, attributes: Mapping[str, object]) -> ConnectionSettings:
    """Check the attributes and write them as a connection; returns its settings.

    Raises:
        UsageError: an attribute is not what it should be; nothing is written.
    """
    settings = checked_settings(attributes)
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
        raise UsageError(
            f"timezone: {zone!r} is not a time zone.", remedy="Use a name such as Europe/Oslo."
        ) from None
    return (datetime.now(here) - timedelta(days=1)).date().isoformat()


def _credentials(*, asking: bool) -> dict[str, str]:
    """Return the credentials that the environment has or a person types, by name."""
    found: dict[str, str] = {}
    for credential, variable in ENVIRONMENT.items():
        value = os.environ.get(variable)
        if not value and asking:
            value = click.prompt(credential, hide_input=True, default="", show_default=False)
        if value:
            found[credential] = checked(credential, value)
    return found


def _say(settings: ConnectionSettings, path: Path, stored: list[str], *, as_json: bool) -> None:
    missing = sorted(ENVIRONMENT.keys() - set(stored))
    if as_json:
        emit(
            {
                "connection": settings.name,
                "file": str(path),
                "credentials_stored": stored,
                "credentials_missing": missing,
            }
        )
        return
    console.print(f"Wrote {path}", soft_wrap=True)
    if stored:
        console.print(f"Stored, encrypted: {', '.join(stored)}", soft_wrap=True)
    if settings.start >= datetime.now(settings.zone).date():
        console.print(f"The first window begins on {settings.start}; nothing is synced before it has ended.")
    for credential in missing:
        console.print(
            as_called(f"Next: ml-connector credentials set {settings.name} {credential}"), soft_wrap=True
        )
    console.print(as_called(f"Next: ml-connector ping {settings.name}"), soft_wrap=True)
