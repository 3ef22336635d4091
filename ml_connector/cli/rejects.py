"""``rejects``: what was refused, by name and cause, and putting a record aside."""

from collections.abc import Iterable

import click
from rich.markup import escape
from rich.padding import Padding

from ml_connector.cli.connections import find_connection
from ml_connector.cli.output import Commands, console, emit, json_option
from ml_connector.cli.program import as_called
from ml_connector.database import engine
from ml_connector.errors import UsageError
from ml_connector.ledger.rejects import OpenReject, dismiss, open_rejects


@click.group(cls=Commands, short_help="List refused records; put them aside.")
def rejects() -> None:
    """List refused records and put them aside. What is not put aside is tried again by later runs."""


@rejects.command("list", short_help="Show refused records with cause and remedy.")
@click.argument("name")
@json_option
def list_rejects(name: str, *, as_json: bool) -> None:
    """Show the refused records of connection NAME by cause, each with its Visma number, and what to do about them."""
    find_connection(name)
    found = open_rejects(engine(), name)
    if as_json:
        emit({"connection": name, "rejects": [item.as_dict() for item in found]})
        return
    if not found:
        console.print(f"{name}: nothing is refused.")
        return
    many = "1 record is" if len(found) == 1 else f"{len(found)} records are"
    console.print(f"{many} refused in {name}; the next run tries again.")
    for (entity, message, remedy), keys in _by_cause(found).items():
        console.print(f"\n[bold]{len(keys)} {entity}:[/] {escape(message)}")
        console.print(Padding(escape(remedy), (0, 0, 0, 2)))
        console.print(Padding(escape(", ".join(keys)), (0, 0, 0, 2)), style="dim")
    aside = f"To put one aside: ml-connector rejects dismiss {name} --record {found[0].record}"
    console.print(f"\n{as_called(aside)}", soft_wrap=not console.is_terminal)


def _by_cause(found: Iterable[OpenReject]) -> dict[tuple[str, str, str], list[str]]:
    """Return the record keys of each entity, message and remedy."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for item in found:
        groups.setdefault((item.entity, item.message, item.remedy), []).append(item.record)
    return groups


@rejects.command("dismiss", short_help="Put one refused record aside.")
@click.argument("name")
@click.option("--record", required=True, help="The record, such as customer:10023.")
@click.option("--note", default="", help="Why, for whoever looks later.")
@json_option
def dismiss_reject(name: str, record: str, note: str, *, as_json: bool) -> None:
    """Put one refused record of connection NAME aside: it is not tried again until it changes in Visma."""
    find_connection(name)
    if not dismiss(engine(), name, record, note):
        raise UsageError(
            f"{record} is not among the refused records of {name}.",
            remedy=f"See `ml-connector rejects list {name}`.",
        )
    if as_json:
        emit({"connection": name, "record": record, "dismissed": True})
    else:
        console.print(f"{record} is put aside until it changes in Visma.")
