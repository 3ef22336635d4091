"""Repairing what differs: what drifted is handed to the next sync, what Visma no longer has is archived by the policy.

Nothing is written over HubSpot here. A drifted record becomes a reject that is due, with what Visma has now, and the
ledger forgets that it was in order; the next sync plans, writes and confirms it like any other. Only archiving is done
at once: no sync would ever see a record that Visma does not list.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from ml_connector.causes.catalogue import cause_named
from ml_connector.causes.of_ours import DRIFTED
from ml_connector.chunks import chunks
from ml_connector.errors import UsageError
from ml_connector.hubspot.loading import RecordLoader
from ml_connector.ledger.entries import IdentityRow, RejectRow
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.tables import link
from ml_connector.plan.operations import Action, Operation
from ml_connector.reconciliation.compare import Comparison
from ml_connector.reconciliation.explain import LINE_FIELDS, Cause, Difference, Known
from ml_connector.reconciliation.facts import Kind
from ml_connector.reconciliation.hubspot_side import COMPANIES, INVOICES, LINES
from ml_connector.reconciliation.reading import Reconciler
from ml_connector.reconciliation.relined import Relined, relined
from ml_connector.reconciliation.visma_side import DOCUMENT_ENTITIES, VismaSide
from ml_connector.records.booking_model import TransactionRecord
from ml_connector.records.invoice_model import KINDS, InvoiceRecord
from ml_connector.settings.money import DeletionPolicy, ReconciliationSettings

ONE_BY_ONE = 200
"""Documents that are read again by their number each; for more the list is read once more."""

AT_A_TIME = 500

REPAIR_RULE = "reconciliation"
"""Why the ledger says a record was archived."""

MESSAGE = "HubSpot differs from Visma"
REMEDY = "The next sync writes it again."

Record = InvoiceRecord | TransactionRecord


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did: how many records the next sync writes again, how many were archived, and what to know."""

    handed_on: int = 0
    archived: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repairer:
    """Repairs what one reconciliation has found.

    Args:
        reconciler: both sides and the ledger.
        journal: of the run; the run is the portal's one writer.
        loader: archives, through the ledger.
        settings: the policy for deletions and its cap.
        partition: the newest loaded window, which the next sync is to run.
    """

    reconciler: Reconciler
    journal: Journal
    loader: RecordLoader
    settings: ReconciliationSettings
    partition: str

    def repair(self, found: Comparison) -> Repaired:
        """Repair what can be; at most the differences that the comparison lists."""
        drifted = {
            item.key: item
            for item in found.differences
            if item.is_repaired(self._name) and item.visma is not None
        }
        handed_on = sum(self._hand_on(part) for part in self._records(drifted))
        archived, note = self._archive(found)
        again = f"`ml-connector sync {self._name} --partition {self.partition}`"
        notes = [f"{_counted(handed_on)} handed to the next sync: {again}."] if handed_on else []
        return Repaired(handed_on, archived, (*notes, *([note] if note else [])))

    @property
    def _name(self) -> str:
        return self.reconciler.hubspot.connection

    # --- what drifted

    def _records(self, drifted: Mapping[str, Difference]) -> Iterator[list[tuple[Difference, Record]]]:
        """Yield differences with what Visma has now; what is gone from Visma meanwhile is left out."""
        fresh = fresh_records(self.reconciler.visma, drifted)
        return chunks(((drifted[record.key], record) for record in fresh), AT_A_TIME)

    def _hand_on(self, part: Sequence[tuple[Difference, Record]]) -> int:
        """Make records due for the next sync, and forget what the ledger believes of them."""
        gone = [item for item, _ in part if item.cause is Cause.DELETED_IN_HUBSPOT]
        known = self.reconciler.evidence().known([item.key for item, _ in part])
        lines = self._relined(part)
        drifted = [row for item, _ in part if (row := self._drifted_identity(item)) is not None]
        self.journal.settle(
            [],
            identities=[*drifted, *lines.identities],
            rejects=[self._due(item, _as_new(record, known.get(item.key))) for item, record in part],
            forgotten=[*self._forgotten(gone, known), *lines.forgotten],
            unlinked=[
                *lines.unlinked,
                *(
                    (INVOICES, item.key, COMPANIES, record.customer)
                    for item, record in part
                    if "customer" in item.fields and record.customer is not None
                ),
            ],
        )
        return len(part)

    def _relined(self, part: Sequence[tuple[Difference, Record]]) -> Relined:
        """Return what the ledger is told of line items that differ."""
        documents = [
            (record, item.hubspot.hubspot_id)
            for item, record in part
            if isinstance(record, InvoiceRecord) and item.hubspot and not LINE_FIELDS.isdisjoint(item.fields)
        ]
        ledger = LedgerReader(self.reconciler.engine, self._name)
        return relined(self.reconciler.hubspot.client, ledger, documents) if documents else Relined()

    def _drifted_identity(self, item: Difference) -> IdentityRow | None:
        """Return an identity that no record's fingerprint is equal to; None for one without a HubSpot record."""
        if item.hubspot is None:
            return None
        return IdentityRow(self._object(item.kind), item.key, item.hubspot.hubspot_id, None, DRIFTED, {}, "")

    def _due(self, item: Difference, record: Record) -> RejectRow:
        return RejectRow(
            entity="transactions" if item.kind is Kind.TRANSACTION else INVOICES,
            key=item.key,
            cause=DRIFTED,
            message=f"{MESSAGE}: {item.cause}. {item.detail}",
            remedy=REMEDY,
            record=json.dumps(record.to_row(), ensure_ascii=False),
            partition=self.partition,
            version=record.stamp,
        )

    def _forgotten(
        self, gone: Sequence[Difference], known: Mapping[str, Known]
    ) -> Iterator[tuple[str, str, str]]:
        """Yield what the ledger shall forget of records that HubSpot lists no more, their lines too.

        HubSpot takes the lines of a record away with it (reference: hubspot 7).
        """
        for item in gone:
            sent = known[item.key].sent if item.key in known else None
            if sent is not None:
                yield self._object(item.kind), item.key, sent.hubspot_id
        for line_key, line_id in self._lines([item.key for item in gone]):
            yield LINES, line_key, line_id

    def _lines(self, keys: Sequence[str]) -> list[tuple[str, str]]:
        table = link.c
        some = sa.bindparam(None, list(keys), type_=sa.ARRAY(sa.Text))
        query = sa.select(table.to_key, table.to_id).where(
            table.connection == self._name,
            table.from_type == INVOICES,
            table.to_type == LINES,
            table.to_id.is_not(None),
            table.from_key == sa.any_(some),
        )
        with self.reconciler.engine.connect() as database:
            return [(row[0], row[1]) for row in database.execute(query)]

    def _object(self, kind: Kind) -> str:
        return (self.reconciler.sales.name or "") if kind is Kind.TRANSACTION else INVOICES

    # --- what Visma no longer has

    def _archive(self, found: Comparison) -> tuple[int, str | None]:
        """Archive the records whose document is gone, or say why none is."""
        many = sum(count for (_, cause), count in found.causes.items() if cause is Cause.DELETED_IN_VISMA)
        if not many:
            return 0, None
        if self.settings.deletions is not DeletionPolicy.ARCHIVE:
            return 0, (
                f"{_counted(many)} whose document is gone left alone: the policy `reconciliation.deletions` is "
                f"`{self.settings.deletions}`."
            )
        if many > self.settings.most_archived:
            return 0, (
                f"None of {_counted(many)} whose document is gone archived: `reconciliation.most_archived` is "
                f"{self.settings.most_archived}. Look at them first; a gap in what Visma answered looks the same."
            )
        gone = [item for item in found.differences if item.cause is Cause.DELETED_IN_VISMA]
        # The lists may have missed some: what Visma has all the same when it is asked again is not archived.
        found_again = {
            record.key for record in fresh_records(self.reconciler.visma, [one.key for one in gone])
        }
        really = [item for item in gone if item.key not in found_again]
        archived, refused = 0, dict[str, int]()
        for kind in (INVOICES, self.reconciler.sales.name or ""):
            items = [self._operation(item) for item in really if self._object(item.kind) == kind]
            if items:
                counts = self.loader.load(kind, items)
                self.journal.add_to_summary({"entities": {items[0].entity: counts.as_dict()}})
                archived += counts.archived
                refused |= {cause_named(name).title: blamed.many for name, blamed in counts.causes.items()}
        if found_again:
            refused["Visma has them, although its lists did not name them"] = len(found_again)
        reasons = "".join(f" {times} left alone: {why.rstrip('.')}." for why, times in refused.items())
        return archived, f"{archived} of {_counted(many)} whose document is gone archived.{reasons}"

    def _operation(self, item: Difference) -> Operation:
        if item.hubspot is None:
            raise UsageError("There is nothing to archive in HubSpot.", record=item.key)
        return Operation(
            entity="transactions" if item.kind is Kind.TRANSACTION else INVOICES,
            object_type=self._object(item.kind),
            action=Action.ARCHIVE,
            keys=(item.key,),
            partition=self.partition,
            hubspot_id=item.hubspot.hubspot_id,
            rule=REPAIR_RULE,
            reason="Visma lists it no more",
        )


def _as_new(record: Record, known: Known | None) -> Record:
    """Return a record that was read just now as no older than what was synced, by a payment's stamp maybe."""
    synced = known.sent.stamp if known is not None and known.sent is not None else ""
    return replace(record, stamp=max(record.stamp, synced))


def _counted(many: int) -> str:
    return "1 record" if many == 1 else f"{many} records"


def fresh_records(side: VismaSide, keys: Iterable[str]) -> Iterator[Record]:
    """Yield what Visma has now of documents and transactions: by number where they are few, else from the lists."""
    by_entity: dict[str, set[str]] = {}
    for key in keys:
        entity, own = visma_name(key)
        by_entity.setdefault(entity, set()).add(own)
    for entity, wanted in by_entity.items():
        if entity == "journal_transactions":
            records = side.transaction_records()
            yield from (record for record in records if f"{record.module}:{record.batch}" in wanted)
        elif len(wanted) <= ONE_BY_ONE:
            rows = (side.client.one(entity, own) for own in sorted(wanted))
            yield from (side.document(row) for row in rows if row is not None)
        else:
            pages = side.client.changed(entity)
            yield from (side.document(row) for page in pages for row in page if row.key in wanted)


def visma_name(key: str) -> tuple[str, str]:
    """Return Visma's entity and key of one of ours: ``invoice:1`` is ``("customer_invoices", "Invoice:1")``."""
    kind, _, number = key.partition(":")
    if kind == Kind.TRANSACTION:
        return "journal_transactions", number
    entities = {word: entity for entity, word in DOCUMENT_ENTITIES.items()}
    types = {word: document_type for document_type, word in KINDS.items()}
    return entities[kind], f"{types[kind]}:{number}"
