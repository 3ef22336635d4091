"""Planning and loading without Dagster: records go against a sandboxed portal over HTTP and a real ledger.

A chain does what the assets of ``plan`` and ``hubspot`` do, in the same order, and holds each load to its equation.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector import database
from ml_connector.http import RetryPolicy
from ml_connector.hubspot.calls import hubspot_transport
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.linking import LinkLoader
from ml_connector.hubspot.loading import RecordLoader
from ml_connector.hubspot.loads import policies, proposing
from ml_connector.hubspot.lost import settle_lost_intents
from ml_connector.hubspot.properties import ensure
from ml_connector.hubspot.visma_group import (
    COMPANY_PROPERTIES,
    CONTACT_PROPERTIES,
    GROUP,
)
from ml_connector.ledger.due import DueReader, DueReject
from ml_connector.ledger.entries import About
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.tables import metadata
from ml_connector.ledger.taking import TakingReader
from ml_connector.plan.companies import CompanyPlanner
from ml_connector.plan.contacts import ContactPlanner
from ml_connector.plan.due import companies_with_due, contacts_with_due
from ml_connector.plan.operations import Operation
from ml_connector.plan.taken import NotTaken
from ml_connector.records.again import Again
from ml_connector.records.companies import CompanyMapper, companies
from ml_connector.records.contacts import contacts
from ml_connector.records.field_rules import FieldRules
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.sandbox import HubSpotSandbox
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN, HubSpotSandboxSettings
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.hubspot.portal import limits
from ml_connector_tests.records.snapshots import Rows

NAME = "acme"
UNLIMITED: dict[str, Any] = {
    "search_lag_seconds": 0.0,
    "searches_per_second": None,
    "requests_per_ten_seconds": None,
    "association_requests_per_ten_seconds": None,
}
"""Limits and lag are the client's tests; here they would only cost time."""


@dataclass
class Chain:
    """One connection, its portal and its ledger; ``journal`` is that of the last run."""

    sandbox: Sandbox
    client: HubSpotClient
    engine: sa.Engine
    settings: ConnectionSettings
    runs: list[str] = field(default_factory=list)

    @property
    def portal(self) -> HubSpotSandbox:
        return self.sandbox.hubspot

    @property
    def ledger(self) -> LedgerReader:
        return LedgerReader(self.engine, self.settings.name)

    def journal(self) -> Journal:
        """Return the ledger of a new run."""
        self.runs.append(str(uuid.uuid4()))
        journal = Journal(self.engine, self.settings.name, self.runs[-1])
        journal.begin(["2026-11-20"], About("sync", settings=self.settings.model_dump(mode="json")))
        return journal

    def forget(self) -> None:
        """Lose the ledger."""
        clear(self.engine)

    # --- records

    def companies(self, customers: Sequence[Any] = (), suppliers: Sequence[Any] = ()) -> list[CompanyRecord]:
        """Map stored rows."""
        mine = self.settings
        mapper = CompanyMapper(mine.name, mine.stamp_zone, mine.region, rules=FieldRules.of(mine))
        return list(companies(Rows(*customers), Rows(*suppliers), mapper))

    def contacts(self, people: Sequence[Any] = (), customers: Sequence[Any] = ()) -> list[ContactRecord]:
        """Map stored rows."""
        mine = self.settings
        found = contacts(
            Rows(*people),
            Rows(*customers),
            connection=mine.name,
            zone=mine.stamp_zone,
            region=mine.region,
            rules=FieldRules.of(mine),
        )
        return list(found)

    @property
    def again(self) -> Again:
        return Again(FieldRules.of(self.settings))

    def not_taken(self, companies: Iterable[Operation] = ()) -> NotTaken:
        """Return who does not travel, as a plan of companies and the ledger say."""
        found = NotTaken(self.settings.take, TakingReader(self.engine, self.settings.name))
        list(found.noting(companies))
        return found

    # --- plan

    def plan_companies(self, records: Iterable[CompanyRecord], unknown: int | None = None) -> list[Operation]:
        """Plan records and earlier rejects; ``unknown`` decides how the portal is read."""
        records = list(records)
        due = [self.again.company(one.record) for one in self.due("companies")]
        present = {key for record in records for key in record.keys}
        planner = CompanyPlanner(self.settings, self.ledger, self.client)
        both = companies_with_due(records, due, present)
        return list(planner.plan(both, len(records) + len(due) if unknown is None else unknown))

    def plan_contacts(
        self,
        records: Iterable[ContactRecord],
        unknown: int | None = None,
        companies: Iterable[Operation] = (),
    ) -> list[Operation]:
        """Plan records, earlier rejects and links that wait; ``companies`` is the run's plan of them."""
        records = list(records)
        due = [self.again.contact(one.record) for one in self.due("contacts")]
        present = {key: record.stamp for record in records for key in record.keys}
        not_taken = self.not_taken(companies)
        planner = ContactPlanner(self.settings, self.ledger, self.client, not_taken=not_taken)
        both = contacts_with_due(records, due, present)
        planned = list(planner.plan(both, len(records) + len(due) if unknown is None else unknown))
        return [*planned, *planner.owed(self.ledger.pending_links("contacts"), "2026-11-20")]

    def due(self, entity: str) -> list[DueReject]:
        """Return the earlier rejects of an entity."""
        return DueReader(self.engine, self.settings.name, {}).due(entity)

    # --- load

    def loader(self, journal: Journal | None = None) -> RecordLoader:
        """Return a loader of a new run."""
        journal = journal or self.journal()
        mine = self.settings
        return RecordLoader(self.client, journal, self.ledger, self.runs[-1], policies(mine), proposing(mine))

    def load_companies(self, plan: Iterable[Operation]) -> LoadCounts:
        """Carry out a plan in a new run."""
        journal = self.journal()
        settle_lost_intents(self.client, journal)
        return self._checked(self.loader(journal).load("companies", plan))

    def load_contacts(self, plan: Iterable[Operation]) -> tuple[LoadCounts, LoadCounts]:
        """Carry out a plan in a new run; return what became of contacts and of links."""
        plan = list(plan)
        journal = self.journal()
        settle_lost_intents(self.client, journal)
        loader = self.loader(journal)
        written = loader.load("contacts", [one for one in plan if one.entity == "contacts"])
        links = LinkLoader(self.client, journal, self.ledger, self.runs[-1])
        made = links.load([one for one in plan if one.entity == "links"], frozenset(loader.created_ids))
        return self._checked(written), self._checked(made)

    def sync(
        self, customers: Sequence[Any] = (), suppliers: Sequence[Any] = (), people: Sequence[Any] = ()
    ) -> None:
        """Do all of it with one window's rows."""
        companies = self.plan_companies(self.companies(customers, suppliers))
        self.load_companies(companies)
        self.load_contacts(self.plan_contacts(self.contacts(people, customers), companies=companies))

    def _checked(self, counts: LoadCounts) -> LoadCounts:
        assert counts.adds_up, counts.sentence()
        return counts

    # --- what there is

    def company(self, key: str) -> Record:
        """Return the company of a Visma key such as ``customer:10023``."""
        kind, _, number = key.partition(":")
        (found,) = self.portal.find("companies", f"visma_{kind}_id", f"{NAME}:{number}")
        return found

    def contact(self, address: str) -> Record:
        """Return the contact that has an address."""
        (found,) = self.portal.find("contacts", "email", address)
        return found

    def rows(self, table: str, columns: str = "*") -> list[Any]:
        """Return rows of a table of the ledger."""
        with self.engine.connect() as database:
            return list(database.execute(sa.text(f"SELECT {columns} FROM ml_connector.{table}")))

    def rejects(self) -> dict[str, str]:
        """Return the open rejects: key to cause."""
        return {row[0]: row[1] for row in self.rows("reject", "record_key, cause")}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """One running sandbox for the tests of a module."""
    with Sandbox(SandboxSettings(customers=0, suppliers=0)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def ledger_engine(new_database: Callable[..., str]) -> Iterator[sa.Engine]:
    """A database for the tests of a module: making one for each would take most of their time."""
    url = new_database()
    yield database.engine(url)
    database.close_engine(url)


@pytest.fixture
def empty_ledger(ledger_engine: sa.Engine) -> sa.Engine:
    """The ledger without a row."""
    clear(ledger_engine)
    return ledger_engine


def clear(engine: sa.Engine) -> None:
    """Empty all tables of a ledger."""
    tables = ", ".join(str(table) for table in metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {tables} RESTART IDENTITY"))


@pytest.fixture
def chain(running: Sandbox, empty_ledger: sa.Engine) -> Chain:
    """A chain on an empty portal with all properties and on an empty ledger."""
    running.hubspot.reset(HubSpotSandboxSettings(**UNLIMITED))
    client = HubSpotClient(
        DEFAULT_TOKEN,
        base_url=running.url,
        transport=hubspot_transport(RetryPolicy(attempts=2, first_delay=0.001), sleep=lambda _: None),
        limits=limits(),
    )
    ensure(client, GROUP, (*COMPANY_PROPERTIES, *CONTACT_PROPERTIES)).require()
    running.hubspot.forget_calls()
    running.log.clear()
    return Chain(running, client, empty_ledger, ConnectionSettings(name=NAME, start=date(2026, 11, 20)))
