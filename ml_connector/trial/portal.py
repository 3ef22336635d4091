"""A portal read once and kept in memory, for planning against it again and again: as it is, or as if we had never been.

Each kind of record is read with the list endpoint, 100 a call.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import PAGE_SIZE, HubSpotClient
from ml_connector.hubspot.comparison import same_value
from ml_connector.hubspot.inventory import CONTACT_ADDRESSES, read_inventory
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.plan.contacts import ID_PROPERTY
from ml_connector.plan.matching import ID_PROPERTIES
from ml_connector.trial.traces import Traces

IDS: Mapping[str, tuple[str, ...]] = {"companies": ID_PROPERTIES, "contacts": (ID_PROPERTY,)}
"""The properties that carry our keys."""


FEW = 1000
"""Values of a property that are kept once however many records have them; of more, such as names, few are shared."""


class Memory:
    """The records of one object: without the keys of this connection, which are kept apart.

    A record is a row of values, which takes a third of what a mapping takes. ``own`` holds the keys by property, by
    HubSpot id; ``ids`` finds records by them and by address.

    Args:
        names: the properties that are kept.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.own: dict[str, dict[str, str]] = {}
        self.ids: dict[str, dict[str, str]] = defaultdict(dict)
        self._names = tuple(names)
        self._rows: dict[str, tuple[str | None, ...]] = {}
        self._linked: dict[str, dict[str, tuple[str, ...]]] = {}
        self._shared: dict[str, dict[str, str]] = defaultdict(dict)

    def add(self, record: HubSpotRecord, own: Mapping[str, str]) -> None:
        """Keep a record; ``own`` are its keys of this connection, by property."""
        values = record.properties
        self._rows[record.id] = tuple(
            None if name in own else self._once(name, values.get(name)) for name in self._names
        )
        if record.associations:
            self._linked[record.id] = record.associations
        if own:
            self.own[record.id] = dict(own)
        for name, value in own.items():
            self.ids[name][value] = record.id
        for address in _addresses(values):
            self.ids["email"][address] = record.id

    def _once(self, name: str, value: str | None) -> str | None:
        """Return the same text for equal values."""
        if not value:
            return None
        known = self._shared[name]
        return known.setdefault(value, value) if len(known) < FEW else known.get(value, value)

    def __iter__(self) -> Iterator[str]:
        """Yield the HubSpot ids in the order of reading."""
        return iter(self._rows)

    def record(self, hubspot_id: str) -> HubSpotRecord:
        """Return a record without our keys."""
        values = zip(self._names, self._rows[hubspot_id], strict=True)
        held: dict[str, str | None] = {name: value for name, value in values if value is not None}
        return HubSpotRecord(hubspot_id, held, self._linked.get(hubspot_id, {}))

    def whole(self, hubspot_id: str) -> HubSpotRecord | None:
        """Return a record with our keys, as HubSpot has it; None for one that is not there."""
        if hubspot_id not in self._rows:
            return None
        found = self.record(hubspot_id)
        return HubSpotRecord(
            found.id, {**found.properties, **self.own.get(hubspot_id, {})}, found.associations
        )


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
    asked = sorted({*names, *IDS[object_type]} & client.properties(object_type).keys())
    memory, start = Memory(asked), f"{connection}:"
    for page in read_inventory(client, object_type, asked, linked):
        for record in page:
            keys = ((name, record.properties.get(name)) for name in IDS[object_type])
            memory.add(record, {name: value for name, value in keys if value and value.startswith(start)})
    return memory


def _addresses(values: Mapping[str, str | None]) -> Iterator[str]:
    for name in CONTACT_ADDRESSES:
        for address in (values.get(name) or "").split(";"):
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
        made, memory = self._traces[object_type].made, self._memories[object_type]
        for ids in chunks((one for one in memory if one not in made), PAGE_SIZE):
            yield [self._as_it_was(object_type, memory.record(one)) for one in ids]

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
