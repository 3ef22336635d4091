"""Which deal an invoice belongs to: rules in an order, and never a guess. Pure.

The first rule that some deal fits decides; if two fit, none is linked and the reason says so. Lost deals never fit.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from ml_connector.hubspot.comparison import moment_of
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.settings.money import DealRule, DealSettings

DEAL_PROPERTIES = (
    "amount",
    "closedate",
    "deal_currency_code",
    "dealstage",
    "hs_is_closed",
    "hs_is_closed_won",
)
"""What the rules look at, besides the properties that may hold a reference."""

LOST_STAGE = "closedlost"


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal of the portal: amount in its currency, close date in the company's zone, references in normal form."""

    id: str
    amount: Decimal | None
    currency: str | None
    closed: date | None
    lost: bool
    references: frozenset[str]
    companies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bill:
    """What the rules ask of an invoice: its references in normal form, and its company's HubSpot id if it has one."""

    key: str
    references: frozenset[str]
    company: str | None
    amount: Decimal
    net: Decimal
    currency: str
    dated: date | None


@dataclass(frozen=True, slots=True)
class Match:
    """The deals that fit by the first rule that any fits; empty if none does."""

    ids: tuple[str, ...] = ()
    rule: DealRule | None = None


class DealIndex:
    """Deals by their references and companies. Add all, then match."""

    def __init__(self, deals: Iterable[Deal] = ()) -> None:
        self.deals: dict[str, Deal] = {}
        self._by_reference: dict[str, list[str]] = defaultdict(list)
        self._by_company: dict[str, list[str]] = defaultdict(list)
        for deal in deals:
            self.add(deal)

    def add(self, deal: Deal) -> None:
        """Index a deal; adding one again changes nothing."""
        if deal.id in self.deals:
            return
        self.deals[deal.id] = deal
        for reference in deal.references:
            self._by_reference[reference].append(deal.id)
        for company in deal.companies:
            self._by_company[company].append(deal.id)

    def referenced(self, references: Iterable[str]) -> list[Deal]:
        """Return the deals that carry one of the references, each once."""
        ids = dict.fromkeys(one for reference in references for one in self._by_reference.get(reference, ()))
        return [self.deals[one] for one in ids]

    def of_company(self, company: str | None) -> list[Deal]:
        """Return the deals of a company."""
        return [self.deals[one] for one in self._by_company.get(company or "", ())]


def match_deal(bill: Bill, index: DealIndex, settings: DealSettings) -> Match:
    """Return the deals an invoice fits by the first rule that any fits."""
    rules: Mapping[DealRule, Callable[[Bill, DealIndex, DealSettings], list[Deal]]] = {
        DealRule.REFERENCE: _by_reference,
        DealRule.ONLY_DEAL: _by_amount,
    }
    for rule in settings.rules:
        if fitting := rules[rule](bill, index, settings):
            return Match(tuple(deal.id for deal in fitting), rule)
    return Match()


def _by_reference(bill: Bill, index: DealIndex, settings: DealSettings) -> list[Deal]:
    """Return the deals with a reference of the invoice; those of its own company where there are any."""
    deals = [deal for deal in index.referenced(bill.references) if not deal.lost]
    return [deal for deal in deals if bill.company in deal.companies] or deals


def _by_amount(bill: Bill, index: DealIndex, settings: DealSettings) -> list[Deal]:
    """Return the open or won deals of the invoice's company that fit by amount, currency and date."""
    return [deal for deal in index.of_company(bill.company) if fits(bill, deal, settings)]


def fits(bill: Bill, deal: Deal, settings: DealSettings) -> bool:
    """Return whether a deal fits an invoice by amount (with or without VAT), currency and date."""
    if deal.lost or deal.amount is None or deal.closed is None or bill.dated is None or bill.amount <= 0:
        return False
    near = any(
        abs(deal.amount - figure) * 100 <= settings.amount_tolerance_percent * figure
        for figure in (bill.amount, bill.net)
    )
    same_currency = not deal.currency or deal.currency == bill.currency
    return near and same_currency and abs((deal.closed - bill.dated).days) <= settings.days


def deal_of(
    record: HubSpotRecord, companies: Iterable[str], reference_properties: Sequence[str], zone: ZoneInfo
) -> Deal:
    """Return a deal as the portal holds it; ``companies`` are the HubSpot ids of those it is linked with."""
    held = record.properties
    moment = moment_of(held.get("closedate") or "")
    won, closed = held.get("hs_is_closed_won"), held.get("hs_is_closed")
    return Deal(
        id=record.id,
        amount=_number(held.get("amount")),
        currency=held.get("deal_currency_code") or None,
        closed=moment.astimezone(zone).date() if moment else None,
        lost=held.get("dealstage") == LOST_STAGE or (closed == "true" and won != "true"),
        references=references(held.get(name) for name in reference_properties),
        companies=frozenset(companies),
    )


def references(values: Iterable[str | None]) -> frozenset[str]:
    """Return references in normal form: without spaces around them, in lower case; empty ones are left out."""
    return frozenset(found for value in values if (found := (value or "").strip().casefold()))


def _number(value: str | None) -> Decimal | None:
    try:
        return Decimal(value) if value else None
    except InvalidOperation:
        return None
