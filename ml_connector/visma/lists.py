"""One pass over a list, page by page, and one record by its number: answers become rows, nothing is judged here."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from ml_connector.errors import PermanentApiError, TransientApiError
from ml_connector.http import Answer
from ml_connector.visma.entities import Entity, Paging, filter_params
from ml_connector.visma.gate import Gate
from ml_connector.visma.narrowing import WHOLE, Narrowing, fits, narrowed
from ml_connector.visma.paging import Reading
from ml_connector.visma.rows import JsonRows, MalformedBodyError, Row, Totals, parse_row, row_of, totals_of
from ml_connector.visma.stamps import server_time
from ml_connector.visma.warnings import ReadWarning, WarningKind

CHUNK = 1000
"""Rows handed on at a time where Visma sends a whole list in one answer."""


class Lists:
    """Reads lists and records of one company. Safe to share between threads.

    Args:
        gate: the way out.
        now: the local time (aware), for answers without a date.
        warn: told of a filter that was ignored.
    """

    def __init__(self, gate: Gate, now: Callable[[], datetime], warn: Callable[[ReadWarning], None]) -> None:
        self._gate = gate
        self._now = now
        self._warn = warn

    def read(
        self, entity: Entity, since: datetime | None, reading: Reading, narrowing: Narrowing = WHOLE
    ) -> Iterator[list[Row]]:
        """Read a list once from its beginning to its end, into ``reading``.

        Raises:
            PermanentApiError: Visma ignored the narrowing; going on would read the whole list.
        """
        if entity.paging is Paging.IDS:
            return self._read_ids(entity, reading)
        if entity.paging is Paging.UNPAGED:
            return self._read_at_once(entity, since, reading)
        return self._read_pages(entity, since, reading, narrowing)

    def page(self, entity: Entity, params: Mapping[str, str]) -> tuple[list[Row], Totals, datetime]:
        """Read one page: its rows, what it says about the list, and the server's time."""
        answer = self._gate.get(entity.path, params)
        wrapped = JsonRows(answer.open())
        rows = list(_parsed(entity, wrapped))
        totals = totals_of(rows[0] if rows else None)
        return rows, totals if totals.total else wrapped.totals, server_time(answer.headers, self._now())

    def ids(self, entity: Entity) -> list[str]:
        """Return the ids of a list that gives nothing else."""
        ids = self._gate.get(entity.path, {}).json()
        if not isinstance(ids, list):
            raise _unreadable(entity.path, "it is not a list of ids")
        return [str(item) for item in ids]

    def one(self, entity: Entity, key: str) -> Row | None:
        """Return one row by its key, or None where Visma has none. Errors as for the client."""
        path = entity.detail(key)
        answer = self._gate.get(path, entity.detail_params, label=entity.detail_path, absent=True)
        if answer.status == 404:
            return None
        try:
            row = parse_row(entity, answer.text())
        except MalformedBodyError as error:
            raise _unreadable(entity.detail_path, str(error)) from None
        if row.key.casefold() == key.casefold():
            return row
        return self._look_up(entity, key)

    def _look_up(self, entity: Entity, key: str) -> Row | None:
        """Find a record in the list, after a detail answer gave another of the same number."""
        if entity.lookup is None:
            raise PermanentApiError(
                "Visma answered with another record: it has two kinds with this number.",
                record=f"{entity.name} {key}",
                remedy="Read it with the list instead, by its time of change.",
            )
        params = dict(zip(entity.lookup, entity.split(key), strict=True))
        rows, _, _ = self.page(entity, {**entity.extra_params, **params, **page_params(1, entity.page_size)})
        return next((row for row in rows if row.key == key), None)

    def _read_pages(
        self, entity: Entity, since: datetime | None, reading: Reading, narrowing: Narrowing
    ) -> Iterator[list[Row]]:
        query = {**entity.extra_params, **filter_params(entity, since), **narrowed(entity, narrowing)}
        while reading.pages == 0 or reading.more():
            rows, totals, moment = self.page(
                entity, {**query, **page_params(reading.pages + 1, reading.size)}
            )
            if others := sum(not fits(entity, row.values, narrowing) for row in rows):
                raise self._ignored(entity, narrowing, others)
            yield reading.take(rows, totals, moment)

    def _ignored(self, entity: Entity, narrowing: Narrowing, others: int) -> PermanentApiError:
        """Warn of a filter that was ignored, for whoever finds another way, and return the error."""
        message = f"Visma ignored the filter of {entity.name} by {' and '.join(narrowed(entity, narrowing))}."
        self._warn(ReadWarning(entity.name, WarningKind.FILTER_IGNORED, others, message))
        return PermanentApiError(message, remedy="Report it to Visma: other rows came than were asked for.")

    def _read_at_once(self, entity: Entity, since: datetime | None, reading: Reading) -> Iterator[list[Row]]:
        answer = self._gate.get(
            entity.path, {**entity.extra_params, **filter_params(entity, since)}, spool=True
        )
        moment = server_time(answer.headers, self._now())
        rows = _rows(entity, answer)
        chunk = list(islice(rows, CHUNK))
        totals = totals_of(chunk[0] if chunk else None)
        yield reading.take(chunk, totals, moment)
        while chunk := list(islice(rows, CHUNK)):
            yield reading.take(chunk, Totals(), moment, continued=True)

    def _read_ids(self, entity: Entity, reading: Reading) -> Iterator[list[Row]]:
        found = (self.one(entity, key) for key in self.ids(entity))
        rows = [row for row in found if row is not None]
        yield reading.take(rows, Totals(), self._now())


def page_params(number: int, size: int) -> dict[str, str]:
    """Return the parameters that ask for one page."""
    return {"pageNumber": str(number), "pageSize": str(size)}


def _rows(entity: Entity, answer: Answer) -> Iterator[Row]:
    try:
        yield from _parsed(entity, JsonRows(answer.open()))
    finally:
        answer.close()


def _parsed(entity: Entity, texts: JsonRows) -> Iterator[Row]:
    try:
        for raw, values in texts:
            yield row_of(entity, raw, values)
    except MalformedBodyError as error:
        raise _unreadable(entity.path, str(error)) from None


def _unreadable(label: str, why: str) -> TransientApiError:
    return TransientApiError(
        f"Visma's answer to {label} is not the JSON it should be: {why}.",
        remedy="Try again; if it stays so, tell Visma.",
    )
