"""Converting the text of a Visma value to what a HubSpot property of some type takes (reference: hubspot 8). Pure.

Nothing here guesses: a value that is not plainly of the type is refused, and its record with it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from ml_connector.records.amounts import number_text
from ml_connector.records.days import day, iso, noon
from ml_connector.records.field_values import FALSE, TRUE
from ml_connector.records.normal_forms import LONGEST_TEXT
from ml_connector.settings.mapping import BLANK, REJECT, FieldMapping, ValueType

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")
_TRUTHS = {"true": TRUE, "1": TRUE, "false": FALSE, "0": FALSE}
"""How Visma writes a truth: a field as JSON does, an attribute as a text or a number."""


class CannotConvertError(ValueError):
    """A value is not of the type that it shall become. The text says what it should be, never what it is."""


@dataclass(frozen=True, slots=True)
class Zones:
    """The zone of the company's days, and that of Visma's naive stamps."""

    company: ZoneInfo
    stamps: ZoneInfo


def convert(value: str, mapping: FieldMapping, zones: Zones) -> str:
    """Return a value, as :func:`ml_connector.records.field_values.value_at` gives it, as HubSpot takes it.

    Raises:
        CannotConvertError: it is not of the mapping's type, or has no option.
    """
    if mapping.type is ValueType.ENUMERATION:
        return _options(value, mapping)
    return _TO[mapping.type](value, zones)


def _text(value: str, zones: Zones) -> str:
    if len(value) > LONGEST_TEXT:
        raise CannotConvertError(f"it is longer than the {LONGEST_TEXT} characters that HubSpot takes")
    return value


def _number(value: str, zones: Zones) -> str:
    """Return a number in plain digits; a comma or a space is refused, as it may part thousands or decimals."""
    if not _NUMBER.fullmatch(value):
        raise CannotConvertError("it is no number in plain digits")
    return number_text(Decimal(value))


def _date(value: str, zones: Zones) -> str:
    """Return the day of a date, or of a moment in the company's zone."""
    moment = _moment(value, zones)
    found = day(value) if moment is None else moment.astimezone(zones.company).date()
    written = iso(found)
    if written is None:
        raise CannotConvertError("it is no date of our time")
    return written


def _datetime(value: str, zones: Zones) -> str:
    """Return a moment in UTC; a date without a time of day is noon of that day in the company's zone."""
    moment = _moment(value, zones)
    if moment is not None:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    written = noon(day(value), zones.company)
    if written is None:
        raise CannotConvertError("it is no date of our time")
    return written


def _moment(value: str, zones: Zones) -> datetime | None:
    """Return the moment that a text names; None for a day, which is what Visma means by midnight exactly.

    Raises:
        CannotConvertError: it is neither.
    """
    try:
        found = datetime.fromisoformat(value) if _MOMENT.fullmatch(value) else None
    except ValueError:
        found = None
    if found is None or not MINYEAR < found.year < MAXYEAR:
        raise CannotConvertError("it is no date as Visma writes them, such as 2026-11-20")
    if found.tzinfo is not None:
        return found
    return None if found.time() == time() else found.replace(tzinfo=zones.stamps)


def _truth(value: str, zones: Zones) -> str:
    found = _TRUTHS.get(value.casefold())
    if found is None:
        raise CannotConvertError("it is neither true nor false")
    return found


_TO: Mapping[ValueType, Callable[[str, Zones], str]] = {
    ValueType.TEXT: _text,
    ValueType.NUMBER: _number,
    ValueType.DATE: _date,
    ValueType.DATETIME: _datetime,
    ValueType.BOOLEAN: _truth,
}


def _options(value: str, mapping: FieldMapping) -> str:
    """Return the option of a value, or those of its parts; what has none becomes what ``otherwise`` says."""
    parts = value.split(mapping.separator) if mapping.separator else [value]
    chosen = [_option(part.strip(), mapping) for part in parts if part.strip()]
    return ";".join(dict.fromkeys(one for one in chosen if one))


def _option(value: str, mapping: FieldMapping) -> str:
    if value in mapping.values:
        return mapping.values[value]
    if mapping.otherwise == REJECT:
        raise CannotConvertError("its value is none of those that the mapping has an option for")
    return "" if mapping.otherwise == BLANK else mapping.otherwise
