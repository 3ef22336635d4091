"""Writes ``docs/settings.md`` from the types that check ``defs.yaml`` and from ``.env.example``."""

import re
import types
from collections.abc import Iterator
from datetime import date, time
from enum import StrEnum
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ml_connector.cli.connections import COMPONENT
from ml_connector.settings import ConnectionSettings
from ml_connector.settings.base import OrBare, Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = "docs/settings.md"

EXAMPLE = ConnectionSettings(name="acme", start=date(2026, 11, 20))
"""The connection whose file is shown whole: two fields of its own, everything else by default."""

HEADING = """\
# Settings of a connection

<!-- Made by scripts/settings_reference.py from the descriptions in ml_connector/settings. Run `make docs`. -->

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
    parts = [HEADING, *_sections(ConnectionSettings), _whole_file(), _environment()]
    return "\n".join(parts)


def whole_example() -> str:
    """Return a ``defs.yaml`` with every field written out."""
    document = {"type": COMPONENT, "attributes": EXAMPLE.model_dump(mode="json")}
    return _yaml(document)


def _yaml(document: Any) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _sections(model: type[BaseModel], prefix: str = "", title: str = "Fields") -> Iterator[str]:
    """Yield a table for a model with an example, then the same for each model among its fields, each model once."""
    yield f"{'#' * max(2, prefix.count('.') + 1)} {title}\n"
    if prefix:
        yield f"{cleandoc(model.__doc__ or '').replace('``', '`')}\n"
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    inner: dict[type[BaseModel], tuple[str, str]] = {}
    for name, field in model.model_fields.items():
        nested = _model_in(field.annotation)
        if nested is not None:
            place = inner.setdefault(nested, _place(prefix, name, field))
            kind, default = _linked(field, place[1]), _default(field) if _has_short_form(field) else ""
        else:
            kind, default = _type(field), _default(field)
        cells = (f"`{prefix}{name}`", kind, default, _cell(field.description or ""))
        yield f"| {' | '.join(cells)} |".replace("|  |", "| |")
    yield ""
    if example := _example(model, prefix):
        yield f"For example:\n\n```yaml\n{example}```\n"
    for nested, (below, heading) in inner.items():
        yield from _sections(nested, below, heading)


def _place(prefix: str, name: str, field: FieldInfo) -> tuple[str, str]:
    """Return the prefix of the fields of a model among the fields, and the title of its section."""
    if _is_list(field):
        return f"{prefix}{name}[].", f"Each of `{prefix}{name}`"
    return f"{prefix}{name}.", f"`{prefix}{name}`" if prefix else name


def _linked(field: FieldInfo, heading: str) -> str:
    """Return the type of a field that is a model, or a list of one, with a link to its section."""
    anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
    short = [item.in_words for item in _metadata(field) if isinstance(item, OrBare)]
    link = f"see [below](#{anchor})"
    if _is_list(field):
        return f"list of {' or '.join([*short, f'fields, {link}'])}"
    return " or ".join([*short, link])


def _has_short_form(field: FieldInfo) -> bool:
    """Return whether the default of a model, or of a list of them, fits into a cell."""
    return _is_list(field) or any(isinstance(item, OrBare) for item in field.metadata)


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple


def _metadata(field: FieldInfo) -> list[Any]:
    """Return what is said about a field's type, and about that of its items where it is a list."""
    items = get_args(field.annotation)[:1] if _is_list(field) else ()
    return [*field.metadata, *(one for item in items for one in getattr(item, "__metadata__", ()))]


def _model_in(kind: Any) -> type[BaseModel] | None:
    """Return the model that a type is, or is a list of."""
    if get_origin(kind) in (Annotated, tuple):
        return _model_in(get_args(kind)[0])
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _example(model: type[BaseModel], prefix: str) -> str | None:
    """Return the examples of a part of the settings as YAML; those of parts within parts stand in the whole."""
    named = {name: field.examples[0] for name, field in model.model_fields.items() if field.examples}
    if not named or prefix.count(".") != 1 or "[]" in prefix:
        return None
    return _yaml({prefix.removesuffix("."): named})


def _type(field: FieldInfo) -> str:
    text = _described(field.annotation)
    limits = {
        key: getattr(item, key) for item in field.metadata for key in ("ge", "le") if hasattr(item, key)
    }
    if limits:
        text += f", {_between(limits.get('ge'), limits.get('le'))}"
    patterns = [item.pattern for item in field.metadata if getattr(item, "pattern", None)]
    return _cell(text + "".join(f", matching `{pattern}`" for pattern in patterns))


def _between(least: int | None, most: int | None) -> str:
    """Return the limits of a number in words, at least one of which is given."""
    if most is None:
        return f"{least} or more"
    return f"at most {most}" if least is None else f"{least} to {most}"


def _described(kind: Any) -> str:
    """Return a type in the words of someone who writes YAML."""
    if get_origin(kind) is Annotated:
        return _described(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join("nothing" if part is type(None) else _described(part) for part in get_args(kind))
    if get_origin(kind) is Literal:
        return " / ".join(f"`{option}`" for option in get_args(kind))
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
    value = _written(field.default)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return ", ".join(f"`{key}: {policy}`" for key, policy in value.items()) or "empty"
    if isinstance(value, tuple | frozenset):
        return ", ".join(f"`{_written(item)}`" for item in value) or "empty"
    return f"`{value}`"


def _written(item: Any) -> Any:
    """Return an item of a list as it is written in a file."""
    return item.model_dump(mode="json") if isinstance(item, Settings) else item


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
