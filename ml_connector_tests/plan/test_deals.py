"""Which deal an invoice belongs to, rule by rule."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.plan.deals import Bill, Deal, DealIndex, deal_of, match_deal, references
from ml_connector.settings.money import DealRule, DealSettings

DAY = date(2026, 11, 2)
BILL = Bill("invoice:1", frozenset({"t-1"}), "c1", Decimal(1250), Decimal(1000), "NOK", DAY)
DEAL = Deal("d1", Decimal(1000), "NOK", DAY, False, frozenset(), frozenset({"c1"}))
SETTINGS = DealSettings()


def fitting(*deals: Deal, bill: Bill = BILL, **settings: Any) -> tuple[tuple[str, ...], DealRule | None]:
    match = match_deal(bill, DealIndex(deals), DealSettings(**settings))
    return match.ids, match.rule


class TestReference:
    """A reference on the invoice equal to a property of the deal."""

    def test_decides_whatever_amount_date_and_company(self) -> None:
        far = replace(DEAL, amount=None, closed=None, companies=frozenset(), references=frozenset({"t-1"}))
        assert fitting(far) == (("d1",), DealRule.REFERENCE)

    def test_comes_before_the_amount(self) -> None:
        named = replace(DEAL, id="d2", amount=Decimal(5), references=frozenset({"t-1"}))
        assert fitting(DEAL, named) == (("d2",), DealRule.REFERENCE)

    def test_of_two_that_of_the_own_company_counts(self) -> None:
        mine = replace(DEAL, references=frozenset({"t-1"}))
        assert fitting(mine, replace(mine, id="d2", companies=frozenset({"c2"})))[0] == ("d1",)

    def test_two_fit_and_both_are_named(self) -> None:
        mine = replace(DEAL, references=frozenset({"t-1"}))
        assert fitting(mine, replace(mine, id="d2")) == (("d1", "d2"), DealRule.REFERENCE)

    def test_a_lost_deal_never_fits(self) -> None:
        assert fitting(replace(DEAL, references=frozenset({"t-1"}), lost=True)) == ((), None)

    def test_spaces_and_case_do_not_matter(self) -> None:
        assert references([" T-1 ", "", None, "t-1"]) == {"t-1"}


class TestOnlyDeal:
    """The company's only open or won deal that fits by amount and date."""

    @pytest.mark.parametrize(
        ("change", "fits"),
        [
            ({}, True),
            ({"amount": Decimal(1250)}, True),
            ({"amount": Decimal(1020)}, True),
            ({"amount": Decimal("1020.01")}, False),
            ({"amount": Decimal(980)}, True),
            ({"amount": Decimal(1275)}, True),
            ({"amount": Decimal(1276)}, False),
            ({"amount": None}, False),
            ({"closed": DAY - timedelta(days=60)}, True),
            ({"closed": DAY - timedelta(days=61)}, False),
            ({"closed": DAY + timedelta(days=60)}, True),
            ({"closed": DAY + timedelta(days=61)}, False),
            ({"closed": None}, False),
            ({"currency": None}, True),
            ({"currency": "EUR"}, False),
            ({"lost": True}, False),
            ({"companies": frozenset({"c2"})}, False),
        ],
    )
    def test_by_amount_date_currency_and_company(self, change: dict[str, Any], fits: bool) -> None:
        assert fitting(replace(DEAL, **change)) == ((("d1",), DealRule.ONLY_DEAL) if fits else ((), None))

    def test_two_fit_and_both_are_named(self) -> None:
        assert fitting(DEAL, replace(DEAL, id="d2"))[0] == ("d1", "d2")

    @pytest.mark.parametrize(
        "bill",
        [
            replace(BILL, amount=Decimal(-1250), net=Decimal(-1000)),
            replace(BILL, amount=Decimal(0), net=Decimal(0)),
            replace(BILL, dated=None),
            replace(BILL, company=None),
        ],
    )
    def test_is_nothing_for_credit_notes_and_unknown_companies(self, bill: Bill) -> None:
        deals = [
            DEAL,
            replace(DEAL, id="d2", amount=Decimal(0)),
            replace(DEAL, id="d3", amount=Decimal(-1000)),
        ]
        assert fitting(*deals, bill=bill) == ((), None)


class TestSettings:
    """What the owner may choose."""

    def test_the_order_of_the_rules(self) -> None:
        named = replace(DEAL, id="d2", amount=Decimal(5), references=frozenset({"t-1"}))
        assert fitting(DEAL, named, rules=("only_deal", "reference"))[0] == ("d1",)

    def test_no_rules(self) -> None:
        assert fitting(DEAL, rules=()) == ((), None)

    def test_tolerance_and_days(self) -> None:
        assert fitting(replace(DEAL, amount=Decimal(1001)), amount_tolerance_percent=0) == ((), None)
        assert fitting(replace(DEAL, closed=DAY + timedelta(days=1)), days=0) == ((), None)


class TestReading:
    """A deal as HubSpot returns it."""

    def deal(self, **properties: str | None) -> Deal:
        oslo = ZoneInfo("Europe/Oslo")
        return deal_of(HubSpotRecord("7", properties), ["c1"], ("order_reference",), oslo)

    def test_a_close_date_is_a_day_of_the_company(self) -> None:
        assert self.deal(closedate="2026-11-01T23:30:00.000Z").closed == date(2026, 11, 2)

    def test_amounts_that_are_no_numbers_are_none(self) -> None:
        assert (self.deal(amount="").amount, self.deal(amount="x").amount) == (None, None)
        assert self.deal(amount="10.50").amount == Decimal("10.50")

    @pytest.mark.parametrize(
        ("properties", "lost"),
        [
            ({"dealstage": "closedlost"}, True),
            ({"dealstage": "9", "hs_is_closed": "true", "hs_is_closed_won": "false"}, True),
            ({"dealstage": "9", "hs_is_closed": "true", "hs_is_closed_won": "true"}, False),
            ({"dealstage": "9", "hs_is_closed": "false"}, False),
            ({}, False),
        ],
    )
    def test_lost(self, properties: dict[str, str | None], lost: bool) -> None:
        assert self.deal(**properties).lost is lost

    def test_its_references(self) -> None:
        assert self.deal(order_reference=" T-26-1").references == {"t-26-1"}
