"""The pure core of the limiter: a sliding-window log that answers "how long to wait at time t".

No clock, no lock and no waiting in here; :mod:`ml_connector.hubspot.limits` brings those.
"""

import math
from collections import deque

RESERVE_SHARE = 0.02
"""The part of a taught maximum that is left alone, for what others send between two of our answers."""

DECREASE = 0.7
"""The factor on the capacity after a refusal (429)."""

RECOVERY = 0.05
"""The part of the capacity that comes back with each window without a refusal."""

SMALLEST_SHARE = 0.1
"""Refusals never push the capacity below this part of the maximum."""


class SlidingWindow:
    """A log of one kind of request against a limit of so many per rolling window.

    The server counts a request when it arrives, which is some time between its start and its answer here. So
    a slot is held while its request is in flight and for one whole window after the answer: whatever the
    network does, no rolling window at the server holds more requests than the capacity. ``now`` is in seconds
    and never runs backwards.

    Args:
        maximum: requests the server takes in one window.
        seconds: the length of the window.
        spacing: least seconds between two starts.
        slack: seconds added to the hold, for clocks that run at a slightly different rate.
    """

    def __init__(self, maximum: int, seconds: float, *, spacing: float = 0.0, slack: float = 0.05) -> None:
        self.maximum = maximum
        self.seconds = seconds
        self.in_flight = 0
        self._spacing = spacing
        self._slack = slack
        self._answered: deque[float] = deque()
        self._last_start = -math.inf
        self._paused_until = -math.inf
        self._refused_at = -math.inf
        self._share_then = 1.0
        self._foreign = 0
        self._foreign_until = -math.inf

    def wait(self, now: float) -> float:
        """Return the seconds until a request may start; infinity when only an answer can free a slot."""
        return max(
            0.0, self._paused_until - now, self._last_start + self._spacing - now, self._wait_for_slot(now)
        )

    def start(self, now: float) -> None:
        """Note that a request starts."""
        self.in_flight += 1
        self._last_start = now

    def finish(self, now: float) -> None:
        """Note that a started request was answered, or failed without an answer."""
        self.in_flight -= 1
        self._answered.append(now)

    def used(self, now: float) -> int:
        """Return how many slots are held: requests in flight and those answered less than a window ago."""
        while self._answered and self._answered[0] + self._hold <= now:
            self._answered.popleft()
        return self.in_flight + len(self._answered)

    def capacity(self, now: float) -> int:
        """Return how many slots there are: the maximum less reserve, recent refusals and others."""
        full = self.maximum - int(self.maximum * RESERVE_SHARE)
        own = max(1, int(full * self._share(now)))
        return max(0, own - self._foreign) if now < self._foreign_until else own

    def teach(self, maximum: int, seconds: float) -> None:
        """Take over the limit the server states."""
        self.maximum = maximum
        self.seconds = seconds

    def see_remaining(self, remaining: int, now: float) -> None:
        """Compare what the server says is left with the own log, before :meth:`finish` of that answer.

        Where the server has counted more than this log, somebody else uses the same token. The log holds
        every own request the server can have counted, those in flight included, so the difference is a lower
        bound; as long as there is one, the requests in flight are added to be on the safe side.
        """
        surplus = self.maximum - remaining - self.used(now)
        self._foreign = surplus + self.in_flight if surplus > 0 else 0
        self._foreign_until = now + self._hold

    def refuse(self, now: float, pause: float) -> None:
        """Note a refusal (429): a pause in seconds; one burst of refusals shrinks the capacity once."""
        self._paused_until = max(self._paused_until, now + pause)
        if now - self._refused_at >= self.seconds:
            self._share_then = max(SMALLEST_SHARE, self._share(now) * DECREASE)
            self._refused_at = now

    @property
    def _hold(self) -> float:
        return self.seconds + self._slack

    def _share(self, now: float) -> float:
        if self._share_then >= 1.0:
            return 1.0
        return min(1.0, self._share_then + RECOVERY * ((now - self._refused_at) // self.seconds))

    def _wait_for_slot(self, now: float) -> float:
        excess = self.used(now) - self.capacity(now) + 1
        if excess <= 0:
            return 0.0
        freed = self._answered[excess - 1] + self._hold - now if excess <= len(self._answered) else math.inf
        if self._foreign and now < self._foreign_until:
            return min(freed, self._foreign_until - now)
        return freed
