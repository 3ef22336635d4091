"""``rejects``: what was refused, by name and cause, and putting a record aside."""

import click

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import console, emit, json_option, show_table
from ml_connector.database import engine
from ml_connector.errors import UsageError
from ml_connector.ledger.rejects import dismiss, open_rejects


@click.group()
def rejects() -> None:
    """List refused records and put them aside. Every other one is tried again by every run."""


@rejects.command("list")
@click.argument("name")
@json_option
def list_rejects(name: str, *, as_json: bool) -> None:
    """Show the refused records of connection NAME, each by its Visma number, with cause and remedy."""
    find_connection(name)
    found = open_rejects(engine(), name)
    if as_json:
        emit({"connection": name, "rejects": [item.as_dict() for item in found]})
        return
    if not found:
        console.print(f"{name}: nothing is refused.")
        return
    rows = [
        (item.entity, item.record, item.cause, item.message, item.remedy, item.attempts) for item in found
    ]
    show_table(
        f"Refused records of {name}", ("entity", "record", "cause", "message", "remedy", "tries"), rows
    )


@rejects.command("dismiss")
@click.argument("name")
@click.option("--record", required=True, help="The record, such as customer:10023.")
@click.option("--note", default="", help="Why, for whoever looks later.")
@json_option
def dismiss_reject(name: str, record: str, note: str, *, as_json: bool) -> None:
    """Put one refused record of connection NAME aside: it is not tried again until it changes in Visma."""
    find_connection(name)
    if not dismiss(engine(), name, record, note):
        raise UsageError(
            f"{record} is not among the refused records of {name}.", remedy="See `rejects list`."
        )
    if as_json:
        emit({"connection": name, "record": record, "dismissed": True})
    else:
        console.print(f"{record} is put aside.")
