"""A mid-size company's year of books, and how a portal's invoices compare with them.

Runs inside the portal's process: compared are the sandbox's own memories, not what either API says.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from bench.works import CONNECTION
from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.settings import YEAR
from ml_connector.sandbox.hubspot import HubSpotSandbox
from ml_connector.sandbox.server import Sandbox

CUSTOMERS, SUPPLIERS = 5_000, 800
"""Of the company that :data:`ml_connector.sandbox.books.settings.YEAR` goes with."""

COUNTED = (
    "invoices",
    "credit_notes",
    "debit_notes",
    "payments",
    "supplier_invoices",
    "purchase_orders",
    "gl_batches",
    "journal_batches",
)

RELEASED = ("Open", "Closed")
"""Statuses of documents that travel; one voided before the first sync never was in HubSpot."""

PAIRS = (
    ("contacts", "companies"),
    ("invoices", "line_items"),
    ("invoices", "contacts"),
    ("invoices", "deals"),
    ("invoices", "companies"),
    ("commerce_payments", "invoices"),
    ("commerce_payments", "companies"),
    ("commerce_payments", "contacts"),
    ("p_visma_transaction", "companies"),
    ("p_visma_transaction", "invoices"),
)
"""Pairs of object types that are linked; the custom object goes by its name without the portal's number."""

EVERY_DEAL = 10
"""One in so many invoices has a deal that carries its reference."""

LONG_AGO_SECONDS = 90 * 86_400
"""When the deals were typed; those of the last days are read again by each run."""

ZERO = Decimal(0)


@dataclass(slots=True)
class Books:
    """Counts over all released documents of customers.

    Args:
        documents: how many there are.
        there: those that are in the portal.
        lines: whose lines are exactly those of the books, and add up to the amount.
        linked: linked with the customer's company and no other, and with their deal.
        statuses: shown as open or paid, as they are.
        balances: with the right balance.
        doubled: documents and lines beyond one per key, and lines that belong to no document.
        records: how many records of each type the portal has.
        links: how many links of each pair of types, as ``invoices > line_items``.
        wrong: some keys of documents that are not as they should be.
    """

    documents: int = 0
    there: int = 0
    lines: int = 0
    linked: int = 0
    statuses: int = 0
    balances: int = 0
    doubled: int = 0
    records: dict[str, int] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def company_of(part: float) -> dict[str, Any]:
    """Return the sandbox's settings of so much of a mid-size company with its year."""
    counts: dict[str, Any] = {name: int(getattr(YEAR, name) * part) for name in COUNTED}
    return {
        "customers": int(CUSTOMERS * part),
        "suppliers": int(SUPPLIERS * part),
        "books": replace(YEAR, **counts),
    }


def add_deals(sandbox: Sandbox) -> None:
    """Put deals into the portal that carry the reference of every tenth invoice, as sales did long ago."""
    sandbox.hubspot.add_property("deals", "order_reference")
    account = sandbox.hubspot.account
    account.clock, present = lambda: time.time() - LONG_AGO_SECONDS, account.clock
    for reference in dict.fromkeys(_references(sandbox).values()):
        sandbox.hubspot.add_record(
            "deals", {"dealname": "Order", "dealstage": "closedwon", "order_reference": reference}
        )
    account.clock = present


def books_of(sandbox: Sandbox) -> Books:
    """Compare the portal with the books."""
    portal, found = sandbox.hubspot, Books()
    held = _Held(portal)
    references = _references(sandbox)
    for document in _documents(sandbox):
        if document.status not in RELEASED:
            continue
        found.documents += 1
        invoice_id = held.invoices.get(f"{CONNECTION}:{document.key}")
        if invoice_id is None:
            found.wrong.append(document.key)
            continue
        values = portal.record("invoices", invoice_id).values
        sign = -1 if document.type == "CreditNote" else 1
        right = (
            _lines_right(document, held.lines[invoice_id], sign),
            held.companies[invoice_id] == [f"{CONNECTION}:{document.partner.number}"]
            and (document.key not in references or held.deals[invoice_id] == 1),
            values.get("hs_invoice_status") == ("open" if document.balance else "paid"),
            Decimal(values.get("visma_balance") or "NaN") == sign * document.balance,
        )
        found.there += 1
        found.lines += right[0]
        found.linked += right[1]
        found.statuses += right[2]
        found.balances += right[3]
        if not all(right):
            found.wrong.append(document.key)
    found.doubled = len(portal.records("invoices")) - found.there + held.stray
    found.records = portal.snapshot()
    found.links = {f"{start} > {end}": _links(portal, start, end) for start, end in PAIRS}
    found.wrong = found.wrong[:5]
    return found


class _Held:
    """The portal's invoices by their key, and what each is linked with."""

    def __init__(self, portal: HubSpotSandbox) -> None:
        self.invoices = {
            record.values.get("visma_invoice_id", ""): number
            for number, record in portal.records("invoices").items()
        }
        lines = portal.records("line_items")
        self.lines: Mapping[str, list[Mapping[str, str]]] = defaultdict(list)
        for invoice, line in portal.links("invoices", "line_items"):
            self.lines[invoice].append(lines[line].values)
        self.stray = abs(len(lines) - sum(len(some) for some in self.lines.values()))
        companies = portal.records("companies")
        self.companies: Mapping[str, list[str | None]] = defaultdict(list)
        for invoice, company in portal.links("invoices", "companies"):
            self.companies[invoice].append(companies[company].values.get("visma_customer_id"))
        self.deals = Counter(invoice for invoice, _ in portal.links("invoices", "deals"))


def _lines_right(document: Document, held: list[Mapping[str, str]], sign: int) -> bool:
    """Return whether each line is there once with its net, and all of them add up to the document's amount."""
    start = f"{CONNECTION}:{document.key}:"
    nets = {
        values["visma_line_id"].removeprefix(start): Decimal(values["visma_net_amount"]) for values in held
    }
    whole = sum((Decimal(values.get("visma_vat_amount") or 0) for values in held), ZERO)
    whole += sum(nets.values(), ZERO)
    own = {str(line.number): sign * line.net for line in document.lines}
    rest = nets.keys() - own.keys()
    return (
        len(nets) == len(held)
        and len(rest) <= 1
        and all(nets.get(number) == net for number, net in own.items())
        and whole == sign * document.totals.amount
    )


def _links(portal: HubSpotSandbox, start: str, end: str) -> int:
    names = {name.partition("_")[2] if name.startswith("p") else name: name for name in portal.snapshot()}
    known = names.get(start.removeprefix("p_"), start)
    return len(portal.links(known, end)) if known in portal.snapshot() else 0


def _documents(sandbox: Sandbox) -> Iterator[Document]:
    books = sandbox.visma.books.books
    for shelf in (books.invoices, books.credit_notes, books.debit_notes):
        yield from shelf


def _references(sandbox: Sandbox) -> dict[str, str]:
    """Return the reference of every tenth invoice that has one of its own, by the invoice's key."""
    own = [one for one in _documents(sandbox) if one.type == "Invoice" and one.reference]
    times = Counter(str(one.reference) for one in own)
    return {one.key: str(one.reference) for one in own[::EVERY_DEAL] if times[str(one.reference)] == 1}
