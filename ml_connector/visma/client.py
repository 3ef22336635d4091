"""The reading client of the Visma.net ERP API: pages of changed rows, one row by its key, counts and probes.

It cannot write: every request but the token's goes through :class:`ml_connector.visma.gate.Gate`, which knows no other
verb than GET. Why a list is read the way it is, is explained in :mod:`ml_connector.visma.paging`.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import TracebackType

from ml_connector.errors import CredentialsError, PermanentApiError, TransientApiError
from ml_connector.http import RequestCounts, RetryPolicy, Transport
from ml_connector.settings.hosts import api_hosts
from ml_connector.visma import answers
from ml_connector.visma.auth import READ_SCOPE, TokenSource, VismaCredentials
from ml_connector.visma.entities import Entity, Paging, entity_named, filter_params
from ml_connector.visma.gate import Gate, RateLimits
from ml_connector.visma.lists import Lists, page_params
from ml_connector.visma.narrowing import WHOLE, Narrowing, narrowed
from ml_connector.visma.paging import MAX_PASSES, Judgement, Reading, Sieve, judge
from ml_connector.visma.rows import Row
from ml_connector.visma.stamps import ClockProbe, filter_moment, parsed_stamp
from ml_connector.visma.warnings import ReadWarning, warnings_of

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
        self._lists = Lists(self._gate, now, self._warn)

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

    def changed(
        self, entity: Entity | str, since: datetime | None = None, narrowing: Narrowing = WHOLE
    ) -> Iterator[list[Row]]:
        """Read the rows that changed at or after a moment, or all, page by page.

        Each version of a row (key, stamp, row version) comes once. A row that changes while the list is read may come
        in both versions. Rows without a key are left out, with a warning; so are rows older than ``since``, which
        prove that Visma ignored the filter. No page is empty. The last rows of a call may arrive only after Visma was
        asked several times, so do not rely on the size of pages.

        Args:
            entity: what to read, by name or as a row of the table.
            since: a naive moment on Visma's own clock (see ``judge_clock``); None reads everything.
            narrowing: whose rows, and dated from when; lists that page only.

        Raises:
            UsageError: no such entity or filter, or ``since`` carries a time zone.
            CredentialsError: no token, or the API refuses a fresh one.
            PermanentApiError: the application may not read this, the address is wrong, or the narrowing was ignored.
            TransientApiError: no usable answer, or the list changed during every one of several readings.
        """
        return self._changed(entity_named(entity), filter_moment(since), narrowing)

    def browse(self, entity: Entity | str, narrowing: Narrowing = WHOLE) -> Iterator[list[Row]]:
        """Read a list once, page by page, to look for rows of known keys; stop as soon as they are found.

        A row that moves while the list is read may be missed: ask for what was not found by its key. Errors as for
        :meth:`changed`.
        """
        entity = entity_named(entity)
        return self._lists.read(entity, None, Reading(entity, entity.page_size), narrowing)

    def one(self, entity: Entity | str, key: str) -> Row | None:
        """Return one row by its key, or None where Visma has none.

        Raises:
            UsageError: no such entity, or the key has another shape.
            PermanentApiError: Visma answered with another record: two kinds share the number.
        """
        return self._lists.one(entity_named(entity), key)

    def count(self, entity: Entity | str, narrowing: Narrowing = WHOLE) -> int:
        """Return how many rows Visma has, by the list's own ``totalCount``; of journal transactions, how many lines.

        A list that does not say is read to its end.
        """
        entity = entity_named(entity)
        if entity.paging is Paging.IDS:
            return len(self._lists.ids(entity))
        if entity.paged:
            query = {**filter_params(entity, None), **narrowed(entity, narrowing), **page_params(1, 1)}
            rows, totals, _ = self._lists.page(entity, query)
            if totals.total is not None or not rows:
                return totals.total or 0
        return sum(len(page) for page in self._changed(entity, None, narrowing))

    def clock_probe(self, entity: Entity | str = "customers", hours: int = 4) -> ClockProbe:
        """Look for the newest stamp among the rows of the last hours, for ``judge_clock``. One or two requests.

        The moment asked for is taken from UTC, so it is early enough on every clock that is not behind UTC.
        """
        entity = entity_named(entity)
        since = self._now().astimezone(UTC).replace(tzinfo=None) - timedelta(hours=hours)
        query = filter_params(entity, since)
        rows, totals, server_now = self._lists.page(entity, {**query, **page_params(1, entity.page_size)})
        size = min(entity.page_size, totals.max_page_size or entity.page_size)
        if totals.total is not None and totals.total > size:
            # The order of lists is not promised; where it is by time, the newest row is on the last page.
            last, _, server_now = self._lists.page(
                entity, {**query, **page_params(-(-totals.total // size), size)}
            )
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

    def _changed(self, entity: Entity, since: datetime | None, narrowing: Narrowing) -> Iterator[list[Row]]:
        sieve = Sieve(since)
        before: Reading | None = None
        for _ in range(MAX_PASSES):
            reading = Reading(entity, entity.page_size)
            for rows in self._lists.read(entity, since, reading, narrowing):
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
            self._warn(warning)

    def _warn(self, warning: ReadWarning) -> None:
        """Keep a warning and log it, once."""
        with self._lock:
            if any(known.message == warning.message for known in self._warnings):
                return
            self._warnings.append(warning)
        _log.warning("%s", warning.message)
