"""Operations: the lines of a plan, and how they are stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pyarrow as pa

from ml_connector.plan.edits import Edit

Values = Mapping[str, str | None]


class Action(StrEnum):
    """What a plan would do with one record or link.

    Archived is a record of ours that Visma has no more, such as a removed line; unlinked, a link that is not wanted any
    more; opened, an invoice made as a draft that gets its status once it is whole.
    """

    CREATE = "create"
    UPDATE = "update"
    LINK = "link"
    ARCHIVE = "archive"
    UNLINK = "unlink"
    OPEN = "open"
    UNCHANGED = "unchanged"
    SKIP = "skip"
    CONFLICT = "conflict"
    REJECT = "reject"


SENT = frozenset({Action.CREATE, Action.UPDATE, Action.LINK, Action.ARCHIVE, Action.UNLINK, Action.OPEN})
"""The actions that reach HubSpot."""

STORED = frozenset({Action.CREATE, Action.UPDATE, Action.CONFLICT, Action.REJECT})
"""The actions whose record travels with the plan, so that it can be tried again in a later run."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of a plan.

    Args:
        entity: what it is counted as, such as ``companies`` or ``invoice_links``.
        object_type: the HubSpot object it writes.
        action: what would be done.
        keys: the Visma keys it stands for, the one that names it first.
        partition: the window the record came from, or the window it was first rejected in.
        hubspot_id: the HubSpot record, where one is known.
        id_property: for a create, the unique property it is keyed on.
        values: property name to new value, only what would be sent; for a link, its ends: the keys ``from`` and
            ``to``, and ``to_type``, the HubSpot object of the second.
        previous: the values HubSpot holds now, for the same names.
        rule: what made it this record or this link: ``visma_id``, a match rule, or None for a new one; of a skip,
            ``held_back`` where it waits for the portal to take records of its kind.
        reason: why it is skipped, in conflict or refused, in plain words without personal data.
        candidates: in a conflict, the HubSpot ids that fit.
        stamp: Visma's last change of the record, naive text.
        fingerprint: of all that the record wants, to know an unchanged one again.
        record: the record itself as JSON, for :data:`STORED` actions.
        email: a contact's address in normal form, by which HubSpot knows it too.
        remembered: what the ledger keeps with the record besides what is sent, such as values HubSpot holds already.
        edits: what was changed in HubSpot after our last write; None where the record was not looked at for it.
    """

    entity: str
    object_type: str
    action: Action
    keys: tuple[str, ...]
    partition: str
    hubspot_id: str | None = None
    id_property: str | None = None
    values: Values = field(default_factory=dict)
    previous: Values = field(default_factory=dict)
    rule: str | None = None
    reason: str | None = None
    candidates: tuple[str, ...] = ()
    stamp: str = ""
    fingerprint: str = ""
    record: str | None = None
    email: str | None = None
    remembered: Values = field(default_factory=dict)
    edits: tuple[Edit, ...] | None = None

    @property
    def key(self) -> str:
        """The record's name everywhere, such as ``customer:10023``."""
        return self.keys[0]

    def to_row(self) -> dict[str, Any]:
        """Return the operation as a row of :data:`PLAN_SCHEMA`."""
        return {
            "entity": self.entity,
            "object_type": self.object_type,
            "action": str(self.action),
            "key": self.key,
            "keys": list(self.keys),
            "partition": self.partition,
            "hubspot_id": self.hubspot_id,
            "id_property": self.id_property,
            "values": json.dumps(dict(self.values), ensure_ascii=False),
            "previous": json.dumps(dict(self.previous), ensure_ascii=False),
            "rule": self.rule,
            "reason": self.reason,
            "candidates": list(self.candidates),
            "stamp": self.stamp,
            "fingerprint": self.fingerprint,
            "record": self.record,
            "email": self.email,
            "remembered": json.dumps(dict(self.remembered), ensure_ascii=False) if self.remembered else None,
            "edits": None if self.edits is None else json.dumps([edit.to_row() for edit in self.edits]),
        }

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "Operation":
        """Return the operation of a row made by :meth:`to_row`."""
        return Operation(
            entity=row["entity"],
            object_type=row["object_type"],
            action=Action(row["action"]),
            keys=tuple(row["keys"]),
            partition=row["partition"],
            hubspot_id=row["hubspot_id"],
            id_property=row["id_property"],
            values=json.loads(row["values"]),
            previous=json.loads(row["previous"]),
            rule=row["rule"],
            reason=row["reason"],
            candidates=tuple(row["candidates"]),
            stamp=row["stamp"],
            fingerprint=row["fingerprint"],
            record=row["record"],
            email=row["email"],
            remembered=json.loads(row.get("remembered") or "{}"),
            edits=None if row.get("edits") is None else tuple(map(Edit.from_row, json.loads(row["edits"]))),
        )


PLAN_SCHEMA = pa.schema(
    [
        pa.field("entity", pa.string(), nullable=False),
        pa.field("object_type", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("keys", pa.list_(pa.string()), nullable=False),
        pa.field("partition", pa.string(), nullable=False),
        pa.field("hubspot_id", pa.string()),
        pa.field("id_property", pa.string()),
        pa.field("values", pa.string(), nullable=False),
        pa.field("previous", pa.string(), nullable=False),
        pa.field("rule", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("candidates", pa.list_(pa.string()), nullable=False),
        pa.field("stamp", pa.string(), nullable=False),
        pa.field("fingerprint", pa.string(), nullable=False),
        pa.field("record", pa.string()),
        pa.field("email", pa.string()),
        pa.field("remembered", pa.string()),
        pa.field("edits", pa.string()),
    ]
)
