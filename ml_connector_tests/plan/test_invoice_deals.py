"""Deals of invoices against a portal: found with few calls, linked when right, left to a person when not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.ledger.journal import close_run
from ml_connector.plan import invoices
from ml_connector.plan.operations import Action
from ml_connector_tests.plan.money import LATER, Books, document, of
from ml_connector_tests.records.documents import Sold
from ml_connector_tests.records.snapshots import customer

KEY = "invoice:100234"


@pytest.fixture
def sales(books: Books) -> Books:
    """Books on a portal whose deals have a property for the order's number."""
    books.chain.portal.add_property("deals", "order_reference")
    books.chain.client.refresh_properties("deals")
    return books


def deal(books: Books, company: str | None = "customer:10", **properties: str) -> str:
    """Return the id of a deal of customer 10 over the net amount of the document, closed on its day."""
    values = {
        "dealname": "Leveranse",
        "dealstage": "closedwon",
        "amount": "100.00",
        "deal_currency_code": "NOK",
        "closedate": "2026-11-02T12:00:00.000Z",
        **properties,
    }
    linked = [("companies", books.chain.company(company).id)] if company else []
    return books.chain.portal.add_record("deals", values, linked)


def crowd(books: Books, many: int) -> None:
    """Let the portal have so many other deals that looking up is fewer calls than reading all."""
    for number in range(many):
        deal(books, None, amount="1", order_reference=f"X-{number}")


@pytest.mark.parametrize("others", [0, 700])
class TestNewInvoices:
    """By the whole list of deals, or by looking up."""

    def test_by_reference(self, sales: Books, others: int) -> None:
        crowd(sales, others)
        number = deal(sales, "customer:20", amount="7", order_reference="t-26-1")
        plan = sales.plan(document(externalReference=" T-26-1"))
        link = of(plan, "invoice_links")[f"{KEY}>deal:{number}"]
        assert (link.action, link.rule, link.values["to_type"]) == (Action.LINK, "reference", "deals")
        sales.load(plan)
        assert sales.linked("deals") == {number}
        assert sales.invoice().values["hs_invoice_status"] == "open"

    def test_by_amount_and_date(self, sales: Books, others: int) -> None:
        crowd(sales, others)
        number = deal(sales)
        deal(sales, amount="700")
        link = of(sales.plan(document()), "invoice_links")[f"{KEY}>deal:{number}"]
        assert link.rule == "only_deal"

    def test_two_that_fit_are_left_to_a_person(self, sales: Books, others: int) -> None:
        crowd(sales, others)
        numbers = {deal(sales), deal(sales)}
        plan = sales.plan(document())
        note = of(plan, "invoice_links")[f"{KEY}>deal"]
        assert (note.action, note.rule, set(note.candidates)) == (Action.SKIP, "only_deal", numbers)
        assert note.reason == "2 deals fit by only_deal; a person has to choose one"
        assert sales.load(plan)["invoice_links"].skipped == 1
        assert sales.linked("deals") == set()
        assert sales.invoice().values["hs_invoice_status"] == "open"


class TestCalls:
    """Deals are read once in a run, and only if anything needs them."""

    def test_none_for_unchanged_invoices_but_the_look_at_changed_deals(self, sales: Books) -> None:
        deal(sales, amount="7")
        sales.sync(document())
        sales.forget()
        sales.plan(document(), now=datetime.now(UTC) + timedelta(days=9))
        assert sales.calls() == 1

    def test_none_at_all_without_rules(self, sales: Books) -> None:
        quiet = sales.with_settings(deals={"rules": ()})
        quiet.sync(document())
        quiet.forget()
        quiet.plan(document())
        assert quiet.calls() == 0

    def test_each_company_and_reference_once(self, sales: Books) -> None:
        crowd(sales, 900)
        sales.forget()
        invoices = [document(number, externalReference=f"A-{number}") for number in range(1, 60)]
        sales.plan(*invoices, now=datetime.now(UTC) + timedelta(days=9))
        assert sales.calls() == 4

    def test_a_reference_of_many_chunks_once(self, sales: Books, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(invoices, "CHUNK", 10)
        crowd(sales, 900)
        sales.forget()
        many = [document(number, externalReference="A") for number in range(1, 31)]
        sales.plan(*many, now=datetime.now(UTC) + timedelta(days=9))
        assert sales.chain.portal.counts.operations["deals search"] == 2


class TestCompanies:
    """Where the invoice's company comes from."""

    def test_one_adopted_in_the_same_run(self, sales: Books) -> None:
        books = sales.chain
        mine = books.portal.add_record("companies", {"name": "Fjord", "domain": "fjord.no"})
        books.client.refresh_properties("companies")
        plan = books.plan_companies(books.companies([customer("30", mainContact={"web": "fjord.no"})]))
        number = books.portal.add_record(
            "deals",
            {"dealname": "x", "dealstage": "closedwon", "amount": "100", "closedate": "2026-11-02T12:00:00Z"},
            [("companies", mine)],
        )
        plan = [one for one in plan if one.hubspot_id == mine]
        assert plan, "the company is adopted"
        links = of(sales.plan(document(customer={"number": "30"}), upcoming=plan), "invoice_links")
        assert f"{KEY}>deal:{number}" in links


class TestTaken:
    """A deal that fits by amount alone is for one invoice."""

    def test_two_invoices_of_a_run(self, sales: Books) -> None:
        number = deal(sales)
        links = of(sales.plan(document(1), document(2)), "invoice_links")
        assert links[f"invoice:1>deal:{number}"].action is Action.LINK
        assert links["invoice:2>deal"].action is Action.SKIP
        assert "another invoice" in str(links["invoice:2>deal"].reason)

    def test_one_that_has_an_invoice_since_before(self, sales: Books) -> None:
        deal(sales)
        sales.sync(document(1))
        assert of(sales.plan(document(2)), "invoice_links")["invoice:2>deal"].action is Action.SKIP

    def test_by_reference_a_deal_may_have_many(self, sales: Books) -> None:
        number = deal(sales, order_reference="T-1")
        plan = sales.plan(*(document(one, customerRefNumber="T-1") for one in (1, 2)))
        assert {f"invoice:{one}>deal:{number}" for one in (1, 2)} <= set(of(plan, "invoice_links"))


class TestChanges:
    """Invoices that change after they were linked."""

    def test_a_payment_leaves_the_deal_alone(self, sales: Books) -> None:
        number = deal(sales)
        sales.sync(document())
        deal(sales)
        sales.sync(document(stamp=LATER, balanceInCurrency=0, balance=0, status="Closed"))
        assert sales.linked("deals") == {number}

    def test_another_reference_leads_to_another_deal(self, sales: Books) -> None:
        deal(sales, order_reference="T-1")
        other = deal(sales, order_reference="T-2")
        sales.sync(document(customerRefNumber="T-1"))
        sales.sync(document(customerRefNumber="T-2", stamp=LATER))
        assert sales.linked("deals") == {other}

    def test_a_reference_that_hubspot_does_not_show_counts_too(self, sales: Books) -> None:
        deal(sales, order_reference="T-1")
        other = deal(sales, order_reference="T-2")
        sales.sync(document(externalReference="T-1"))
        sales.sync(document(externalReference="T-2", stamp=LATER))
        assert sales.linked("deals") == {other}

    def test_a_deal_that_does_not_fit_any_more_is_let_go(self, sales: Books) -> None:
        deal(sales)
        sales.sync(document())
        sales.sync(document(lines=(Sold(price=Decimal(900)),), stamp=LATER))
        assert sales.linked("deals") == set()

    def test_a_draft_is_asked_for_again(self, sales: Books) -> None:
        same = document(customer={"number": "99"}, externalReference="T-1")
        sales.sync(same)
        number = deal(sales, None, order_reference="T-1")
        plan = sales.plan(same, now=datetime.now(UTC) + timedelta(days=9))
        assert f"{KEY}>deal:{number}" in of(plan, "invoice_links")


class TestLaterDeals:
    """Deals that sales types in after the invoice has been synced."""

    def later(self, books: Books, **arguments: Any) -> set[str]:
        now = datetime.now(UTC)
        return {one.key for one in books.plan(now=now, **arguments) if one.entity == "invoice_links"}

    @pytest.mark.parametrize("field", ["customerRefNumber", "externalReference"])
    def test_by_reference(self, sales: Books, field: str) -> None:
        fields: dict[str, Any] = {field: "T-1"}
        sales.sync(document(**fields))
        number = deal(sales, amount="7", order_reference="T-1")
        assert self.later(sales) == {f"{KEY}>deal:{number}"}
        sales.sync(now=datetime.now(UTC))
        assert sales.linked("deals") == {number}
        assert self.later(sales) == set()

    def test_by_amount_and_date(self, sales: Books) -> None:
        sales.sync(document())
        number = deal(sales)
        assert self.later(sales) == {f"{KEY}>deal:{number}"}

    def test_not_if_an_older_deal_fits_too(self, sales: Books) -> None:
        deal(sales)
        deal(sales)
        sales.sync(document())
        deal(sales)
        (note,) = self.later(sales)
        assert note == f"{KEY}>deal"

    def test_not_again_for_invoices_of_the_run(self, sales: Books) -> None:
        sales.sync(document())
        deal(sales)
        deal(sales)
        plan = sales.plan(document(stamp=LATER, customerRefNumber="PO 7"), now=datetime.now(UTC))
        assert set(of(plan, "invoice_links")) == {f"{KEY}>deal"}

    def test_not_for_invoices_of_long_ago(self, sales: Books) -> None:
        sales.sync(document())
        deal(sales)
        assert self.later(sales, as_of=datetime(2027, 1, 2).date()) == set()

    def test_not_for_voided_ones(self, sales: Books) -> None:
        sales.sync(document())
        sales.sync(document(status="Voided", stamp=LATER))
        deal(sales)
        assert self.later(sales) == set()

    def test_deals_of_before_the_last_run_are_not_looked_at_again(self, sales: Books) -> None:
        sales.sync(document())
        deal(sales)
        far = datetime.now(UTC) + timedelta(days=3)
        assert {one.key for one in sales.plan(now=far)} == set()

    def test_after_an_outage_all_since_the_last_run_are(self, sales: Books) -> None:
        sales.sync(document())
        journal = sales.chain.journal()
        journal.add_to_summary({"entities": {"invoices": {"read": 1}}})
        close_run(sales.chain.engine, sales.chain.runs[-1], failed=False)
        number = deal(sales)
        far = datetime.now(UTC) + timedelta(days=9)
        assert {one.key for one in sales.plan(now=far)} == {f"{KEY}>deal:{number}"}
