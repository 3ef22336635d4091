"""One adaptive limiter per portal token, shared by every client and thread of the process.

It keeps HubSpot's limits before they are hit: the windows come from :mod:`ml_connector.hubspot.window`, what
HubSpot says about them is learnt from every answer (reference: hubspot 4, 11).
"""

import hashlib
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ml_connector.errors import PermanentApiError, TransientApiError
from ml_connector.http import Answer, retry_after
from ml_connector.hubspot.answers import is_daily_limit, window_pause
from ml_connector.hubspot.window import SlidingWindow

START_MAXIMUM = 100
"""Requests per 10 s before a header has said more: what the smallest account has."""

WINDOW_SECONDS = 10.0

SEARCHES_PER_SECOND = 4
"""The lower of the two documented figures; the limit is shared with every other app of the account."""

DAILY_RESERVE = 0.05
"""The share of the daily budget that is left to others unless a connection sets another."""

PROBE_SECONDS = 600.0
"""How long a used-up daily budget is believed before one request may ask again."""

LONGEST_NAP = 5.0
"""A waiting thread looks up at least this often."""

LONGEST_WAIT = 900.0
"""A pause that HubSpot asks for is waited for up to so many seconds; a run that sleeps for hours helps nobody."""


class Bucket(StrEnum):
    """The limits that HubSpot counts apart."""

    GENERAL = "general"
    ASSOCIATIONS = "associations"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class DailyBudget:
    """What HubSpot last said about the day: the budget, what is left, and when (monotonic seconds)."""

    limit: int
    remaining: int
    learned_at: float


def associations_maximum(stated: int) -> int:
    """Return the association calls per window of an account whose headers state ``stated`` calls per window.

    The headers on an association call may state the account's general limit; the associations' own is 100,
    150 or 200 by tier (reference: hubspot 4).
    """
    if stated <= 150:
        return stated
    return 150 if stated < 200 else 200


def reset_sentence(time_zone: str | None, now: datetime) -> str:
    """Say when the daily budget is full again: at the next midnight of the portal (``now`` is aware)."""
    try:
        zone = ZoneInfo(time_zone) if time_zone else None
    except (ZoneInfoNotFoundError, ValueError):
        zone = None
    if zone is None:
        return "It resets at midnight in the time zone of the portal."
    midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
    return f"It resets at midnight in {time_zone}, which is {midnight.astimezone(UTC):%Y-%m-%d %H:%M} UTC."


class PortalLimits:
    """Makes threads wait so that one token stays within its limits. Safe to share between threads.

    Args:
        daily_reserve: the share (0 to 1) of the daily budget that is never used.
        clock: monotonic seconds, replaced in tests.
        nap: waits on the condition for up to so many seconds, replaced in tests.
    """

    def __init__(
        self,
        *,
        daily_reserve: float = DAILY_RESERVE,
        clock: Callable[[], float] = time.monotonic,
        nap: Callable[[threading.Condition, float], object] = threading.Condition.wait,
    ) -> None:
        self.daily_reserve = daily_reserve
        self.daily: DailyBudget | None = None
        self.time_zone: str | None = None
        self.waited_seconds = 0.0
        self._associations_stated = False
        self._clock = clock
        self._nap = nap
        self._condition = threading.Condition()
        self.windows = {
            Bucket.GENERAL: SlidingWindow(START_MAXIMUM, WINDOW_SECONDS),
            Bucket.ASSOCIATIONS: SlidingWindow(START_MAXIMUM, WINDOW_SECONDS),
            Bucket.SEARCH: SlidingWindow(SEARCHES_PER_SECOND, 1.0, spacing=1.0 / SEARCHES_PER_SECOND),
        }

    def acquire(self, bucket: Bucket) -> None:
        """Wait until a request of this kind may start, and note its start; pair it with one :meth:`release`.

        Raises:
            PermanentApiError: the daily budget is used up, down to the reserve.
            TransientApiError: HubSpot has asked for a pause longer than :data:`LONGEST_WAIT`.
        """
        windows = self._windows_of(bucket)
        with self._condition:
            began = self._clock()
            while True:
                now = self._clock()
                self._check_daily(now)
                wait = max(window.wait(now) for window in windows)
                if wait <= 0.0:
                    break
                if LONGEST_WAIT < wait < math.inf:
                    raise _paused(wait)
                self._nap(self._condition, min(wait, LONGEST_NAP))
            for window in windows:
                window.start(now)
            self.waited_seconds += now - began

    def release(self, bucket: Bucket, answer: Answer | None) -> None:
        """Note the end of a request and learn from its answer; None when there was none."""
        with self._condition:
            now = self._clock()
            if answer is not None:
                self._learn(bucket, answer, now)
            for window in self._windows_of(bucket):
                window.finish(now)
            self._condition.notify_all()

    def daily_error(
        self, *, status: int | None = None, correlation_id: str | None = None
    ) -> PermanentApiError:
        """Return the error that says that the day's budget is used up and when there is a new one."""
        left = f": {self.daily.remaining} of {self.daily.limit} requests are left" if self.daily else ""
        return PermanentApiError(
            f"HubSpot's daily budget of requests is used up{left}"
            f" (the last {self.daily_reserve:.0%} are kept for other apps).",
            status=status,
            category="DAILY",
            correlation_id=correlation_id,
            remedy=f"{reset_sentence(self.time_zone, datetime.now(UTC))} The next run after that continues.",
        )

    def _windows_of(self, bucket: Bucket) -> tuple[SlidingWindow, ...]:
        """Return the windows a request uses; association calls may count as general ones (undocumented)."""
        if bucket is Bucket.ASSOCIATIONS:
            return self.windows[Bucket.GENERAL], self.windows[Bucket.ASSOCIATIONS]
        return (self.windows[bucket],)

    def _check_daily(self, now: float) -> None:
        day = self.daily
        if day is None or day.remaining > max(0.0, day.limit * self.daily_reserve):
            return
        if now - day.learned_at < PROBE_SECONDS:
            raise self.daily_error()
        self.daily = DailyBudget(day.limit, day.remaining, now)

    def _learn(self, bucket: Bucket, answer: Answer, now: float) -> None:
        headers = answer.headers
        daily, daily_left = _number(headers, "Daily"), _number(headers, "Daily-Remaining")
        if daily is not None and daily_left is not None:
            self.daily = DailyBudget(daily, daily_left, now)
        self._learn_window(bucket, headers, now)
        if answer.status != 429:
            return
        if is_daily_limit(answer):
            self.daily = DailyBudget(self.daily.limit if self.daily else 0, 0, now)
            return
        asked = retry_after(headers, datetime.now(UTC))
        pause = window_pause(answer) if asked is None else asked
        for window in self._windows_of(bucket):
            window.refuse(now, pause)

    def _learn_window(self, bucket: Bucket, headers: Mapping[str, str], now: float) -> None:
        """Take over the stated limit and what is left of it; search answers carry no such headers."""
        stated, left = _number(headers, "Max"), _number(headers, "Remaining")
        if bucket is Bucket.SEARCH or not stated:
            return
        seconds = (_number(headers, "Interval-Milliseconds") or WINDOW_SECONDS * 1000) / 1000
        general, associations = self.windows[Bucket.GENERAL], self.windows[Bucket.ASSOCIATIONS]
        if bucket is Bucket.GENERAL:
            general.teach(stated, seconds)
        own = bucket is Bucket.ASSOCIATIONS and stated != general.maximum
        self._associations_stated = self._associations_stated or own
        if own or not self._associations_stated:
            associations.teach(associations_maximum(stated), seconds)
        window = general if stated == general.maximum else associations
        if left is not None and window.maximum == stated:
            window.see_remaining(left, now)


def _paused(wait: float) -> TransientApiError:
    return TransientApiError(
        f"HubSpot refused a request for coming too fast and asked for a pause that lasts {wait / 60:.0f} minutes more.",
        status=429,
        remedy="Try again after that; what was sent is in the ledger.",
    )


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(f"X-HubSpot-RateLimit-{name}", "")
    return int(value) if value.isdecimal() else None


_SHARED: dict[str, PortalLimits] = {}
_SHARED_LOCK = threading.Lock()


def limits_for(token: str, base_url: str, *, daily_reserve: float | None = None) -> PortalLimits:
    """Return the limiter that every client of this token and host shares in this process.

    ``daily_reserve`` (0 to 1) changes the shared limiter's reserve; None leaves it as it is.
    """
    fingerprint = hashlib.sha256(f"{base_url}\n{token}".encode()).hexdigest()
    with _SHARED_LOCK:
        limits = _SHARED.setdefault(fingerprint, PortalLimits())
        if daily_reserve is not None:
            limits.daily_reserve = daily_reserve
        return limits
