"""What planning asks about records that were synced before: is this version older, and what does HubSpot hold now."""

from collections.abc import Iterable, Sequence

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.queries import Identity
from ml_connector.visma.stamps import parsed_stamp

BATCH = 100
"""Records in one read (reference: hubspot 3)."""


def is_older(stamp: str, identities: Iterable[Identity]) -> bool:
    """Return whether a newer version than ``stamp`` (naive text) was synced to one of the identities."""
    moment = parsed_stamp(stamp)
    if moment is None:
        return False
    synced = (parsed_stamp(identity.stamp) for identity in identities)
    return any(applied is not None and applied > moment for applied in synced)


def read_held(
    client: HubSpotClient, object_type: str, ids: Sequence[str], properties: Sequence[str]
) -> dict[str, HubSpotRecord]:
    """Return the records HubSpot holds under these ids, with the named properties; archived ones are absent."""
    held: dict[str, HubSpotRecord] = {}
    for chunk in chunks(dict.fromkeys(ids), BATCH):
        held |= client.batch_read(object_type, chunk, properties)
    return held
