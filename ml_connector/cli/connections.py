"""Finding connections: every ``defs.yaml`` of the folder that Dagster loads, read without starting Dagster."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ml_connector.definitions import defs_folder
from ml_connector.errors import UsageError
from ml_connector.settings import ConnectionSettings

COMPONENT = "ml_connector.VismaHubSpotConnection"


def all_connections() -> dict[str, ConnectionSettings]:
    """Return the connections by name.

    Raises:
        UsageError: a file cannot be read as a connection, or two have one name; says which file, field and why.
    """
    found: dict[str, ConnectionSettings] = {}
    for path in sorted(defs_folder().glob("**/defs.yaml")):
        for document in _documents(path):
            if isinstance(document, dict) and document.get("type") == COMPONENT:
                settings = _settings(path, document.get("attributes") or {})
                if settings.name in found:
                    raise UsageError(
                        f"{path}: there is another connection {settings.name!r}.",
                        remedy="Give each its own name, or remove one of the two files.",
                    )
                found[settings.name] = settings
    return found


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
    raise UsageError(f"There is no connection {name!r}.", remedy=hint)


def _documents(path: Path) -> list[object]:
    try:
        return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise UsageError(
            f"{path}{place}: {problem}.", remedy="Correct it; `dg check yaml` checks all of them."
        ) from None


def problems_of(error: ValidationError) -> str:
    """Return what is wrong with a connection's attributes, one sentence per setting, without the values' internals."""
    return " ".join(f"{_setting(item['loc'])}{_reason(item)}." for item in error.errors())


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


def _settings(path: Path, attributes: object) -> ConnectionSettings:
    try:
        return ConnectionSettings.model_validate(attributes)
    except ValidationError as error:
        raise UsageError(f"{path}: {problems_of(error)}", remedy="`dg check yaml` shows the line.") from None
