"""How a search is cut to HubSpot's limits. Pure functions; the client sends.

Search is only ever a list of candidates: its index lags behind writes, archived records never show, and
paging ends at 10,000 results. So it finds records to look at and never decides between create and update
(reference: hubspot 3).
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ml_connector.errors import UsageError

PAGE_SIZE = 200
MAX_RESULTS = 10_000
MAX_BODY = 2_999
"""The longest request body in bytes: HubSpot refuses more than 3,000 characters."""


def body_of(
    property_name: str, values: Sequence[str], properties: Sequence[str], after: str = "0"
) -> dict[str, Any]:
    """Return the search body for records whose property is one of the values, in the order of their ids."""
    chosen = {"propertyName": property_name, "operator": "IN", "values": list(values)}
    return {
        "filterGroups": [{"filters": [chosen]}],
        "properties": list(properties),
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "limit": PAGE_SIZE,
        "after": after,
    }


def encoded(body: Any) -> bytes:
    """Return compact JSON in UTF-8, as every request carries it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def cut(
    property_name: str, values: Iterable[str], properties: Sequence[str], *, fold: bool
) -> list[list[str]]:
    """Return the values in parts whose search bodies fit, each value once.

    Args:
        property_name: the property that is compared.
        values: what to look for.
        properties: the properties to return; their names count towards the body.
        fold: whether to lower the case: IN on string properties needs it, enumerations must not have it.

    Raises:
        UsageError: the properties leave no room for a value.
    """
    wanted = dict.fromkeys(value.lower() if fold else value for value in values if value)
    room = MAX_BODY - len(encoded(body_of(property_name, [], properties, str(MAX_RESULTS))))
    parts: list[list[str]] = []
    used = room + 1
    for value in wanted:
        size = len(encoded(value)) + 1
        if size > room:
            raise UsageError(
                f"A search on {property_name} does not fit into HubSpot's limit of 3,000 characters.",
                remedy="Ask for fewer properties, or read the records by id.",
            )
        if used + size > room:
            parts.append([])
            used = 0
        parts[-1].append(value)
        used += size
    return parts
