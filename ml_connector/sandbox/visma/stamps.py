"""Time stamps as Visma writes and reads them: naive, with a fraction whose trailing zeros are cut."""

import re
from datetime import date, datetime, time, timedelta

from ml_connector.sandbox.company import Topic
from ml_connector.sandbox.draws import fraction, mix

_ACCEPTED = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,3}))?)?")
_YEARS_OF_HISTORY = 6


def written(stamp: datetime) -> str:
    """Return the stamp as in an answer: ``2023-10-17T13:07:34.22`` (reference: visma 3.2)."""
    text = stamp.isoformat()
    return text.rstrip("0") if stamp.microsecond else text


def parsed(value: str) -> datetime:
    """Return the moment a query value names.

    Raises:
        ValueError: not one of ``yyyy-MM-dd`` with an optional ``HH:mm:ss[.FFF]`` after a space or ``T``. The letters
            W to Z are not accepted, so neither is a trailing ``Z``; an offset is not either (reference: visma 3.2).
    """
    match = _ACCEPTED.fullmatch(value)
    if match is None:
        raise ValueError("not a date of an accepted form")
    day, clock, digits = match.groups()
    micro = int((digits or "0").ljust(6, "0"))
    return datetime.fromisoformat(f"{day}T{clock or '00:00:00'}").replace(microsecond=micro)


class History:
    """When each generated row was created and last changed.

    Args:
        seed: as for the company.
        as_of: naive midnight; every stamp lies before it, at least one row in twenty on the day just before.
    """

    def __init__(self, seed: int, as_of: datetime) -> None:
        self._seed = seed
        self._last_day = as_of.date() - timedelta(days=1)
        self._days = 365 * _YEARS_OF_HISTORY

    def created(self, kind: int, index: int, count: int) -> datetime:
        """Return when row ``index`` of ``count`` was entered; later rows on later days."""
        serial = kind * 10_000_000 + index
        passed = int((index + fraction(self._seed, Topic.CREATED, serial)) / count * self._days)
        return self._at(self._last_day - timedelta(days=self._days - 1 - passed), Topic.CREATED, serial)

    def modified(self, kind: int, index: int, created: datetime) -> datetime:
        """Return when the row was last changed: a third never were, the others mostly in recent months."""
        serial = kind * 10_000_000 + index
        spread = fraction(self._seed, Topic.MODIFIED, serial)
        if spread < 0.35:
            return created
        age = (self._last_day - created.date()).days
        day = self._last_day - timedelta(days=int(age * ((spread - 0.35) / 0.65) ** 3))
        return max(created, self._at(day, Topic.MODIFIED, serial))

    def _at(self, day: date, topic: int, serial: int) -> datetime:
        """Return a moment of the day: office hours, or 23 o'clock for what an import job did."""
        drawn = mix(self._seed, topic + 100, serial)
        hour = 23 if drawn % 20 == 0 else 7 + drawn // 20 % 10
        milliseconds = 0 if drawn // 7 % 16 == 0 else drawn // 911 % 1000
        moment = time(hour, drawn // 200 % 60, drawn // 12_000 % 60, milliseconds * 1000)
        return datetime.combine(day, moment)
