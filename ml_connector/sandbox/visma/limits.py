"""The fixed window of calls per company and client (reference: visma 5)."""

import math
import threading
from dataclasses import dataclass
from datetime import datetime

from ml_connector.sandbox.clock import SandboxClock

POLICY = "4-fixed-window"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whether a call may pass, and what the headers of its answer say."""

    allowed: bool
    headers: dict[str, str]


class FixedWindow:
    """Counts calls in windows of fixed length; the first call after a window's end opens the next.

    Args:
        limit: calls per window; None lets everything pass and shows no headers.
        seconds: length of a window.
        clock: the sandbox's clock.
    """

    def __init__(self, limit: int | None, seconds: int, clock: SandboxClock) -> None:
        self.limit = limit
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: datetime | None = None
        self._used = 0
        self.refused = 0

    def take(self) -> Ticket:
        """Count one call; a refused call does not count."""
        if self.limit is None:
            return Ticket(True, {})
        with self._lock:
            now = self._clock.now()
            if self._opened is None or (now - self._opened).total_seconds() >= self._seconds:
                self._opened, self._used = now, 0
            reset = max(1, math.ceil(self._seconds - (now - self._opened).total_seconds()))
            allowed = self._used < self.limit
            if allowed:
                self._used += 1
            else:
                self.refused += 1
            headers = {
                "X-RateLimit-Limit": str(self.limit),
                "X-RateLimit-Remaining": str(self.limit - self._used),
                "X-RateLimit-Reset": str(reset),
                "X-RateLimit-Policy": POLICY,
            }
        return Ticket(allowed, headers if allowed else headers | {"Retry-After": str(reset)})

    def reset(self) -> None:
        """Start anew: no window is open and nothing is counted."""
        with self._lock:
            self._opened, self._used, self.refused = None, 0, 0
