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
    program = main.context_class(main, info_name=PROGRAM, terminal_width=WIDTH, **main.context_settings)
    return "\n".join([HEADING, *(_section(context) for context in commands(main, program))])


def commands(group: click.Group, parent: click.Context) -> Iterator[click.Context]:
    """Yield the context of every command below a group.

    Each has its parents, since a command's help option is made once, from the first context that asks for it: one
    without parents would not know ``-h``, here and for the rest of the process.
    """
    for name, command in sorted(group.commands.items()):
        context = command.context_class(command, parent=parent, info_name=name)
        if isinstance(command, click.Group):
            yield from commands(command, context)
        else:
            yield context


def _section(context: click.Context) -> str:
    command, path = context.command, context.command_path
    usage = command.get_usage(context).removeprefix("Usage: ")
    rows = "\n".join(_row(option, context) for option in command.params if isinstance(option, click.Option))
    table = f"\n| option | meaning |\n|---|---|\n{rows}\n" if rows else ""
    notes = f"\n{' '.join(command.epilog.split())}\n".replace("\b ", "") if command.epilog else ""
    return f"## {path}\n\n{_text(command)}\n\n```\n{usage}\n```\n{notes}{table}"


def _text(command: click.Command) -> str:
    """Return a command's help as paragraphs."""
    return "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))


def _row(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    names, text = record if record else (option.opts[0], "")
    return f"| `{names.replace('|', ' or ')}` | {' '.join(text.split()).replace('|', ' or ')} |"
