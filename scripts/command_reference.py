"""Writes ``docs/commands.md`` from the command line's own help."""

from collections.abc import Iterator

import click

from ml_connector.cli.main import main

PAGE = "docs/commands.md"
PROGRAM = "ml-connector"

WIDTH = 120
"""Columns of a usage line."""

HEADING = """\
# Commands

<!-- Made by scripts/command_reference.py from the commands' own help. Run `make docs`. -->

In a clone the program is `.venv/bin/ml-connector`. Every command that reports something takes `--json` and then prints
one JSON document. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but with rejects, 130 interrupted.
"""


def render() -> str:
    """Return the page."""
    return "\n".join([HEADING, *(_section(path, command) for path, command in commands(main))])


def commands(
    group: click.Group, path: tuple[str, ...] = (PROGRAM,)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command below a group with the words that call it."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def _section(path: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(command, info_name=" ".join(path), terminal_width=WIDTH)
    usage = command.get_usage(context).removeprefix("Usage: ")
    rows = "\n".join(_row(option, context) for option in command.params if isinstance(option, click.Option))
    table = f"\n| option | meaning |\n|---|---|\n{rows}\n" if rows else ""
    notes = f"\n{' '.join(command.epilog.split())}\n".replace("\b ", "") if command.epilog else ""
    return f"## {' '.join(path)}\n\n{_text(command)}\n\n```\n{usage}\n```\n{notes}{table}"


def _text(command: click.Command) -> str:
    """Return a command's help as paragraphs."""
    return "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))


def _row(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    names, text = record if record else (option.opts[0], "")
    return f"| `{names.replace('|', ' or ')}` | {' '.join(text.split()).replace('|', ' or ')} |"
