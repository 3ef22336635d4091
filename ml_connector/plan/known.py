"""What planning asks about records that were synced before: is this version older, and what does HubSpot hold now."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.queries import Identity

BATCH = 100
"""Records in one read (reference: hubspot 3)."""


def is_older(stamp: str, identities: Iterable[Identity]) -> bool:
    """Return whether a newer version than ``stamp`` (naive text) was synced to one of the identities."""
    if not stamp:
        return False
    moment = datetime.fromisoformat(stamp)
    return any(identity.stamp and datetime.fromisoformat(identity.stamp) > moment for identity in identities)


def read_held(
    client: HubSpotClient, object_type: str, ids: Sequence[str], properties: Sequence[str]
) -> dict[str, HubSpotRecord]:
    """Return the records HubSpot holds under these ids, with the named properties; archived ones are absent."""
    held: dict[str, HubSpotRecord] = {}
    for chunk in chunks(dict.fromkeys(ids), BATCH):
        held |= client.batch_read(object_type, chunk, properties)
    return held
