"""Operations, histories and rows with what a test does not care about left out."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ml_connector.audit.ledger import Done
from ml_connector.audit.present import Write
from ml_connector.audit.versions import Version

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Return a moment so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def done(number: int = 1, minutes: float = 0, **changes: Any) -> Done:
    """Return a confirmed update of customer 1's name."""
    values: dict[str, Any] = {
        "id": number,
        "run_id": f"run-{number}",
        "partition": "2026-11-20",
        "entity": "companies",
        "key": "customer:1",
        "object_type": "companies",
        "action": "update",
        "reason": None,
        "rule": "visma_id",
        "status": "confirmed",
        "hubspot_id": "901",
        "values": {"name": "Fjord"},
        "previous": {"name": "Fjell"},
        "http_status": 200,
        "category": None,
        "message": None,
        "correlation_id": None,
        "trace_id": f"t-{number}",
        "intended_at": at(minutes),
        "finished_at": at(minutes),
        "stamp": None,
        "created": None,
    }
    return Done(**{**values, **changes})


def written(name: str, value: str, minutes: float, *, ours: bool = False) -> Write:
    """Return an entry of HubSpot's history."""
    return Write(name, value, at(minutes), ours, "ml-connector" if ours else "a person in HubSpot (user 42)")


def version(minutes: float, **changes: Any) -> Version:
    """Return a version of customer 1 as Visma had it."""
    values: dict[str, Any] = {
        "key": "customer:1",
        "stamp": "2026-11-20T10:00:00",
        "seen_at": at(minutes),
        "partition": "2026-11-20",
        "run_id": "run-1",
        "changes": (),
        "first": False,
    }
    return Version(**{**values, **changes})
