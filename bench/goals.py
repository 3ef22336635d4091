"""What ml-connector promises, tried: each goal gives its figures beside those that were asked for."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.audit import audit
from bench.figures import Figure, at_most, exactly, seconds_here, shown
from bench.job import ROOT, JobReport
from bench.known_portal import customers, pairs
from bench.portal import Holdings
from bench.refused import refused
from bench.size import size
from bench.trial import memory_lost, trial
from bench.trouble import trouble
from bench.undo import undo
from bench.works import ONE_IN_A_HUNDRED_BAD, PortalSettings, Row, companies, contacts
from bench.year import year

POISONS = {"207": "input_error", "400": "batch_400", "409": "batch_409"}
UNLIMITED = 100_000
"""Calls in ten seconds of a portal where only their number matters and nobody should wait."""

MISSED_DAYS = 30
A_DAY = 20
"""Customers that come, and customers that move, on each of the missed days."""

LOST_ANSWERS = 50

KILLS = 20
A_KILL = 200
"""Companies, with a contact each, that are new in each of the runs that are killed."""

SECONDS_LATER = 0.15


@dataclass(frozen=True, slots=True)
class Scale:
    """How much the goals take.

    Args:
        companies: in most of them; operations of the day that is undone.
        customers: in the one about size.
        year: how much of a year the books hold.
        operations: in the ledger of the one about audits.
    """

    companies: int
    customers: int
    year: float = 1.0
    operations: int = 5_000_000


def empty_portal(scale: Scale) -> list[Figure]:
    """Load companies with one contact each into an empty portal, and again."""
    count = scale.companies
    with trial(PortalSettings(latency_ms=200)) as here:
        here.enter(companies(count), contacts(count, count))
        report = here.load()
        first, held = here.portal.traffic(), here.portal.holdings()
        again = here.load()
        second = here.portal.traffic()
    batches = count / 10_000
    return [
        *_all_there("a", held, companies(count), contacts(count, count)),
        at_most("a", "company write calls", first.writes_of("/companies/batch/upsert"), int(105 * batches)),
        at_most("a", "contact write calls", first.writes_of("/contacts/batch/upsert"), int(105 * batches)),
        at_most("a", "association calls", first.writes_of("/associations/"), 10),
        exactly("a", "answers 429", first.throttled, 0),
        seconds_here("a", "load steps", report.load_seconds, "under 30 s"),
        exactly("b", "writes of the same again", second.writes, 0),
        at_most("b", "HubSpot calls of the same again", second.calls, 5),
        exactly("b", "records found unchanged", _counted(again, "unchanged"), 2 * count),
    ]


def known_companies(scale: Scale) -> list[Figure]:
    """Load into a portal that knows half of the customers by one clue each."""
    known = pairs(scale.companies)
    matching = [pair.customer for pair in known if pair.customer is not None]
    with trial(PortalSettings(per_ten_seconds=UNLIMITED)) as here:
        ids = here.know([pair.known for pair in known])
        here.enter(customers(scale.companies))
        here.load()
        traffic, held = here.portal.traffic(), here.portal.holdings()
    right = sum(held.companies[id_] == pair.customer for id_, pair in zip(ids, known, strict=True))
    pages = -(-scale.companies // 100)
    return [
        exactly("c", "companies matched right, or left alone", right, len(known)),
        exactly(
            "c", "companies in the end", len(held.companies), len(known) + scale.companies - len(matching)
        ),
        exactly("c", "companies doubled", _doubled(held), 0),
        at_most("c", "read calls", traffic.calls - traffic.writes, 2 * pages + 20),
    ]


def poison(scale: Scale) -> list[Figure]:
    """Load rows of which every hundredth is refused, in the three ways HubSpot has."""
    rows = companies(scale.companies)
    bad = {row.key for row in rows if row.properties["name"].endswith("37")}
    figures: list[Figure] = []
    clean = 0
    for how, mode in {"no poison": None, **POISONS}.items():
        settings = PortalSettings(per_ten_seconds=UNLIMITED, poison=mode, poisoned=ONE_IN_A_HUNDRED_BAD)
        with trial(settings) as here:
            here.enter(rows)
            report = here.load()
            calls, held = here.portal.traffic().calls, set(here.portal.holdings().companies.values())
        if mode is None:
            clean = calls
            continue
        named = set(report.refused) == bad
        figures += [
            Figure("d", f"{how}: exactly the bad rows named", f"{len(bad)}", f"{len(report.refused)}", named),
            exactly("d", f"{how}: all others stored", len(held), len(rows) - len(bad)),
            at_most("d", f"{how}: extra calls for each", (calls - clean) / len(bad), 15),
        ]
    return figures


def search_lag(scale: Scale) -> list[Figure]:
    """Load, load again at once, and once more without memory, while search knows nothing of what was written."""
    rows = companies(max(100, scale.companies // 10))
    figures: list[Figure] = []
    for lag in (0, 5, 60):
        with trial(PortalSettings(search_lag_seconds=lag)) as here:
            here.enter(rows, contacts(len(rows), len(rows)))
            here.load()
            here.load()
            writes = here.portal.traffic().writes
            with memory_lost(here) as forgetful:
                report = forgetful.load()
            held = here.portal.holdings()
        figures += [
            exactly("e", f"lag {lag} s: writes of the immediate re-run", writes, 0),
            exactly("e", f"lag {lag} s: doubled, also without memory", _doubled(held), 0),
            exactly(
                "e", f"lag {lag} s: records there", len(held.companies) + len(held.contacts), 2 * len(rows)
            ),
            exactly("e", f"lag {lag} s: made again without memory", _counted(report, "created"), 0),
        ]
    return figures


def lost_answers(scale: Scale) -> list[Figure]:
    """Load while the connection drops after HubSpot has stored a batch."""
    rows = companies(scale.companies)
    with trial(PortalSettings(per_ten_seconds=UNLIMITED, lost_answers=LOST_ANSWERS)) as here:
        here.enter(rows, contacts(len(rows), len(rows)))
        here.load()
        (lost,), held = here.portal.struck(), here.portal.holdings()
    return [
        shown("e", f"answers lost after HubSpot stored them, of {LOST_ANSWERS}", f"{lost}"),
        *_all_there("e", held, rows, contacts(len(rows), len(rows))),
    ]


def kills(_scale: Scale) -> list[Figure]:
    """Kill twenty runs, each a little later than the one before and with new rows to load, then let one end."""
    rows = companies(KILLS * A_KILL)
    people = contacts(len(rows), len(rows))
    with trial(PortalSettings(latency_ms=20)) as here:
        for number in range(KILLS):
            new = slice(number * A_KILL, (number + 1) * A_KILL)
            here.enter(rows[new], people[new])
            here.load_and_kill(number * SECONDS_LATER)
        here.load()
        held = here.portal.holdings()
    return [shown("e", "runs killed at different moments", f"{KILLS}"), *_all_there("e", held, rows, people)]


def missed_days(_scale: Scale) -> list[Figure]:
    """Sync the first day, miss thirty on which customers come and customers move, and catch up."""
    known = companies(MISSED_DAYS * A_DAY)
    with trial(days=MISSED_DAYS + 1) as here:
        here.enter(known, days_ago=MISSED_DAYS + 1)
        before = here.load()
        for day in range(MISSED_DAYS, 0, -1):
            moved = known[(day - 1) * A_DAY : day * A_DAY]
            here.enter(
                [replace(row, properties=row.properties | {"city": "Bergen"}) for row in moved], days_ago=day
            )
            here.enter(companies(A_DAY, first=len(known) + day * A_DAY), days_ago=day)
        report = here.catch_up()
        held = here.portal.holdings()
    return [
        exactly("g", "days caught up", len(report.partitions), MISSED_DAYS),
        exactly("g", "runs for them", report.runs - before.runs, 1),
        exactly(
            "g", "customers read: each changed one once", report.count("companies", "read"), 2 * len(known)
        ),
        exactly("g", "made", report.count("companies", "created"), len(known)),
        exactly("g", "changed", report.count("companies", "updated"), len(known)),
        exactly("g", "companies doubled", _doubled(held), 0),
    ]


def demo(_scale: Scale) -> list[Figure]:
    """Clone what is committed and run the demo there without its UI, environment and all."""
    with tempfile.TemporaryDirectory(prefix="mlc-demo-", ignore_cleanup_errors=True) as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        started = time.monotonic()
        done = subprocess.run(
            ["make", "--silent", "demo", "ARGS=--headless --json"],
            cwd=clone,
            env={name: value for name, value in os.environ.items() if not name.startswith("ML_CONNECTOR_")},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
    _, brace, summary = done.stdout.partition("{")
    entities = json.loads(brace + summary)["entities"] if brace else {}
    created = sum(counts["created"] for counts in entities.values())
    return [
        exactly("demo", "exit code of `make demo` without UI in a clean clone", done.returncode, 0),
        Figure("demo", "records and links in the portal", "some", f"{created:,}", created > 0),
        at_most("demo", "time, the environment included", round(seconds, 1), 180, " s"),
    ]


GOALS: Mapping[str, Callable[[Scale], list[Figure]]] = {
    "ab": empty_portal,
    "c": known_companies,
    "d": poison,
    "e": lambda scale: search_lag(scale) + lost_answers(scale) + kills(scale),
    "f": lambda scale: size(scale.customers),
    "g": missed_days,
    "year": lambda scale: year(scale.year),
    "trouble": lambda _scale: trouble(),
    "audit": lambda scale: audit(scale.operations),
    "rejects": lambda _scale: refused(),
    "undo": lambda scale: undo(scale.companies),
    "demo": demo,
}
"""The goals by the letters they are chosen with."""


def _counted(report: JobReport, *names: str) -> int:
    return sum(report.count(entity, *names) for entity in ("companies", "contacts"))


def _doubled(held: Holdings) -> int:
    """Return how many records there are beyond one per key."""
    keys = [key for kind in (held.companies, held.contacts) for key in kind.values() if key is not None]
    return len(keys) - len(set(keys))


def _all_there(goal: str, held: Holdings, companies: Sequence[Row], contacts: Sequence[Row]) -> list[Figure]:
    """Return the figures that say that everything arrived, once."""
    stored = {*held.companies.values(), *held.contacts.values()}
    links = {(start, end) for start, end in held.links}
    return [
        exactly(goal, "companies there", sum(row.key in stored for row in companies), len(companies)),
        exactly(goal, "contacts there", sum(row.key in stored for row in contacts), len(contacts)),
        exactly(goal, "links there", sum((row.key, row.company) in links for row in contacts), len(contacts)),
        exactly(goal, "doubled", _doubled(held), 0),
    ]
