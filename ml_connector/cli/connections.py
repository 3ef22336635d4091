"""Finding connections: every ``defs.yaml`` of the folder that Dagster loads, read without starting Dagster."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from ml_connector.definitions import defs_folder
from ml_connector.errors import UsageError
from ml_connector.settings import ConnectionSettings

COMPONENT = "ml_connector.VismaHubSpotConnection"


def all_connections() -> dict[str, ConnectionSettings]:
    """Return the connections by name.

    Raises:
        UsageError: a file cannot be read as a connection; says which file, field and why.
    """
    found: dict[str, ConnectionSettings] = {}
    for path in sorted(defs_folder().glob("**/defs.yaml")):
        for document in _documents(path):
            if isinstance(document, dict) and document.get("type") == COMPONENT:
                settings = _settings(path, document.get("attributes") or {})
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


def _settings(path: Path, attributes: object) -> ConnectionSettings:
    try:
        return ConnectionSettings.model_validate(attributes)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(step) for step in item['loc'])}: {item['msg']}" for item in error.errors()
        )
        raise UsageError(f"{path}: {problems}.", remedy="`dg check yaml` shows the line.") from None
