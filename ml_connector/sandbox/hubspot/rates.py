"""The account's request limits: rolling windows per token, one for associations, one for search, and the day."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from zoneinfo import ZoneInfo

from ml_connector.sandbox.hubspot.problems import RefusedError
from ml_connector.sandbox.hubspot.settings import HubSpotSandboxSettings

TEN_SECONDS = 10.0


class Kind(Enum):
    """Which limit a call counts against."""

    GENERAL = "general"
    ASSOCIATION = "association"
    SEARCH = "search"


@dataclass(slots=True)
class RollingWindow:
    """The moments (seconds) of the calls that were let through lately."""

    seconds: float
    moments: deque[float] = field(default_factory=deque)

    def used(self, now: float) -> int:
        """Return how many calls the window holds."""
        while self.moments and self.moments[0] <= now - self.seconds:
            self.moments.popleft()
        return len(self.moments)


class Rates:
    """Counts calls and refuses those over a limit (reference: hubspot 11).

    Refused calls count to the day, as they are said to do.
    """

    def __init__(self) -> None:
        self._general: dict[str, RollingWindow] = {}
        self._associations = RollingWindow(TEN_SECONDS)
        self._searches = RollingWindow(1.0)
        self._day: date | None = None
        self.today = 0

    def admit(self, kind: Kind, token: str, now: float, settings: HubSpotSandboxSettings) -> dict[str, str]:
        """Count a call and return the rate headers of its answer.

        Args:
            kind: which limit it counts against.
            token: the bearer, whose window is its own.
            now: seconds since 1970.
            settings: the limits.

        Raises:
            RefusedError: 429 for a call over a limit.
        """
        self._count_day(now, settings)
        if settings.requests_per_day is not None and self.today > settings.requests_per_day:
            raise _daily(settings)
        if kind is Kind.SEARCH:
            self._take(self._searches, now, settings.searches_per_second, _secondly(settings))
            return {}
        if kind is Kind.ASSOCIATION:
            window, most = self._associations, settings.association_requests_per_ten_seconds
        else:
            window = self._general.setdefault(token, RollingWindow(TEN_SECONDS))
            most = settings.requests_per_ten_seconds
        headers = self._headers(window, most, now, settings)
        refusal = _rolling(settings, kind)
        refusal.headers.update({**headers, "X-HubSpot-RateLimit-Remaining": "0"})
        self._take(window, now, most, refusal)
        return headers

    def _count_day(self, now: float, settings: HubSpotSandboxSettings) -> None:
        today = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(settings.time_zone)).date()
        if today != self._day:
            self._day, self.today = today, 0
        self.today += 1

    def _take(self, window: RollingWindow, now: float, most: int | None, refusal: RefusedError) -> None:
        used = window.used(now)
        if most is not None and used >= most:
            raise refusal
        window.moments.append(now)

    def _headers(
        self, window: RollingWindow, most: int | None, now: float, settings: HubSpotSandboxSettings
    ) -> dict[str, str]:
        headers = {}
        if most is not None:
            headers["X-HubSpot-RateLimit-Max"] = str(most)
            headers["X-HubSpot-RateLimit-Remaining"] = str(max(0, most - window.used(now) - 1))
            headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = "10000"
        if settings.requests_per_day is not None:
            headers["X-HubSpot-RateLimit-Daily"] = str(settings.requests_per_day)
            headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(
                max(0, settings.requests_per_day - self.today)
            )
        return headers


def _retry(settings: HubSpotSandboxSettings) -> dict[str, str]:
    return {} if settings.retry_after_seconds is None else {"Retry-After": str(settings.retry_after_seconds)}


def _daily(settings: HubSpotSandboxSettings) -> RefusedError:
    extra = {
        "errorType": "RATE_LIMIT",
        "policyName": "DAILY",
        "groupName": f"publicapi:daily:{settings.portal_id}",
    }
    return RefusedError(
        429, "You have reached your daily limit.", None, extra=extra, headers=_retry(settings)
    )


def _secondly(settings: HubSpotSandboxSettings) -> RefusedError:
    return RefusedError(429, "You have reached your secondly limit.", "RATE_LIMITS", headers=_retry(settings))


def _rolling(settings: HubSpotSandboxSettings, kind: Kind) -> RefusedError:
    what = "associations" if kind is Kind.ASSOCIATION else "private_app-api-calls-ten-secondly"
    extra = {
        "errorType": "RATE_LIMIT",
        "policyName": "TEN_SECONDLY_ROLLING",
        "groupName": f"publicapi:{what}:{settings.portal_id}:{settings.app_id}",
    }
    return RefusedError(
        429, "You have reached your ten_secondly_rolling limit.", None, extra=extra, headers=_retry(settings)
    )
