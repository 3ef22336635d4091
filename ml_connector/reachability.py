"""Whether a host can be reached at all: why a request was not answered, and when to stop asking a silent host.

A passing trouble of a host that has answered before is worth a long wait. A host that has never answered in this run is
more likely a wrong address, a closed network or a service that is down for longer: a person should hear of it soon, and
the other steps of the run should not each wait for it again.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import requests

PATIENCE_SECONDS = 60.0
"""How long a host that has never answered is tried, from the first try on."""

AFTERMATH_SECONDS = 60.0
"""How long it is not tried at all after that: the steps of a run that come next fail at once."""


class Hosts:
    """Which hosts have answered one transport, and which have been silent since when. Safe to share between threads.

    Args:
        clock: seconds that only go forward, replaced in tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._answered: set[str] = set()
        self._first_try: dict[str, float] = {}
        self._given_up: dict[str, tuple[float, str]] = {}

    def begin(self, host: str) -> str | None:
        """Note a try; of a host that was given up a moment ago and is not to be tried, return why instead."""
        now = self._clock()
        with self._lock:
            moment, reason = self._given_up.get(host, (now - AFTERMATH_SECONDS, ""))
            if now - moment < AFTERMATH_SECONDS:
                return reason
            self._first_try.setdefault(host, now)
            return None

    def answered(self, host: str) -> None:
        """Note an answer, whatever its status: from here on the host's troubles count as passing."""
        with self._lock:
            self._answered.add(host)

    def known(self, host: str) -> bool:
        """Return whether an answer of the host has come."""
        with self._lock:
            return host in self._answered

    def out_of_patience(self, host: str, wait: float, reason: str) -> bool:
        """Return whether the host has never answered and a further ``wait`` is too long; then it is given up."""
        with self._lock:
            now = self._clock()
            if host in self._answered or now + wait - self._first_try[host] <= PATIENCE_SECONDS:
                return False
            self._given_up[host] = (now, reason)
            # Whoever comes after the pause may try for as long again.
            del self._first_try[host]
            return True


def why_no_answer(error: requests.RequestException) -> str:
    """Return in a few words why a request got no whole answer; nothing of the request or the host's texts is quoted."""
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection: its certificate is not trusted here, or it does not speak TLS"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy of this machine does not let it through"
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    causes = list(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "its name is not known"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "nothing accepts connections there"
    if isinstance(error, requests.Timeout):
        return "connected, but no whole answer in time"
    return "the connection broke"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
