"""The sandbox in a process of its own, so that a candidate and the portal do not share an interpreter.

Run as a program it reads settings as one line of JSON, prints its address, answers every further line, and ends with
its standard input: a bench that dies leaves nothing behind.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import IO, Any, Self

from bench.works import COMPANY_KEY, CONTACT_KEY, POISON, PortalSettings
from ml_connector.sandbox.hubspot.settings import (
    DEFAULT_TOKEN,
    HubSpotSandboxSettings,
    PoisonMode,
    PoisonRule,
)
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings

READ_PATHS = ("/search", "/batch/read", "/access-token-info")
"""How the paths end that are asked with POST and change nothing."""

KEYS = {"companies": COMPANY_KEY, "contacts": CONTACT_KEY}


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls to the HubSpot half; ``writes`` are meant to change data, ``in_flight`` is the most at any moment."""

    calls: int
    writes: int
    throttled: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the portal holds: the unique key (or None) of every company and contact, and the linked pairs of keys."""

    companies: list[str | None]
    contacts: list[str | None]
    links: list[list[str | None]]


class Portal:
    """A running sandbox with the unique properties of the works in it; a context manager."""

    token = DEFAULT_TOKEN

    def __init__(self, settings: PortalSettings) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.portal"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url: str = self._ask(json.dumps(asdict(settings)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.communicate(timeout=30)

    def forget(self) -> None:
        """Count calls from now on, with nothing used of any limit."""
        self._ask("forget")

    def traffic(self) -> Traffic:
        """Return the calls since :meth:`forget`."""
        return Traffic(**self._ask("traffic"))

    def stored(self) -> int:
        """Return how many companies and contacts there are; may be asked while calls are being answered."""
        return int(self._ask("stored"))

    def holdings(self) -> Holdings:
        """Return what is stored, from the portal's memory and not through its API."""
        return Holdings(**self._ask("holdings"))

    def _ask(self, line: str) -> Any:
        stdin, stdout = _pipe(self._process.stdin), _pipe(self._process.stdout)
        stdin.write(line + "\n")
        stdin.flush()
        return json.loads(stdout.readline())


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("The portal was started without its pipes.")
    return pipe


def sandbox_settings(settings: PortalSettings) -> SandboxSettings:
    """Return the sandbox's settings for a work."""
    rules = [] if settings.poison is None else [("companies", "name", POISON, PoisonMode(settings.poison))]
    hubspot = HubSpotSandboxSettings(
        requests_per_ten_seconds=settings.per_ten_seconds,
        search_lag_seconds=settings.search_lag_seconds,
        poison=tuple(PoisonRule(*rule) for rule in rules),
    )
    return SandboxSettings(customers=1, suppliers=1, latency_ms=settings.latency_ms, hubspot=hubspot)


def forget(sandbox: Sandbox) -> None:
    """Count calls from now on, with the rate windows as empty as after a night."""
    sandbox.log.clear()
    sandbox.hubspot.forget_calls()


def traffic_of(sandbox: Sandbox) -> dict[str, int]:
    """Return the fields of :class:`Traffic`."""
    tally = sandbox.log.report().get("hubspot", {"calls": 0, "throttled": 0, "max_in_flight": 0, "paths": {}})
    writes = sum(
        path["calls"]
        for call, path in tally["paths"].items()
        if not call.startswith("GET ") and not call.endswith(READ_PATHS)
    )
    return {
        "calls": tally["calls"],
        "writes": writes,
        "throttled": tally["throttled"],
        "in_flight": tally["max_in_flight"],
    }


def holdings_of(sandbox: Sandbox) -> dict[str, Any]:
    """Return the fields of :class:`Holdings`."""
    keys = {
        name: {number: record.values.get(key) for number, record in sandbox.hubspot.records(name).items()}
        for name, key in KEYS.items()
    }
    links = [
        (keys["contacts"].get(contact), keys["companies"].get(company))
        for contact, company in sandbox.hubspot.links("contacts", "companies")
    ]
    return {name: list(found.values()) for name, found in keys.items()} | {"links": links}


def serve() -> None:
    """Be the portal until standard input ends."""
    settings = PortalSettings(**json.loads(sys.stdin.readline()))
    with Sandbox(sandbox_settings(settings)) as sandbox:
        for name, key in KEYS.items():
            sandbox.hubspot.add_property(name, key, hasUniqueValue=True)
        answers: dict[str, Callable[[], Any]] = {
            "forget": lambda: forget(sandbox),
            "traffic": lambda: traffic_of(sandbox),
            "stored": lambda: sum(sandbox.hubspot.snapshot()[name] for name in KEYS),
            "holdings": lambda: holdings_of(sandbox),
        }
        print(json.dumps(sandbox.url), flush=True)
        for line in sys.stdin:
            print(json.dumps(answers[line.strip()]()), flush=True)


if __name__ == "__main__":
    serve()
