"""The pages of an audit: what the templates get, cut to what a person can read. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.audit.record import RecordAudit
from ml_connector.audit.timeline import Event
from ml_connector.ledger.queries import stamp_text
from ml_connector.pages.render import capped, page

FOLDED = 12
"""Changes of one event above which they are folded away: the first version of a row is all of its fields."""

STATES: Mapping[str, tuple[str, str]] = {
    "as in Visma": ("HubSpot holds what Visma asks for.", "good"),
    "edited": ("HubSpot holds some values that are not Visma's; each says why.", "plain"),
    "refused": ("The record is refused; it comes again in later runs.", "bad"),
    "archived": ("Somebody put it into HubSpot's recycle bin.", "bad"),
    "gone": ("HubSpot has no such record any more.", "bad"),
    "elsewhere": ("Another HubSpot record carries its key by now, such as after a merge.", "bad"),
    "not in HubSpot": ("It is not in HubSpot.", "plain"),
}
"""A sentence and its mood for each state of a record."""


def record_page(audit: RecordAudit, zone: ZoneInfo, made_at: datetime) -> str:
    """Return the page of one record; times are shown in a zone, the newest first."""
    text, mood = STATES[audit.state]
    return page(
        "audit.html",
        record=" and ".join(audit.keys),
        verdict={"text": text, "mood": mood},
        facts=_facts(audit, zone, made_at),
        url=audit.url,
        notes=[note for note in (audit.said, audit.not_asked, *audit.notes) if note],
        problems=list(_problems(audit)),
        columns=["Property", "Visma", "HubSpot", "Why"],
        different=capped(_field_rows(audit, same=False)),
        same=capped(_field_rows(audit, same=True)),
        agreed="None."
        if audit.fields
        else "No record of it is stored, so nothing is known of its properties.",
        zone=zone.key,
        events=capped([_event(event, audit, zone) for event in reversed(audit.events)]),
        links=capped(
            [
                (
                    f"{one.from_key} → {one.to_key}",
                    one.status,
                    one.rule or "",
                    one.reason or "",
                    (one.run_id or "")[:8],
                )
                for one in audit.links.listed
            ],
            audit.links.total,
        ),
        counts=[
            f"{one.many:,} {one.status} from {one.from_type} to {one.to_type}" for one in audit.links.counts
        ],
        edits=capped(
            [
                (
                    row.property,
                    row.ours or "",
                    row.theirs or "",
                    row.wanted or "",
                    row.outcome,
                    row.run_id[:8],
                )
                for row in audit.edits
            ]
        ),
        history=capped(
            [
                (one.name, one.value, moment(one.written_at, zone), one.by)
                for one in (audit.present.writes if audit.present else ())
            ]
        ),
    )


def _field_rows(audit: RecordAudit, *, same: bool) -> list[tuple[str, ...]]:
    return [
        (one.name, one.visma or "", one.hubspot or "", one.why)
        for one in audit.fields
        if (one.state == "same") is same
    ]


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return a moment as a person of a zone reads it, to the second."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _facts(audit: RecordAudit, zone: ZoneInfo, made_at: datetime) -> dict[str, Any]:
    first = audit.identities[0] if audit.identities else None
    return {
        "Connection": audit.connection,
        "HubSpot object": audit.object_type,
        "HubSpot id": audit.hubspot_id,
        "First linked by run": first.first_run if first else None,
        "Last touched by run": first.last_run if first else None,
        "Newest version applied": stamp_text(first.stamp).replace("T", " ") if first else None,
        "Looked at": moment(made_at, zone),
    }


def _problems(audit: RecordAudit) -> Any:
    """Yield what stands in the record's way, and what people decided about it."""
    for row in audit.rejects:
        aside = " It is put aside." if row.dismissed_at else ""
        yield {
            "title": f"Refused: {row.record_key} ({row.entity.replace('_', ' ')})",
            "text": f"{row.message or ''}{aside}",
            "remedy": row.remedy,
        }
    for row in audit.decisions:
        target = f" with {row.hubspot_id}" if row.hubspot_id else ""
        yield {
            "title": f"Decided: {row.verdict}{target}",
            "text": row.note or "No reason was given.",
            "remedy": None,
        }


def _event(event: Event, audit: RecordAudit, zone: ZoneInfo) -> dict[str, Any]:
    facts = dict(event.facts)
    if event.run_id:
        facts["run"] = event.run_id
    return {
        "at": moment(event.at, zone),
        "until": moment(event.until, zone) if event.until else None,
        "times": event.times,
        "place": event.place.value,
        "what": event.what,
        "other": event.key if event.key and event.key != audit.key else "",
        "tone": event.tone.value,
        "facts": facts,
        "changes": event.changes,
        "folded": f"{len(event.changes)} values" if len(event.changes) > FOLDED else "",
    }
