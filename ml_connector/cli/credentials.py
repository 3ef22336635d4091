"""``credentials``: set, list, delete, and rotate the key they are encrypted with. Values are never shown."""

import os
import sys

import click

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import Commands, console, emit, json_option, show_table
from ml_connector.credentials import ENVIRONMENT, store
from ml_connector.database import engine
from ml_connector.errors import UsageError
from ml_connector.vault import Vault

WHICH = click.Choice(list(ENVIRONMENT))
CHOICES = f"""\b
CREDENTIAL is one of:
  {", ".join(list(ENVIRONMENT)[:2])},
  {", ".join(list(ENVIRONMENT)[2:])}"""


@click.group(cls=Commands, short_help="Store, list and delete credentials; rotate their key.")
def credentials() -> None:
    """Store, list and delete the credentials of a connection; rotate the key they are encrypted with."""


@credentials.command("set", short_help="Store one credential, encrypted.", epilog=CHOICES)
@click.argument("name")
@click.argument("credential", type=WHICH, metavar="CREDENTIAL")
@json_option
def set_credential(name: str, credential: str, *, as_json: bool) -> None:
    """Store CREDENTIAL of connection NAME, encrypted, in the place of an older one.

    Asks for the value on a terminal, without showing it; elsewhere reads it from standard input.
    """
    find_connection(name)
    value = _value(credential)
    store(Vault(engine()), name, credential, value)
    if as_json:
        emit({"connection": name, "credential": credential, "stored": True})
    else:
        console.print(f"{credential} of {name} is stored, encrypted.")


@credentials.command("list", short_help="Show which credentials are stored, never their values.")
@click.argument("name")
@json_option
def list_credentials(name: str, *, as_json: bool) -> None:
    """Show which credentials of connection NAME are stored, and since when. Never their values."""
    find_connection(name)
    stored = {entry.name: entry for entry in Vault(engine()).list(name)}
    found = [
        {
            "name": item,
            "source": "vault" if item in stored else "environment" if os.environ.get(variable) else None,
            "updated_at": stored[item].updated_at.isoformat(timespec="seconds") if item in stored else None,
            "hosts": stored[item].hosts if item in stored else None,
        }
        for item, variable in ENVIRONMENT.items()
    ]
    if as_json:
        emit({"connection": name, "credentials": found})
    else:
        show_table(
            f"Credentials of {name}",
            ("credential", "where"),
            [(entry["name"], _where(entry)) for entry in found],
        )


def _where(entry: dict[str, str | None]) -> str:
    variable = ENVIRONMENT[str(entry["name"])]
    if entry["source"] == "vault":
        target = f" for {entry['hosts']}" if entry["hosts"] else ""
        return f"stored {str(entry['updated_at'])[:16].replace('T', ' ')} UTC{target}"
    return f"from {variable}" if entry["source"] else f"missing; {variable} is not set either"


@credentials.command("delete", short_help="Remove one credential.", epilog=CHOICES)
@click.argument("name")
@click.argument("credential", type=WHICH, metavar="CREDENTIAL")
@json_option
def delete_credential(name: str, credential: str, *, as_json: bool) -> None:
    """Remove CREDENTIAL of connection NAME."""
    removed = Vault(engine()).delete(name, credential)
    if as_json:
        emit({"connection": name, "credential": credential, "deleted": removed})
    else:
        console.print(f"{credential} of {name} is {'deleted' if removed else 'not stored'}.")


@credentials.command("rotate-key", short_help="Encrypt all credentials with a new key.")
@json_option
def rotate_key(*, as_json: bool) -> None:
    """Encrypt all credentials again: with a new key, or with the first key of ML_CONNECTOR_ENCRYPTION_KEY."""
    count = Vault(engine()).rotate()
    if as_json:
        emit({"rotated": count})
    else:
        console.print(f"{count} credentials are encrypted with the new key.")


def _value(credential: str) -> str:
    """Return the value typed without echo, or read from standard input where there is no terminal."""
    if sys.stdin.isatty():
        return checked(credential, str(click.prompt(credential, hide_input=True)))
    value = sys.stdin.read()
    if not value.strip():
        raise UsageError(
            f"No value for {credential} on standard input.", remedy="Pipe it in, or run on a terminal."
        )
    return checked(credential, value)


def checked(credential: str, value: str) -> str:
    """Return a credential's value without the white space around it.

    Raises:
        UsageError: it cannot be right: two lines, or something pasted with blanks. The value is not quoted.
    """
    value = value.strip()
    if not value.isascii() or any(character.isspace() or not character.isprintable() for character in value):
        raise UsageError(
            f"The value for {credential} holds blanks, line breaks or other characters that none has.",
            remedy="Copy it again, alone.",
        )
    return value
