"""Everything that is known of one record, and how it is told to scripts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ml_connector.audit.fields import Field
from ml_connector.audit.links import Links
from ml_connector.audit.present import Present, Write
from ml_connector.audit.timeline import Event


@dataclass(frozen=True, slots=True)
class RecordAudit:
    """All that is known of one record.

    Args:
        connection: its connection.
        asked: what was typed.
        said: which record that is, where it is not what was typed.
        key: the record.
        keys: all Visma keys of the same HubSpot record, this one first.
        object_type: the HubSpot object; empty for a record that no run has sent.
        hubspot_id: its id there, or None.
        url: its page in HubSpot, or None.
        present: what HubSpot holds; None where it was not asked.
        not_asked: why it was not.
        identities, rejects, decisions, edits: the rows of the ledger's tables of these names.
        links: its links.
        fields: why each property is as it is.
        events: the time line, oldest first.
        notes: what is left out, and what could not be read.
    """

    connection: str
    asked: str
    said: str | None
    key: str
    keys: tuple[str, ...]
    object_type: str
    hubspot_id: str | None
    url: str | None
    present: Present | None
    not_asked: str | None
    identities: Sequence[Any]
    rejects: Sequence[Any]
    decisions: Sequence[Any]
    edits: Sequence[Any]
    links: Links
    fields: Sequence[Field]
    events: Sequence[Event]
    notes: Sequence[str]

    @property
    def state(self) -> str:
        """How the record stands, in one word for scripts and the verdict of the page."""
        if any(row.dismissed_at is None for row in self.rejects):
            return "refused"
        if self.hubspot_id is None:
            return "not in HubSpot"
        if self.present is not None and self.present.state != "there":
            return self.present.state
        return "edited" if any(one.state in ("kept", "changed") for one in self.fields) else "as in Visma"


SHOWN = {
    "identities": (
        "record_key",
        "object_type",
        "hubspot_id",
        "stamp",
        "first_run",
        "last_run",
        "updated_at",
    ),
    "rejects": (
        "entity",
        "record_key",
        "cause",
        "message",
        "remedy",
        "attempts",
        "first_seen",
        "last_seen",
        "due_at",
        "dismissed_at",
        "dismissed_note",
        "run_id",
    ),
    "decisions": ("record_key", "object_type", "verdict", "hubspot_id", "note", "decided_at"),
    "edits": (
        "record_key",
        "property",
        "ours",
        "theirs",
        "wanted",
        "source",
        "edited_at",
        "outcome",
        "first_seen",
        "last_seen",
        "run_id",
    ),
}
"""The columns of the ledger's rows that are told."""


def document(audit: RecordAudit) -> dict[str, Any]:
    """Return an audit as the JSON document of the command."""
    return {
        "connection": audit.connection,
        "asked": audit.asked,
        "said": audit.said,
        "record": audit.key,
        "records": list(audit.keys),
        "state": audit.state,
        "hubspot": {
            "object_type": audit.object_type or None,
            "id": audit.hubspot_id,
            "url": audit.url,
            "asked": audit.present is not None,
            "state": audit.present.state if audit.present else None,
            "why_not_asked": audit.not_asked,
            "history": [_written(one) for one in audit.present.writes] if audit.present else [],
        },
        **{name: [_told(row, name) for row in getattr(audit, name)] for name in SHOWN},
        "links": {
            "total": audit.links.total,
            "counts": [asdict(count) for count in audit.links.counts],
            "listed": [link.as_dict() for link in audit.links.listed],
        },
        "fields": [asdict(one) for one in audit.fields],
        "timeline": [event.as_dict() for event in audit.events],
        "notes": list(audit.notes),
    }


def _told(row: Any, table: str) -> Mapping[str, Any]:
    values = {name: getattr(row, name) for name in SHOWN[table]}
    return {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _written(one: Write) -> Mapping[str, Any]:
    return {
        "property": one.name,
        "value": one.value,
        "at": one.written_at.isoformat(timespec="seconds"),
        "ours": one.ours,
        "by": one.by,
    }
