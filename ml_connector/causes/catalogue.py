"""All causes by name, and how the cause of a record is told: pure functions on words, never on a record's values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ml_connector.causes.model import SEPARATOR, Cause, Where
from ml_connector.causes.of_hubspot import CAUSES as OF_HUBSPOT
from ml_connector.causes.of_hubspot import OTHER, REQUIRED, VALUE_REFUSED
from ml_connector.causes.of_ours import CAUSES as OF_OURS

CATALOGUE: Mapping[str, Cause] = {cause.name: cause for cause in (*OF_HUBSPOT, *OF_OURS, OTHER)}

TRIED_IN_EVERY_RUN = [cause.name for cause in CATALOGUE.values() if cause.where is Where.NOWHERE]
"""The causes that pass by themselves: what they hold back is not made to wait longer each time."""

_BY_WORD = {word: cause for cause in CATALOGUE.values() for word in cause.words}
_SAID = [(re.compile(pattern), cause) for cause in CATALOGUE.values() for pattern in cause.said]
_UNSET = re.compile(r"required (?:properties|fields) were not set:?\s*\[([^\]]*)\]", re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def cause_named(name: str) -> Cause:
    """Return a cause with its detail, such as that of ``option-missing:industry``; the general one where none fits."""
    base, _, detail = name.partition(SEPARATOR)
    return CATALOGUE[base].about(detail) if base in CATALOGUE else replace(OTHER.about(name), name=name)


def cause_of_reason(reason: str | None) -> str:
    """Return the name of the cause of what we ourselves do not send, or what waits, from the reason we give."""
    for pattern, cause in _SAID:
        if found := pattern.search(reason or ""):
            return cause.about(found.groupdict().get("detail")).name
    return OTHER.name


def cause_of_refusal(
    words: Iterable[str | None], properties: Iterable[tuple[str, str]] = (), text: str = ""
) -> str:
    """Return the name of the cause of what HubSpot refused; that of the first property where several are refused.

    Args:
        words: HubSpot's sub-categories and categories, or ours for an answer that never came; the finest first.
        properties: name and code of the properties that were refused.
        text: HubSpot's message; only names of properties are taken from it.
    """
    if first := min(properties, default=None):
        return _BY_WORD.get(first[1], VALUE_REFUSED).about(first[0]).name
    if unset := _UNSET.search(text):
        return REQUIRED.about(min(_NAME.findall(unset.group(1)), default=None)).name
    said = [word for word in words if word]
    for word in said:
        if cause := _BY_WORD.get(word.rpartition(".")[2]):
            return cause.about(None).name
    return OTHER.about(said[0] if said else None).name
