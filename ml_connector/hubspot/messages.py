"""What HubSpot's error texts say, without the personal data they may quote. Pure functions on text only.

HubSpot repeats e-mail addresses and property values in its messages; nothing of an error body may reach an
exception, a log line or the ledger without passing :func:`plain_message` or being one of HubSpot's own codes.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_MESSAGE = 400

_EMAIL = re.compile(r"[^\s\"'<>(),;:\[\]{}=]+@[^\s\"'<>(),;:\[\]{}=]+")
_PHONE = re.compile(r"\+\d[\d ()./-]{5,}\d")
_QUOTED = re.compile(
    r"\"([^\"]{0,2000})\"|`([^`]{0,2000})`|“([^”]{0,2000})”"
    r"|(?<!\w)'((?:[^']|(?<=\w)'(?=\w)){0,2000})'(?!\w)"
)
_ASSIGNED = re.compile(r"\b(value|currentValue|newValue|email)(\s*[=:]\s*)(?!<)[^,}\]\n]+")
_UNSET = re.compile(r"required (?:properties|fields) were not set:?\s*\[([^\]]*)\]", re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SPACE = re.compile(r"\s+")
_TECHNICAL = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|\d+-\d+")
_EXISTING = (
    re.compile(r"existing[\s_]*(?:object|contact|company|record)?[\s_]*id\"?\D{0,5}(\d+)", re.IGNORECASE),
    re.compile(r"\b(\d+) already has that value", re.IGNORECASE),
    re.compile(r"\"?vid\"?\s*[:=]\s*\"?(\d+)", re.IGNORECASE),
)

CODES = {
    "CONFLICTING_UNIQUE_VALUE": "belongs to another record already",
    "INVALID_ALPHA": "has characters that a rule of the portal forbids",
    "INVALID_BOOLEAN": "is not true or false",
    "INVALID_DATE": "is not a date HubSpot accepts",
    "INVALID_EMAIL": "is not an e-mail address HubSpot accepts",
    "INVALID_INTEGER": "is not a whole number",
    "INVALID_LONG": "is not a whole number",
    "INVALID_NUMBER": "is not a number",
    "INVALID_NUMERIC": "is not a number",
    "INVALID_OPTION": "is not one of the property's options",
    "PROPERTY_DOESNT_EXIST": "is not a property of this portal",
    "READ_ONLY_VALUE": "cannot be written through the API",
    "REQUIRED_FIELD": "is required by the portal",
}
"""HubSpot's codes for a refused property value, in plain words; a code not listed is shown as it is."""


@dataclass(frozen=True, slots=True)
class PropertyProblem:
    """One refused property of a VALIDATION_ERROR: its name and HubSpot's code, such as INVALID_OPTION."""

    name: str
    code: str

    def __str__(self) -> str:
        return f"{self.name} {CODES.get(self.code, f'was refused ({self.code})')}"


def plain_message(text: str, values: Mapping[str, str] | None = None, *, keep: Collection[str] = ()) -> str:
    """Return an error text without e-mail addresses, phone numbers, quoted texts and the given values.

    Record ids, property names and upper-case codes stay, so that the message can still be acted on.

    Args:
        text: the message as HubSpot sent it.
        values: what was sent, by property name; a value found in the text becomes ``<name>``.
        keep: quoted words that are harmless, such as property names and keys of the own records.
    """
    unset = _UNSET.search(text)
    if unset:
        # What is missing has no value, so these are names of properties, without which the message helps nobody.
        keep = {*keep, *_NAME.findall(unset.group(1))}
    for name, value in sorted((values or {}).items(), key=lambda item: -len(item[1])):
        if len(value) >= 2 and value not in keep:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", f"<{name}>", text, flags=re.IGNORECASE)
    text = _QUOTED.sub(lambda match: _masked_quote(match, keep), text)
    text = _ASSIGNED.sub(r"\1\2<value>", text)
    text = _PHONE.sub("<phone>", _EMAIL.sub("<e-mail>", text))
    text = _SPACE.sub(" ", text).strip()
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 3]}..."


def _masked_quote(match: re.Match[str], keep: Collection[str]) -> str:
    inner = next(group for group in match.groups() if group is not None)
    if inner in keep or _TECHNICAL.fullmatch(inner) or re.fullmatch(r"<[\w-]+>", inner):
        return match.group(0)
    return "<value>"


def existing_id(text: str) -> str | None:
    """Return the id of the record that owns a value already, from a conflict's text; None without one.

    The wording differs between objects and years, so several patterns are tried (reference: hubspot 9).
    """
    for pattern in _EXISTING:
        match = pattern.search(text)
        if match:
            return match.group(1)
    return None


def property_problems(text: str) -> tuple[PropertyProblem, ...]:
    """Return the problems in the JSON list that a VALIDATION_ERROR embeds in its message, if there is one.

    The list is ``[{"isValid":false,"error":"INVALID_OPTION","name":"x",...}]`` after some words
    (reference: hubspot 8, 10).
    """
    start = text.find("[{")
    if start < 0:
        return ()
    try:
        items: Any = json.JSONDecoder().raw_decode(text, start)[0]
    except ValueError:
        return ()
    return tuple(
        PropertyProblem(str(item.get("name") or "a property"), str(item.get("error") or "no code"))
        for item in items
        if isinstance(item, dict) and (item.get("name") or item.get("error"))
    )
