"""How commands speak: sentences and tables on a terminal, one JSON document with ``--json``, and exit codes."""

import json
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import FrameType
from typing import Any, TypeVar

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ml_connector.cli.program import as_called
from ml_connector.errors import ConnectorError, UsageError

PORT = click.IntRange(1, 65535)
"""The type of an option that names a port."""

PORT_OR_ANY = click.IntRange(0, 65535)
"""The same where 0 asks for one that is free."""

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_REJECTS = 3
EXIT_STOPPED = 130

WIDE = 140
"""Columns where the output is no terminal, so that tables in logs and pipes stay whole."""

NO_TEXT = dict.fromkeys((*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)), "\N{REPLACEMENT CHARACTER}")
"""Control characters but for tab and line end: a name that holds an escape sequence must not steer the terminal."""


class Screen(Console):
    """A console that shows texts from outside as they are: no control character works, and ``:100:`` is no emoji."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a marked-up text as it is shown."""
        return super().render_str(text.translate(NO_TEXT), **{**options, "emoji": False})


ENCODER = json.JSONEncoder(ensure_ascii=False, indent=2, default=str)

console = Screen(width=None if sys.stdout.isatty() else WIDE, highlight=False)
errors = Screen(stderr=True, highlight=False)

Command = TypeVar("Command", bound=Callable[..., Any])


class StoppedError(click.ClickException):
    """A person pressed Ctrl-C; the message says what that means for the work that was going on."""

    exit_code = EXIT_STOPPED


class Commands(click.Group):
    """A group that lists its commands in the order of their use and ends expected errors with a sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands as they were added."""
        return list(self.commands)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and end the process; an expected error becomes a sentence, or JSON with ``--json``."""
        given = list(sys.argv[1:] if args is None else args)
        before = signal.signal(signal.SIGTERM, _like_ctrl_c)
        try:
            _require_text(given)
            code = super().main(given, prog_name, complete_var, standalone_mode=False, **extra)
        except ConnectorError as error:
            code = _fail(error, as_json="--json" in given)
        except click.ClickException as error:
            code = _refuse(error, as_json="--json" in given)
        except (click.Abort, KeyboardInterrupt):
            code = _refuse(StoppedError("Stopped."), as_json="--json" in given)
        except OSError as error:
            code = _fail(_of_the_system(error), as_json="--json" in given)
        finally:
            signal.signal(signal.SIGTERM, before)
        sys.exit(code or 0)


def _require_text(words: Sequence[str]) -> None:
    """Refuse a word whose bytes are no text: neither the database nor a page could hold it."""
    for place, word in enumerate(words, 1):
        if not word.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in word):
            raise UsageError(f"Word {place} of the command is no text in UTF-8.", remedy="Type it again.")


def _like_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does where a service manager stops the process: what it began is ended, the database included."""
    signal.raise_signal(signal.SIGINT)


def _fail(error: ConnectorError, *, as_json: bool) -> int:
    """Say what went wrong and return the exit code."""
    code = EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED
    if as_json:
        emit_error(error.message, error.remedy, error.record)
    else:
        show_error(str(error))
    return code


def _refuse(error: click.ClickException, *, as_json: bool) -> int:
    """Say what is wrong with the command line, or that it was stopped, and return the exit code."""
    if as_json:
        emit_error(error.format_message())
    elif isinstance(error, StoppedError):
        errors.print(error.format_message(), soft_wrap=not errors.is_terminal)
    else:
        error.show()
    return error.exit_code


def _of_the_system(error: OSError) -> ConnectorError:
    place = f": {error.filename}" if error.filename else ""
    return ConnectorError(f"The system says: {error.strerror or type(error).__name__}{place}.")


def json_option(command: Command) -> Command:
    """Add ``--json`` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(
        command
    )


def emit(document: Mapping[str, Any]) -> None:
    """Print one JSON document, at once even into a pipe.

    A member that is an iterator is printed as a list, row by row as they come: 200,000 operations need not be held at
    once, nor the gigabyte of text that they are.
    """
    before = "{"
    for name, value in document.items():
        sys.stdout.write(f"{before}\n  {json.dumps(name)}: ")
        if isinstance(value, Iterator):
            _emit_rows(value)
        else:
            _emit_value(value, 2)
        before = ","
    print("\n}", flush=True)


def _emit_rows(rows: Iterator[Any]) -> None:
    before = "["
    for row in rows:
        sys.stdout.write(f"{before}\n    ")
        _emit_value(row, 4)
        before = ","
    sys.stdout.write("[]" if before == "[" else "\n  ]")


def _emit_value(value: Any, columns: int) -> None:
    for piece in ENCODER.iterencode(value):
        # No text of a document has a line end in it: they are all between its parts.
        sys.stdout.write(piece.replace("\n", "\n" + " " * columns))


def emit_error(message: str, remedy: str | None = None, record: str | None = None) -> None:
    """Print what went wrong as the one JSON document of a command."""
    emit({"error": {"message": message, "remedy": remedy and as_called(remedy), "record": record}})


def show_error(text: str) -> None:
    """Print an error's sentence on standard error."""
    errors.print(f"[bold red]Error:[/] {escape(as_called(text))}", soft_wrap=not errors.is_terminal)


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; numbers stand to the right and close together, so that a line of them fits 80 columns.

    No amount is broken into two lines: half of one reads like another.
    """
    counts = [all(isinstance(row[place], int) for row in rows) for place in range(len(columns))]
    amounts = [any(isinstance(row[place], Decimal) for row in rows) for place in range(len(columns))]
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 0) if all(counts[1:]) or any(amounts) else (0, 1),
    )
    for column, count, amount in zip(columns, counts, amounts, strict=True):
        table.add_column(
            column,
            justify="right" if count or amount else "left",
            overflow="ellipsis" if amount else "fold",
            no_wrap=amount,
        )
    for row in rows:
        table.add_row(*(f"{cell:,.2f}" if isinstance(cell, Decimal) else escape(str(cell)) for cell in row))
    console.print(table)


def show_lines(rows: Iterable[tuple[Sequence[tuple[str, int]], str]]) -> None:
    """Print lines of short marked-up fields, each with its width, and a sentence that wraps in its own column.

    Lines appear as they come. Without a terminal nothing wraps.
    """
    for fields, sentence in rows:
        if not console.is_terminal:
            console.print(*(_padded(text, width) for text, width in fields), escape(sentence), soft_wrap=True)
            continue
        line = Table.grid(padding=(0, 1), expand=True)
        for _, width in fields:
            line.add_column(width=width)
        line.add_column(ratio=1)
        line.add_row(*(text for text, _ in fields), escape(sentence))
        console.print(line)


def _padded(marked_up: str, width: int) -> str:
    seen = console.render_str(marked_up).cell_len
    return marked_up + " " * max(0, width - seen)
