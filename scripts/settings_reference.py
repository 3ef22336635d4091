"""Writes ``docs/settings.md`` from the types that check ``defs.yaml`` and from ``.env.example``."""

import re
import types
from collections.abc import Iterator
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ml_connector.cli.connections import COMPONENT
from ml_connector.settings import ConnectionSettings

ROOT = Path(__file__).resolve().parent.parent
PAGE = "docs/settings.md"

EXAMPLE = ConnectionSettings(name="acme", start=date(2026, 11, 20))
"""The connection whose file is shown whole: two fields of its own, everything else by default."""

HEADING = """\
# Settings of a connection

<!-- Made by scripts/settings_reference.py; change the descriptions in ml_connector/settings.py and run `make docs`. -->

A connection is one file, `defs.yaml`, in a folder of its own. `ml-connector init` writes it with the few fields that
have no sound default; add others by hand. Unknown fields are refused. `ml-connector ping NAME`, like every command that
takes a name, checks the files of all connections first and names the line of a mistake. Credentials never stand in
them: see [Set-up](setup.md) and [Security](security.md).

After a change, reload the code location in Dagster (Deployment, then Reload), or start `make dev` again.
"""

SIMPLE = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    date: "date, `YYYY-MM-DD`",
    time: "time of day in quotes, `'HH:MM'`",
}


def render() -> str:
    """Return the page."""
    parts = [HEADING, *_sections(ConnectionSettings, "", "Fields"), _whole_file(), _environment()]
    return "\n".join(parts)


def whole_example() -> str:
    """Return a ``defs.yaml`` with every field written out."""
    document = {"type": COMPONENT, "attributes": EXAMPLE.model_dump(mode="json")}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _sections(model: type[BaseModel], prefix: str, title: str) -> Iterator[str]:
    """Yield a table for a model, then one for each model among its fields."""
    yield f"## {title}\n"
    if prefix:
        yield f"{(model.__doc__ or '').replace('``', '`')}\n"
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            inner.append((name, nested))
            yield f"| `{prefix}{name}` | see [below](#{name}) | | {field.description} |"
        else:
            yield f"| `{prefix}{name}` | {_type(field)} | {_default(field)} | {_cell(field.description or '')} |"
    yield ""
    for name, nested in inner:
        yield from _sections(nested, f"{name}.", name)


def _type(field: FieldInfo) -> str:
    text = _described(field.annotation)
    limits = {
        key: getattr(item, key) for item in field.metadata for key in ("ge", "le") if hasattr(item, key)
    }
    if limits:
        text += f", {limits.get('ge')} to {limits.get('le')}"
    patterns = [item.pattern for item in field.metadata if getattr(item, "pattern", None)]
    return _cell(text + "".join(f", matching `{pattern}`" for pattern in patterns))


def _described(kind: Any) -> str:
    """Return a type in the words of someone who writes YAML."""
    if get_origin(kind) is Annotated:
        return _described(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join("nothing" if part is type(None) else _described(part) for part in get_args(kind))
    if get_origin(kind) in (tuple, frozenset):
        return f"list of {_described(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return f"map of {_described(get_args(kind)[0])} to {_described(get_args(kind)[1])}"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return " / ".join(f"`{option}`" for option in kind)
    return SIMPLE[kind]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return ", ".join(f"`{key}: {policy}`" for key, policy in value.items())
    if isinstance(value, tuple | frozenset):
        return ", ".join(f"`{item}`" for item in value) or "empty"
    return f"`{value}`"


def _cell(text: str) -> str:
    """Return text in which a table sees no column."""
    return text.replace("|", "\\|")


def _whole_file() -> str:
    return f"""\
## A file with everything written out

These are the defaults; a file that leaves them out means the same.

```yaml
{whole_example()}```
"""


def _environment() -> str:
    rows = "\n".join(f"| `{name}` | {_cell(text)} |" for name, text in environment().items())
    return f"""\
## Environment variables

They are for a whole machine or process, not for one connection. `.env.example` has them as a file to copy to `.env`,
which `ml-connector`, `dagster dev` and `dg` read from the current folder.

| variable | meaning |
|---|---|
{rows}
"""


def environment() -> dict[str, str]:
    """Return the variables of ``.env.example``, each with the comment above it."""
    found: dict[str, str] = {}
    for block in (ROOT / ".env.example").read_text(encoding="utf-8").split("\n\n"):
        lines = block.splitlines()
        names = [match[1] for line in lines if (match := re.match(r"# ([A-Z][A-Z_]+)=", line))]
        words = " ".join(line.removeprefix("# ") for line in lines if not re.match(r"# [A-Z][A-Z_]+=", line))
        found |= dict.fromkeys(names, words)
    return found
