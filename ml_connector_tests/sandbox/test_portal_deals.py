"""The deals of the demo portal: they belong to companies sales knew, and say which invoices came of them."""

from collections import defaultdict

import pytest

from ml_connector.sandbox.books.deals import DealClue, DealFact
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.portal_deals import ORDER_REFERENCE_PROPERTY
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.opening import deal_plan
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector_tests.sandbox.book_keeping import AS_OF


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox(
        SandboxSettings(
            portal_seed="demo",
            visma=VismaSandboxSettings(as_of=AS_OF),
            books=BooksSettings(invoices=600, payments=450),
        )
    )


@pytest.fixture(scope="module")
def facts(sandbox: Sandbox) -> list[DealFact]:
    return deal_plan(sandbox.company).deals(sandbox.visma.books.books.invoices)


def test_every_clue_occurs(facts: list[DealFact]) -> None:
    assert {fact.clue for fact in facts} == set(DealClue)


def test_deals_are_in_the_portal_with_one_company_each(sandbox: Sandbox, facts: list[DealFact]) -> None:
    deals = sandbox.hubspot.records("deals")
    linked = defaultdict(list)
    for deal, company in sandbox.hubspot.links("deals", "companies"):
        linked[deal].append(company)
    assert len(deals) == len(facts)
    assert all(len(linked[deal]) == 1 for deal in deals)
    stages = {record.values["dealstage"] for record in deals.values()}
    assert stages == {"closedwon", "contractsent", "closedlost"}
    for record in deals.values():
        won = record.values["dealstage"] == "closedwon"
        assert record.values["hs_is_closed_won"] == ("true" if won else "false")


def test_references_are_those_of_invoices(sandbox: Sandbox, facts: list[DealFact]) -> None:
    invoices = sandbox.visma.books.books.invoices
    carried = {
        value: invoice.partner.number
        for invoice in invoices
        for value in (invoice.reference, invoice.external)
        if value and value.startswith("T-26-")
    }
    referenced = [fact for fact in facts if fact.reference is not None]
    assert all(carried[fact.reference or ""] == fact.customer for fact in referenced)
    external = {invoice.external for invoice in invoices}
    assert any(fact.reference in external for fact in referenced)
    assert any(len(fact.invoices) > 1 for fact in referenced)
    in_portal = {
        record.values.get(ORDER_REFERENCE_PROPERTY) for record in sandbox.hubspot.records("deals").values()
    }
    assert {fact.reference for fact in referenced} <= in_portal


def test_a_deal_by_amount_is_the_customers_only_one_and_near(sandbox: Sandbox, facts: list[DealFact]) -> None:
    books = sandbox.visma.books.books
    by_amount = [fact for fact in facts if fact.clue is DealClue.AMOUNT]
    assert by_amount
    for fact in by_amount:
        assert [other for other in facts if other.customer == fact.customer] == [fact]
        invoice = books.document(fact.invoices[0])
        assert abs(fact.amount - invoice.totals.detail) <= invoice.totals.detail / 100
        assert 0 < (invoice.day - fact.close).days < 11


def test_what_a_person_must_decide_names_no_invoice(facts: list[DealFact]) -> None:
    for fact in facts:
        certain = fact.clue in (DealClue.REFERENCE, DealClue.AMOUNT)
        assert bool(fact.invoices) == certain
    twins = [fact for fact in facts if fact.clue is DealClue.TWO_OF_AMOUNT]
    assert len(twins) == 2 * len({fact.customer for fact in twins})
    same = [fact.reference for fact in facts if fact.clue is DealClue.TWO_WITH_REFERENCE]
    assert all(same.count(reference) == 2 for reference in same)


def test_a_demo_portal_without_books_has_no_deals() -> None:
    assert Sandbox(SandboxSettings(portal_seed="demo")).hubspot.snapshot()["deals"] == 0
