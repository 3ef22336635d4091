"""Moments in the two spellings HubSpot uses: milliseconds since 1970 and ISO 8601 in UTC."""

from datetime import UTC, date, datetime

DAY_MS = 86_400_000


def iso(moment_ms: int) -> str:
    """Return a moment as ``2026-11-20T08:15:30.250Z``; always with three decimals."""
    moment = datetime.fromtimestamp(moment_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment_ms % 1000:03d}Z"


def parse_moment(text: str) -> int | None:
    """Return the milliseconds of an ISO 8601 moment in UTC, a plain date or milliseconds; None for others."""
    if text.lstrip("-").isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        if len(text) != len("2026-11-20"):
            return None
        moment = moment.replace(tzinfo=UTC)
    offset = moment.utcoffset()
    if offset is None or offset.total_seconds() != 0:
        return None
    return round(moment.timestamp() * 1000)


def parse_date(text: str) -> str | None:
    """Return ``YYYY-MM-DD`` for such a date or for milliseconds at exactly midnight UTC; None for others."""
    if text.lstrip("-").isdigit() and len(text) != len("2026"):
        milliseconds = int(text)
        if milliseconds % DAY_MS:
            return None
        return datetime.fromtimestamp(milliseconds // 1000, UTC).date().isoformat()
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        return None
    return text if parsed.isoformat() == text else None
