"""Visma's side: every document and sales transaction it has now, mapped as for a sync, as a stream of facts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ml_connector.reconciliation.facts import Fact, Standing, amount_of
from ml_connector.reconciliation.line_figures import summed
from ml_connector.records.booking_model import TransactionRecord
from ml_connector.records.field_rules import CUSTOMERS
from ml_connector.records.fields import part
from ml_connector.records.invoice_model import KINDS, InvoiceRecord
from ml_connector.records.invoices import DocumentMapper
from ml_connector.records.normal_forms import text
from ml_connector.records.payments import documents as settled_documents
from ml_connector.records.transactions import Chart, chart_of, transactions
from ml_connector.settings.money import TransactionRules
from ml_connector.visma.entities import Entity
from ml_connector.visma.rows import Row
from ml_connector.visma.snapshots import Version
from ml_connector.visma.stamps import plain_stamp

DOCUMENT_ENTITIES = {
    "customer_invoices": "invoice",
    "customer_credit_notes": "creditnote",
    "customer_debit_notes": "debitnote",
}
"""Visma's lists of documents, and the first part of the keys in each."""


class Reader(Protocol):
    """What is needed of :class:`ml_connector.visma.client.VismaClient`."""

    def changed(self, entity: Entity | str, since: datetime | None = None) -> Iterator[list[Row]]:
        """Yield the rows changed since a naive moment, or all."""
        ...

    def one(self, entity: Entity | str, key: str) -> Row | None:
        """Return one row, or None."""
        ...


@dataclass(frozen=True, slots=True)
class PageRows:
    """Rows that were just read, in the shape of a stored snapshot."""

    page: Sequence[Row]

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield the rows."""
        for row in self.page:
            yield {"key": row.key, "modified": row.modified, "partition": "", "raw": row.raw}


@dataclass(frozen=True, slots=True)
class VismaSide:
    """One Visma company, read afresh.

    Args:
        client: reads it.
        mapper: maps its documents, as a sync does.
        rules: which journal batches are sales.
        base_currency: ISO code of the company's own currency, which transactions are in.
        currencies: those the portal has; a document in another one travels in base currency where the mapper converts.
        names: filled while documents are read: the customers' names by number, for the statement alone.
        left_out: why customers do not travel, by key: what people decided comes in, what the settings say is added
            before documents are read.
        with_lines: whether facts of released documents say what their lines come to.
    """

    client: Reader
    mapper: DocumentMapper
    rules: TransactionRules
    base_currency: str
    currencies: frozenset[str]
    names: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    with_lines: bool = False

    def learn_customers(self) -> None:
        """Learn which customers do not travel; nothing is read where all do."""
        field_rules = self.mapper.rules
        if not field_rules.take.filters_customers:
            return
        for page in self.client.changed("customers"):
            for row in page:
                reason = field_rules.not_taken(CUSTOMERS, field_rules.fields(CUSTOMERS, row.values))
                if reason is not None:
                    self.left_out[f"customer:{text(row.key) or row.key}"] = reason

    def documents(self) -> Iterator[Fact]:
        """Yield a fact for each invoice, credit note and debit note; what else the lists name does not travel."""
        for entity in DOCUMENT_ENTITIES:
            for page in self.client.changed(entity):
                for row in page:
                    if row.key.partition(":")[0] not in KINDS:
                        continue
                    self._remember_name(row)
                    record = self.document(row)
                    fact = document_fact(record, self.left_out.get(record.customer or ""))
                    counted = self.with_lines and fact.standing is Standing.RELEASED
                    yield _with_lines(fact, record) if counted else fact

    def document(self, row: Row) -> InvoiceRecord:
        """Return the record of a document, as it travels to this portal."""
        record = self.mapper.document(_version(row))
        foreign = record.in_base is not None and record.currency not in self.currencies
        return record.converted() if foreign else record

    def transactions(self) -> Iterator[Fact]:
        """Yield a fact for each journal batch that is a sale."""
        for record in self.transaction_records():
            yield transaction_fact(record, self.base_currency, self.left_out.get(record.customer or ""))

    def transaction_records(self) -> Iterator[TransactionRecord]:
        """Yield the records of the sales."""
        chart = self._chart()
        for page in self.client.changed("journal_transactions"):
            yield from self.sales(page, chart)

    def sales(self, page: Sequence[Row], chart: Chart) -> Iterator[TransactionRecord]:
        """Yield the sales among some batches."""
        mapper = self.mapper
        records = transactions(
            PageRows(page), chart, self.rules, connection=mapper.connection, stamp_zone=mapper.stamp_zone
        )
        yield from (record for record in records if not record.no_sale)

    def _chart(self) -> Chart:
        return chart_of(PageRows(self._whole("accounts")), PageRows(self._whole("ledgers")))

    def _whole(self, entity: str) -> list[Row]:
        return [row for page in self.client.changed(entity) for row in page]

    def _remember_name(self, row: Row) -> None:
        number, name = (
            text(part(row.values, "customer", "number")),
            text(part(row.values, "customer", "name")),
        )
        if number and name:
            self.names[number] = name


def settled_since(client: Reader, since: datetime | None) -> dict[str, str]:
    """Return the documents that payments touched since a naive moment: by key, the stamp of the newest such payment.

    Args:
        client: reads Visma.
        since: where the first window that is not loaded begins; None where none is loaded, so that all is unsynced.
    """
    if since is None:
        return {}
    found: dict[str, str] = {}
    for page in client.changed("customer_payments", since):
        for row in page:
            stamp = plain_stamp(row.modified)
            for key in settled_documents(row.values):
                found[key] = max(stamp, found.get(key, ""))
    return found


def document_fact(record: InvoiceRecord, left_out: str | None = None) -> Fact:
    """Return the fact of a document: what HubSpot should hold of it.

    ``left_out`` is why its customer does not travel, or None.
    """
    wanted = record.properties
    return Fact(
        key=record.key,
        standing=Standing.NOT_TAKEN if left_out else _standing(record),
        month=f"{record.document_date:%Y-%m}" if record.document_date else None,
        currency=record.currency,
        customers=_customers(record),
        amount=amount_of(wanted.get("visma_amount")),
        balance=amount_of(wanted.get("visma_balance")),
        status=record.status,
        shown=wanted.get("hs_invoice_status") or "",
        stamp=record.stamp,
        note=left_out or record.refusal or record.skip or "",
    )


def _with_lines(fact: Fact, record: InvoiceRecord) -> Fact:
    return summed(line.properties for line in record.lines).on(fact, priced=True)


def transaction_fact(record: TransactionRecord, currency: str, left_out: str | None = None) -> Fact:
    """Return the fact of a sale, which is in base currency and is not owed; ``left_out`` as for a document."""
    return Fact(
        key=record.key,
        standing=Standing.NOT_TAKEN if left_out else _standing(record),
        month=(record.properties.get("visma_transaction_date") or "")[:7] or None,
        currency=currency,
        customers=_customers(record),
        amount=amount_of(record.properties.get("visma_amount")),
        balance=amount_of("0"),
        stamp=record.stamp,
        note=left_out or record.refusal or record.skip or "",
    )


def _standing(record: InvoiceRecord | TransactionRecord) -> Standing:
    if record.voided:
        return Standing.VOIDED
    return Standing.RELEASED if record.skip is None else Standing.HELD


def _customers(record: InvoiceRecord | TransactionRecord) -> tuple[str, ...]:
    return (record.customer.partition(":")[2],) if record.customer else ()


def _version(row: Row) -> Version:
    return Version(row.key, plain_stamp(row.modified), "", row.values)
