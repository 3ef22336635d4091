"""The typed records: what mapping makes of snapshots and planning compares with HubSpot.

A record is frozen. ``properties`` holds HubSpot property names and values as HubSpot takes them: text, or None where
Visma has no value. A record also stores well: :meth:`to_row` and ``from_row`` carry it through Parquet and the ledger.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

Properties = Mapping[str, str | None]

Fields = Mapping[str, str | None]
"""Values of a Visma row as text, by the path of the field; those that no setting asks for are not kept."""


@dataclass(frozen=True, slots=True)
class CompanyRecord:
    """A Visma customer, a supplier, or both where they share an organisation number.

    Args:
        customer_number: Visma's number, or None for a company that is only a supplier.
        supplier_number: likewise.
        stamp: Visma's last change, the naive text it came as; of a company that is both, the customer's and
            supplier's later one.
        partition: the window it came in.
        properties: what the HubSpot company shall hold of what every connection fills.
        organisation_number: normal form, for matching.
        domain: the company's domain, for matching.
        phones: E.164, for matching.
        emails: normal form, for matching through contacts.
        refusal: why this record cannot be sent, in plain words, or None.
        parts: of a company that is both, the customer and the supplier it was merged from: the two may turn out to be
            two companies in HubSpot already.
        fields: what the settings ask of its row, for matching and mapping; empty for one that has parts.
        mapped: what the HubSpot company shall hold by the connection's own mapping.
        skip: why it does not travel, or None.
    """

    customer_number: str | None
    supplier_number: str | None
    stamp: str
    partition: str
    properties: Properties
    organisation_number: str | None = None
    domain: str | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    refusal: str | None = None
    parts: "tuple[CompanyRecord, ...]" = ()
    fields: Fields = field(default_factory=dict)
    mapped: Properties = field(default_factory=dict)
    skip: str | None = None

    @property
    def wanted(self) -> Properties:
        """What the HubSpot company shall hold; what is mapped replaces what is filled anyway."""
        return {**self.properties, **self.mapped}

    @property
    def key(self) -> str:
        """The record's name everywhere: ``customer:10023``, or ``supplier:50001`` for one that is only a supplier."""
        return self.keys[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """All Visma keys this company stands for, the customer first."""
        customer = (f"customer:{self.customer_number}",) if self.customer_number else ()
        supplier = (f"supplier:{self.supplier_number}",) if self.supplier_number else ()
        return customer + supplier

    def to_row(self) -> dict[str, Any]:
        """Return the record as a row of :data:`COMPANY_SCHEMA`."""
        return {
            "key": self.key,
            "customer_number": self.customer_number,
            "supplier_number": self.supplier_number,
            "stamp": self.stamp,
            "partition": self.partition,
            "organisation_number": self.organisation_number,
            "domain": self.domain,
            "phones": list(self.phones),
            "emails": list(self.emails),
            "refusal": self.refusal,
            "properties": json.dumps(dict(self.properties), ensure_ascii=False, sort_keys=True),
            "parts": json.dumps([part.to_row() for part in self.parts], ensure_ascii=False)
            if self.parts
            else None,
            "fields": stored_values(self.fields),
            "mapped": stored_values(self.mapped),
            "skip": self.skip,
        }

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "CompanyRecord":
        """Return the record of a row made by :meth:`to_row`."""
        return CompanyRecord(
            customer_number=row["customer_number"],
            supplier_number=row["supplier_number"],
            stamp=row["stamp"],
            partition=row["partition"],
            properties=json.loads(row["properties"]),
            organisation_number=row["organisation_number"],
            domain=row["domain"],
            phones=tuple(row["phones"]),
            emails=tuple(row["emails"]),
            refusal=row["refusal"],
            parts=tuple(CompanyRecord.from_row(part) for part in json.loads(row.get("parts") or "[]")),
            fields=read_values(row.get("fields")),
            mapped=read_values(row.get("mapped")),
            skip=row.get("skip"),
        )


def stored_values(values: Mapping[str, str | None]) -> str | None:
    """Return values as the text they are stored as; None for none, as most connections ask for none."""
    return json.dumps(dict(values), ensure_ascii=False, sort_keys=True) if values else None


def read_values(stored: str | None) -> dict[str, str | None]:
    """Return the values of their stored text; rows of older versions have none."""
    found: dict[str, str | None] = json.loads(stored or "{}")
    return found


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """A person or mailbox: one HubSpot contact per e-mail address.

    Args:
        contact_ids: Visma's contact ids that share this mailbox; the first gives the HubSpot id.
        email: normal form, or None for a person without an address.
        active: False when Visma says inactive: such a contact is not made, one made earlier is flagged.
        stamp: Visma's last change of the row the values come from.
        partition: the window it came in.
        properties: what the HubSpot contact shall hold of what every connection fills.
        companies: keys of the companies it belongs to (``customer:10023``), the primary first.
        refusal: why this record cannot be sent, in plain words, or None.
        fields: what the settings ask of its row, for mapping.
        mapped: what the HubSpot contact shall hold by the connection's own mapping.
    """

    contact_ids: tuple[str, ...]
    email: str | None
    active: bool
    stamp: str
    partition: str
    properties: Properties
    companies: tuple[str, ...] = field(default=())
    refusal: str | None = None
    fields: Fields = field(default_factory=dict)
    mapped: Properties = field(default_factory=dict)

    @property
    def wanted(self) -> Properties:
        """What the HubSpot contact shall hold; what is mapped replaces what is filled anyway."""
        return {**self.properties, **self.mapped}

    @property
    def key(self) -> str:
        """The record's name everywhere: ``contact:4711``."""
        return self.keys[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """All Visma keys this contact stands for, the one that names it first."""
        return tuple(f"contact:{number}" for number in self.contact_ids)

    def to_row(self) -> dict[str, Any]:
        """Return the record as a row of :data:`CONTACT_SCHEMA`."""
        return {
            "key": self.key,
            "contact_ids": list(self.contact_ids),
            "email": self.email,
            "active": self.active,
            "stamp": self.stamp,
            "partition": self.partition,
            "companies": list(self.companies),
            "refusal": self.refusal,
            "properties": json.dumps(dict(self.properties), ensure_ascii=False, sort_keys=True),
            "fields": stored_values(self.fields),
            "mapped": stored_values(self.mapped),
        }

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "ContactRecord":
        """Return the record of a row made by :meth:`to_row`."""
        return ContactRecord(
            contact_ids=tuple(row["contact_ids"]),
            email=row["email"],
            active=row["active"],
            stamp=row["stamp"],
            partition=row["partition"],
            properties=json.loads(row["properties"]),
            companies=tuple(row["companies"]),
            refusal=row["refusal"],
            fields=read_values(row.get("fields")),
            mapped=read_values(row.get("mapped")),
        )


COMPANY_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("customer_number", pa.string()),
        pa.field("supplier_number", pa.string()),
        pa.field("stamp", pa.string(), nullable=False),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("organisation_number", pa.string()),
        pa.field("domain", pa.string()),
        pa.field("phones", pa.list_(pa.string()), nullable=False),
        pa.field("emails", pa.list_(pa.string()), nullable=False),
        pa.field("refusal", pa.string()),
        pa.field("properties", pa.string(), nullable=False),
        pa.field("parts", pa.string()),
        pa.field("fields", pa.string()),
        pa.field("mapped", pa.string()),
        pa.field("skip", pa.string()),
    ]
)

CONTACT_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("contact_ids", pa.list_(pa.string()), nullable=False),
        pa.field("email", pa.string()),
        pa.field("active", pa.bool_(), nullable=False),
        pa.field("stamp", pa.string(), nullable=False),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("companies", pa.list_(pa.string()), nullable=False),
        pa.field("refusal", pa.string()),
        pa.field("properties", pa.string(), nullable=False),
        pa.field("fields", pa.string()),
        pa.field("mapped", pa.string()),
    ]
)
