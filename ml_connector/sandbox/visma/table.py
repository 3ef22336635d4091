"""The shape of a row of ``tables.py``: how a list of the Visma half is described. No data and no behaviour."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Paging(StrEnum):
    """How a list is cut: into pages, not at all, into pages in a wrapper object, by lines of its rows, or only keys."""

    PAGED = "paged"
    UNPAGED = "unpaged"
    WRAPPED = "wrapped"
    LINES = "lines"
    KEYS = "keys"


class Kind(StrEnum):
    """How a filter compares: equal text, equal truth, a moment or a number with a Condition, or a released status."""

    TEXT = "text"
    FLAG = "flag"
    MOMENT = "moment"
    NUMBER = "number"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Filter:
    """A query parameter that compares with the field at a dotted path."""

    path: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One list endpoint.

    Args:
        name: the entity's name, as the connector calls its snapshot.
        fields: of a row.
        key: the key of a row, from its content.
        detail_prefixes: what, put before a number of the path, may make the key of a row; none for no detail path.
        condition: whether ``lastModifiedDateTime`` needs its Condition; without one the date alone means since.
        filters: query parameters and what they compare with.
        expansions: fields that are null unless the parameter is ``true``.
        lines: the field that holds the lines, for lists that page by lines.
        needs_one_of: parameters of which the list refuses to be without.
    """

    name: str
    path: str
    fields: tuple[str, ...]
    key: Callable[[Mapping[str, Any]], str]
    paging: Paging = Paging.PAGED
    cap: int = 1000
    detail_prefixes: tuple[str, ...] = ("",)
    modified_field: str | None = "lastModifiedDateTime"
    created_field: str | None = None
    condition: bool = True
    filters: Mapping[str, Filter] = field(default_factory=dict)
    expansions: Mapping[str, str] = field(default_factory=dict)
    lines: str | None = None
    needs_one_of: tuple[str, ...] = ()
