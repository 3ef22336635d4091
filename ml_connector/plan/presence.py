"""Whether the portal holds records of ours that the ledger does not know: after a lost ledger, or beside a new portal.

Reads only, and as few calls as it can: what HubSpot has none of is not looked for.
"""

from collections.abc import Mapping, Sequence

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord, PropertyDefinition
from ml_connector.plan.known import BATCH, read_held


class Presence:
    """Finds records of one type by their unique id.

    Args:
        client: reads the portal.
        object_type: the HubSpot object.
        id_property: the unique property that carries our id.
        definitions: the portal's properties of the object.
    """

    def __init__(
        self,
        client: HubSpotClient,
        object_type: str,
        id_property: str,
        definitions: Mapping[str, PropertyDefinition],
    ) -> None:
        self._client = client
        self._object_type = object_type
        self._id_property = id_property
        held = definitions.get(id_property)
        # A property of a person's own by the same name finds nothing of ours; the load says that it does not fit.
        self._none = held is None or not held.unique
        self._ids: dict[str, str] | None = None

    def prepare(self, unknown: int) -> None:
        """Choose how to look, given how many records are unknown; a portal without any costs one call.

        Where the portal has far fewer records than are unknown, the ids of all of them are read at once.
        """
        if self._none or unknown <= BATCH:
            return
        total = self._client.count(self._object_type)
        self._none = total == 0
        if total and 2 * _pages(total) < _pages(unknown):
            pages = self._client.list_records(self._object_type, (self._id_property,))
            self._ids = {
                value: record.id
                for page in pages
                for record in page
                if (value := record.properties.get(self._id_property))
            }

    def find(self, values: Sequence[str], names: Sequence[str]) -> dict[str, HubSpotRecord]:
        """Return the records that carry these ids, by id, with the named properties; unknown ones are absent."""
        if self._none or not values:
            return {}
        if self._ids is not None:
            mine = {value: self._ids[value] for value in values if value in self._ids}
            held = read_held(self._client, self._object_type, list(mine.values()), names)
            return {value: held[found] for value, found in mine.items() if found in held}
        found: dict[str, HubSpotRecord] = {}
        for some in chunks(values, BATCH):
            found |= self._client.batch_read(self._object_type, some, names, id_property=self._id_property)
        return found


def _pages(records: int) -> int:
    return -(-records // BATCH)
