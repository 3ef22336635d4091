"""The reading client of the Visma.net ERP API: pages of changed rows, one row by its key, counts and probes.

It cannot write: every request but the token's goes through :class:`ml_connector.visma.gate.Gate`, which knows no other
verb than GET. Why a list is read the way it is, is explained in :mod:`ml_connector.visma.paging`.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from types import TracebackType

from ml_connector.errors import CredentialsError, PermanentApiError, TransientApiError
from ml_connector.http import Answer, RequestCounts, RetryPolicy, Transport
from ml_connector.settings import api_hosts
from ml_connector.visma import answers
from ml_connector.visma.auth import READ_SCOPE, TokenSource, VismaCredentials
from ml_connector.visma.entities import Entity, Paging, entity_named, filter_params
from ml_connector.visma.gate import Gate, RateLimits
from ml_connector.visma.paging import MAX_PASSES, Judgement, Reading, Sieve, judge
from ml_connector.visma.rows import JsonRows, MalformedBodyError, Row, Totals, parse_row, row_of, totals_of
from ml_connector.visma.stamps import ClockProbe, filter_moment, parsed_stamp, server_time
from ml_connector.visma.warnings import ReadWarning, warnings_of

CHUNK = 1000
"""Rows handed on at a time where Visma sends a whole list in one answer."""

_log = logging.getLogger(__name__)


def visma_transport(policy: RetryPolicy | None = None) -> Transport:
    """Return a transport that knows which of Visma's answers pass by themselves."""
    return Transport("Visma", policy=policy, verdict=answers.verdict, pool_size=4)


class VismaClient:
    """Reads one Visma company. Safe to share between threads.

    Args:
        credentials: of the application and the company.
        api_url: base URL; by default ``VISMA_API_URL`` or the real one.
        token_url: of Visma Connect; by default ``VISMA_TOKEN_URL`` or the real one.
        transport: the retrying transport; by default :func:`visma_transport`.
        scope: of the tokens; only reading makes sense.
        now: the local time (aware), replaced in tests.
    """

    def __init__(
        self,
        credentials: VismaCredentials,
        *,
        api_url: str | None = None,
        token_url: str | None = None,
        transport: Transport | None = None,
        scope: str = READ_SCOPE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not (credentials.client_id and credentials.client_secret and credentials.tenant_id):
            raise CredentialsError(
                "Visma needs a client id, a client secret and a tenant id.", remedy="Store all three."
            )
        hosts = api_hosts()
        self._transport = transport or visma_transport()
        self._now = now
        self._warnings: list[ReadWarning] = []
        self._lock = threading.Lock()
        self.tokens = TokenSource(
            token_url or hosts.visma_token,
            credentials.client_id,
            credentials.client_secret,
            credentials.tenant_id,
            scope,
            transport=self._transport,
        )
        self._gate = Gate((api_url or hosts.visma_api).rstrip("/"), self.tokens, self._transport)

    @property
    def requests(self) -> RequestCounts:
        """How many requests were sent so far, token requests included."""
        return self._transport.counts

    @property
    def limits(self) -> RateLimits:
        """The last rate headers seen."""
        return self._gate.limits

    @property
    def warnings(self) -> tuple[ReadWarning, ...]:
        """What was odd about the lists read so far, in the order of reading."""
        return tuple(self._warnings)

    def changed(self, entity: Entity | str, since: datetime | None = None) -> Iterator[list[Row]]:
        """Read the rows that changed at or after a moment, or all, page by page.

        Each version of a row (key, stamp, row version) comes once. A row that changes while the list is read may come
        in both versions. Rows without a key are left out, with a warning; so are rows older than ``since``, which
        prove that Visma ignored the filter. No page is empty. The last rows of a call may arrive only after Visma was
        asked several times, so do not rely on the size of pages.

        Args:
            entity: what to read, by name or as a row of the table.
            since: a naive moment on Visma's own clock (see ``judge_clock``); None reads everything.

        Raises:
            UsageError: no such entity, or ``since`` carries a time zone.
            CredentialsError: no token, or the API refuses a fresh one.
            PermanentApiError: the application may not read this, or the address is wrong.
            TransientApiError: no usable answer, or the list changed during every one of several readings.
        """
        return self._changed(entity_named(entity), filter_moment(since))

    def one(self, entity: Entity | str, key: str) -> Row | None:
        """Return one row by its key, or None where Visma has none.

        Raises:
            UsageError: no such entity, or the key has another shape.
            PermanentApiError: Visma answered with another record: two kinds share the number.
        """
        entity = entity_named(entity)
        return self._one(entity, key, entity.detail(key))

    def count(self, entity: Entity | str) -> int:
        """Return how many rows Visma has, by the list's own ``totalCount``; of journal transactions, how many lines.

        A list that does not say is read to its end.
        """
        entity = entity_named(entity)
        if entity.paging is Paging.IDS:
            return len(self._ids(entity))
        if entity.paged:
            rows, totals, _ = self._page(entity, {**filter_params(entity, None), **_page(1, 1)})
            if totals.total is not None or not rows:
                return totals.total or 0
        return sum(len(page) for page in self._changed(entity, None))

    def clock_probe(self, entity: Entity | str = "customers", hours: int = 4) -> ClockProbe:
        """Look for the newest stamp among the rows of the last hours, for ``judge_clock``. One or two requests.

        The moment asked for is taken from UTC, so it is early enough on every clock that is not behind UTC.
        """
        entity = entity_named(entity)
        since = self._now().astimezone(UTC).replace(tzinfo=None) - timedelta(hours=hours)
        query = filter_params(entity, since)
        rows, totals, server_now = self._page(entity, {**query, **_page(1, entity.page_size)})
        size = min(entity.page_size, totals.max_page_size or entity.page_size)
        if totals.total is not None and totals.total > size:
            # The order of lists is not promised; where it is by time, the newest row is on the last page.
            last, _, server_now = self._page(entity, {**query, **_page(-(-totals.total // size), size)})
            rows += last
        stamps = [stamp for row in rows if (stamp := parsed_stamp(row.modified)) is not None]
        return ClockProbe(max(stamps, default=None), server_now)

    def close(self) -> None:
        """Close the connections kept open."""
        self._transport.close()

    def __enter__(self) -> "VismaClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- reading a list until it stands still

    def _changed(self, entity: Entity, since: datetime | None) -> Iterator[list[Row]]:
        sieve = Sieve(since)
        before: Reading | None = None
        for _ in range(MAX_PASSES):
            reading = Reading(entity, entity.page_size)
            for rows in self._read(entity, since, reading):
                if fresh := sieve.new(rows, reading):
                    yield fresh
            judgement = judge(reading, before)
            if judgement is not Judgement.AGAIN:
                if held := sieve.new(reading.held_back(), reading):
                    yield held
                self._conclude(entity, reading, sieve, judgement)
                return
            before = reading
        raise TransientApiError(
            f"Visma's {entity.name} changed during each of {MAX_PASSES} readings, so rows may be missing.",
            remedy="Try again at a quieter time; what was read is not lost.",
        )

    def _conclude(self, entity: Entity, reading: Reading, sieve: Sieve, judgement: Judgement) -> None:
        if judgement is Judgement.STEADY and reading.repeats:
            raise PermanentApiError(
                f"Visma gives the same page of {entity.name} again and again: {reading.read} of {reading.total} rows.",
                remedy="Report it to Visma: the list ignores pageNumber.",
            )
        for warning in warnings_of(reading, sieve):
            _log.warning("%s", warning.message)
            with self._lock:
                self._warnings.append(warning)

    def _read(self, entity: Entity, since: datetime | None, reading: Reading) -> Iterator[list[Row]]:
        """Read a list once from its beginning to its end."""
        if entity.paging is Paging.IDS:
            return self._read_ids(entity, reading)
        if entity.paging is Paging.UNPAGED:
            return self._read_at_once(entity, since, reading)
        return self._read_pages(entity, since, reading)

    def _read_pages(self, entity: Entity, since: datetime | None, reading: Reading) -> Iterator[list[Row]]:
        query = {**entity.extra_params, **filter_params(entity, since)}
        while reading.pages == 0 or reading.more():
            rows, totals, moment = self._page(entity, {**query, **_page(reading.pages + 1, reading.size)})
            yield reading.take(rows, totals, moment)

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
        found = (self._one(entity, key, entity.detail(key)) for key in self._ids(entity))
        rows = [row for row in found if row is not None]
        yield reading.take(rows, Totals(), self._now())

    def _ids(self, entity: Entity) -> list[str]:
        ids = self._gate.get(entity.path, {}).json()
        if not isinstance(ids, list):
            raise _unreadable(entity.path, "it is not a list of ids")
        return [str(item) for item in ids]

    def _page(self, entity: Entity, params: Mapping[str, str]) -> tuple[list[Row], Totals, datetime]:
        """Read one page: its rows, what it says about the list, and the server's time."""
        answer = self._gate.get(entity.path, params)
        wrapped = JsonRows(answer.open())
        rows = list(_parsed(entity, wrapped))
        totals = totals_of(rows[0] if rows else None)
        return rows, totals if totals.total else wrapped.totals, server_time(answer.headers, self._now())

    # --- one record

    def _one(self, entity: Entity, key: str, path: str) -> Row | None:
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
        rows, _, _ = self._page(entity, {**entity.extra_params, **params, **_page(1, entity.page_size)})
        return next((row for row in rows if row.key == key), None)


def _page(number: int, size: int) -> dict[str, str]:
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
