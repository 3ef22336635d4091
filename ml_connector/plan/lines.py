"""The plan for line items: each is a record of its own, keyed by document and line, and belongs to one document.

A line that the document no longer has is archived. Lines of a document that HubSpot does not have are not looked for.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

from ml_connector.hubspot.associations import read_links
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.queries import Identity, KnownLink, LedgerReader
from ml_connector.plan.known import read_held
from ml_connector.plan.links import Ties, leading_to, unlink
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.owned import Item, Kind, OwnedPlanner
from ml_connector.records.invoice_model import InvoiceRecord, LineRecord
from ml_connector.records.model import Properties

OBJECT = "line_items"
ID_PROPERTY = "visma_line_id"
DOCUMENT_ID = "visma_invoice_id"

LINES = Kind("line_items", OBJECT, ID_PROPERTY)
INVOICE_TIES = Ties("invoice_links", "invoices")


@dataclass(frozen=True, slots=True)
class DueLine:
    """A line that HubSpot refused before, with the document it belongs to."""

    document: str
    key: str
    stamp: str
    partition: str
    properties: Properties

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "DueLine":
        """Return the line of its stored form."""
        return DueLine(row["document"], row["key"], row["stamp"], row["partition"], row["properties"])

    def to_row(self) -> dict[str, Any]:
        """Return its stored form."""
        return {
            "document": self.document,
            "key": self.key,
            "stamp": self.stamp,
            "partition": self.partition,
            "properties": dict(self.properties),
        }


@dataclass(frozen=True, slots=True)
class Parent:
    """A document whose lines are planned.

    Args:
        record: the document.
        found: its HubSpot id, where the ledger did not know it and the portal has it all the same.
        links: its links in the ledger, by the key they lead to.
    """

    record: InvoiceRecord
    found: str | None = None
    links: Mapping[str, KnownLink] = field(default_factory=dict)

    @property
    def document(self) -> str:
        """Its name in the keys of its lines, such as ``Invoice:100234``."""
        return f"{self.record.document_type}:{self.record.number}"


class LinePlanner:
    """Plans the lines of one connection's documents.

    Args:
        ledger: which lines were sent before.
        client: reads the portal.
        due: lines that HubSpot refused before.
    """

    def __init__(self, ledger: LedgerReader, client: HubSpotClient, due: Iterable[DueLine] = ()) -> None:
        self._ledger = ledger
        self._client = client
        self._owned = OwnedPlanner(LINES, ledger, client)
        self._due: dict[str, list[DueLine]] = {}
        for line in due:
            self._due.setdefault(line.document, []).append(line)

    @property
    def dropped(self) -> set[str]:
        """Names of values that the portal does not let be written."""
        return self._owned.dropped

    def plan(self, parents: Sequence[Parent]) -> Iterator[Operation]:
        """Yield what would be done with the lines of documents."""
        held = self._held_of([parent for parent in parents if parent.found])
        items = [item for parent in parents for item in _items(parent.record)]
        for planned in self._owned.plan(items, held):
            yield planned.operation
        foreign = _foreign(held, {str(item.wanted[ID_PROPERTY]) for item in items}, parents)
        removed = {operation.key: operation for operation in chain(foreign, self._removed(parents))}
        yield from removed.values()
        for parent in parents:
            yield from self._settled(parent.record, removed)

    def plan_due(self) -> Iterator[Operation]:
        """Yield what would be done with refused lines whose documents have not been planned."""
        lines = [line for due in self._due.values() for line in due]
        items = [Item(line.key, line.stamp, line.partition, line.properties, line.to_row) for line in lines]
        for planned in self._owned.plan(items, {}):
            yield planned.operation

    @property
    def due(self) -> Collection[str]:
        """The documents that have refused lines."""
        return self._due.keys()

    def give_up(self, documents: Collection[str], reason: str, partition: str) -> Iterator[Operation]:
        """Yield a skip for each refused line of documents, so that it is not tried again."""
        for document in documents:
            for line in self._due.pop(document, ()):
                yield _settled(line, reason, partition)

    def forget_due(self, document: str) -> None:
        """Leave out the refused lines of a document that is not going to be in HubSpot."""
        self._due.pop(document, None)

    def _held_of(self, parents: Sequence[Parent]) -> dict[str, HubSpotRecord]:
        """Return what HubSpot holds of the lines linked with documents, by unique id; foreign lines are left out."""
        if not parents:
            return {}
        linked = read_links(self._client, "invoices", OBJECT, [str(parent.found) for parent in parents])
        wanted = (line.properties for parent in parents for line in parent.record.lines)
        names = self._owned.names([*wanted, {ID_PROPERTY: None}])
        ids = [one.id for lines in linked.values() for one in lines]
        held = read_held(self._client, OBJECT, ids, names).values()
        return {value: record for record in held if (value := record.properties.get(ID_PROPERTY))}

    def _removed(self, parents: Sequence[Parent]) -> Iterator[Operation]:
        """Yield the end of lines that were made for a document and that it has no more, linked with it or not."""
        wanted = {line.key for parent in parents for line in parent.record.lines}
        by_document: dict[str, list[Identity]] = {}
        for made in self._ledger.lines_of((parent.document for parent in parents), wanted):
            by_document.setdefault(_document_of(made.key), []).append(made)
        for parent in parents:
            stamp, partition = parent.record.stamp, parent.record.partition
            gone = {made.key: made.hubspot_id for made in by_document.get(parent.document, ())}
            for key, hubspot_id in gone.items():
                yield _archive(key, hubspot_id, stamp, partition)
            for held in leading_to(parent.links, OBJECT):
                if held.to_key not in wanted and held.to_key not in gone:
                    yield unlink(INVOICE_TIES, held, partition)

    def _settled(self, record: InvoiceRecord, archived: Collection[str]) -> Iterator[Operation]:
        """Yield a skip for each refused line that its document no longer has, so that it is not tried again.

        One that is in HubSpot all the same, and is ``archived``, needs none.
        """
        mine = {line.key for line in record.lines}
        for line in self._due.pop(record.key, ()):
            if line.key not in mine and line.key not in archived:
                yield _settled(line, GONE, record.partition)


def _settled(line: DueLine, reason: str, partition: str) -> Operation:
    return Operation(
        entity=LINES.entity,
        object_type=OBJECT,
        action=Action.SKIP,
        keys=(line.key,),
        partition=partition,
        reason=reason,
    )


def without_lines_of(documents: Collection[str], lines: Iterable[Operation]) -> Iterator[Operation]:
    """Yield operations on lines; those that would make a line of one of these documents, as skips.

    To be applied when the documents are loaded: the lines of one that HubSpot refused would belong to nothing. They
    come again with it.
    """
    for line in lines:
        if documents and line.action is Action.CREATE and _stored_document(line) in documents:
            yield replace(line, action=Action.SKIP, values={}, record=None, reason=NOT_MADE)
        else:
            yield line


def _stored_document(line: Operation) -> str:
    return DueLine.from_row(json.loads(line.record or "{}")).document


def _items(record: InvoiceRecord) -> Iterator[Item]:
    for line in record.lines:
        row = partial(_stored, record, line)
        yield Item(line.key, record.stamp, record.partition, line.properties, row)


def _stored(record: InvoiceRecord, line: LineRecord) -> dict[str, Any]:
    return DueLine(record.key, line.key, record.stamp, record.partition, line.properties).to_row()


def _foreign(
    held: Mapping[str, HubSpotRecord], wanted: Collection[str], parents: Iterable[Parent]
) -> Iterator[Operation]:
    """Yield the end of lines that hang on documents in HubSpot and that the documents no longer have."""
    records = {parent.record.properties[DOCUMENT_ID]: parent.record for parent in parents if parent.found}
    for value, line in held.items():
        record = records.get(value.rpartition(":")[0])
        if record is not None and value not in wanted:
            key = f"line:{value.split(':', 1)[1]}"
            yield _archive(key, line.id, record.stamp, record.partition)


def _document_of(line: str) -> str:
    """Return the document of a line's key: ``Invoice:100234`` of ``line:Invoice:100234:3``."""
    return line.partition(":")[2].rpartition(":")[0]


def _archive(key: str, hubspot_id: str, stamp: str, partition: str) -> Operation:
    return Operation(
        entity=LINES.entity,
        object_type=OBJECT,
        action=Action.ARCHIVE,
        keys=(key,),
        partition=partition,
        hubspot_id=hubspot_id,
        stamp=stamp,
        reason=GONE,
    )


GONE = "its document no longer has it"

NOT_MADE = "HubSpot refuses its document"
