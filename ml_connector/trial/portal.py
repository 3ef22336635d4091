"""A portal read once and kept in memory, for planning against it again and again: as it is, or as if we had never been.

Each kind of record is read with the list endpoint, 100 a call. Values that many records share are kept once.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector.hubspot.client import PAGE_SIZE, HubSpotClient
from ml_connector.hubspot.comparison import same_value
from ml_connector.hubspot.inventory import CONTACT_ADDRESSES, read_inventory
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.plan.contacts import ID_PROPERTY
from ml_connector.plan.matching import ID_PROPERTIES
from ml_connector.trial.traces import Traces

IDS: Mapping[str, tuple[str, ...]] = {"companies": ID_PROPERTIES, "contacts": (ID_PROPERTY,)}
"""The properties that carry our keys."""


@dataclass(slots=True)
class Memory:
    """The records of one object: without the keys of this connection, which are kept apart.

    ``own`` holds those keys by property, by HubSpot id; ``ids`` finds records by them and by address.
    """

    records: dict[str, HubSpotRecord] = field(default_factory=dict)
    own: dict[str, dict[str, str | None]] = field(default_factory=dict)
    ids: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def whole(self, hubspot_id: str) -> HubSpotRecord | None:
        """Return a record with our keys, as HubSpot has it."""
        found = self.records.get(hubspot_id)
        keys = self.own.get(hubspot_id)
        if found is None or not keys:
            return found
        return HubSpotRecord(found.id, {**found.properties, **keys}, found.associations)


def remember(
    client: HubSpotClient, connection: str, object_type: str, names: Iterable[str], linked: Sequence[str] = ()
) -> Memory:
    """Read all records of an object.

    Args:
        client: of the portal.
        connection: the connection whose keys are kept apart.
        object_type: ``companies`` or ``contacts``.
        names: the properties to keep; those the portal does not have are left out.
        linked: objects whose linked ids come along.
    """
    memory, start = Memory(), f"{connection}:"
    asked = sorted({*names, *IDS[object_type]} & client.properties(object_type).keys())
    for page in read_inventory(client, object_type, asked, linked):
        for record in page:
            values = {name: sys.intern(value) for name, value in record.properties.items() if value}
            for name in IDS[object_type]:
                if (value := values.get(name)) and value.startswith(start):
                    memory.own.setdefault(record.id, {})[name] = values.pop(name)
                    memory.ids[name][value] = record.id
            for address in _addresses(values):
                memory.ids["email"][address] = record.id
            memory.records[record.id] = HubSpotRecord(record.id, dict(values), record.associations)
    return memory


def _addresses(values: Mapping[str, str]) -> Iterator[str]:
    for name in CONTACT_ADDRESSES:
        for address in values.get(name, "").split(";"):
            if address:
                yield address.strip().lower()


class PortalAsItIs(HubSpotClient):
    """Answers from memory as HubSpot would; asks it for what is not there, and for histories.

    Args:
        client: the client that the memories were read with.
        memories: by object.
    """

    def __init__(self, client: HubSpotClient, memories: Mapping[str, Memory]) -> None:
        # One token, one transport, one count of requests and one knowledge of properties for both.
        vars(self).update(vars(client))
        self._memories = memories

    def batch_read(
        self,
        object_type: str,
        ids: Iterable[str],
        properties: Sequence[str],
        *,
        id_property: str | None = None,
    ) -> dict[str, HubSpotRecord]:
        """Return records from memory; what is not there, such as a record merged into another, is asked for."""
        memory, found = self._memories[object_type], {}
        missing: list[str] = []
        for one in ids:
            hubspot_id = one if id_property is None else memory.ids[id_property].get(one)
            record = memory.whole(hubspot_id) if hubspot_id is not None else None
            if record is not None:
                found[one] = record
            elif id_property is None:
                missing.append(one)
        if missing:
            found |= super().batch_read(object_type, missing, properties)
        return found


class PortalWithoutUs(PortalAsItIs):
    """The portal as if this connection had never been.

    It lacks our keys and the records that we made, and holds the values that we replaced, where ours still stand.

    Args:
        client, memories: as for the base.
        traces: what we left, by object.
    """

    def __init__(
        self, client: HubSpotClient, memories: Mapping[str, Memory], traces: Mapping[str, Traces]
    ) -> None:
        super().__init__(client, memories)
        self._traces = traces

    def count(self, object_type: str) -> int:
        """Return 0, which makes planners read the whole of what is in memory anyway."""
        return 0

    def list_records(
        self, object_type: str, properties: Sequence[str], associations: Sequence[str] = ()
    ) -> Iterator[list[HubSpotRecord]]:
        """Yield the records in pages, with all properties that are kept."""
        made, page = self._traces[object_type].made, []
        for record in self._memories[object_type].records.values():
            if record.id not in made:
                page.append(self._as_it_was(object_type, record))
            if len(page) == PAGE_SIZE:
                yield page
                page = []
        if page:
            yield page

    def _as_it_was(self, object_type: str, record: HubSpotRecord) -> HubSpotRecord:
        """Return a record with the values that we replaced; what a person wrote since stays."""
        replaced = self._traces[object_type].replaced.get(record.id)
        if not replaced:
            return record
        definitions = self.properties(object_type)
        former = {
            name: one.former
            for name, one in replaced.items()
            if same_value(name, one.written or "", record.properties.get(name), definitions.get(name))
        }
        return HubSpotRecord(record.id, {**record.properties, **former}, record.associations)
