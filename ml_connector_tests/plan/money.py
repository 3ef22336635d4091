"""Planning and loading documents without Dagster: rows of Visma go against a sandboxed portal and a real ledger.

A :class:`Books` does what the assets of ``plan`` and ``hubspot`` do for documents, in the same order, and holds each
load to its equation.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.linking import LinkLoader
from ml_connector.hubspot.money_group import INVOICE_PROPERTIES, LINE_PROPERTIES, PAYMENT_PROPERTIES
from ml_connector.hubspot.opening import Openings
from ml_connector.hubspot.properties import ensure
from ml_connector.hubspot.visma_group import GROUP
from ml_connector.ledger.document_queries import DocumentReader
from ml_connector.ledger.wholeness import WholenessReader
from ml_connector.plan.due import with_due
from ml_connector.plan.invoices import InvoicePlanner, Occasion
from ml_connector.plan.lines import DueLine
from ml_connector.plan.operations import Operation
from ml_connector.plan.taken import NotTaken
from ml_connector.plan.upcoming import Upcoming
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.invoices import DocumentMapper
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.settings import ConnectionSettings
from ml_connector.visma.snapshots import Version
from ml_connector_tests.plan.chain import NAME, Chain
from ml_connector_tests.records.documents import OSLO, Sold, document_row
from ml_connector_tests.records.snapshots import DAY, STAMP, customer

LATER = "2026-11-20T09:00:00"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CURRENCIES = ("NOK", "EUR")

ORDER = ("invoices", "line_items", "invoice_links", "openings")


def document(
    number: int | str = 100234,
    lines: Sequence[Sold] = (Sold(),),
    *,
    kind: str = "Invoice",
    stamp: str = STAMP,
    partition: str = DAY,
    base: str | None = None,
    as_of: date = date(2026, 11, 20),
    **fields: Any,
) -> InvoiceRecord:
    """Return the record of a document of customer 10, dated 2026-11-02 and due on 2026-11-16."""
    mapper = DocumentMapper(NAME, OSLO, OSLO, as_of, ("customerRefNumber", "externalReference"), base)
    row = document_row(lines, kind=kind, **{"customer": {"number": "10"}, **fields})
    return mapper.document(Version(f"{kind}:{number}", stamp, partition, row))


class Books:
    """The documents of one connection, its portal and its ledger."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.settings = chain.settings

    @property
    def documents(self) -> DocumentReader:
        """What the ledger knows of documents."""
        return DocumentReader(self.chain.engine, NAME)

    def with_settings(self, **changes: Any) -> "Books":
        """Return the same books under other settings."""
        values = {**self.settings.model_dump(), **changes}
        other = Books(self.chain)
        other.settings = ConnectionSettings.model_validate(values)
        return other

    def plan(
        self,
        *records: InvoiceRecord,
        upcoming: Iterable[Operation] = (),
        unknown: int | None = None,
        currencies: Sequence[str] = CURRENCIES,
        partition: str = DAY,
        as_of: date = date(2026, 11, 20),
        now: datetime = NOON,
        not_taken: NotTaken | None = None,
    ) -> list[Operation]:
        """Plan documents, earlier rejects and all that is owed."""
        ledger = self.chain.ledger
        due = [InvoiceRecord.from_row(one.record) for one in self.chain.due("invoices")]
        lines = [DueLine.from_row(one.record) for one in self.chain.due("line_items")]
        coming = Upcoming()
        for operation in upcoming:
            coming.add(operation)
        planner = InvoicePlanner(
            self.settings,
            ledger,
            self.documents,
            self.chain.client,
            currencies=currencies,
            upcoming=coming,
            occasion=Occasion(partition, as_of, now),
            due_lines=lines,
            not_taken=not_taken,
        )
        both = with_due(records, due, {record.key: record.stamp for record in records})
        return list(planner.plan(both, len(records) if unknown is None else unknown))

    def load(self, plan: Sequence[Operation]) -> dict[str, LoadCounts]:
        """Carry out a plan in a new run."""
        journal = self.chain.journal()
        loader = self.chain.loader(journal)
        links = LinkLoader(self.chain.client, journal, self.chain.ledger, self.chain.runs[-1])
        of = {entity: [one for one in plan if one.entity == entity] for entity in ORDER}
        found = {entity: loader.load(entity, of[entity]) for entity in ("invoices", "line_items")}
        found["invoice_links"] = links.load(of["invoice_links"], loader.created_ids)
        whole = WholenessReader(self.chain.engine, NAME)
        openings = Openings(self.chain.client, journal, whole, self.chain.runs[-1])
        found["openings"] = openings.load(of["openings"])
        for counts in found.values():
            assert counts.adds_up, counts.sentence()
        return found

    def sync(self, *records: InvoiceRecord, **arguments: Any) -> dict[str, LoadCounts]:
        """Plan and load documents."""
        return self.load(self.plan(*records, **arguments))

    # --- what there is

    def invoice(self, number: int = 100234, kind: str = "Invoice") -> Record:
        """Return the HubSpot invoice of a document."""
        (found,) = self.chain.portal.find("invoices", "visma_invoice_id", f"{NAME}:{kind}:{number}")
        return found

    def lines(self, number: int = 100234) -> dict[str, Record]:
        """Return the line items linked with an invoice, by their number."""
        mine = self.invoice(number).id
        pairs = self.chain.portal.links("invoices", "line_items")
        lines = [self.chain.portal.record("line_items", to) for start, to in pairs if start == mine]
        return {line.values["visma_line_id"].rpartition(":")[2]: line for line in lines}

    def linked(self, to_type: str, number: int = 100234) -> set[str]:
        """Return the ids of what an invoice is linked with."""
        mine = self.invoice(number).id
        return {to for start, to in self.chain.portal.links("invoices", to_type) if start == mine}

    def calls(self) -> int:
        """Return how many calls the portal has had since :meth:`forget`."""
        return self.chain.portal.counts.calls

    def forget(self) -> None:
        """Count calls anew."""
        self.chain.portal.forget_calls()


def of(plan: Iterable[Operation], entity: str) -> dict[str, Operation]:
    """Return the operations of one entity by key; each key is planned once."""
    mine = [one for one in plan if one.entity == entity]
    assert len({one.key for one in mine}) == len(mine)
    return {one.key: one for one in mine}


def actions(plan: Iterable[Operation]) -> dict[str, Counter[str]]:
    """Return how many operations of each action each entity has."""
    found: dict[str, Counter[str]] = {}
    for one in plan:
        found.setdefault(one.entity, Counter())[str(one.action)] += 1
    return found


@pytest.fixture
def books(chain: Chain) -> Books:
    """Books on a portal that has the properties of documents, with customers 10 and 20 in HubSpot."""
    specs = (*INVOICE_PROPERTIES, *LINE_PROPERTIES, *PAYMENT_PROPERTIES)
    ensure(chain.client, GROUP, specs).require()
    chain.client.refresh_properties("invoices")
    chain.sync([customer("10"), customer("20")])
    chain.portal.forget_calls()
    return Books(chain)
