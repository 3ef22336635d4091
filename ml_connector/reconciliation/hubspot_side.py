"""HubSpot's side: every document and transaction of ours that the portal lists now, as a stream of facts.

Read from the list endpoint, which neither lags nor ends at 10,000 as the search does (reference: hubspot 3). Archived
records are not in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.inventory import read_inventory
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.reconciliation.facts import Fact, Kind, Standing, amount_of
from ml_connector.records.invoice_model import KINDS, VOIDED, document_key

INVOICES = "invoices"
COMPANIES = "companies"
LINES = "line_items"

INVOICE_ID = "visma_invoice_id"
TRANSACTION_ID = "visma_transaction_id"
CUSTOMER_ID = "visma_customer_id"

INVOICE_PROPERTIES = (
    INVOICE_ID,
    "hs_currency",
    "hs_invoice_date",
    "hs_invoice_status",
    "visma_amount",
    "visma_balance",
    "visma_status",
    "visma_pending_reason",
)
TRANSACTION_PROPERTIES = (TRANSACTION_ID, "visma_amount", "visma_transaction_date")

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class HubSpotSide:
    """One connection's records in a portal.

    Args:
        client: reads the portal.
        connection: the connection's name, which the ids of its records begin with.
        zone: the company's zone, in which a date-time is a day.
        base_currency: ISO code of the currency of transactions.
    """

    client: HubSpotClient
    connection: str
    zone: ZoneInfo
    base_currency: str
    _customers: dict[str, str] = field(default_factory=dict)

    def documents(self) -> Iterator[Fact]:
        """Yield a fact for each invoice of ours."""
        for page in read_inventory(self.client, INVOICES, INVOICE_PROPERTIES, (COMPANIES,)):
            ours = [record for record in page if self._is_document(record)]
            self._learn_customers(ours)
            for record in ours:
                yield self.document_fact(record.properties, record.id, self._linked(record))

    def transactions(self, object_type: str) -> Iterator[Fact]:
        """Yield a fact for each transaction of ours among the records of the object that keeps them."""
        for page in read_inventory(self.client, object_type, TRANSACTION_PROPERTIES, (COMPANIES,)):
            ours = [record for record in page if self.own_part(record.properties.get(TRANSACTION_ID))]
            self._learn_customers(ours)
            for record in ours:
                yield self.transaction_fact(record.properties, record.id, self._linked(record))

    def fact(self, kind: Kind, values: Values, hubspot_id: str) -> Fact:
        """Return the fact of properties that were last sent."""
        read = self.transaction_fact if kind is Kind.TRANSACTION else self.document_fact
        return read(values, hubspot_id)

    def document_fact(self, values: Values, hubspot_id: str, customers: tuple[str, ...] = ()) -> Fact:
        """Return the fact of an invoice's properties, as HubSpot holds them or as they were last sent."""
        kind, _, number = self.own_part(values.get(INVOICE_ID)).partition(":")
        status, shown = values.get("visma_status") or "", values.get("hs_invoice_status") or ""
        return Fact(
            key=document_key(kind, number),
            standing=_standing(status, shown),
            month=_month(values.get("hs_invoice_date"), self.zone),
            currency=values.get("hs_currency") or "",
            customers=customers,
            amount=amount_of(values.get("visma_amount")),
            balance=amount_of(values.get("visma_balance")),
            status=status,
            shown=shown,
            hubspot_id=hubspot_id,
            note=values.get("visma_pending_reason") or "",
        )

    def transaction_fact(self, values: Values, hubspot_id: str, customers: tuple[str, ...] = ()) -> Fact:
        """Return the fact of a transaction's properties, as HubSpot holds them or as they were last sent."""
        return Fact(
            key=f"transaction:{self.own_part(values.get(TRANSACTION_ID))}",
            standing=Standing.RELEASED,
            month=(values.get("visma_transaction_date") or "")[:7] or None,
            currency=self.base_currency,
            customers=customers,
            amount=amount_of(values.get("visma_amount")),
            balance=amount_of("0"),
            hubspot_id=hubspot_id,
        )

    def own_part(self, unique_id: str | None) -> str:
        """Return ``Invoice:100234`` of a unique id of this connection; empty for another's, or none of ours."""
        connection, _, own = (unique_id or "").partition(":")
        return own if connection == self.connection else ""

    def _is_document(self, record: HubSpotRecord) -> bool:
        """Return whether a record carries the id of a document; what a person typed there is none of ours."""
        kind, _, number = self.own_part(record.properties.get(INVOICE_ID)).partition(":")
        return kind in KINDS and bool(number)

    def _learn_customers(self, records: list[HubSpotRecord]) -> None:
        """Read the customers of companies that are linked for the first time."""
        ids = {item for record in records for item in record.associations.get(COMPANIES, ())}
        unknown = sorted(ids - self._customers.keys())
        if not unknown:
            return
        found = self.client.batch_read(COMPANIES, unknown, [CUSTOMER_ID])
        for item in unknown:
            held = found[item].properties.get(CUSTOMER_ID) if item in found else None
            self._customers[item] = self.own_part(held)

    def _linked(self, record: HubSpotRecord) -> tuple[str, ...]:
        linked = (self._customers.get(item, "") for item in record.associations.get(COMPANIES, ()))
        return tuple(number for number in linked if number)


def _standing(status: str, shown: str) -> Standing:
    if shown == "draft":
        return Standing.DRAFT
    return Standing.VOIDED if status == VOIDED else Standing.RELEASED


def _month(moment: str | None, zone: ZoneInfo) -> str | None:
    """Return the month of a HubSpot date-time in a zone; None for none or for what is no date-time."""
    try:
        return f"{datetime.fromisoformat(moment).astimezone(zone):%Y-%m}" if moment else None
    except ValueError:
        return None
