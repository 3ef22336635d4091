"""The typed record of an invoice, credit note or debit note with its lines, and how it is stored.

Amounts are exact decimals and stored as text: a row goes through Parquet and, as JSON, through the ledger.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ml_connector.records.model import Fields, Properties, read_values, stored_values

VOIDED = "Voided"
"""Visma's status of a document, payment or batch that was taken back."""

CREDIT_NOTE = "CreditNote"

KINDS = {"Invoice": "invoice", CREDIT_NOTE: "creditnote", "DebitNote": "debitnote"}
"""Visma's types of the documents that travel, and the word for each in record keys."""


def document_key(document_type: str, number: str) -> str:
    """Return a document's name everywhere: ``invoice:100234``, ``creditnote:200012``, ``debitnote:300001``."""
    return f"{KINDS.get(document_type, document_type.lower())}:{number}"


@dataclass(frozen=True, slots=True)
class LineRecord:
    """One line item of a document.

    Args:
        key: its name everywhere: ``line:Invoice:100234:3``, or ``line:Invoice:100234:rounding``.
        properties: what the HubSpot line item shall hold, ``visma_line_id`` among them.
    """

    key: str
    properties: Properties

    @property
    def number(self) -> str:
        """Its number in the document, or ``rounding``."""
        return self.key.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a document comes to in one currency.

    Args:
        currency: ISO code.
        amount: its total, signed: negative for a credit note.
        net: the total less VAT, signed.
        properties: what the HubSpot invoice shall hold once it is whole; ``hs_invoice_status`` is the final status
            (open, paid, voided). ``hs_invoice_billable`` is not among them: it is for creating alone.
        lines: its line items.
    """

    currency: str
    amount: Decimal
    net: Decimal
    properties: Properties
    lines: tuple[LineRecord, ...]

    def to_row(self) -> dict[str, Any]:
        """Return the figures as part of a row: texts only."""
        return {
            "currency": self.currency,
            "amount": f"{self.amount:f}",
            "net": f"{self.net:f}",
            "properties": json.dumps(dict(self.properties), ensure_ascii=False, sort_keys=True),
            "lines": json.dumps(
                [[line.key, dict(line.properties)] for line in self.lines], ensure_ascii=False
            ),
        }

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "Figures":
        """Return the figures of a row made by :meth:`to_row`."""
        return Figures(
            currency=row["currency"],
            amount=Decimal(row["amount"]),
            net=Decimal(row["net"]),
            properties=json.loads(row["properties"]),
            lines=tuple(LineRecord(key, properties) for key, properties in json.loads(row["lines"])),
        )


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """One document: an invoice, a credit note or a debit note.

    Args:
        document_type, number: Visma's key of it, such as ``CreditNote`` and ``200012``.
        status: Visma's status; empty for a row that cannot be read.
        stamp: Visma's last change, naive text.
        partition: the window it came in.
        customer: key of the company, or None.
        contacts: keys of the Visma contacts it names, the nearest first.
        emails: the addresses it was sent to, in normal form.
        references: text that may name a deal, by Visma's field.
        document_date: its date.
        figures: amount, properties and lines in its own currency.
        in_base: the same in the company's base currency, where that is another one: to be converted to where the
            connection says so, which may be later than the document was read.
        skip: why it does not travel, or None.
        refusal: why it cannot be sent, in plain words, or None.
        fields: what the settings ask of its row, for mapping.
        mapped: what the HubSpot invoice shall hold by the connection's own mapping.
    """

    document_type: str
    number: str
    status: str
    stamp: str
    partition: str
    customer: str | None
    contacts: tuple[str, ...]
    emails: tuple[str, ...]
    references: Mapping[str, str]
    document_date: date | None
    figures: Figures
    in_base: Figures | None = None
    skip: str | None = None
    refusal: str | None = None
    fields: Fields = field(default_factory=dict)
    mapped: Properties = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The record's name everywhere: ``invoice:100234``."""
        return document_key(self.document_type, self.number)

    @property
    def keys(self) -> tuple[str, ...]:
        """The one key it stands for."""
        return (self.key,)

    @property
    def voided(self) -> bool:
        """Whether it was taken back: followed where it was sent before, else left out."""
        return self.status == VOIDED

    @property
    def currency(self) -> str:
        """ISO code of its currency."""
        return self.figures.currency

    @property
    def amount(self) -> Decimal:
        """Its total in its currency, negative for a credit note."""
        return self.figures.amount

    @property
    def net(self) -> Decimal:
        """Its total less VAT, signed as the amount."""
        return self.figures.net

    @property
    def properties(self) -> Properties:
        """What the HubSpot invoice shall hold once it is whole; what is mapped replaces what is filled anyway."""
        return {**self.figures.properties, **self.mapped} if self.mapped else self.figures.properties

    @property
    def lines(self) -> tuple[LineRecord, ...]:
        """Its line items."""
        return self.figures.lines

    def converted(self) -> "InvoiceRecord":
        """Return the record in base currency.

        Raises:
            ValueError: it has no figures in base currency.
        """
        if self.in_base is None:
            raise ValueError(f"{self.key} has no figures in base currency")
        return replace(self, figures=self.in_base, in_base=None)

    def to_row(self) -> dict[str, Any]:
        """Return the record as a row of :data:`INVOICE_SCHEMA`."""
        return {
            "key": self.key,
            "document_type": self.document_type,
            "number": self.number,
            "status": self.status,
            "stamp": self.stamp,
            "partition": self.partition,
            "customer": self.customer,
            "contacts": list(self.contacts),
            "emails": list(self.emails),
            "references": json.dumps(dict(self.references), ensure_ascii=False),
            "document_date": self.document_date.isoformat() if self.document_date else None,
            **self.figures.to_row(),
            "in_base": json.dumps(self.in_base.to_row(), ensure_ascii=False) if self.in_base else None,
            "skip": self.skip,
            "refusal": self.refusal,
            "fields": stored_values(self.fields),
            "mapped": stored_values(self.mapped),
        }

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "InvoiceRecord":
        """Return the record of a row made by :meth:`to_row`."""
        dated, in_base = row["document_date"], row["in_base"]
        return InvoiceRecord(
            document_type=row["document_type"],
            number=row["number"],
            status=row["status"],
            stamp=row["stamp"],
            partition=row["partition"],
            customer=row["customer"],
            contacts=tuple(row["contacts"]),
            emails=tuple(row["emails"]),
            references=json.loads(row["references"]),
            document_date=date.fromisoformat(dated) if dated else None,
            figures=Figures.from_row(row),
            in_base=Figures.from_row(json.loads(in_base)) if in_base else None,
            skip=row["skip"],
            refusal=row["refusal"],
            fields=read_values(row.get("fields")),
            mapped=read_values(row.get("mapped")),
        )


INVOICE_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("document_type", pa.string(), nullable=False),
        pa.field("number", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("stamp", pa.string(), nullable=False),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("customer", pa.string()),
        pa.field("contacts", pa.list_(pa.string()), nullable=False),
        pa.field("emails", pa.list_(pa.string()), nullable=False),
        pa.field("references", pa.string(), nullable=False),
        pa.field("document_date", pa.string()),
        pa.field("currency", pa.string(), nullable=False),
        pa.field("amount", pa.string(), nullable=False),
        pa.field("net", pa.string(), nullable=False),
        pa.field("properties", pa.string(), nullable=False),
        pa.field("lines", pa.string(), nullable=False),
        pa.field("in_base", pa.string()),
        pa.field("skip", pa.string()),
        pa.field("refusal", pa.string()),
        pa.field("fields", pa.string()),
        pa.field("mapped", pa.string()),
    ]
)
