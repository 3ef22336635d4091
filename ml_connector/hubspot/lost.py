"""What became of writes whose answer was lost with the process that sent them: read back, never assumed."""

from collections import defaultdict
from collections.abc import Sequence

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.comparison import holds
from ml_connector.ledger.journal import Journal, LostIntent

BATCH = 100
"""Records in one read (reference: hubspot 3)."""

ID_PROPERTIES = {
    "companies": ("visma_customer_id", "visma_supplier_id"),
    "contacts": ("visma_contact_id",),
}
"""The unique properties a new record of each type is keyed on, the preferred one first."""

STANDS = "the answer was lost; read back, HubSpot holds these values"
AGAIN = "the answer was lost; read back, HubSpot does not hold these values, so it is planned again"

Address = tuple[str, str | None]
"""Where a record is read: its id, or the value and name of a unique property."""


def settle_lost_intents(client: HubSpotClient, journal: Journal) -> int:
    """Read back what was sent without learning the end, write the end to the ledger, and return how many there were.

    What HubSpot does not hold needs nothing more here: its window has no successful load and comes again, or its stored
    reject or pending link does.
    """
    lost = journal.lost_intents()
    by_kind: dict[tuple[str, str | None], list[LostIntent]] = defaultdict(list)
    for intent in lost:
        if intent.entity == "links":
            by_kind["links", None].append(intent)
        else:
            by_kind[intent.object_type, address_of(intent)[1]].append(intent)
    for (object_type, id_property), intents in by_kind.items():
        for some in chunks(intents, BATCH):
            if object_type == "links":
                journal.settle_lost([(item.run_id, item.trace_id, "pending", None, AGAIN) for item in some])
            else:
                journal.settle_lost(_ends(client, object_type, id_property, some))
    return len(lost)


def address_of(intent: LostIntent) -> Address:
    """Return where the record of an intent is found: by its HubSpot id, or by the unique value it was made with."""
    if intent.hubspot_id:
        return intent.hubspot_id, None
    name = next(name for name in ID_PROPERTIES[intent.object_type] if intent.values.get(name))
    return str(intent.values[name]), name


def _ends(
    client: HubSpotClient, object_type: str, id_property: str | None, intents: Sequence[LostIntent]
) -> list[tuple[str, str, str, str | None, str]]:
    definitions = client.properties(object_type)
    names = sorted({name for intent in intents for name in intent.values if name in definitions})
    ids = list(dict.fromkeys(address_of(intent)[0] for intent in intents))
    readable = id_property is None or id_property in definitions
    held = client.batch_read(object_type, ids, names, id_property=id_property) if readable else {}
    ends: list[tuple[str, str, str, str | None, str]] = []
    for intent in intents:
        found = held.get(address_of(intent)[0])
        sent = {name: value or "" for name, value in intent.values.items()}
        stands = found is not None and holds(found, sent, definitions)
        status, message = ("confirmed", STANDS) if stands else ("pending", AGAIN)
        ends.append((intent.run_id, intent.trace_id, status, found.id if found else None, message))
    return ends
