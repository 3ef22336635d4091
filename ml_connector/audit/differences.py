"""What differs between two nested values, field by field, as short texts. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

NOISE = frozenset({"lastModifiedDateTime", "metadata", "receivedParts", "timeStamp"})
"""Fields of a Visma row that say nothing of the record: how many rows its list had, and its stamps, told apart."""

NAMING = ("lineNumber", "contactId", "number", "id", "refNbr", "vatId")
"""Fields that name the items of a list, so that one more item does not shift all that follow."""


class Change(NamedTuple):
    """One value before and after; None is a value that is not there."""

    name: str
    old: str | None
    new: str | None


def flat(values: Any) -> dict[str, str]:
    """Return the leaves of a nested value by their path, such as ``mainAddress.city`` or ``lines[3].amount``."""
    return dict(_leaves("", values))


def changes(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> tuple[Change, ...]:
    """Return what differs between two flat values, in the order of the names; nothing and empty are the same."""
    return tuple(
        Change(name, before.get(name) or None, after.get(name) or None)
        for name in sorted(before.keys() | after.keys())
        if (before.get(name) or None) != (after.get(name) or None)
    )


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if path or name not in NOISE:
                yield from _leaves(f"{path}.{name}" if path else str(name), inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for name, inner in _named(value):
            yield from _leaves(f"{path}[{name}]", inner)
    elif value is not None and value != "":
        yield path, _text(value)


def _named(items: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the items with what names each: a field that is in all of them and differs, else their place."""
    for field in NAMING:
        names = [item.get(field) if isinstance(item, Mapping) else None for item in items]
        plain = [str(name) for name in names if isinstance(name, str | int)]
        if len(set(plain)) == len(items):
            yield from zip(plain, items, strict=True)
            return
    yield from ((str(place), item) for place, item in enumerate(items, start=1))


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
