"""What HubSpot remembers of the values of properties: who wrote which and when (reference: hubspot 3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ml_connector.hubspot import paths
from ml_connector.hubspot.calls import Call, Caller, chunks, results_of
from ml_connector.hubspot.comparison import moment_of
from ml_connector.hubspot.models import HubSpotRecord, record_from
from ml_connector.storable import storable

BATCH_SIZE = 50
"""Records in one read with history, half of what a read without takes: over it HubSpot refuses the whole call."""

BY_ITSELF = frozenset({"CALCULATED", "ASSOCIATIONS", "ANALYTICS", "COMPANY_INSIGHTS", "DATA_ENRICHMENT"})
"""HubSpot's words for values that it works out or looks up itself."""

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value a property has had; ``source_type`` is HubSpot's word for what wrote it, such as ``CRM_UI``."""

    value: str
    written_at: datetime
    source_type: str
    source_id: str
    source_label: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """A record with the values its properties have had, newest first, by the name of the property."""

    record: HubSpotRecord
    history: Mapping[str, tuple[Entry, ...]]


def read_history(
    caller: Caller,
    object_type: str,
    ids: Iterable[str],
    names: Sequence[str],
    *,
    id_property: str | None = None,
    archived: bool = False,
) -> list[Remembered]:
    """Return records with the histories of the named properties, in no order; those that are not there are left out.

    Args:
        caller: the portal.
        object_type: such as ``companies``.
        ids: record ids, or values of ``id_property``.
        names: the properties.
        id_property: a unique property whose values ``ids`` are; None for record ids.
        archived: look in the recycle bin instead.

    Raises:
        ApiError: as for :class:`Caller`.
    """

    def read(some: Sequence[str]) -> list[Remembered]:
        body: dict[str, Any] = {
            "inputs": [{"id": one} for one in some],
            "properties": list(names),
            "propertiesWithHistory": list(names),
        }
        if id_property:
            body["idProperty"] = id_property
        params = {"archived": "true"} if archived else {}
        call = Call("POST", paths.object_batch(object_type, "read"), body, params=params)
        return [_remembered(item) for item in results_of(caller.call_partial(call))]

    parts = chunks(list(dict.fromkeys(ids)), BATCH_SIZE)
    return [found for part in caller.parallel(read, parts) for found in part]


def _remembered(item: dict[str, Any]) -> Remembered:
    histories = item.get("propertiesWithHistory") or {}
    return Remembered(
        record_from(item),
        {name: tuple(_entry(one) for one in entries or ()) for name, entries in histories.items()},
    )


def _entry(item: dict[str, Any]) -> Entry:
    def text(name: str) -> str:
        return storable(str(item.get(name) or ""))

    return Entry(
        value=text("value"),
        written_at=moment_of(text("timestamp")) or NEVER,
        source_type=text("sourceType"),
        source_id=text("sourceId"),
        source_label=text("sourceLabel"),
        user_id=text("updatedByUserId"),
    )
