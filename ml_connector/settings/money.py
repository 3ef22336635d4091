"""How documents, payments and sales postings travel, how a deal is found, and what follows from a comparison."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ml_connector.settings.base import Settings

AccountRange = Annotated[tuple[str, ...], Field(min_length=2, max_length=2)]
"""First and last account number. Not ``tuple[str, str]``: Dagster 1.13 cannot show the JSON schema of that."""


class DealRule(StrEnum):
    """How the deal of an invoice may be recognised."""

    REFERENCE = "reference"
    ONLY_DEAL = "only_deal"


class Switch(StrEnum):
    """Whether something is done: always, never, or where the portal is set up for it."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class DeletionPolicy(StrEnum):
    """What happens to a HubSpot record whose Visma document no longer exists."""

    FLAG = "flag"
    ARCHIVE = "archive"


class InvoiceSettings(Settings):
    """How invoices, credit notes and debit notes travel."""

    convert_currency: bool = Field(
        default=False,
        description="Whether a document in a currency the portal lacks travels in the company's base currency; if not, "
        "it is rejected with the remedy.",
    )


class DealSettings(Settings):
    """How the deal of an invoice is found. Two deals that fit are never guessed between: the invoice stays without."""

    rules: tuple[DealRule, ...] = Field(
        default=(DealRule.REFERENCE, DealRule.ONLY_DEAL),
        description="Rules tried in this order: a reference on the invoice equal to a property of the deal; the "
        "company's only open or won deal that fits by amount and date. Empty: invoices are not linked to deals.",
    )
    reference_fields: tuple[str, ...] = Field(
        default=("customerRefNumber", "externalReference"),
        description="Fields of a Visma document that may name the deal.",
    )
    reference_properties: tuple[str, ...] = Field(
        default=("order_reference", "order_number", "purchase_order_number", "deal_reference"),
        description="Deal properties that may hold the same reference; those missing in the portal are ignored.",
    )
    amount_tolerance_percent: int = Field(
        default=2,
        ge=0,
        le=100,
        description="How far the deal's amount may be from the invoice's, without or with VAT, for `only_deal`.",
    )
    days: int = Field(
        default=60,
        ge=0,
        le=730,
        description="How many days the deal's close date may be from the invoice's date, for `only_deal`; and how long "
        "after its date an invoice without a deal is still looked at when deals change.",
    )


class PaymentSettings(Settings):
    """Whether payments become commerce payment records; balance, status and paid date travel on the invoice anyway."""

    records: Switch = Field(
        default=Switch.AUTO,
        description="`auto` writes payment records where the portal is set up for them; `on` makes that a must.",
    )


class TransactionRules(Settings):
    """Which journal batches are sales, and where they are kept in HubSpot."""

    modules: tuple[str, ...] = Field(
        default=(), description="Modules by short code, such as AR, GL, SO; empty: all of them."
    )
    account_types: tuple[str, ...] = Field(
        default=("Income",), description="Types of the accounts whose lines are sales."
    )
    account_ranges: tuple[AccountRange, ...] = Field(
        default=(),
        description="Ranges of account numbers (first, last) whose lines are sales; they replace `account_types`.",
    )
    ledgers: tuple[str, ...] = Field(
        default=(), description="Ledgers whose batches count; empty: those with actual balances."
    )
    dimensions: dict[str, tuple[str, ...]] = Field(
        default={},
        description="Values of sub-account segments, by segment id, of which a line must have one; empty: any.",
    )
    object: str = Field(
        default="auto",
        pattern=r"^[a-z0-9_-]+$",
        description="The HubSpot object that keeps them: `auto` makes a custom object where the portal allows it, "
        "`ledger` keeps them in the ledger and the statement only, anything else names an object of yours.",
    )


class ReconciliationSettings(Settings):
    """What follows from a comparison of the two systems."""

    deletions: DeletionPolicy = Field(
        default=DeletionPolicy.FLAG,
        description="What happens to a HubSpot invoice whose Visma document is gone: it is listed, or archived.",
    )
    most_archived: int = Field(
        default=10,
        ge=0,
        le=10_000,
        description="The most records one reconciliation archives; more than that archives none and says so.",
    )
    lines: bool = Field(
        default=True,
        description="Compare line items too: one call to HubSpot for each 100 of them, and for each 1,000 documents.",
    )
