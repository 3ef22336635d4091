"""What the tests of the HubSpot client share: a client without real waiting, and scripted answers per path."""

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import responses
from requests import PreparedRequest

from ml_connector.http import Answer, RetryPolicy
from ml_connector.hubspot.calls import hubspot_transport
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.limits import PortalLimits

HOST = "https://portal.test"
TOKEN = "pat-eu1-00000000-1111-2222-3333-444444444444"

Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]] | Exception


class Time:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def nap(self, _: threading.Condition, seconds: float) -> None:
        self.now += seconds


def limits(time: Time | None = None, **settings: Any) -> PortalLimits:
    time = time or Time()
    return PortalLimits(clock=time.clock, nap=time.nap, **settings)


def client(time: Time | None = None, *, in_flight: int = 1, attempts: int = 4) -> HubSpotClient:
    time = time or Time()
    transport = hubspot_transport(RetryPolicy(attempts=attempts), sleep=time.sleep)
    return HubSpotClient(TOKEN, base_url=HOST, in_flight=in_flight, transport=transport, limits=limits(time))


class Script:
    """Answers the calls of one path in turn, the last answer for all that follow, and keeps their bodies."""

    def __init__(
        self,
        path: str,
        replies: Iterable[Reply] | Callable[[Any], Reply],
        method: str = responses.POST,
    ) -> None:
        self.bodies: list[Any] = []
        self.params: list[dict[str, str]] = []
        self._lock = threading.Lock()
        self._replies = replies if callable(replies) else list(replies)
        responses.add_callback(method, HOST + path, callback=self._answer, content_type=None)

    def _answer(self, request: PreparedRequest) -> tuple[int, dict[str, str], str | bytes]:
        body = json.loads(request.body) if request.body else None
        with self._lock:
            self.bodies.append(body)
            self.params.append(dict(request.params))  # type: ignore[attr-defined]
            if callable(self._replies):
                reply = self._replies(body)
            else:
                reply = self._replies[min(len(self.bodies), len(self._replies)) - 1]
        if isinstance(reply, Exception):
            raise reply
        status, content, *headers = reply
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        return status, headers[0] if headers else {}, text

    @property
    def calls(self) -> int:
        return len(self.bodies)


def answer(status: int, content: Any, headers: dict[str, str] | None = None) -> Answer:
    text = content if isinstance(content, str) else json.dumps(content)
    return Answer(status, headers or {}, text.encode())
