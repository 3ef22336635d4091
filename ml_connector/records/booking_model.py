"""The typed records of payments, sales transactions and a supplier's purchases, and how they are stored.

Amounts are exact decimals and stored as text: a row goes through Parquet and, as JSON, through the ledger.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ml_connector.records.invoice_model import VOIDED
from ml_connector.records.model import Properties


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """One payment of a customer.

    Args:
        kind, number: Visma's type and reference number, such as ``Prepayment`` and ``400017``.
        status: Visma's status; empty for a row that cannot be read.
        stamp: Visma's last change, naive text.
        partition: the window it came in.
        customer: key of the company, or None.
        documents: keys of the documents it settles, each once.
        properties: what the HubSpot payment shall hold.
        in_base: what of that is another in the company's base currency; empty where it is in that one.
        skip: why it does not travel, or None.
        refusal: why it cannot be sent, in plain words, or None.
    """

    kind: str
    number: str
    status: str
    stamp: str
    partition: str
    customer: str | None
    documents: tuple[str, ...]
    properties: Properties
    in_base: Properties = field(default_factory=dict)
    skip: str | None = None
    refusal: str | None = None

    @property
    def key(self) -> str:
        """The record's name everywhere: ``payment:Payment:400017``."""
        return f"payment:{self.kind}:{self.number}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The one key it stands for."""
        return (self.key,)

    @property
    def voided(self) -> bool:
        """Whether it was taken back: followed where it was sent before, else left out."""
        return self.status == VOIDED

    def to_row(self) -> dict[str, Any]:
        """Return the record as a row of :data:`PAYMENT_SCHEMA`."""
        return {
            "key": self.key,
            "kind": self.kind,
            "number": self.number,
            "status": self.status,
            "stamp": self.stamp,
            "partition": self.partition,
            "customer": self.customer,
            "documents": list(self.documents),
            "properties": _text(self.properties),
            "in_base": _text(self.in_base),
            "skip": self.skip,
            "refusal": self.refusal,
        }

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "PaymentRecord":
        """Return the record of a row made by :meth:`to_row`."""
        return PaymentRecord(
            kind=row["kind"],
            number=row["number"],
            status=row["status"],
            stamp=row["stamp"],
            partition=row["partition"],
            customer=row["customer"],
            documents=tuple(row["documents"]),
            properties=json.loads(row["properties"]),
            in_base=json.loads(row.get("in_base") or "{}"),
            skip=row["skip"],
            refusal=row["refusal"],
        )


NO_SALE = "no line of its batch is a sale by the rules of the connection"


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """One journal batch that is a sale, or is none: it may have been one before its accounts were corrected.

    Args:
        module: short code, such as AR.
        batch: batch number.
        status: Visma's status; empty for a row that cannot be read.
        stamp: Visma's last change, naive text.
        partition: the window it came in.
        customer: key of the company that its sales lines name, where they name one.
        document: key of the document it came from, where it came from one.
        amount: credit less debit on the lines that are sales, base currency; zero once voided.
        properties: what the HubSpot record shall hold.
        skip: why it does not travel, or None.
        refusal: why it cannot be sent, in plain words, or None.
    """

    module: str
    batch: str
    status: str
    stamp: str
    partition: str
    customer: str | None
    document: str | None
    amount: Decimal
    properties: Properties
    skip: str | None = None
    refusal: str | None = None

    @property
    def key(self) -> str:
        """The record's name everywhere: ``transaction:AR:001234``."""
        return f"transaction:{self.module}:{self.batch}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The one key it stands for."""
        return (self.key,)

    @property
    def voided(self) -> bool:
        """Whether it was taken back: followed where it was sent before, else left out."""
        return self.status == VOIDED

    @property
    def no_sale(self) -> bool:
        """Whether it is no sale: taken away where it was sent before, else not even looked for."""
        return self.skip == NO_SALE

    def to_row(self) -> dict[str, Any]:
        """Return the record as a row of :data:`TRANSACTION_SCHEMA`."""
        return {
            "key": self.key,
            "module": self.module,
            "batch": self.batch,
            "status": self.status,
            "stamp": self.stamp,
            "partition": self.partition,
            "customer": self.customer,
            "document": self.document,
            "amount": f"{self.amount:f}",
            "properties": _text(self.properties),
            "skip": self.skip,
            "refusal": self.refusal,
        }

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "TransactionRecord":
        """Return the record of a row made by :meth:`to_row`."""
        return TransactionRecord(
            module=row["module"],
            batch=row["batch"],
            status=row["status"],
            stamp=row["stamp"],
            partition=row["partition"],
            customer=row["customer"],
            document=row["document"],
            amount=Decimal(row["amount"]),
            properties=json.loads(row["properties"]),
            skip=row["skip"],
            refusal=row["refusal"],
        )


@dataclass(frozen=True, slots=True)
class PurchasesRecord:
    """What a supplier's company shall show of buying from it: an update of some properties, whatever its own record is.

    It has no stamp: sums change when a row or the year does, so the later window is right.

    Args:
        supplier_number: Visma's number of the supplier.
        partition: the newest window that has a purchase of it.
        properties: the values of the HubSpot company.
        refusal: why it cannot be sent, in plain words, or None.
    """

    supplier_number: str
    partition: str
    properties: Properties
    refusal: str | None = None

    @property
    def key(self) -> str:
        """The company's name everywhere: ``supplier:50001``."""
        return f"supplier:{self.supplier_number}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The one key it stands for."""
        return (self.key,)

    def to_row(self) -> dict[str, Any]:
        """Return the record as a row of :data:`PURCHASES_SCHEMA`."""
        return {
            "key": self.key,
            "supplier_number": self.supplier_number,
            "partition": self.partition,
            "properties": _text(self.properties),
            "refusal": self.refusal,
        }

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "PurchasesRecord":
        """Return the record of a row made by :meth:`to_row`."""
        return PurchasesRecord(
            supplier_number=row["supplier_number"],
            partition=row["partition"],
            properties=json.loads(row["properties"]),
            refusal=row["refusal"],
        )


def _text(properties: Properties) -> str:
    return json.dumps(dict(properties), ensure_ascii=False, sort_keys=True)


PAYMENT_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("number", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("stamp", pa.string(), nullable=False),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("customer", pa.string()),
        pa.field("documents", pa.list_(pa.string()), nullable=False),
        pa.field("properties", pa.string(), nullable=False),
        pa.field("in_base", pa.string()),
        pa.field("skip", pa.string()),
        pa.field("refusal", pa.string()),
    ]
)

TRANSACTION_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("module", pa.string(), nullable=False),
        pa.field("batch", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("stamp", pa.string(), nullable=False),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("customer", pa.string()),
        pa.field("document", pa.string()),
        pa.field("amount", pa.string(), nullable=False),
        pa.field("properties", pa.string(), nullable=False),
        pa.field("skip", pa.string()),
        pa.field("refusal", pa.string()),
    ]
)

PURCHASES_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("supplier_number", pa.string(), nullable=False),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("properties", pa.string(), nullable=False),
        pa.field("refusal", pa.string()),
    ]
)
