"""The portal's inventory: all records of a type, read without index lag and without a cap, for matching locally."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from ml_connector.hubspot.associations import read_links
from ml_connector.hubspot.client import PAGE_SIZE, HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord


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


def _completed(client: HubSpotClient, object_type: str, page: list[HubSpotRecord]) -> list[HubSpotRecord]:
    whole = {record.id: record for record in page}
    for kind in sorted({kind for record in page for kind in record.cut}):
        ids = [record.id for record in page if kind in record.cut]
        for record_id, linked in read_links(client, object_type, kind, ids).items():
            record = whole[record_id]
            every = record.associations | {kind: tuple(item.id for item in linked)}
            whole[record_id] = replace(record, associations=every, cut=record.cut - {kind})
    return list(whole.values())
