"""Where the files of a statement lie below the storage root, and writing and reading them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ml_connector.errors import StorageError
from ml_connector.reconciliation.page import as_html
from ml_connector.reconciliation.spreadsheet import as_csv
from ml_connector.reconciliation.statement import Statement
from ml_connector.storage_root import StorageRoot


def _as_json(statement: Statement) -> str:
    return json.dumps(statement.document(), ensure_ascii=False, indent=1) + "\n"


FORMS: Mapping[str, Callable[[Statement], str]] = {"html": as_html, "csv": as_csv, "json": _as_json}
"""The forms of a statement by the end of the file's name: to file, to work with, for a script."""


def path_of(connection: str, run_id: str, form: str) -> str:
    """Return the path of a form of a run's statement, relative to the storage root."""
    return f"{connection}/reconciliation/{run_id}/statement.{form}"


def write_statement(root: StorageRoot, statement: Statement) -> dict[str, str]:
    """Write a statement in all its forms; return where each is, by its form.

    Raises:
        StorageError: a file cannot be written.
    """
    return {
        form: root.write_document(path_of(statement.connection, statement.run_id, form), make(statement))
        for form, make in FORMS.items()
    }


def read_statement(root: StorageRoot, connection: str, run_id: str) -> dict[str, Any]:
    """Return the statement of a run as its JSON document.

    Raises:
        StorageError: it is not there.
    """
    place = root.place(path_of(connection, run_id, "json"))
    try:
        found: dict[str, Any] = json.loads(place.read_bytes())
    except (OSError, ValueError) as error:
        raise StorageError(
            f"The statement of run {run_id} cannot be read from {place} ({type(error).__name__}).",
            remedy=f"Run: ml-connector reconcile {connection}",
        ) from error
    return found
