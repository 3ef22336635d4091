"""The deals of the demo portal as HubSpot property values, each with the company it belongs to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from ml_connector.sandbox.books.deals import DealFact
from ml_connector.sandbox.company import Company
from ml_connector.sandbox.portal_seed import PortalRecord

ORDER_REFERENCE_PROPERTY = "order_reference"
"""The portal's own text property on deals for the number of the offer or order."""


@dataclass(frozen=True, slots=True)
class PortalDeal:
    """One deal; ``company`` is the position of its company among the portal's records."""

    properties: dict[str, str]
    company: int
    fact: DealFact


def portal_deals(
    company: Company, records: Sequence[PortalRecord], deals: Iterable[DealFact]
) -> list[PortalDeal]:
    """Return the deals of customers whom the portal knows; of two companies for one customer the first has them."""
    places: dict[str, int] = {}
    for place, record in enumerate(records):
        if record.object_type == "companies" and record.customer is not None:
            places.setdefault(company.customer_number(record.customer), place)
    return [
        PortalDeal(_properties(deal), places[deal.customer], deal)
        for deal in deals
        if deal.customer in places
    ]


def _properties(deal: DealFact) -> dict[str, str]:
    noon = datetime.combine(deal.close, time(12), UTC)
    properties = {
        "dealname": deal.name,
        "dealstage": deal.stage,
        "amount": f"{deal.amount:.2f}",
        "deal_currency_code": deal.currency,
        "closedate": noon.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    if deal.reference is not None:
        properties[ORDER_REFERENCE_PROPERTY] = deal.reference
    return properties
