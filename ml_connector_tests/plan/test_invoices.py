"""The plan for documents: made as drafts, opened when whole, kept as Visma has them."""

from decimal import Decimal
from typing import Any

from ml_connector.plan.operations import Action
from ml_connector_tests.plan.money import LATER, Books, actions, document, of
from ml_connector_tests.records.documents import Sold

TWO_LINES = (Sold(), Sold(price=Sold().price * 2))


class TestFirstLoad:
    """A document that HubSpot does not have."""

    def test_is_made_as_a_draft_with_its_lines_links_and_opening(self, books: Books) -> None:
        plan = books.plan(document(lines=TWO_LINES))
        made = of(plan, "invoices")["invoice:100234"]
        assert (made.action, made.id_property) == (Action.CREATE, "visma_invoice_id")
        assert made.values["hs_invoice_status"] == "draft"
        assert made.values["hs_invoice_billable"] == "false"
        assert made.values["visma_pending_reason"]
        assert set(of(plan, "line_items")) == {"line:Invoice:100234:1", "line:Invoice:100234:2"}
        assert {key: one.values["to_type"] for key, one in of(plan, "invoice_links").items()} == {
            "invoice:100234>line:Invoice:100234:1": "line_items",
            "invoice:100234>line:Invoice:100234:2": "line_items",
            "invoice:100234>customer:10": "companies",
        }
        opened = of(plan, "openings")["invoice:100234"]
        assert (opened.action, opened.values["hs_invoice_status"]) == (Action.OPEN, "open")
        assert opened.previous == {"hs_invoice_status": "draft"}

    def test_costs_a_fresh_portal_one_call(self, books: Books) -> None:
        books.forget()
        books.with_settings(deals={"rules": ()}).plan(*(document(number) for number in range(150)))
        assert books.calls() == 1

    def test_stands_whole_in_hubspot(self, books: Books) -> None:
        books.sync(document(lines=TWO_LINES))
        held = books.invoice().values
        assert (held["hs_invoice_status"], held["visma_amount"]) == ("open", "375.00")
        assert held.get("visma_pending_reason", "") == ""
        assert set(books.lines()) == {"1", "2"}
        assert books.linked("companies") == {books.chain.company("customer:10").id}


class TestAgain:
    """A document that was synced before."""

    def test_writes_nothing_when_nothing_changed(self, books: Books) -> None:
        books.sync(document(lines=TWO_LINES))
        books.forget()
        plan = books.plan(document(lines=TWO_LINES), document(lines=TWO_LINES, number=1, status="Balanced"))
        assert actions(plan) == {
            "invoices": {"unchanged": 1, "skip": 1},
            "line_items": {"unchanged": 2},
        }
        assert books.calls() <= 2
        books.load(plan)
        assert books.chain.portal.counts.writes == 0

    def test_a_new_stamp_alone_writes_nothing(self, books: Books) -> None:
        books.sync(document())
        plan = books.plan(document(stamp=LATER))
        assert actions(plan) == {"invoices": {"unchanged": 1}, "line_items": {"unchanged": 1}}

    def test_a_payment_changes_balance_and_status_and_sends_no_more(self, books: Books) -> None:
        books.sync(document())
        paid: dict[str, Any] = {"balanceInCurrency": 0, "balance": 0, "status": "Closed"}
        plan = books.plan(document(stamp=LATER, **paid))
        changed = of(plan, "invoices")["invoice:100234"]
        assert changed.action is Action.UPDATE
        assert {"visma_balance", "visma_status", "hs_invoice_status"} <= changed.values.keys()
        assert not {"visma_amount", "hs_currency", "hs_invoice_billable"} & changed.values.keys()
        books.load(plan)
        assert books.invoice().values["hs_invoice_status"] == "paid"
        assert of(books.plan(document(stamp=LATER, **paid)), "invoices")["invoice:100234"].action is (
            Action.UNCHANGED
        )

    def test_a_value_that_went_is_cleared(self, books: Books) -> None:
        books.sync(document(customerRefNumber="PO 7"))
        assert books.invoice().values["hs_purchase_order_number"] == "PO 7"
        books.sync(document(stamp=LATER))
        assert not books.invoice().values.get("hs_purchase_order_number")

    def test_an_older_version_is_skipped_with_all_that_hangs_on_it(self, books: Books) -> None:
        books.sync(document(stamp=LATER))
        plan = books.plan(document(lines=TWO_LINES))
        assert actions(plan) == {"invoices": {"skip": 1}}

    def test_one_archived_by_a_person_is_not_made_again(self, books: Books) -> None:
        books.sync(document())
        books.chain.portal.archive_as_person("invoices", books.invoice().id)
        plan = books.plan(document(lines=TWO_LINES, stamp=LATER))
        assert actions(plan) == {"invoices": {"conflict": 1}}
        books.load(plan)
        assert books.chain.rejects() == {"invoice:100234": "record-gone"}


class TestLeftOut:
    """What does not travel."""

    def test_a_document_that_is_not_released(self, books: Books) -> None:
        (one,) = books.plan(document(status="Balanced"))
        assert one.action is Action.SKIP
        assert "Balanced" in str(one.reason)

    def test_one_voided_before_it_was_sent(self, books: Books) -> None:
        (one,) = books.plan(document(status="Voided"))
        assert one.action is Action.SKIP
        assert "voided before" in str(one.reason)

    def test_one_left_out_before_is_not_looked_for_again(self, books: Books) -> None:
        books.sync(document(status="Voided"))
        books.forget()
        (one,) = books.plan(document(status="Voided", stamp=LATER))
        assert (one.action, books.calls()) == (Action.SKIP, 0)

    def test_one_voided_after_it_was_sent_becomes_voided(self, books: Books) -> None:
        books.sync(document())
        books.sync(document(status="Voided", stamp=LATER))
        assert books.invoice().values["hs_invoice_status"] == "voided"

    def test_one_without_a_customer_is_refused(self, books: Books) -> None:
        (one,) = books.plan(document(customer=None))
        assert (one.action, one.reason) == (Action.REJECT, "it names no customer")

    def test_values_the_portal_keeps_for_itself_are_dropped(self, books: Books) -> None:
        books.chain.portal.configure(extra_read_only=frozenset({("invoices", "hs_number")}))
        books.chain.client.refresh_properties("invoices")
        made = of(books.plan(document()), "invoices")["invoice:100234"]
        assert "hs_number" not in made.values
        assert "visma_number" in made.values


class TestCurrencies:
    """A currency the portal lacks."""

    def test_is_refused_with_the_remedy(self, books: Books) -> None:
        books.sync(document(rate=Decimal("11.5")), currencies=("NOK",))
        assert books.chain.rejects() == {"invoice:100234": "currency-not-in-portal"}
        assert "convert_currency" in books.chain.rows("reject", "remedy")[0][0]
        books.sync(currencies=("NOK", "EUR"))
        assert books.chain.rejects() == {}
        assert books.invoice().values["hs_currency"] == "EUR"

    def test_or_travels_in_base_once_the_settings_say_so(self, books: Books) -> None:
        """The remedy says to set it: what was refused must not wait for a change in Visma."""
        books.sync(document(rate=Decimal(10), base="NOK"), currencies=("NOK",))
        assert books.chain.rejects() == {"invoice:100234": "currency-not-in-portal"}
        books = books.with_settings(invoices={"convert_currency": True})
        books.sync(currencies=("NOK",))
        held = books.invoice().values
        assert (held["hs_currency"], held["visma_amount"]) == ("NOK", "1250.00")
        assert books.lines()["1"].values["visma_net_amount"] == "1000.00"
