"""The portal's inventory: all records of a type, read without index lag and without a cap, for matching locally."""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from ml_connector.hubspot.associations import read_links
from ml_connector.hubspot.client import PAGE_SIZE, HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.hubspot.visma_group import contact_property_names

CONTACT_ADDRESSES = ("email", "hs_additional_emails")
"""Where a contact's addresses are."""


class Way(StrEnum):
    """How to find what the portal holds."""

    INVENTORY = "inventory"
    LOOKUPS = "lookups"


def cheaper(total: int, lookups: int) -> Way:
    """Choose by the count of requests: the whole inventory of ``total`` records, or so many look-up requests.

    At the same count the inventory wins, as it does not lag.
    """
    pages = -(-total // PAGE_SIZE)
    return Way.INVENTORY if pages <= lookups else Way.LOOKUPS


def read_inventory(
    client: HubSpotClient, object_type: str, properties: Sequence[str], associations: Sequence[str] = ()
) -> Iterator[list[HubSpotRecord]]:
    """Yield all records of a type in pages of 100, with the ids of associated records where asked for.

    A page follows from the one before, so this takes one request after the other. Where HubSpot cut a record's list of
    associated records short, the rest is read.

    Args:
        client: the client.
        object_type: such as ``contacts``.
        properties: the properties to return.
        associations: such as ``companies``.
    """
    for page in client.list_records(object_type, properties, associations):
        yield _completed(client, object_type, page)


class Inventory:
    """All records of a type, read from HubSpot once and kept packed for whoever asks next in the same run.

    Packed, a contact takes less than 100 bytes; unpacked, more than 1,000.

    Args:
        client, object_type, properties, associations: as for :func:`read_inventory`.
    """

    def __init__(
        self,
        client: HubSpotClient,
        object_type: str,
        properties: Sequence[str],
        associations: Sequence[str] = (),
    ) -> None:
        self._client = client
        self._object_type = object_type
        self._properties = tuple(properties)
        self._associations = tuple(associations)
        self._packed: tuple[bytes, ...] | None = None

    def calls(self) -> int:
        """Return how many calls reading it would take, at the cost of one unless it was read already."""
        return 0 if self._packed is not None else -(-self._client.count(self._object_type) // PAGE_SIZE)

    def pages(self) -> Iterator[list[HubSpotRecord]]:
        """Yield the records in pages of 100."""
        if self._packed is not None:
            yield from map(_unpacked, self._packed)
            return
        packed: list[bytes] = []
        for page in read_inventory(self._client, self._object_type, self._properties, self._associations):
            packed.append(_packed(page))
            yield page
        self._packed = tuple(packed)


def contact_inventory(client: HubSpotClient, mapped: Iterable[str] = ()) -> Inventory:
    """Return the portal's contacts with all that plans compare, and the companies they belong to.

    Args:
        client: the client.
        mapped: names of the properties that the connection's own mapping fills.
    """
    wanted = {*contact_property_names(), *CONTACT_ADDRESSES, *mapped} & client.properties("contacts").keys()
    return Inventory(client, "contacts", sorted(wanted), ("companies",))


def _packed(page: Sequence[HubSpotRecord]) -> bytes:
    rows = [(record.id, record.properties, record.associations) for record in page]
    return zlib.compress(json.dumps(rows).encode())


def _unpacked(packed: bytes) -> list[HubSpotRecord]:
    return [
        HubSpotRecord(number, properties, {kind: tuple(ids) for kind, ids in associations.items()})
        for number, properties, associations in json.loads(zlib.decompress(packed))
    ]


def _completed(client: HubSpotClient, object_type: str, page: list[HubSpotRecord]) -> list[HubSpotRecord]:
    whole = {record.id: record for record in page}
    for kind in sorted({kind for record in page for kind in record.cut}):
        ids = [record.id for record in page if kind in record.cut]
        for record_id, linked in read_links(client, object_type, kind, ids).items():
            record = whole[record_id]
            every = record.associations | {kind: tuple(item.id for item in linked)}
            whole[record_id] = replace(record, associations=every, cut=record.cut - {kind})
    return list(whole.values())
