"""How commands speak: sentences and tables on a terminal, one JSON document with ``--json``, and exit codes."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import click
from rich.console import Console
from rich.table import Table

from ml_connector.errors import ConnectorError, UsageError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_REJECTS = 3

WIDE = 140
"""Columns where the output is no terminal, so that tables in logs and pipes stay whole."""

console = Console(width=None if sys.stdout.isatty() else WIDE)
errors = Console(stderr=True)

Command = TypeVar("Command", bound=Callable[..., Any])


class Commands(click.Group):
    """A group whose commands end with a sentence and an exit code where an error is expected."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn a :class:`ConnectorError` into its sentence, as JSON where ``--json`` was given."""
        try:
            return super().invoke(ctx)
        except ConnectorError as error:
            fail(error, as_json="--json" in sys.argv)
        except KeyboardInterrupt:
            errors.print("Stopped. What was sent is in the ledger; the next run goes on from there.")
            ctx.exit(130)


def fail(error: ConnectorError, *, as_json: bool) -> NoReturn:
    """End the process with the error's sentence."""
    code = EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED
    if as_json:
        emit({"error": {"message": error.message, "remedy": error.remedy, "record": error.record}})
    else:
        errors.print(f"[bold red]Error:[/] {_plain(str(error))}", soft_wrap=True)
    raise click.exceptions.Exit(code)


def json_option(command: Command) -> Command:
    """Add ``--json`` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(
        command
    )


def emit(document: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; numbers stand to the right."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for position, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[position], int) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_plain(str(cell)) for cell in row))
    console.print(table)


def show_facts(title: str, facts: Mapping[str, object]) -> None:
    """Print names with their values, one a line."""
    show_table(title, ("what", "value"), [(name, value) for name, value in facts.items()])


def _plain(text: str) -> str:
    """Return text in which rich sees no markup."""
    return text.replace("[", "\\[")
