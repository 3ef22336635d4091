"""Finding connections: every ``defs.yaml`` of the folder that Dagster loads, read without starting Dagster."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ml_connector.definitions import defs_folder
from ml_connector.errors import UsageError
from ml_connector.settings import ConnectionSettings
from ml_connector.settings.base import PlacedError

COMPONENT = "ml_connector.VismaHubSpotConnection"

CORRECT = "Correct it; docs/settings.md has every setting."

COPY = "Copy the connection's own defs.yaml, change the copy, and name that."


def all_connections() -> dict[str, ConnectionSettings]:
    """Return the connections by name.

    Raises:
        UsageError: a file cannot be read as a connection, or two have one name; says which file, field and why.
    """
    found: dict[str, ConnectionSettings] = {}
    for path in sorted(defs_folder().glob("**/defs.yaml")):
        for settings in _connections_in(path):
            if settings.name in found:
                raise UsageError(
                    f"{path}: there is another connection {settings.name!r}.",
                    remedy="Give each its own name, or remove one of the two files.",
                )
            found[settings.name] = settings
    return found


def connection_in(path: Path, name: str) -> ConnectionSettings:
    """Return a connection as another file than its own has it.

    Raises:
        UsageError: the file cannot be read, or has no connection of this name; says which file, line, field and why.
    """
    try:
        found = {settings.name: settings for settings in _connections_in(path)}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", remedy=COPY) from None
    if name not in found:
        others = f"it has {', '.join(found)}" if found else "it has no connection"
        raise UsageError(f"{path} is not about {name}: {others}.", remedy=COPY)
    return found[name]


def _connections_in(path: Path) -> Iterator[ConnectionSettings]:
    """Yield the connections of a file."""
    for written in _documents(path):
        document = written.value
        if isinstance(document, dict) and document.get("type") == COMPONENT:
            yield _settings(path, document.get("attributes") or {}, written)


def find_connection(name: str) -> ConnectionSettings:
    """Return a connection by name.

    Raises:
        UsageError: there is none of this name; names those there are.
    """
    known = all_connections()
    if name in known:
        return known[name]
    hint = (
        f"Known: {', '.join(known)}."
        if known
        else f"There is none yet; make it with `ml-connector init {name}`."
    )
    raise UsageError(f"There is no connection {name!r} in {defs_folder()}.", remedy=hint)


@dataclass(frozen=True, slots=True)
class Written:
    """One document of a file: its value, and the tree of nodes it was made from, which know their lines."""

    value: object
    tree: yaml.Node

    def line(self, place: Sequence[int | str]) -> int:
        """Return the line of a setting, or of the innermost part around it that is written."""
        node = self.tree
        line = node.start_mark.line
        for step in place:
            below = _below(node, step)
            if below is None:
                break
            line, node = below
        return line + 1


def _below(node: yaml.Node, step: int | str) -> tuple[int, yaml.Node] | None:
    """Return the line and the node of a part of a node, or None where it has no such part."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line, node.value[step]
    return None


def _documents(path: Path) -> list[Written]:
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        found = []
        while loader.check_node() and (tree := loader.get_node()) is not None:
            found.append(Written(loader.construct_document(tree), tree))
        return found
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise UsageError(f"{path}{place}: {problem}.", remedy=CORRECT) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: it is no text in UTF-8.", remedy=CORRECT) from None
    except (ValueError, RecursionError) as error:
        # Such as 2026-02-30: YAML takes it for a date, and there is none.
        problem = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
        raise UsageError(f"{path}: {problem}.", remedy=CORRECT) from None


def problems_of(error: ValidationError) -> str:
    """Return what is wrong with a connection's attributes, one sentence per setting, without the values' internals."""
    return " ".join(_problem(item) for item in error.errors())


def _problem(item: Any) -> str:
    return f"{_setting(_place(item))}{_reason(item)}."


def _place(item: Any) -> tuple[int | str, ...]:
    """Return where a mistake is written; one that only the whole shows knows its place itself."""
    error = (item.get("ctx") or {}).get("error")
    return (*item["loc"], *(error.place if isinstance(error, PlacedError) else ()))


def _setting(place: tuple[int | str, ...]) -> str:
    return f"{'.'.join(map(str, place))}: " if place else ""


def _reason(item: Any) -> str:
    """Return pydantic's reason, in our words where those of a type or pattern would puzzle a person."""
    shown = repr(item["input"])
    if item["loc"] == ("name",) and item["type"] == "string_pattern_mismatch":
        return f"{shown} cannot be a name; take up to 40 lower-case letters, digits and _, a letter first"
    if item["loc"] == ("region",) and item["type"] == "string_pattern_mismatch":
        return f"{shown} is no country; write its two letters, such as NO"
    if item["type"].startswith("date_"):
        return f"{shown} is not a date; write it as 2026-11-20"
    if item["type"] == "missing":
        return "it is missing"
    if item["type"] == "extra_forbidden":
        return "there is no such setting"
    return str(item["msg"]).removeprefix("Value error, ").removesuffix(".")


def _settings(path: Path, attributes: object, written: Written) -> ConnectionSettings:
    try:
        return ConnectionSettings.model_validate(attributes)
    except ValidationError as error:
        lines = " ".join(
            f"Line {written.line(('attributes', *_place(item)))}: {_problem(item)}" for item in error.errors()
        )
        raise UsageError(f"{path}: {lines}", remedy=CORRECT) from None
