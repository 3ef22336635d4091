"""The sandbox's clock: the machine's own until a test sets it. Token lifetimes, rate windows and stamps follow it."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class SandboxClock:
    """A clock that runs, can be moved forward, and can be stopped at a moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped: datetime | None = None
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the current moment in UTC."""
        with self._lock:
            return self._stopped or datetime.now(UTC) + self._offset

    def local(self, zone: ZoneInfo) -> datetime:
        """Return the current moment as a naive time of ``zone``, which is how Visma writes its stamps."""
        return self.now().astimezone(zone).replace(tzinfo=None)

    def set(self, moment: datetime) -> None:
        """Stop the clock at an aware moment; :meth:`advance` still moves it.

        Raises:
            ValueError: the moment has no time zone.
        """
        if moment.tzinfo is None:
            raise ValueError("The sandbox's clock is set to an aware moment.")
        with self._lock:
            self._stopped = moment.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        with self._lock:
            if self._stopped is None:
                self._offset += by
            else:
                self._stopped += by

    def run(self) -> None:
        """Go back to the machine's clock."""
        with self._lock:
            self._stopped = None
            self._offset = timedelta()
