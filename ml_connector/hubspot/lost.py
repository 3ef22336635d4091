"""What became of writes whose answer was lost with the process that sent them: read back, never assumed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.comparison import holds
from ml_connector.ledger.entries import IdentityRow, LostIntent
from ml_connector.ledger.journal import Journal
from ml_connector.plan.operations import Action

BATCH = 100
"""Records in one read (reference: hubspot 3)."""

ID_PROPERTIES = (
    "visma_customer_id",
    "visma_supplier_id",
    "visma_contact_id",
    "visma_invoice_id",
    "visma_line_id",
    "visma_payment_id",
    "visma_transaction_id",
)
"""The unique properties that new records are keyed on, the preferred one of a company first."""

LINKS = frozenset({Action.LINK, Action.UNLINK})

LINES = "line_items"

STANDS = "the answer was lost; read back, HubSpot holds these values"
GONE = "the answer was lost; read back, HubSpot has it no more"
AGAIN = "the answer was lost; read back, HubSpot does not hold these values, so it is planned again"

READ_BACK = "read back"
"""The fingerprint of a record whose values were read back: no record has it, so that it is compared when planned."""

Address = tuple[str, str | None]
"""Where a record is read: its id, or the value and name of a unique property."""

End = tuple[str, str, str, str | None, str]
"""Run id, trace id, status, HubSpot id and sentence."""


def settle_lost_intents(client: HubSpotClient, journal: Journal) -> int:
    """Read back what was sent without learning the end, write the end to the ledger, and return how many there were.

    What HubSpot does not hold needs nothing more here: its window has no successful load and comes again, or its stored
    reject or pending link does. A link is made or removed again for nothing rather than missed. A line item that was
    made is noted as ours: Visma may have removed the line by then, and nothing else would lead to it. A known record
    that holds what was sent is compared afresh when it is planned again: what was sent may be an undo's.
    """
    lost = journal.lost_intents()
    by_kind: dict[tuple[str, str | None], list[LostIntent]] = defaultdict(list)
    links: list[End] = []
    for intent in lost:
        if intent.action in LINKS:
            links.append(_end(intent, "pending", AGAIN))
        else:
            by_kind[intent.object_type, address_of(intent)[1]].append(intent)
    journal.settle_lost(links)
    for (object_type, id_property), intents in by_kind.items():
        for some in chunks(intents, BATCH):
            ends = _ends(client, object_type, id_property, some)
            gone = {end[1] for end in ends if end[4] == GONE}
            journal.settle_lost(ends)
            journal.settle(
                [],
                identities=[*_made_lines(some, ends), *_standing(some, ends)],
                forgotten=[
                    (object_type, key, str(intent.hubspot_id))
                    for intent in some
                    if intent.trace_id in gone
                    for key in {intent.key, *intent.known}
                ],
            )
    return len(lost)


def _made_lines(intents: Sequence[LostIntent], ends: Sequence[End]) -> Iterator[IdentityRow]:
    """Yield what is known of line items that were made; without a fingerprint they are compared when planned again."""
    for intent, (_, _, _, hubspot_id, _) in zip(intents, ends, strict=True):
        if intent.object_type == LINES and intent.action == Action.CREATE and hubspot_id is not None:
            yield IdentityRow(LINES, intent.key, hubspot_id, None, "", {}, intent.stamp)


def _standing(intents: Sequence[LostIntent], ends: Sequence[End]) -> Iterator[IdentityRow]:
    """Yield what known records hold by now."""
    for intent, (_, _, _, hubspot_id, sentence) in zip(intents, ends, strict=True):
        if hubspot_id is not None and sentence == STANDS:
            for key in intent.known:
                yield IdentityRow(
                    intent.object_type, key, hubspot_id, None, READ_BACK, intent.values, intent.stamp
                )


def address_of(intent: LostIntent) -> Address:
    """Return where the record of an intent is found: by its HubSpot id, or by the unique value it was made with."""
    if intent.hubspot_id:
        return intent.hubspot_id, None
    name = next(name for name in ID_PROPERTIES if intent.values.get(name))
    return str(intent.values[name]), name


def _ends(
    client: HubSpotClient, object_type: str, id_property: str | None, intents: Sequence[LostIntent]
) -> list[End]:
    definitions = client.properties(object_type)
    names = sorted({name for intent in intents for name in intent.values if name in definitions})
    ids = list(dict.fromkeys(address_of(intent)[0] for intent in intents))
    readable = id_property is None or id_property in definitions
    held = client.batch_read(object_type, ids, names, id_property=id_property) if readable else {}
    ends: list[End] = []
    for intent in intents:
        found = held.get(address_of(intent)[0])
        sent = {name: value or "" for name, value in intent.values.items()}
        if intent.action == Action.ARCHIVE:
            ends.append(_end(intent, "pending", AGAIN) if found else _end(intent, "confirmed", GONE))
        elif found is not None and holds(found, sent, definitions):
            ends.append(_end(intent, "confirmed", STANDS, found.id))
        else:
            ends.append(_end(intent, "pending", AGAIN, found.id if found else None))
    return ends


def _end(intent: LostIntent, status: str, sentence: str, hubspot_id: str | None = None) -> End:
    return intent.run_id, intent.trace_id, status, hubspot_id, sentence
