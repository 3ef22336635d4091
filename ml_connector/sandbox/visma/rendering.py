"""JSON text with exact decimals: ``1234.7700`` keeps its zeros, which no JSON encoder of the standard library does."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from ml_connector.sandbox.visma.stamps import written

_MARK = "\x1f"
_MARKED = re.compile(r'"\\u001f(-?[0-9.]+)"')


def _plain(value: object) -> str:
    """Write a Decimal as a marked string, to be bared afterwards, and a moment as Visma does."""
    if isinstance(value, Decimal):
        return f"{_MARK}{value:f}"
    if isinstance(value, datetime):
        return written(value)
    raise TypeError(f"{type(value).__name__} has no JSON form in the sandbox.")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def json_text(value: Any) -> str:
    """Return compact JSON text; a Decimal becomes a number with all the digits it has."""
    return _MARKED.sub(r"\1", _ENCODER.encode(value))


def with_metadata(row_text: str, total: int, cap: int) -> str:
    """Return the JSON text of a row with the metadata of its list added, as every row of a page carries it."""
    return f'{row_text[:-1]},"metadata":{{"totalCount":{total},"maxPageSize":{cap}}}}}'


def money(value: str | int) -> Decimal:
    """Return an amount with the four places Visma usually writes."""
    return Decimal(value).quantize(Decimal("0.0001"))


def merged(row: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the row with the changes laid over it; an object in both is merged key by key."""
    result = dict(row)
    for name, value in changes.items():
        old = result.get(name)
        nested = isinstance(value, Mapping) and isinstance(old, Mapping)
        result[name] = merged(old, value) if nested and old is not None else value
    return result
