"""Repairing line items: the ledger is told what HubSpot has of a document, so that the next sync puts the rest right.

A sync believes the ledger: a line item that a person has archived or unlinked is there for it, and one that was edited
is in order. Nothing is written to HubSpot here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector.causes.of_ours import DRIFTED
from ml_connector.hubspot.associations import read_links
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ledger.entries import IdentityRow
from ml_connector.ledger.queries import LedgerReader
from ml_connector.reconciliation.hubspot_side import INVOICES, LINES
from ml_connector.records.invoice_model import InvoiceRecord

LINE_ID = "visma_line_id"


@dataclass(slots=True)
class Relined:
    """What the ledger is told.

    Args:
        identities: the line items that HubSpot has; no fingerprint is equal to theirs, so they are compared.
        forgotten: ``(object type, key, HubSpot id)`` of those that it has no more.
        unlinked: ``(from type, from key, to type, to key)`` of those that are not linked with their document.
    """

    identities: list[IdentityRow] = field(default_factory=list)
    forgotten: list[tuple[str, str, str]] = field(default_factory=list)
    unlinked: list[tuple[str, str, str, str]] = field(default_factory=list)


def relined(
    client: HubSpotClient, ledger: LedgerReader, documents: Sequence[tuple[InvoiceRecord, str]]
) -> Relined:
    """Return what the ledger is told of the line items of documents.

    Args:
        client: reads the portal.
        ledger: which line items it believes to be there.
        documents: each with the id of its invoice in HubSpot.
    """
    linked = {
        invoice: {line.id for line in lines}
        for invoice, lines in read_links(client, INVOICES, LINES, [one for _, one in documents]).items()
    }
    there = _there(client, documents, linked)
    found = Relined()
    for record, invoice in documents:
        mine = dict(_of(record, there))
        found.identities += [IdentityRow(LINES, key, one, None, DRIFTED, {}, "") for key, one in mine.items()]
        found.forgotten += [
            (LINES, known.key, known.hubspot_id)
            for known in ledger.lines_of([f"{record.document_type}:{record.number}"], mine)
        ]
        found.unlinked += [
            (INVOICES, record.key, LINES, line.key)
            for line in record.lines
            if mine.get(line.key) not in linked.get(invoice, ())
        ]
    return found


def _there(
    client: HubSpotClient,
    documents: Sequence[tuple[InvoiceRecord, str]],
    linked: Mapping[str, set[str]],
) -> dict[str, str]:
    """Return the ids of the line items HubSpot has, by their unique id: those wanted, and all that are linked."""
    wanted = [str(line.properties[LINE_ID]) for record, _ in documents for line in record.lines]
    held = client.batch_read(LINES, wanted, [LINE_ID], id_property=LINE_ID)
    found = {value: line.id for value, line in held.items()}
    others = {one for lines in linked.values() for one in lines} - set(found.values())
    for line in client.batch_read(LINES, sorted(others), [LINE_ID]).values():
        if value := line.properties.get(LINE_ID):
            found.setdefault(value, line.id)
    return found


def _of(record: InvoiceRecord, there: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the keys and ids of the line items that name a document."""
    start = f"{record.document_type}:{record.number}:"
    for value, one in there.items():
        own = value.partition(":")[2]
        if own.startswith(start):
            yield f"line:{own}", one
