"""Whether a value read back from HubSpot is the one that was sent, although HubSpot may write it differently."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from ml_connector.hubspot.models import HubSpotRecord, PropertyDefinition

SHORTEST_PHONE = 6
"""Digits a phone number must have to be compared without its country code."""


def holds(
    record: HubSpotRecord, sent: Mapping[str, str], definitions: Mapping[str, PropertyDefinition]
) -> bool:
    """Tell whether a record holds every value that was sent; the record must have been read with these names."""
    return all(
        same_value(name, value, record.properties.get(name), definitions.get(name))
        for name, value in sent.items()
    )


def same_value(name: str, sent: str, got: str | None, definition: PropertyDefinition | None) -> bool:
    """Compare one value by its property's type; HubSpot reformats phones, dates and numbers (reference: hubspot 8).

    A leading ``;`` on a multi-select adds options, so the record may hold more.
    """
    sent, got = _plain(sent), _plain(got or "")
    if sent == got:
        return True
    if not sent or not got:
        return False
    kind = definition.type if definition else "string"
    if kind == "number":
        return _equal(_number(sent), _number(got))
    if kind == "date":
        return _equal(_day(sent), _day(got))
    if kind == "datetime":
        return _equal(moment_of(sent), moment_of(got))
    if kind == "enumeration":
        chosen, held = set(filter(None, sent.split(";"))), set(filter(None, got.split(";")))
        return chosen <= held if sent.startswith(";") else chosen == held
    if kind == "phone_number" or (definition and definition.field_type == "phonenumber"):
        return _same_phone(sent, got)
    if kind == "bool" or name == "email":
        return sent.casefold() == got.casefold()
    return name == "domain" and _host(sent) == _host(got)


def _plain(value: str) -> str:
    return value.replace("\r\n", "\n").strip()


def _equal(left: object, right: object) -> bool:
    return left is not None and left == right


def _number(value: str) -> Decimal | None:
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def moment_of(value: str) -> datetime | None:
    """Read ISO 8601 (UTC without an offset) or milliseconds, to the millisecond."""
    try:
        if re.fullmatch(r"-?\d{5,}", value):
            moment = datetime.fromtimestamp(int(value) / 1000, UTC)
        else:
            moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _day(value: str) -> date | None:
    moment = moment_of(value)
    return moment.date() if moment else None


def _same_phone(left: str, right: str) -> bool:
    """Compare digits; one of the two may lack the country code or its 00."""
    short, long = sorted((re.sub(r"\D", "", left).lstrip("0"), re.sub(r"\D", "", right).lstrip("0")), key=len)
    return short == long or (len(short) >= SHORTEST_PHONE and long.endswith(short))


def _host(value: str) -> str:
    """Return the host of a web address as HubSpot keeps a company's domain."""
    return re.sub(r"^(https?://)?(www\.)?", "", value.casefold()).split("/")[0]
