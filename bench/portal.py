"""The sandbox in a process of its own, so that a candidate and the portal do not share an interpreter.

Run as a program it reads settings as one line of JSON, prints its address, answers every further line (a command and
its arguments), and ends with its standard input: a bench that dies leaves nothing behind.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import IO, Any, Self

from bench.books import Books, add_deals, books_of, company_of
from bench.eventful import edit, happen
from bench.planted import Point, kill_at
from bench.portrait import Portrait, portrait_of
from bench.visma_rows import ENTITIES, KEY_FIELDS, visma_row
from bench.works import COMPANY_KEY, CONTACT_KEY, Kind, PortalSettings, Row
from ml_connector.sandbox.faults import FaultKind, FaultRule
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

SHARE_OF_LOST_ANSWERS = 0.25


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls to the HubSpot half.

    ``in_flight`` is the most at any moment; ``paths`` counts the calls by method and path, such as
    ``POST /crm/objects/2026-09/companies/batch/upsert``.
    """

    in_flight: int
    throttled: int
    paths: dict[str, int] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(self.paths.values())

    @property
    def writes(self) -> int:
        """Calls meant to change data."""
        return sum(many for path, many in self.paths.items() if _writes(path))

    def writes_of(self, part: str) -> int:
        """Return the calls that write below a path that holds this text, such as ``/objects/`` or ``/contacts/``."""
        return sum(many for path, many in self.paths.items() if part in path and _writes(path))


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the portal holds: the unique key (or None) of companies and contacts by id, and the linked pairs of keys."""

    companies: dict[str, str | None]
    contacts: dict[str, str | None]
    links: list[list[str | None]]


@dataclass(frozen=True, slots=True)
class Known:
    """A company that sales knew before, with the e-mail address of its one contact, if it has one."""

    properties: dict[str, str]
    email: str | None = None


class Portal:
    """A running sandbox with the unique properties of the works in it; a context manager."""

    token = DEFAULT_TOKEN

    def __init__(self, settings: PortalSettings) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.portal"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url: str = self._ask(asdict(settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.communicate(timeout=30)

    def enter(self, kind: Kind, rows: Sequence[Row], *, days_ago: int = 2) -> None:
        """Enter rows into Visma, at noon of a day; a row that is there already is changed."""
        self._ask(["enter", kind, [asdict(row) for row in rows], days_ago])

    def know(self, companies: Sequence[Known]) -> list[str]:
        """Put companies into the portal as sales would have, and return their ids in order."""
        ids: list[str] = self._ask(["know", [asdict(company) for company in companies]])
        return ids

    def forget(self) -> None:
        """Count calls from now on, with nothing used of any limit."""
        self._ask(["forget"])

    def traffic(self) -> Traffic:
        """Return the calls since :meth:`forget`."""
        return Traffic(**self._ask(["traffic"]))

    def asked(self) -> int:
        """Return how often either API was called since :meth:`forget`; may be asked while calls are being answered."""
        return int(self._ask(["asked"]))

    def stored(self) -> int:
        """Return how many companies and contacts there are; may be asked while calls are being answered."""
        return int(self._ask(["stored"]))

    def plant(self, rules: Iterable[FaultRule]) -> None:
        """Put exactly these faults in force, with chance from the start of its seed."""
        self._ask(["plant", [rule.model_dump(mode="json") for rule in rules]])

    def struck(self) -> list[int]:
        """Return how many calls each of the faults in force has hit."""
        hits: list[int] = self._ask(["struck"])
        return hits

    def kill(self, process: int, point: Point) -> None:
        """Kill a process when it makes a certain call; no other fault is in force then."""
        self._ask(["kill", process, asdict(point)])

    def heal(self) -> None:
        """Let HubSpot take from now on what it refused."""
        self._ask(["heal"])

    def holdings(self) -> Holdings:
        """Return what is stored, from the portal's memory and not through its API."""
        return Holdings(**self._ask(["holdings"]))

    def happen(self, size: int, *, days_ago: int) -> dict[str, int]:
        """Let a day of about so many operations happen in Visma, and return how many of each kind of event."""
        events: dict[str, int] = self._ask(["happen", size, days_ago])
        return events

    def edit(self, number: int) -> list[str]:
        """Let a person change companies, so many that the day renamed and as many new ones; return their numbers."""
        edited: list[str] = self._ask(["edit", number])
        return edited

    def books(self) -> Books:
        """Return how the portal's invoices compare with the books, from its memory and not through its API."""
        return Books(**self._ask(["books"]))

    def portrait(self) -> Portrait:
        """Return all that the portal holds, from its memory and not through its API."""
        return Portrait(**self._ask(["portrait"]))

    def _ask(self, question: Any) -> Any:
        stdin, stdout = _pipe(self._process.stdin), _pipe(self._process.stdout)
        stdin.write(json.dumps(question) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("The portal was started without its pipes.")
    return pipe


def _writes(call: str) -> bool:
    return not call.startswith("GET ") and not call.endswith(READ_PATHS)


def sandbox_settings(settings: PortalSettings) -> SandboxSettings:
    """Return the sandbox's settings for a work."""
    rules = (
        ()
        if settings.poison is None
        else (PoisonRule("companies", "name", settings.poisoned, PoisonMode(settings.poison)),)
    )
    hubspot = HubSpotSandboxSettings(
        requests_per_ten_seconds=settings.per_ten_seconds,
        search_lag_seconds=settings.search_lag_seconds,
        poison=rules,
        enterprise=settings.takes_all,
        payments_enabled=settings.takes_all,
    )
    lost = FaultRule(
        kind=FaultKind.DROP_AFTER,
        method="POST",
        path="/crm/objects",
        times=max(1, settings.lost_answers),
        probability=SHARE_OF_LOST_ANSWERS,
    )
    company = (
        company_of(settings.year)
        if settings.year
        else {"customers": settings.customers, "suppliers": settings.customers // 50}
    )
    return SandboxSettings(
        **company,
        seed=settings.seed,
        latency_ms=settings.latency_ms,
        faults=(lost,) if settings.lost_answers else (),
        hubspot=hubspot,
    )


def enter(sandbox: Sandbox, kind: str, rows: Sequence[dict[str, Any]], days_ago: int) -> None:
    """Enter rows into Visma; what is there and equal stays as it is, as nobody saves a row without a change."""
    entity, visma = ENTITIES[Kind(kind)], sandbox.visma
    noon = visma.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    there = set(visma.keys(entity))
    for row in rows:
        content = visma_row(Kind(kind), Row(**row))
        key = str(content[KEY_FIELDS[entity]])
        if key not in there:
            there.add(visma.add(entity, content, stamp=noon))
        elif not content.items() <= visma.row(entity, key).items():
            visma.update(entity, key, content, stamp=noon)


def know(sandbox: Sandbox, companies: Sequence[dict[str, Any]]) -> list[str]:
    """Put companies and their contacts into the portal."""
    portal = sandbox.hubspot
    portal.add_property("companies", "organisation_number")
    ids: list[str] = []
    for company in companies:
        ids.append(portal.add_record("companies", company["properties"]))
        if company["email"]:
            portal.add_record("contacts", {"email": company["email"]}, [("companies", ids[-1])])
    return ids


def forget(sandbox: Sandbox) -> None:
    """Count calls from now on, with the rate windows as empty as after a night."""
    sandbox.log.clear()
    sandbox.hubspot.forget_calls()


def traffic_of(sandbox: Sandbox) -> dict[str, Any]:
    """Return the fields of :class:`Traffic`."""
    tally = sandbox.log.report().get("hubspot", {"throttled": 0, "max_in_flight": 0})
    return {
        "in_flight": tally["max_in_flight"],
        "throttled": tally["throttled"],
        "paths": Counter(f"{call.method} {call.path}" for call in sandbox.log.calls("hubspot")),
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
    return keys | {"links": links}


def serve() -> None:
    """Be the portal until standard input ends."""
    settings = PortalSettings(**json.loads(sys.stdin.readline()))
    with Sandbox(sandbox_settings(settings)) as sandbox:
        for name, key in KEYS.items():
            sandbox.hubspot.add_property(name, key, hasUniqueValue=True)
        if settings.year:
            add_deals(sandbox)
        answers: dict[str, Callable[..., Any]] = {
            "enter": lambda *arguments: enter(sandbox, *arguments),
            "know": lambda companies: know(sandbox, companies),
            "forget": lambda: forget(sandbox),
            "traffic": lambda: traffic_of(sandbox),
            "asked": lambda: sum(api["calls"] for api in sandbox.log.report().values()),
            "stored": lambda: sum(sandbox.hubspot.snapshot()[name] for name in KEYS),
            "plant": lambda rules: sandbox.faults.restart([FaultRule(**rule) for rule in rules]),
            "struck": lambda: [rule["fired"] for rule in sandbox.faults.report()],
            "kill": lambda process, point: kill_at(sandbox, process, Point(**point)),
            "heal": lambda: sandbox.hubspot.poison(),
            "holdings": lambda: holdings_of(sandbox),
            "happen": lambda *arguments: happen(sandbox, *arguments),
            "edit": lambda number: edit(sandbox, number),
            "books": lambda: asdict(books_of(sandbox)),
            "portrait": lambda: asdict(portrait_of(sandbox)),
        }
        print(json.dumps(sandbox.url), flush=True)
        for line in sys.stdin:
            command, *arguments = json.loads(line)
            print(json.dumps(answers[command](*arguments)), flush=True)


if __name__ == "__main__":
    serve()
