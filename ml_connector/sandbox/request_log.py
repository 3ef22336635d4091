"""What was asked of the sandbox: counts per API and per path, and the calls themselves in order."""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import BaseRoute, Match, Route

_REMEMBERED = 50_000

DROPPED = "dropped"
"""What stands for the status of a call whose connection was dropped or whose body was cut."""


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call, when it was over. ``status`` is the number as text, or ``dropped``; bodies are not kept."""

    api: str
    method: str
    template: str
    path: str
    query: str
    status: str


@dataclass(slots=True)
class _Tally:
    calls: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    max_in_flight: int = 0

    def begin(self) -> None:
        self.calls += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def end(self, status: str) -> None:
        self.in_flight -= 1
        self.statuses[status] += 1

    def report(self) -> dict[str, Any]:
        return {
            "calls": self.calls,
            "statuses": dict(sorted(self.statuses.items())),
            "throttled": self.statuses["429"],
            "max_in_flight": self.max_in_flight,
        }


class PathTemplates:
    """Finds the API and the path template of a call, such as ``/v1/customer/{number}``.

    Args:
        routes: by API, in the order the router tries them.
    """

    def __init__(self, routes: Mapping[str, Sequence[BaseRoute]]) -> None:
        self._routes = [
            (api, route) for api, own in routes.items() for route in own if isinstance(route, Route)
        ]

    def find(self, scope: Mapping[str, Any]) -> tuple[str, str]:
        """Return API and template; of a call that fits no route, ``unknown`` and its path."""
        partial: tuple[str, str] | None = None
        for api, route in self._routes:
            match, _ = route.matches(dict(scope))
            if match is Match.FULL:
                return api, route.path
            if match is Match.PARTIAL and partial is None:
                partial = (api, route.path)
        return partial or ("unknown", str(scope["path"]))


class RequestLog:
    """Counts calls as they begin and end. Safe to read from another thread than the one that serves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._apis: dict[str, _Tally] = {}
        self._paths: dict[tuple[str, str, str], _Tally] = {}
        self._calls: deque[LoggedCall] = deque(maxlen=_REMEMBERED)

    def begin(self, api: str, method: str, template: str) -> None:
        """Note that a call has arrived."""
        with self._lock:
            for tally in self._tallies(api, method, template):
                tally.begin()

    def end(self, call: LoggedCall) -> None:
        """Note that a call that began is over."""
        with self._lock:
            self._calls.append(call)
            for tally in self._tallies(call.api, call.method, call.template):
                tally.end(call.status)

    def calls(self, api: str | None = None) -> list[LoggedCall]:
        """Return the last 50,000 calls in the order they ended, of one API or of all."""
        with self._lock:
            return [call for call in self._calls if api is None or call.api == api]

    def report(self) -> dict[str, Any]:
        """Return counts by API: calls, statuses, throttled, max_in_flight, and the same per ``METHOD template``."""
        with self._lock:
            result: dict[str, Any] = {
                api: tally.report() | {"paths": {}} for api, tally in self._apis.items()
            }
            for (api, method, template), tally in sorted(self._paths.items()):
                result[api]["paths"][f"{method} {template}"] = tally.report()
            return result

    def clear(self) -> None:
        """Forget all counts but those of calls still being answered."""
        with self._lock:
            for tallies in (self._apis, self._paths):
                self._restart(tallies)
            self._calls.clear()

    @staticmethod
    def _restart(tallies: "dict[Any, _Tally]") -> None:
        for key, tally in list(tallies.items()):
            if tally.in_flight:
                tallies[key] = _Tally(tally.in_flight, Counter(), tally.in_flight, tally.in_flight)
            else:
                del tallies[key]

    def _tallies(self, api: str, method: str, template: str) -> Iterable[_Tally]:
        yield self._apis.setdefault(api, _Tally())
        yield self._paths.setdefault((api, method, template), _Tally())
