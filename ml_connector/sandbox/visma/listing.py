"""Which rows a list request gets: change filter, other filters, and the page. No HTTP and no JSON here.

As unforgiving as the real API (reference: visma 3): names it does not know are ignored, so is a date without its
Condition, a page too large is cut in silence, and what a value cannot mean is refused.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector.sandbox.visma.collection import Collection, Stored
from ml_connector.sandbox.visma.stamps import parsed
from ml_connector.sandbox.visma.table import Filter, Kind, Paging, Table

CONDITIONS: Mapping[str, Callable[[datetime, datetime], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


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
    tests = list(_tests(table.filters, params))
    if tests:
        rows = [row for row in rows if all(test(collection.values(row)) for test in tests)]
    return rows


def _tests(
    filters: Mapping[str, Filter], params: Mapping[str, str]
) -> Iterable[Callable[[Mapping[str, Any]], bool]]:
    for name, rule in filters.items():
        if name not in params:
            continue
        if rule.kind is Kind.MOMENT:
            moment = moment_of(params, name)
            if moment is not None:
                yield _moment_test(rule.path, moment)
        else:
            yield _equality_test(rule, params[name])


def _moment_test(path: str, moment: Moment) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: moment.holds(_at(row, path))


def _equality_test(rule: Filter, wanted: str) -> Callable[[Mapping[str, Any]], bool]:
    expected = wanted.casefold()
    if rule.kind is Kind.FLAG:
        return lambda row: str(bool(_at(row, rule.path))).casefold() == expected
    return lambda row: str(_at(row, rule.path) or "").removeprefix("Module").casefold() == expected


def _at(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def line_page(rows: Iterable[Mapping[str, Any]], lines: str, cut: Cut) -> tuple[int, list[Mapping[str, Any]]]:
    """Return the count of all lines, and the rows with only those of their lines that fall on the page.

    A row whose lines reach over the end of a page is on both pages, each time with a part of them
    (reference: visma 3.1, journaltransaction).
    """
    end = cut.start + (cut.size or 0)
    total = 0
    page: list[Mapping[str, Any]] = []
    for row in rows:
        own = row.get(lines) or []
        first, total = total, total + len(own)
        part = own[max(cut.start - first, 0) : max(end - first, 0)]
        if part:
            page.append({**row, lines: part})
    return total, page
