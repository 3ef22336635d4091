"""One connection, one sandbox and one database of a test's own, and running windows of it as the command line does.

Every run made here is held to the invariants of the ledger at once, so that no test has to remember them.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import sqlalchemy as sa

from ml_connector import database
from ml_connector.cli.sandbox import addresses
from ml_connector.cli.sync import Summary, run_windows
from ml_connector.connection import build_defs
from ml_connector.instance import connector_instance
from ml_connector.ledger.rejects import Refused, Rejects
from ml_connector.running import PLAN_STEPS
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.settings import HubSpotSandboxSettings
from ml_connector.sandbox.request_log import LoggedCall
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.graph import rows

NAME = "acme"

COUNTS = ("created", "updated", "unchanged", "archived", "skipped", "rejected", "pending", "conflicts")
"""What the records read must add up to."""

ENDED = {"success": "done", "rejects": "rejects", "failed": "failed"}
"""How a run stands in the ledger, by the status of its summary."""

UNTOUCHED = frozenset(
    {
        "associatedcompanyid",
        "createdate",
        "hs_createdate",
        "hs_lastmodifieddate",
        "hs_object_id",
        "lastmodifieddate",
    }
)
"""Properties HubSpot keeps by itself, different in every portal; who belongs to whom is compared with the links."""


def empty_company(**changes: Any) -> SandboxSettings:
    """Return settings of a Visma company without rows and an empty portal, to be filled by a test."""
    visma = changes.pop("visma", {})
    hubspot = {
        # Limits so high that no client waits: it learns them from the headers.
        "requests_per_ten_seconds": 100_000,
        "association_requests_per_ten_seconds": 100_000,
        "searches_per_second": None,
        "search_lag_seconds": 0.0,
        **changes.pop("hubspot", {}),
    }
    return SandboxSettings(
        **{"customers": 0, "suppliers": 0, **changes},
        visma=VismaSandboxSettings(**{"as_of": rows.at(0, 0), "hourly_limit": None, **visma}),
        hubspot=HubSpotSandboxSettings(**hubspot),
    )


def connection(**changes: Any) -> ConnectionSettings:
    """Return the settings of the tests' connection: companies and contacts only, unless a test asks for more.

    Its few records change much from window to window, which only the tests of the breaker are about.
    """
    usual = {
        "name": NAME,
        "start": rows.FIRST,
        "settle_minutes": 0,
        "daily": False,
        "records": [],
        "limits": {"floor": 1_000_000},
    }
    return ConnectionSettings.model_validate({**usual, **changes})


@dataclass(frozen=True)
class Written:
    """The calls of a run as the sandbox counted them, by what they do."""

    calls: Counter[str]

    def of(self, *parts: str) -> int:
        """Return how many calls have all these words in their method and path."""
        return sum(many for name, many in self.calls.items() if all(part in name for part in parts))


@dataclass
class World:
    """A connection between a sandboxed Visma company and a sandboxed portal."""

    sandbox: Sandbox
    settings: ConnectionSettings
    database_url: str
    runs: list[Summary] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What points a process at this world."""
        visma = self.sandbox.settings.visma
        return {
            **addresses(self.sandbox.url),
            "VISMA_CLIENT_ID": visma.client_id,
            "VISMA_CLIENT_SECRET": visma.client_secret,
            "VISMA_TENANT_ID": visma.tenant_id,
            "HUBSPOT_ACCESS_TOKEN": self.sandbox.settings.hubspot.access_tokens[0],
            database.URL_VARIABLE: self.database_url,
            database.HOME_VARIABLE: os.environ[database.HOME_VARIABLE],
        }

    # --- the company

    def enter(self, entity: str, made: Iterable[Mapping[str, Any]], day: int = 0, **time: int) -> None:
        """Enter rows in Visma on a window's day."""
        for row in made:
            self.sandbox.visma.add(entity, row, stamp=rows.at(day, **time))

    def enter_pairs(self, numbers: Iterable[int], day: int = 0) -> None:
        """Enter customers with a contact each."""
        for number in numbers:
            self.enter("customers", [rows.customer(number)], day)
            self.enter("contacts", [rows.contact(number, number)], day)

    # --- running

    def sync(
        self,
        first: int | str | None = 0,
        last: int | str | None = None,
        *,
        steps: Sequence[str] | None = None,
        **options: Any,
    ) -> Summary:
        """Run windows, named by key or number, or all that are due (None), and hold the run to its invariants.

        ``options`` are those of the run.
        """
        start, end = _key(first), _key(first if last is None else last)
        chosen = tuple(steps) if steps is not None else None
        summary = run_windows(self.settings, start, end, steps=chosen, quiet=True, options=options)
        self.runs.append(summary)
        self.check(summary)
        return summary

    def plan(self, first: int | str | None = 0, last: int | str | None = None) -> Summary:
        """Plan windows without loading them."""
        return self.sync(first, last, steps=PLAN_STEPS)

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """The Dagster instance the runs are recorded in."""
        with connector_instance() as instance:
            yield instance

    def definitions(self) -> dg.Definitions:
        """The connection's definitions."""
        return build_defs(self.settings)

    # --- what was asked of the APIs

    def forget_calls(self) -> None:
        """Set the sandbox's counts to zero."""
        self.sandbox.log.clear()
        self.sandbox.hubspot.forget_calls()

    def calls(self, api: str | None = "hubspot") -> list[LoggedCall]:
        """The calls since the counts were set to zero."""
        return self.sandbox.log.calls(api)

    def counted(self) -> Written:
        """HubSpot calls by method and path."""
        return Written(Counter(f"{call.method} {call.path}" for call in self.calls()))

    def writes(self) -> list[LoggedCall]:
        """The calls that could have changed HubSpot's records or properties."""
        harmless = ("/search", "/batch/read", "/access-token-info")
        return [call for call in self.calls() if call.method != "GET" and not call.path.endswith(harmless)]

    # --- what the portal holds

    def companies(self) -> list[Record]:
        """The portal's companies in use."""
        return list(self.sandbox.hubspot.records("companies").values())

    def company(self, number: int | str, kind: str = "customer") -> Record:
        """The one company of a customer or supplier."""
        return self._one("companies", f"visma_{kind}_id", f"{NAME}:{number}")

    def contact(self, number: int | str) -> Record:
        """The one contact of a Visma contact."""
        return self._one("contacts", "visma_contact_id", f"{NAME}:{number}")

    def _one(self, object_type: str, name: str, value: str) -> Record:
        found = self.sandbox.hubspot.find(object_type, name, value)
        assert len(found) == 1, f"{len(found)} {object_type} with {name} {value}"
        return found[0]

    def portrait(self) -> dict[str, Any]:
        """All that the portal holds, without the ids and moments that differ between two portals: equal means equal.

        A record that is there twice is there twice in the portrait.
        """
        names: dict[tuple[str, str], str] = {}
        held: dict[str, Any] = {}
        for kind in ("companies", "contacts"):
            found = []
            for record in self.sandbox.hubspot.records(kind).values():
                values = {name: value for name, value in record.values.items() if name not in UNTOUCHED}
                names[kind, record.id] = repr(sorted(values.items()))
                found.append(names[kind, record.id])
            held[kind] = sorted(found)
        account = self.sandbox.hubspot.account
        held["links"] = sorted(
            (
                names["contacts", contact],
                names["companies", company],
                tuple(item.id for item in account.links.described("0-1", contact, "0-2", company)),
            )
            for contact, company in self.sandbox.hubspot.links("contacts", "companies")
        )
        return held

    # --- what the ledger holds

    def query(self, text: str, **values: Any) -> list[Any]:
        """Return the rows of a query."""
        with database.engine(self.database_url).connect() as connection:
            return list(connection.execute(sa.text(text), values))

    def lose_ledger(self) -> None:
        """Empty the ledger's tables, as where a database was restored from nothing."""
        with database.engine(self.database_url).begin() as connection:
            connection.exec_driver_sql(
                "TRUNCATE ml_connector.run, ml_connector.operation, ml_connector.identity, ml_connector.link,"
                " ml_connector.reject"
            )

    def forget_all_but(self, run_id: str | None) -> None:
        """Forget who is who and every run but one, so that the ledger stands as before it; its own rows are kept."""
        self.change("TRUNCATE ml_connector.identity, ml_connector.link, ml_connector.reject")
        for table in ("operation", "run"):
            self.change(f"DELETE FROM ml_connector.{table} WHERE run_id <> :run", run=run_id)

    def change(self, text: str, **values: Any) -> None:
        """Carry out a statement on the ledger."""
        with database.engine(self.database_url).begin() as connection:
            connection.execute(sa.text(text), values)

    def rejects(self) -> list[Refused]:
        """The records that are refused now."""
        return list(self.refused().each())

    def refused(self) -> Rejects:
        """The refused records, as the commands ask for them."""
        return Rejects(database.engine(self.database_url), NAME, self.settings.model_dump(mode="json"))

    def rejected_keys(self) -> set[str]:
        """Their keys."""
        return {item.record for item in self.rejects()}

    def open_intents(self) -> int:
        """How many operations were sent without their end being known."""
        found = self.query(
            "SELECT count(*) FROM ml_connector.operation WHERE status IN ('intended', 'unknown')"
        )
        return int(found[0][0])

    def check(self, summary: Summary) -> None:
        """Hold a run to the invariants: nothing is written in Visma, outcomes add up, the ledger has all of them."""
        assert self.sandbox.visma.refused_writes == []
        for entity, counts in summary.entities.items():
            assert counts["read"] == sum(counts[name] for name in COUNTS), (entity, counts)
        for run_id, figures in self.query(_LOADED):
            for entity, counts in figures.items():
                assert counts["read"] == sum(counts[name] for name in COUNTS), (run_id, entity, counts)
                assert counts["read"] == self._operations(run_id, entity), (run_id, entity, counts)
        if summary.status in ("success", "rejects"):
            assert self.query(_INTENDED, run=summary.run_id) == []
        if summary.status in ENDED:
            stands = self.query(_STATUS, run=summary.run_id)
            # A run that failed before its first asset began has left nothing to account for.
            assert stands == [(ENDED[summary.status], True)] or (summary.status == "failed" and not stands)

    def _operations(self, run_id: str, entity: str) -> int:
        found = self.query(_OPERATIONS, run=run_id, entity=entity)
        return int(found[0][0])


_STATUS = "SELECT status, finished_at IS NOT NULL FROM ml_connector.run WHERE run_id = :run"
_LOADED = "SELECT run_id, summary -> 'entities' FROM ml_connector.run WHERE summary -> 'entities' IS NOT NULL"
_OPERATIONS = (
    "SELECT count(DISTINCT record_key) FROM ml_connector.operation WHERE run_id = :run AND entity = :entity"
)
_INTENDED = "SELECT record_key FROM ml_connector.operation WHERE run_id = :run AND status = 'intended'"


def _key(window: int | str | None) -> str | None:
    return rows.day(window) if isinstance(window, int) else window
