"""What the planning of documents asks the ledger."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector.ledger.document_queries import Billed, DocumentReader, Late, SentInvoice
from ml_connector.ledger.entries import Entry, IdentityRow
from ml_connector.ledger.journal import close_run
from ml_connector.ledger.queries import KnownLink, LedgerReader
from ml_connector.plan.operations import Action
from ml_connector_tests.ledger.rows import STAMP, identity, journal, link, operation, reject

TODAY = date(2026, 11, 20)
OPEN = {
    "hs_invoice_status": "open",
    "visma_status": "Open",
    "visma_balance": "125.00",
    "visma_due_date": "2026-11-16",
    "visma_days_overdue": "3",
    "document_date": "2026-11-02",
}


@pytest.fixture
def reader(empty_ledger: sa.Engine) -> DocumentReader:
    return DocumentReader(empty_ledger, "acme")


def invoice(number: int = 1, **values: str | None) -> IdentityRow:
    return identity(f"invoice:{number}", object_type="invoices", values={**OPEN, **values})


def company_of(number: int) -> Any:
    return link("customer:10", from_type="invoices", from_key=f"invoice:{number}")


class TestDrafts:
    """Invoices that are not opened yet."""

    def test_come_with_what_decides_their_status(
        self, empty_ledger: sa.Engine, reader: DocumentReader
    ) -> None:
        journal(empty_ledger).settle([], identities=[invoice(1), invoice(2, hs_invoice_status="draft")])
        values: dict[str, str | None] = {"visma_status": "Open", "visma_balance": "125.00"}
        assert reader.drafts() == [SentInvoice("invoice:2", "901", "f1", STAMP, values)]

    def test_are_of_this_connection(self, empty_ledger: sa.Engine, reader: DocumentReader) -> None:
        journal(empty_ledger, "r", "other").settle([], identities=[invoice(hs_invoice_status="draft")])
        assert reader.drafts() == []


class TestLate:
    """Open invoices whose days overdue are not today's."""

    @pytest.mark.parametrize(
        ("values", "late"),
        [
            ({}, True),
            ({"visma_days_overdue": "4"}, False),
            ({"visma_days_overdue": None}, True),
            ({"visma_balance": "0.00"}, False),
            ({"visma_balance": "-10.00"}, True),
            ({"visma_balance": None}, False),
            ({"visma_status": "Closed"}, False),
            ({"visma_due_date": "2026-11-20", "visma_days_overdue": "0"}, False),
            ({"visma_due_date": None}, False),
            ({"visma_due_date": ""}, False),
        ],
    )
    def test_by_status_balance_and_due_date(
        self, empty_ledger: sa.Engine, reader: DocumentReader, values: dict[str, Any], late: bool
    ) -> None:
        journal(empty_ledger).settle([], identities=[invoice(**values)])
        shown = values.get("visma_days_overdue", "3")
        assert reader.late(TODAY) == ([Late("invoice:1", "901", shown, 4)] if late else [])

    def test_without_those_that_are_refused(self, empty_ledger: sa.Engine, reader: DocumentReader) -> None:
        journal(empty_ledger).settle(
            [], identities=[invoice(1), invoice(2)], rejects=[reject("invoice:1", entity="invoices")]
        )
        assert [one.key for one in reader.late(TODAY)] == ["invoice:2"]


class TestWithoutDeal:
    """Invoices that a later deal may be for."""

    def test_with_their_company_and_what_is_asked(
        self, empty_ledger: sa.Engine, reader: DocumentReader
    ) -> None:
        journal(empty_ledger).settle([], identities=[invoice(1)], links=[company_of(1)])
        (one,) = reader.without_deal(date(2026, 11, 2), ("visma_balance", "references"))
        assert one.values == {"visma_balance": "125.00", "references": None, "customer": "customer:10"}

    @pytest.mark.parametrize("values", [{"document_date": "2026-11-01"}, {"visma_status": "Voided"}])
    def test_not_old_or_voided_ones(
        self, empty_ledger: sa.Engine, reader: DocumentReader, values: dict[str, Any]
    ) -> None:
        journal(empty_ledger).settle([], identities=[invoice(1, **values)])
        assert reader.without_deal(date(2026, 11, 2), ("visma_balance",)) == []

    def test_not_those_with_a_deal_made_or_owed(
        self, empty_ledger: sa.Engine, reader: DocumentReader
    ) -> None:
        deals = [
            link("deal:7", from_type="invoices", from_key=f"invoice:{number}", to_type="deals", status=status)
            for number, status in ((1, "confirmed"), (2, "pending"))
        ]
        journal(empty_ledger).settle([], identities=[invoice(1), invoice(2)], links=deals)
        assert reader.without_deal(date(2026, 1, 1), ("visma_balance",)) == []


class TestWhomInvoicesName:
    """Invoices that a contact who comes later may be for."""

    def test_by_key_and_by_address(self, empty_ledger: sa.Engine, reader: DocumentReader) -> None:
        named = [
            invoice(1, named_contact="contact:1", named_email="p1@fjord.no"),
            invoice(2, named_contact="contact:2", named_email="p1@fjord.no"),
            invoice(3),
        ]
        journal(empty_ledger).settle([], identities=named)
        journal(empty_ledger, "r", "other").settle([], identities=named[:1])
        assert reader.naming(["contact:1", "contact:9"]) == [
            Billed("invoice:1", "901", "contact:1", "p1@fjord.no")
        ]
        assert [one.key for one in reader.naming(["p1@fjord.no"])] == ["invoice:1", "invoice:2"]

    def test_those_of_a_company_without_a_contact(
        self, empty_ledger: sa.Engine, reader: DocumentReader
    ) -> None:
        owed = link(
            "contact:1", from_type="invoices", from_key="invoice:2", to_type="contacts", status="pending"
        )
        journal(empty_ledger).settle(
            [],
            identities=[invoice(1), invoice(2)],
            links=[company_of(1), company_of(2), owed],
        )
        assert reader.without_contact(["customer:10"]) == [Billed("invoice:1", "901", None, None)]
        assert reader.without_contact(["customer:20"]) == []

    def test_whom_they_are_linked_with_for_sure(
        self, empty_ledger: sa.Engine, reader: DocumentReader
    ) -> None:
        links = [
            link(
                f"contact:{number}",
                from_type="invoices",
                from_key="invoice:1",
                to_type="contacts",
                status=status,
            )
            for number, status in ((1, "confirmed"), (2, "pending"))
        ]
        journal(empty_ledger).settle([], links=[*links, company_of(1)])
        assert reader.contacts_of(["invoice:1", "invoice:2"]) == {"invoice:1": {"contact:1"}}


class TestLeftOut:
    """Records that the newest run to look at them skipped."""

    def note(self, engine: sa.Engine, trace: str, key: str, action: Action, entity: str = "invoices") -> None:
        made = operation(1, action, entity=entity, keys=(key,))
        journal(engine).note([Entry(trace, made)])

    def test_by_their_newest_operation(self, empty_ledger: sa.Engine) -> None:
        self.note(empty_ledger, "t-1", "invoice:1", Action.CREATE)
        self.note(empty_ledger, "t-2", "invoice:1", Action.SKIP)
        self.note(empty_ledger, "t-3", "invoice:2", Action.SKIP)
        self.note(empty_ledger, "t-4", "invoice:2", Action.UNCHANGED)
        self.note(empty_ledger, "t-5", "invoice:3", Action.SKIP, "openings")
        keys = [f"invoice:{number}" for number in range(5)]
        assert LedgerReader(empty_ledger, "acme").left_out("invoices", keys) == {"invoice:1"}


class TestRuns:
    """Where the connection stands in time."""

    def test_newer_windows(self, empty_ledger: sa.Engine, reader: DocumentReader) -> None:
        assert not reader.has_newer_window("2026-11-20")
        journal(empty_ledger).begin(["2026-11-20"])
        assert reader.has_newer_window("2026-11-19")
        assert not reader.has_newer_window("2026-11-20")

    def test_the_last_run_that_loaded_and_ended_well(
        self, empty_ledger: sa.Engine, reader: DocumentReader
    ) -> None:
        for number, summary, failed in ((1, "entities", False), (2, "planned", False), (3, "entities", True)):
            journal(empty_ledger, f"r{number}").add_to_summary({summary: {"invoices": {"read": 1}}})
            close_run(empty_ledger, f"r{number}", failed=failed)
        with empty_ledger.connect() as database:
            first = "SELECT started_at FROM ml_connector.run WHERE run_id = 'r1'"
            assert reader.last_end() == database.execute(sa.text(first)).scalar_one()

    def test_none_before_the_first(self, reader: DocumentReader) -> None:
        assert reader.last_end() is None


class TestLinksAndValues:
    """What the ledger's reader tells besides."""

    def test_links_by_what_they_lead_to(self, empty_ledger: sa.Engine) -> None:
        journal(empty_ledger).settle(
            [],
            links=[link(from_key="contact:2"), link(), link("customer:9"), link(from_type="invoices")],
        )
        found = LedgerReader(empty_ledger, "acme").linked_to("contacts", "companies", ["customer:1", "x"])
        assert found == {
            "customer:1": [
                KnownLink(key, "customer:1", "confirmed", "5", "901") for key in ("contact:1", "contact:2")
            ]
        }

    def test_values_by_name(self, empty_ledger: sa.Engine) -> None:
        journal(empty_ledger).settle([], identities=[invoice(1)])
        found = LedgerReader(empty_ledger, "acme").values_of(
            "invoices", ["invoice:1", "invoice:2"], ("visma_balance", "other")
        )
        assert found == {"invoice:1": {"visma_balance": "125.00", "other": None}}
