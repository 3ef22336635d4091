"""The plan for documents over several runs: drafts, days overdue, rejects, and a ledger that was lost."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.plan.operations import Action
from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector_tests.plan.money import LATER, Books, actions, document, of
from ml_connector_tests.records.documents import Sold
from ml_connector_tests.records.snapshots import at, customer

TWO_LINES = (Sold(), Sold(price=Sold().price * 2))
TODAY, TOMORROW = date(2026, 11, 20), date(2026, 11, 21)


class TestDrafts:
    """Documents that are not whole."""

    def test_one_that_waits_for_its_company_is_opened_when_that_comes(self, books: Books) -> None:
        books.sync(document(customer={"number": "99"}))
        assert books.invoice().values["hs_invoice_status"] == "draft"
        books.chain.sync([customer("99")])
        plan = books.plan()
        assert set(of(plan, "invoice_links")) == {"invoice:100234>customer:99"}
        assert of(plan, "openings")["invoice:100234"].values["hs_invoice_status"] == "open"
        books.load(plan)
        assert books.invoice().values["hs_invoice_status"] == "open"
        assert books.plan() == []

    def test_one_that_was_paid_meanwhile_opens_as_paid(self, books: Books) -> None:
        books.sync(document(customer={"number": "99"}))
        paid: dict[str, Any] = {
            "balanceInCurrency": 0,
            "balance": 0,
            "status": "Closed",
            "customer": {"number": "99"},
        }
        plan = books.plan(document(stamp=LATER, **paid))
        assert "hs_invoice_status" not in of(plan, "invoices")["invoice:100234"].values
        assert of(plan, "openings")["invoice:100234"].values["hs_invoice_status"] == "paid"
        books.load(plan)
        assert of(books.plan(), "openings")["invoice:100234"].values["hs_invoice_status"] == "paid"

    def test_an_opening_carries_the_version_that_hubspot_has(self, books: Books) -> None:
        books.sync(document(customer={"number": "99"}))
        known = books.chain.ledger.identities("invoices", ["invoice:100234"])["invoice:100234"]
        opened = of(books.plan(), "openings")["invoice:100234"]
        assert (opened.stamp, opened.fingerprint) == (known.stamp, known.fingerprint)
        assert opened.hubspot_id == known.hubspot_id

    def test_one_archived_by_a_person_is_not_opened(self, books: Books) -> None:
        books.sync(document(customer={"number": "99"}))
        books.chain.portal.archive_as_person("invoices", books.invoice().id)
        changed = document(stamp=LATER, customer={"number": "99"}, customerRefNumber="PO 7")
        assert actions(books.plan(changed)) == {"invoices": {"conflict": 1}}


class TestDaysOverdue:
    """They grow although nothing changes in Visma."""

    def test_are_brought_up_to_date_in_every_run(self, books: Books) -> None:
        books.sync(document())
        (one,) = books.plan(as_of=TOMORROW, partition="2026-11-21")
        assert (one.action, one.values, one.previous) == (
            Action.UPDATE,
            {"visma_days_overdue": "5"},
            {"visma_days_overdue": "4"},
        )
        books.load([one])
        assert books.invoice().values["visma_days_overdue"] == "5"
        assert books.plan(as_of=TOMORROW, partition="2026-11-21") == []

    def test_leave_version_and_fingerprint_alone(self, books: Books) -> None:
        books.sync(document())
        books.sync(as_of=TOMORROW, partition="2026-11-21")
        again = document(as_of=TOMORROW)
        assert actions(books.plan(again, as_of=TOMORROW))["invoices"] == {"unchanged": 1}

    def test_of_a_document_in_the_window_go_with_it(self, books: Books) -> None:
        books.sync(document())
        plan = books.plan(document(stamp=LATER, as_of=TOMORROW), as_of=TOMORROW)
        assert of(plan, "invoices")["invoice:100234"].values == {"visma_days_overdue": "5"}
        books.load(plan)
        assert books.invoice().values["visma_days_overdue"] == "5"
        changed = document(stamp=LATER, as_of=date(2026, 11, 22), customerRefNumber="PO 7")
        plan = books.plan(changed, as_of=date(2026, 11, 22))
        assert of(plan, "invoices")["invoice:100234"].values.keys() == {
            "visma_days_overdue",
            "hs_purchase_order_number",
            "visma_last_modified",
        }

    @pytest.mark.parametrize(
        "fields",
        [
            {"balanceInCurrency": 0, "balance": 0, "status": "Closed"},
            {"documentDueDate": "2026-12-16T00:00:00"},
            {"documentDueDate": None},
        ],
    )
    def test_of_others_stay(self, books: Books, fields: dict[str, Any]) -> None:
        books.sync(document(**fields))
        assert books.plan(as_of=TOMORROW) == []

    def test_an_old_window_does_not_touch_them(self, books: Books) -> None:
        books.sync(document())
        journal = books.chain.journal()
        journal.begin(["2026-11-20"])
        assert books.plan(as_of=date(2026, 11, 19), partition="2026-11-19") == []
        old = document(stamp=LATER, as_of=date(2026, 11, 19), customerRefNumber="PO 7")
        plan = books.plan(old, as_of=date(2026, 11, 19), partition="2026-11-19")
        assert "visma_days_overdue" not in of(plan, "invoices")["invoice:100234"].values

    def test_of_one_that_hubspot_refuses_are_not_sent_every_day(self, books: Books) -> None:
        books.sync(document())
        books.chain.portal.archive_as_person("invoices", books.invoice().id)
        books.sync(as_of=TOMORROW)
        assert set(books.chain.rejects()) == {"invoice:100234"}
        assert books.plan(as_of=date(2026, 11, 22)) == []


class TestRejects:
    """What HubSpot refused is tried again by every run."""

    def test_a_document_with_its_lines_and_links(self, books: Books) -> None:
        books.chain.portal.poison(PoisonRule("invoices", "visma_number", "100234"))
        books.sync(document(lines=TWO_LINES))
        assert set(books.chain.rejects()) == {"invoice:100234"}
        books.chain.portal.poison()
        books.sync()
        assert books.chain.rejects() == {}
        assert set(books.lines()) == {"1", "2"}
        assert books.invoice().values["hs_invoice_status"] == "open"

    def test_a_line_without_its_document(self, books: Books) -> None:
        books.chain.portal.poison(PoisonRule("line_items", "visma_line_id", ".*:2"))
        books.sync(document(lines=TWO_LINES))
        assert set(books.chain.rejects()) == {"line:Invoice:100234:2"}
        assert books.invoice().values["hs_invoice_status"] == "draft"
        books.chain.portal.poison()
        plan = books.plan()
        assert of(plan, "line_items")["line:Invoice:100234:2"].action is Action.CREATE
        books.load(plan)
        assert set(books.lines()) == {"1", "2"}
        assert books.chain.rejects() == {}
        assert books.invoice().values["hs_invoice_status"] == "open"

    def test_a_line_that_is_gone_is_not_tried_again(self, books: Books) -> None:
        books.chain.portal.poison(PoisonRule("line_items", "visma_line_id", ".*:2"))
        books.sync(document(lines=TWO_LINES))
        plan = books.plan(document(stamp=LATER))
        assert of(plan, "line_items")["line:Invoice:100234:2"].action is Action.SKIP
        assert of(plan, "invoice_links")["invoice:100234>line:Invoice:100234:2"].action is Action.UNLINK
        books.load(plan)
        assert books.chain.rejects() == {}
        assert books.invoice().values["hs_invoice_status"] == "open"

    def test_a_line_of_a_document_that_is_gone_is_not_tried_again_either(self, books: Books) -> None:
        books.chain.portal.poison(PoisonRule("line_items", "visma_line_id", ".*:2"))
        books.sync(document(lines=TWO_LINES))
        books.chain.portal.archive_as_person("invoices", books.invoice().id)
        plan = books.plan(document(lines=TWO_LINES, stamp=LATER, customerRefNumber="PO 7"))
        assert actions(plan) == {"invoices": {"conflict": 1}}

    def test_one_in_base_currency_goes_in_its_own_once_the_portal_has_it(self, books: Books) -> None:
        books.chain.portal.poison(PoisonRule("invoices", "visma_number", "100234"))
        books = books.with_settings(invoices={"convert_currency": True})
        books.sync(document(rate=Decimal(10), base="NOK"), currencies=("NOK",))
        books.chain.portal.poison()
        books.sync(currencies=("NOK", "EUR"))
        assert books.invoice().values["hs_currency"] == "EUR"

    def test_the_window_brings_the_newer_version(self, books: Books) -> None:
        books.chain.portal.poison(PoisonRule("invoices", "visma_number", "100234"))
        books.sync(document())
        plan = books.plan(document(lines=TWO_LINES, stamp=LATER))
        assert of(plan, "invoices")["invoice:100234"].values["visma_amount"] == "375.00"


class TestLostLedger:
    """The portal has what the ledger does not know."""

    def forget(self, books: Books) -> None:
        """Lose the ledger, but for the companies."""
        books.chain.forget()
        books.chain.load_companies(books.chain.plan_companies(books.chain.companies([customer("10")])))
        books.forget()

    def test_nothing_is_doubled_and_nothing_written_in_vain(self, books: Books) -> None:
        documents = [document(number, lines=TWO_LINES) for number in (1, 2, 3)]
        books.sync(*documents)
        self.forget(books)
        plan = books.plan(*documents)
        assert actions(plan)["invoices"] == {"unchanged": 3}
        assert actions(plan)["line_items"] == {"unchanged": 6}
        assert "openings" not in actions(plan)
        assert books.calls() <= 8
        books.load(plan)
        assert books.chain.portal.counts.writes == 0
        assert len(books.chain.portal.records("line_items")) == 6
        assert actions(books.plan(*documents)) == {
            "invoices": {"unchanged": 3},
            "line_items": {"unchanged": 6},
        }

    def test_lines_the_document_no_longer_has_are_archived(self, books: Books) -> None:
        books.sync(document(lines=TWO_LINES))
        for name, own in (("Frakt", {}), ("Annen", {"visma_line_id": "other:Invoice:100234:2"})):
            foreign = books.chain.portal.add_record("line_items", {"name": name, **own})
            books.chain.portal.link("invoices", books.invoice().id, "line_items", foreign)
        self.forget(books)
        books.sync(document(stamp=LATER))
        names = {line.values["name"] for line in books.chain.portal.records("line_items").values()}
        assert names == {"Vare 1", "Frakt", "Annen"}

    def test_a_draft_is_opened(self, books: Books) -> None:
        books.sync(document(customer={"number": "99"}))
        self.forget(books)
        books.sync(document())
        assert books.invoice().values["hs_invoice_status"] == "open"

    def test_what_the_portal_holds_is_known_again(self, books: Books) -> None:
        books.sync(document())
        self.forget(books)
        books.sync(document())
        (late,) = books.plan(as_of=TOMORROW)
        assert late.values == {"visma_days_overdue": "5"}

    def test_a_voided_one_that_is_there_becomes_voided(self, books: Books) -> None:
        books.sync(document())
        self.forget(books)
        books.sync(document(status="Voided", stamp=LATER))
        assert books.invoice().values["hs_invoice_status"] == "voided"

    def test_a_small_portal_is_read_whole(self, books: Books) -> None:
        books.sync(document(1))
        self.forget(books)
        plan = books.plan(*(document(number) for number in range(1, 302)))
        assert actions(plan)["invoices"] == {"unchanged": 1, "create": 300}
        assert books.chain.portal.counts.operations["invoices list"] == 1


def test_a_customer_that_comes_later_is_linked(books: Books) -> None:
    books.sync(document(customer={"number": "99"}))
    books.chain.sync([at(customer("99"), LATER)])
    books.sync()
    assert books.linked("companies") == {books.chain.company("customer:99").id}
