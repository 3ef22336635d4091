"""What HubSpot holds of a record now, and who wrote it: the only part of an audit that asks HubSpot."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ml_connector.audit.keys import DOCUMENTS, kind_of
from ml_connector.audit.ledger import Done
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.comparison import same_value
from ml_connector.hubspot.history import Entry, Remembered, read_history
from ml_connector.hubspot.models import PropertyDefinition

AROUND = timedelta(minutes=5)
"""How far HubSpot's clock and ours may be apart."""

WRITERS = {
    "CRM_UI": "a person in HubSpot",
    "CRM_UI_BULK_ACTION": "a person in HubSpot, for many records",
    "MOBILE_IOS": "a person on a phone",
    "MOBILE_ANDROID": "a person on a phone",
    "IMPORT": "an import",
    "AUTOMATION_PLATFORM": "a workflow in HubSpot",
    "MERGE_OBJECTS": "a merge of records",
    "MERGE_COMPANIES": "a merge of records",
    "MERGE_CONTACTS": "a merge of records",
    "FORM": "a form",
    "INTEGRATION": "another app",
    "API": "another program",
}
"""HubSpot's words for what wrote a value, as far as they are known; others are shown as they are."""

PROGRAMS = frozenset({"INTEGRATION", "API"})
"""Those of them that a token of ours may have (reference: hubspot 9)."""

UNIQUE = {
    "customer": "visma_customer_id",
    "supplier": "visma_supplier_id",
    "contact": "visma_contact_id",
    **dict.fromkeys(DOCUMENTS, "visma_invoice_id"),
    "line": "visma_line_id",
    "payment": "visma_payment_id",
    "transaction": "visma_transaction_id",
}
"""The property that carries a kind's key in HubSpot."""


@dataclass(frozen=True, slots=True)
class Write:
    """One value a property has had in HubSpot, newest first in a list.

    ``ours`` says that an operation of the ledger wrote it; ``by`` is who did, in words.
    """

    name: str
    value: str
    written_at: datetime
    ours: bool
    by: str


@dataclass(frozen=True, slots=True)
class Present:
    """What HubSpot holds now.

    Args:
        state: ``there``, ``archived``, ``gone``, or ``elsewhere`` where another record carries the key by now.
        hubspot_id: the record that was found, or None.
        values: what it holds, by property.
        writes: the values its properties have had, each property's newest first.
        definitions: the portal's properties, which say how values compare.
    """

    state: str
    hubspot_id: str | None = None
    values: Mapping[str, str | None] = field(default_factory=dict)
    writes: tuple[Write, ...] = ()
    definitions: Mapping[str, PropertyDefinition] = field(default_factory=dict)

    def newest(self, name: str) -> Write | None:
        """Return who wrote a property last."""
        return next((write for write in self.writes if write.name == name), None)


def unique_value(connection: str, key: str) -> tuple[str, str]:
    """Return the unique property of a key's record, and its value in HubSpot."""
    kind, rest = kind_of(key), key.partition(":")[2]
    number = f"{DOCUMENTS[kind]}:{rest}" if kind in DOCUMENTS else rest
    return UNIQUE[kind], f"{connection}:{number}"


def present(
    client: HubSpotClient,
    connection: str,
    object_type: str,
    hubspot_id: str | None,
    keys: Sequence[str],
    names: Iterable[str],
    operations: Sequence[Done],
) -> Present:
    """Return what HubSpot holds of one record now, with the history of the named properties; one to four calls.

    Args:
        client: the portal.
        connection: the connection's name.
        object_type: the HubSpot object.
        hubspot_id: the record as the ledger knows it, or None.
        keys: the record's keys, to find it by where it is not there any more.
        names: properties of interest; those the portal does not have are left out.
        operations: the ledger's, which tell our own writes from others'.

    Raises:
        ApiError: HubSpot cannot be asked.
    """
    definitions = client.properties(object_type)
    wanted = sorted({*names} & definitions.keys())
    state, found = _found(client, connection, object_type, hubspot_id, keys, wanted)
    if found is None:
        return Present(state, definitions=definitions)
    entries = [(name, entry) for name in wanted for entry in found.history.get(name, ())]
    writes = tuple(_writes(entries, operations, definitions))
    return Present(state, found.record.id, found.record.properties, writes, definitions)


def _found(
    client: HubSpotClient,
    connection: str,
    object_type: str,
    hubspot_id: str | None,
    keys: Sequence[str],
    names: Sequence[str],
) -> tuple[str, Remembered | None]:
    """Return the state of a record and the record: by its id, by the keys it carries, or from the recycle bin."""
    if hubspot_id is not None:
        for found in read_history(client, object_type, [hubspot_id], names):
            return "there", found
    for key in keys:
        name, value = unique_value(connection, key)
        if name not in client.properties(object_type):
            continue
        for found in read_history(client, object_type, [value], names, id_property=name):
            return "elsewhere" if hubspot_id is not None else "there", found
    if hubspot_id is not None:
        for found in read_history(client, object_type, [hubspot_id], names, archived=True):
            return "archived", found
    return "gone", None


def _writes(
    entries: Sequence[tuple[str, Entry]],
    operations: Sequence[Done],
    definitions: Mapping[str, PropertyDefinition],
) -> Iterator[Write]:
    """Yield the entries of a history with who wrote each.

    An operation of the ledger tells which are ours; what came from the same app is ours too, although the ledger has
    that operation no more.
    """
    known = [
        any(_wrote(one, name, entry, definitions.get(name)) for one in operations) for name, entry in entries
    ]
    apps = {_app(entry) for (_, entry), ours in zip(entries, known, strict=True) if ours} - {None}
    for (name, entry), proven in zip(entries, known, strict=True):
        ours = proven or _app(entry) in apps
        yield Write(name, entry.value, entry.written_at, ours, "ml-connector" if ours else writer(entry))


def _app(entry: Entry) -> tuple[str, str] | None:
    return (entry.source_type, entry.source_id) if entry.source_id and not entry.user_id else None


def _wrote(operation: Done, name: str, entry: Entry, definition: PropertyDefinition | None) -> bool:
    """Return whether an operation may have written a value: it sent it, about then, and was not refused."""
    sent = operation.values.get(name)
    if sent is None or operation.trace_id is None or operation.status in ("done", "rejected", "pending"):
        return False
    if entry.source_type in WRITERS.keys() - PROGRAMS:
        return False
    ended = operation.finished_at or operation.intended_at
    if not operation.intended_at - AROUND <= entry.written_at <= ended + AROUND:
        return False
    return same_value(name, sent, entry.value, definition)


def writer(entry: Entry) -> str:
    """Return who wrote a value, in words; people are known by their number in HubSpot only."""
    known = WRITERS.get(entry.source_type, entry.source_type or "somebody")
    if entry.user_id:
        return f"{known} (user {entry.user_id})"
    return f"{known} ({entry.source_label})" if entry.source_label else known
