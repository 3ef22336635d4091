"""The values of a Visma row that settings ask for by a path, as text. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ml_connector.records.fields import part
from ml_connector.records.model import Fields
from ml_connector.records.normal_forms import OddValueError, text
from ml_connector.visma.snapshots import Values
from ml_connector.visma_row_fields import ATTRIBUTES

TRUE = "true"
FALSE = "false"


def fields_of(row: Values, paths: Iterable[str]) -> Fields:
    """Return the values of a row at some paths; None where the row has none.

    Raises:
        OddValueError: a list or object stands where a single value should; the text names the path.
    """
    return {path: value_at(row, path) for path in paths}


def value_at(row: Values, path: str) -> str | None:
    """Return a value as trimmed text: a number in plain digits, a truth as ``true`` or ``false``.

    ``attributes.INDUSTRY`` is the value of the attribute with this id (reference: visma 4.4).

    Raises:
        OddValueError: a list or object stands there; the text names the path.
    """
    first, _, rest = path.partition(".")
    found = _attribute(row.get(ATTRIBUTES), rest) if first == ATTRIBUTES else part(row, *path.split("."))
    if isinstance(found, bool):
        return TRUE if found else FALSE
    if isinstance(found, Decimal):
        return f"{found:f}"
    try:
        return text(found)
    except OddValueError as error:
        raise OddValueError(f"{path}: {error}") from None


def _attribute(attributes: object, wanted: str) -> object:
    """Return the value of the attribute with this id, whatever the case of the id; None without one."""
    for attribute in attributes if isinstance(attributes, list) else ():
        if isinstance(attribute, Mapping) and str(attribute.get("id")).casefold() == wanted.casefold():
            return attribute.get("value")
    return None
