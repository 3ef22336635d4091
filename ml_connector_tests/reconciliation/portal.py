"""A company with books and a portal that shows them, both served; the loader's work is done by the sandbox's hooks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.money_group import INVOICE_PROPERTIES, LINE_PROPERTIES
from ml_connector.hubspot.properties import ensure
from ml_connector.hubspot.visma_group import COMPANY_PROPERTIES, GROUP
from ml_connector.ledger.entries import IdentityRow, LinkRow
from ml_connector.ledger.journal import Journal
from ml_connector.reconciliation.compare import Comparison, compare
from ml_connector.reconciliation.facts import DOCUMENTS, Facts
from ml_connector.reconciliation.hubspot_side import HubSpotSide
from ml_connector.reconciliation.visma_side import DOCUMENT_ENTITIES, VismaSide
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.invoices import DocumentMapper
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.hubspot.settings import HubSpotSandboxSettings
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector.settings.money import TransactionRules
from ml_connector.visma.auth import VismaCredentials
from ml_connector.visma.client import VismaClient
from ml_connector_tests.reconciliation.made import around

NAME = "acme"
WINDOW = "2026-03-02"
"""The window that holds everything, the first of the connection."""

SEED = "seed-run"
"""The run by which the ledger knows what the portal holds."""
AS_OF = datetime(2026, 3, 2)
"""Long enough ago for the window of this day to be complete on every clock."""
OSLO = ZoneInfo("Europe/Oslo")
CURRENCIES = ("NOK", "SEK", "EUR", "USD", "DKK", "GBP")

KEPT = (
    "visma_invoice_id",
    "visma_number",
    "visma_amount",
    "visma_balance",
    "visma_status",
    "visma_document_type",
    "hs_currency",
    "hs_invoice_date",
    "hs_invoice_billable",
)
"""What the portal's invoices hold, besides their status."""

SMALL = BooksSettings(
    invoices=60,
    credit_notes=8,
    debit_notes=4,
    payments=40,
    supplier_invoices=2,
    purchase_orders=2,
    gl_batches=4,
)


@dataclass
class Portal:
    """Both systems, and clients that read them as a reconciliation does."""

    sandbox: Sandbox
    visma: VismaSide
    hubspot: HubSpotSide
    companies: dict[str, str]

    def mirror(self) -> None:
        """Show every document in the portal as it should be."""
        for record in self.records():
            if record.skip is None and not record.voided:
                self.show(record)

    def records(self) -> Iterator[InvoiceRecord]:
        """Yield the records of all documents."""
        for entity in DOCUMENT_ENTITIES:
            for page in self.visma.client.changed(entity):
                yield from map(self.visma.document, page)

    def compared(self) -> Comparison:
        """Compare the documents, with a ledger that knows nothing and windows that are all loaded."""
        return compare(
            Facts(self.visma.documents()),
            Facts(self.hubspot.documents()),
            lambda _: {},
            around(),
            kinds=DOCUMENTS,
        )

    def show(self, record: InvoiceRecord) -> str:
        """Show one document with its line items, linked to its customer's company; return the record's id."""
        wanted = {**record.properties, "hs_invoice_billable": "false"}
        values = {name: str(wanted[name]) for name in KEPT if wanted.get(name) is not None}
        number = str(record.customer).partition(":")[2]
        made = self.sandbox.hubspot.add_record("invoices", values, [("companies", self.companies[number])])
        for line in record.lines:
            shown = {name: value for name, value in line.properties.items() if value is not None}
            self.sandbox.hubspot.add_record("line_items", shown, [("invoices", made)])
        self.sandbox.hubspot.edit_as_person(
            "invoices", made, {"hs_invoice_status": str(wanted["hs_invoice_status"])}
        )
        return made

    def invoice(self, key: str) -> str:
        """The record id of a document such as ``Invoice:100001``."""
        (found,) = self.sandbox.hubspot.find("invoices", "visma_invoice_id", f"{NAME}:{key}")
        return found.id


@contextmanager
def served(books: BooksSettings | None = SMALL, *, customers: int = 12) -> Iterator[Portal]:
    """Serve both systems with books, and companies of all customers in the portal."""
    settings = SandboxSettings(
        customers=customers,
        suppliers=2,
        books=books,
        visma=VismaSandboxSettings(as_of=AS_OF, hourly_limit=None),
        hubspot=HubSpotSandboxSettings(
            enterprise=True,
            requests_per_ten_seconds=100_000,
            association_requests_per_ten_seconds=100_000,
            searches_per_second=None,
            search_lag_seconds=0.0,
        ),
    )
    with Sandbox(settings) as sandbox:
        yield portal_of(sandbox)


def portal_of(sandbox: Sandbox) -> Portal:
    """Make the properties and companies in a served sandbox, and clients of both systems."""
    visma = sandbox.settings.visma
    credentials = VismaCredentials(visma.client_id, visma.client_secret, visma.tenant_id)
    reader = VismaClient(credentials, api_url=sandbox.url, token_url=f"{sandbox.url}/connect/token")
    client = HubSpotClient(sandbox.settings.hubspot.access_tokens[0], base_url=sandbox.url)
    ensure(client, GROUP, (*COMPANY_PROPERTIES, *INVOICE_PROPERTIES, *LINE_PROPERTIES)).require()
    mapper = DocumentMapper(NAME, OSLO, OSLO, AS_OF.date())
    companies = {
        number: sandbox.hubspot.add_record(
            "companies", {"name": f"Company {number}", "visma_customer_id": f"{NAME}:{number}"}
        )
        for number in sandbox.visma.keys("customers")
    }
    return Portal(
        sandbox,
        VismaSide(reader, mapper, TransactionRules(), "NOK", frozenset(CURRENCIES)),
        HubSpotSide(client, NAME, OSLO, "NOK"),
        companies,
    )


def remember(portal: Portal, engine: sa.Engine) -> None:
    """Let the ledger know all that the portal holds."""
    journal = Journal(engine, NAME, SEED)
    journal.begin([WINDOW])
    held = portal.sandbox.hubspot.records("invoices").values()
    by_id = {record.values["visma_invoice_id"]: record for record in held}
    identities, links = [], []
    for record in portal.records():
        found = by_id.get(record.properties.get("visma_invoice_id") or "")
        if found is not None:
            values = {name: str(value) for name, value in found.values.items()}
            identities.append(
                IdentityRow("invoices", record.key, found.id, None, "as synced", values, record.stamp)
            )
            company = portal.companies[str(record.customer).partition(":")[2]]
            links.append(
                LinkRow(
                    "invoices",
                    record.key,
                    "companies",
                    str(record.customer),
                    found.id,
                    company,
                    "179",
                    "confirmed",
                    None,
                )
            )
    journal.settle([], identities=identities, links=links)


def some_invoice(portal: Portal, place: int = 0) -> tuple[str, str]:
    """Return the key and the record id of an open invoice."""
    documents = sorted(
        (fact for fact in portal.hubspot.documents() if fact.key.startswith("invoice:") and fact.balance),
        key=lambda fact: fact.key,
    )
    return documents[place].key, documents[place].hubspot_id


def causes(document: dict[str, Any]) -> dict[str, str]:
    """What differs, by key."""
    return {item["key"]: item["cause"] for item in document["differences"]}


def rows(engine: sa.Engine, query: str) -> list[Any]:
    """Return the rows of a query."""
    with engine.connect() as database:
        return list(database.execute(sa.text(query)))
