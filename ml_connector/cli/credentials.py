"""``credentials``: set, list, delete, and rotate the key they are encrypted with. Values are never shown."""

import sys

import click

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import console, emit, json_option, show_table
from ml_connector.credentials import ENVIRONMENT
from ml_connector.database import engine
from ml_connector.errors import UsageError
from ml_connector.vault import Vault


@click.group()
def credentials() -> None:
    """Set, list and delete the credentials of a connection; rotate the key."""


@credentials.command("set")
@click.argument("name")
@click.argument("credential", type=click.Choice(sorted(ENVIRONMENT)))
@json_option
def set_credential(name: str, credential: str, *, as_json: bool) -> None:
    """Store CREDENTIAL of connection NAME, encrypted. Asks for the value, or reads it from standard input."""
    find_connection(name)
    value = _value(credential)
    Vault(engine()).set(name, credential, value)
    if as_json:
        emit({"connection": name, "credential": credential, "stored": True})
    else:
        console.print(f"{credential} of {name} is stored, encrypted.")


@credentials.command("list")
@click.argument("name")
@json_option
def list_credentials(name: str, *, as_json: bool) -> None:
    """Show which credentials of connection NAME are stored, and since when. Never their values."""
    find_connection(name)
    stored = {entry.name: entry.updated_at for entry in Vault(engine()).list(name)}
    rows = [
        (item, stored[item].isoformat(timespec="seconds") if item in stored else None)
        for item in sorted(ENVIRONMENT)
    ]
    if as_json:
        emit(
            {"connection": name, "credentials": [{"name": item, "updated_at": since} for item, since in rows]}
        )
    else:
        shown = [(item, since or f"not stored; ${ENVIRONMENT[item]} is used if set") for item, since in rows]
        show_table(f"Credentials of {name}", ("credential", "stored since"), shown)


@credentials.command("delete")
@click.argument("name")
@click.argument("credential", type=click.Choice(sorted(ENVIRONMENT)))
@json_option
def delete_credential(name: str, credential: str, *, as_json: bool) -> None:
    """Remove CREDENTIAL of connection NAME."""
    removed = Vault(engine()).delete(name, credential)
    if as_json:
        emit({"connection": name, "credential": credential, "deleted": removed})
    else:
        console.print(f"{credential} of {name} is {'deleted' if removed else 'not stored'}.")


@credentials.command("rotate-key")
@json_option
def rotate_key(*, as_json: bool) -> None:
    """Make a new encryption key and encrypt all credentials again with it."""
    count = Vault(engine()).rotate()
    if as_json:
        emit({"rotated": count})
    else:
        console.print(f"{count} credentials are encrypted with a new key.")


def _value(credential: str) -> str:
    """Return the value typed without echo, or read from standard input where there is no terminal."""
    if sys.stdin.isatty():
        return str(click.prompt(credential, hide_input=True))
    value = sys.stdin.read().strip()
    if not value:
        raise UsageError(
            f"No value for {credential} on standard input.", remedy="Pipe it in, or run on a terminal."
        )
    return value
