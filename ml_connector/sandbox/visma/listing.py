"""Which rows a list request gets: change filter, other filters, and the page. No HTTP and no JSON here.

As unforgiving as the real API (reference: visma 3): names it does not know are ignored, so is a date without its
Condition, a page too large is cut in silence, and what a value cannot mean is refused.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector.sandbox.visma.collection import Collection, Stored
from ml_connector.sandbox.visma.stamps import parsed
from ml_connector.sandbox.visma.table import Filter, Kind, Paging, Table

CONDITIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
RELEASED_STATUSES = frozenset({"Open", "Closed", "Voided"})
"""Statuses of documents that count as released; the rows have no field that says so."""


class BadRequestError(Exception):
    """The request names a parameter that exists with a value it cannot have; answered with status 400."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A comparison of a row's stamp."""

    compare: Callable[[datetime, datetime], bool]
    value: datetime

    def holds(self, stamp: object) -> bool:
        """Whether a row with this stamp passes; a row without one never does."""
        return isinstance(stamp, datetime) and self.compare(stamp, self.value)


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of the list is asked for: rows (or lines) from ``start``, at most ``size``; None is all the rest."""

    start: int
    size: int | None


def moment_of(params: Mapping[str, str], name: str, *, needs_condition: bool = True) -> Moment | None:
    """Return the comparison a date parameter asks for, or None where Visma would ignore it.

    Ignored are a date without its Condition (where it needs one), and a Condition that is not one of four
    (reference: visma 3.2).

    Raises:
        BadRequestError: the value is not a date of an accepted form, ``Z`` and offsets included.
    """
    value = params.get(name)
    if value is None:
        return None
    compare = CONDITIONS.get(params.get(f"{name}Condition", "")) if needs_condition else operator.ge
    try:
        moment = parsed(value)
    except ValueError as error:
        raise BadRequestError(f"The value of {name} is not a valid date and time.") from error
    return Moment(compare, moment) if compare is not None else None


def _whole(params: Mapping[str, str], name: str) -> int | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    try:
        return int(value)
    except ValueError as error:
        raise BadRequestError(f"The value of {name} is not a whole number.") from error


def cut_of(params: Mapping[str, str], table: Table, cap: int, default: int) -> Cut:
    """Return which part of the list the request asks for (reference: visma 3.1).

    ``numberToRead`` and ``skipRecords`` count only where the request does not page.

    Raises:
        BadRequestError: a number is not one.
    """
    page, size = _whole(params, "pageNumber"), _whole(params, "pageSize")
    read, skip = _whole(params, "numberToRead"), _whole(params, "skipRecords")
    if table.paging in (Paging.UNPAGED, Paging.KEYS):
        return Cut(max(skip or 0, 0), read if read and read > 0 else None)
    if page is None and size is None and (read or skip):
        return Cut(max(skip or 0, 0), min(read, cap) if read and read > 0 else default)
    chosen = min(size if size and size > 0 else default, cap)
    return Cut((max(page or 1, 1) - 1) * chosen, chosen)


def select(
    table: Table, collection: Collection, params: Mapping[str, str], *, by_change: bool
) -> Sequence[Stored]:
    """Return the rows that pass every filter the request names and Visma knows.

    Raises:
        BadRequestError: a filter's value is impossible.
    """
    rows: Sequence[Stored] = collection.ordered(by_change=by_change)
    changed = moment_of(params, "lastModifiedDateTime", needs_condition=table.condition)
    if changed is not None and table.modified_field is not None:
        rows = [row for row in rows if changed.compare(row.modified, changed.value)]
    created = moment_of(params, "createdDateTime") if table.created_field is not None else None
    if created is not None:
        rows = [row for row in rows if created.compare(row.created, created.value)]
    for rule, test in _tests(table.filters, params):
        root, _, rest = rule.path.partition(".")
        parts = rest.split(".") if rest else []
        rows = [row for row in rows if any(map(test, _within(collection.field(row, root), parts)))]
    return rows


def _tests(
    filters: Mapping[str, Filter], params: Mapping[str, str]
) -> Iterable[tuple[Filter, Callable[[object], bool]]]:
    for name, rule in filters.items():
        if name not in params:
            continue
        if rule.kind is Kind.MOMENT:
            moment = moment_of(params, name)
            if moment is not None:
                yield rule, moment.holds
        elif rule.kind is Kind.NUMBER:
            compare = CONDITIONS.get(params.get(f"{name}Condition", ""))
            if compare is not None:
                yield rule, _number_test(name, params[name], compare)
        else:
            yield rule, _equality_test(rule, params[name])


def _number_test(name: str, wanted: str, compare: Callable[[Any, Any], bool]) -> Callable[[object], bool]:
    try:
        limit = Decimal(wanted)
    except InvalidOperation as error:
        raise BadRequestError(f"The value of {name} is not a number.") from error
    return lambda value: isinstance(value, Decimal) and compare(value, limit)


def _equality_test(rule: Filter, wanted: str) -> Callable[[object], bool]:
    expected = wanted.casefold()
    if rule.kind is Kind.FLAG:
        return lambda value: str(bool(value)).casefold() == expected
    if rule.kind is Kind.RELEASED:
        return lambda value: str(value in RELEASED_STATUSES).casefold() == expected
    return lambda value: str(value or "").removeprefix("Module").casefold() == expected


def _within(value: Any, parts: Sequence[str]) -> Iterator[Any]:
    """Yield what is found below a value along the names; every member of a list is looked into."""
    if isinstance(value, list):
        for member in value:
            yield from _within(member, parts)
    elif not parts:
        yield value
    elif isinstance(value, Mapping):
        yield from _within(value.get(parts[0]), parts[1:])
    else:
        yield None


def line_page(counts: Iterable[int], cut: Cut) -> tuple[int, list[tuple[int, int, int]]]:
    """Return the count of all lines, and which lines of which rows fall on the page: (place of the row, from, to).

    A row whose lines reach over the end of a page is on both pages, each time with a part of them
    (reference: visma 3.1, journaltransaction).
    """
    end = cut.start + (cut.size or 0)
    total = 0
    page: list[tuple[int, int, int]] = []
    for place, count in enumerate(counts):
        first, total = total, total + count
        start, stop = max(cut.start - first, 0), min(end - first, count)
        if start < stop:
            page.append((place, start, stop))
    return total, page
