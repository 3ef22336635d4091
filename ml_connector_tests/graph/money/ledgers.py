"""What the books of the pretended company say, and whether the portal says the same: the judge of these tests.

It shares no code with the connector: it goes from the sandbox's books to the sandbox's records.
"""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.cli.reconcile import Outcome, run_reconciliation
from ml_connector.sandbox.books import receivables
from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.visma.bookkeeping import Bookkeeping
from ml_connector.sandbox.visma.new_lines import NewLine
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.harness import NAME, UNTOUCHED, World

SMALL = BooksSettings(
    invoices=60,
    credit_notes=8,
    debit_notes=4,
    payments=40,
    supplier_invoices=8,
    purchase_orders=6,
    gl_batches=6,
)
"""Books of a small company, of every kind of document."""

DOCUMENTS = ["invoices"]
"""The records of connections that carry documents, their lines and links, and nothing besides."""

ZERO = Decimal(0)


def sold(*prices: str, **figures: Any) -> list[NewLine]:
    """Return lines with these unit prices, with VAT of 25 %."""
    return [NewLine(text=f"Vare {price}", price=Decimal(price), vat="3", **figures) for price in prices]


@dataclass(frozen=True)
class Money:
    """The books on one side, the portal on the other."""

    world: World

    @property
    def books(self) -> Bookkeeping:
        """The accountant."""
        return self.world.sandbox.visma.books

    def documents(self) -> list[Document]:
        """All customer documents of the books."""
        kept = self.books.books
        return [*kept.invoices, *kept.credit_notes, *kept.debit_notes]

    def bill(self, customer: int, *prices: str, day: int = 0, **how: Any) -> str:
        """Enter an invoice on a window's day and return its key."""
        return self.books.add_invoice(str(customer), sold(*prices), stamp=rows.at(day), **how)

    def keep_lines(self, key: str, *numbers: int, day: int) -> None:
        """Remove all other lines of a document at once."""

        def edit(document: Document) -> None:
            document.lines = [line for line in document.lines if line.number in numbers]

        receivables.change(self.books.books, self.books.books.document(key), edit, rows.at(day))

    # --- what the portal holds

    def invoice(self, key: str) -> Record:
        """The one invoice of a document."""
        return self.world._one("invoices", "visma_invoice_id", f"{NAME}:{key}")

    def amount(self, key: str, name: str) -> Decimal:
        """One of our amounts on a document's invoice."""
        return Decimal(self.invoice(key).values[f"visma_{name}"])

    def status(self, key: str) -> tuple[str, str | None]:
        """The status of a document's invoice, and why it is still a draft."""
        values = self.invoice(key).values
        return values["hs_invoice_status"], values.get("visma_pending_reason")

    def linked(self, key: str, to_type: str) -> list[Record]:
        """The records a document's invoice is linked to, by either direction of the association."""
        hubspot, number = self.world.sandbox.hubspot, self.invoice(key).id
        there = {to_id for from_id, to_id in hubspot.links("invoices", to_type) if from_id == number}
        back = {from_id for from_id, to_id in hubspot.links(to_type, "invoices") if to_id == number}
        assert there == back, key
        held = hubspot.records(to_type)
        return [held[one] for one in sorted(there)]

    def lines(self, key: str) -> dict[str, Record]:
        """The line items of a document's invoice by their number in the document."""
        found = self.linked(key, "line_items")
        by_number = {one.values["visma_line_id"].removeprefix(f"{NAME}:{key}:"): one for one in found}
        assert len(by_number) == len(found), key
        return by_number

    # --- the judgement

    def agrees(self) -> None:
        """Hold that the portal shows every released document once and whole, and nothing else."""
        hubspot = self.world.sandbox.hubspot
        shown, lines = 0, 0
        for document in self.documents():
            found = hubspot.find("invoices", "visma_invoice_id", f"{NAME}:{document.key}")
            if not document.released:
                assert found == [], document.key
            elif document.stage == "Voided":
                assert [one.values["hs_invoice_status"] for one in found] in ([], ["voided"]), document.key
            else:
                self.is_whole(document)
            if found:
                shown += 1
                lines += len(self.lines(document.key))
        assert len(hubspot.records("invoices")) == shown
        self.no_orphans(lines)

    def no_orphans(self, lines: int) -> None:
        """Hold that there are so many line items, each once and each of one invoice."""
        hubspot = self.world.sandbox.hubspot
        there = hubspot.links("invoices", "line_items")
        assert {(line, invoice) for invoice, line in there} == hubspot.links("line_items", "invoices")
        parents = Counter(line for _, line in there)
        held = hubspot.records("line_items")
        assert parents == Counter(dict.fromkeys(held, 1))
        assert len(held) == lines == len({one.values["visma_line_id"] for one in held.values()})

    def is_whole(self, document: Document) -> None:
        """Hold that a document's invoice says what the document says, to the cent, and is linked."""
        values = self.invoice(document.key).values
        sign = -1 if document.type == "CreditNote" else 1
        assert Decimal(values["visma_amount"]) == sign * document.totals.amount, document.key
        assert Decimal(values["visma_vat_amount"]) == sign * document.totals.vat, document.key
        assert Decimal(values["visma_balance"]) == sign * document.balance, document.key
        assert values["visma_status"] == document.status
        assert values["hs_invoice_status"] == ("open" if document.balance else "paid"), document.key
        assert values["hs_currency"] == document.currency
        assert values["hs_invoice_billable"] == "false"
        assert "visma_pending_reason" not in values, document.key
        self._has_its_lines(document, sign)
        (company,) = self.linked(document.key, "companies")
        assert company.values["visma_customer_id"] == f"{NAME}:{document.partner.number}"
        assert len(self.linked(document.key, "contacts")) <= 1
        assert len(self.linked(document.key, "deals")) <= 1

    def _has_its_lines(self, document: Document, sign: int) -> None:
        lines = self.lines(document.key)
        assert lines.keys() - {"rounding"} == {str(line.number) for line in document.lines}, document.key
        for line in document.lines:
            assert Decimal(lines[str(line.number)].values["visma_net_amount"]) == sign * line.net, (
                document.key
            )
        sums = [
            Decimal(line.values["visma_net_amount"]) + Decimal(line.values["visma_vat_amount"])
            for line in lines.values()
        ]
        assert sum(sums, ZERO) == sign * document.totals.amount, document.key

    def reconciled(self, *, repair: bool = False, month: str | None = None) -> dict[str, Any]:
        """Run the reconciliation, of all months or one, and return its statement."""
        outcome: Outcome = run_reconciliation(
            self.world.settings, month=month, repair=repair, out=None, quiet=True
        )
        assert outcome.error is None, outcome.error
        return outcome.statement

    def equal(self) -> dict[str, Any]:
        """Hold the portal to the books, and the reconciliation to saying so; return its statement."""
        self.agrees()
        statement = self.reconciled()
        assert statement["agrees"], (statement["causes"], statement["differences"][:5])
        return statement

    def portrait(self) -> dict[str, Any]:
        """All the money in the portal by Visma's ids: equal means equal, a record that is there twice shows twice."""
        ids = {
            "invoices": "visma_invoice_id",
            "line_items": "visma_line_id",
            "contacts": "visma_contact_id",
            "companies": "visma_customer_id",
        }
        hubspot = self.world.sandbox.hubspot
        names: dict[tuple[str, str], str] = {}
        held: dict[str, Any] = {}
        for kind, name in ids.items():
            for number, record in hubspot.records(kind).items():
                names[kind, number] = record.values.get(name, "")
            held[kind] = sorted(
                (record.values.get(name, ""), sorted(_lasting(record).items()))
                for record in hubspot.records(kind).values()
            )
        for kind in ("line_items", "contacts", "companies"):
            pairs = hubspot.links("invoices", kind)
            held[f"invoices > {kind}"] = sorted(
                (names["invoices", one], names[kind, other]) for one, other in pairs
            )
        return held


def _lasting(record: Record) -> dict[str, str]:
    return {name: value for name, value in record.values.items() if name not in UNTOUCHED}
