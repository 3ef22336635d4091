"""The HubSpot properties a connection needs of companies and contacts: the group "Visma" and what is in it. Data only.

The names are fixed: reports, lists and workflows in a portal rely on them. Those of documents, payments and
transactions are in :mod:`ml_connector.hubspot.money_group`.
"""

from ml_connector.hubspot.properties import GroupSpec
from ml_connector.hubspot.property_kinds import KEPT, amount, choice, day, moment, note, number, text

GROUP = GroupSpec(name="visma", label="Visma")

DIFFERENCES = "visma_differences"
"""Says on the record where Visma has something else than what a person typed there."""

_STATUS = ("Active", "OnHold", "CreditHold", "HoldPayments", "Inactive", "OneTime")
"""Statuses of customers and suppliers (reference: visma 4.4)."""


COMPANY_PROPERTIES = (
    text(
        "companies",
        "visma_customer_id",
        "Visma customer id",
        f"{KEPT} Connection and customer number.",
        unique=True,
    ),
    text(
        "companies",
        "visma_supplier_id",
        "Visma supplier id",
        f"{KEPT} Connection and supplier number.",
        unique=True,
    ),
    choice(
        "companies",
        "visma_relationship",
        "Visma relationship",
        f"{KEPT} Whether this company buys from us, sells to us, or both.",
        ("customer", "supplier"),
        several=True,
    ),
    text("companies", "visma_organisation_number", "Organisation number", f"{KEPT} As registered in Visma."),
    text("companies", "visma_vat_number", "VAT number", f"{KEPT} As registered in Visma."),
    choice(
        "companies", "visma_customer_status", "Visma customer status", f"{KEPT} Status in Visma.", _STATUS
    ),
    choice(
        "companies", "visma_supplier_status", "Visma supplier status", f"{KEPT} Status in Visma.", _STATUS
    ),
    text("companies", "visma_customer_class", "Visma customer class", f"{KEPT} Customer class in Visma."),
    text("companies", "visma_credit_terms", "Credit terms", f"{KEPT} Terms of payment in Visma."),
    text("companies", "visma_currency", "Visma currency", f"{KEPT} ISO code of the currency it trades in."),
    text("companies", "visma_record_link", "Open in Visma", f"{KEPT} Address of its screen in Visma."),
    moment(
        "companies",
        "visma_last_modified",
        "Last changed in Visma",
        f"{KEPT} Of the version last written here.",
    ),
    note(
        "companies",
        DIFFERENCES,
        "Visma differs",
        f"{KEPT} Values changed here that Visma has otherwise; they were kept.",
    ),
    number(
        "companies",
        "visma_open_po_count",
        "Open purchase orders",
        f"{KEPT} How many orders to this supplier still bring goods.",
    ),
    amount(
        "companies",
        "visma_open_po_amount",
        "Open purchase order amount",
        f"{KEPT} What those orders sum up to, in the company's base currency.",
    ),
    day(
        "companies",
        "visma_newest_po_date",
        "Newest purchase order",
        f"{KEPT} Date of the newest of those orders.",
    ),
    amount(
        "companies",
        "visma_purchases_this_year",
        "Purchases this year",
        f"{KEPT} Supplier invoices of this year without VAT, in the company's base currency.",
    ),
    amount(
        "companies",
        "visma_purchases_last_year",
        "Purchases last year",
        f"{KEPT} Supplier invoices of last year without VAT, in the company's base currency.",
    ),
)

CONTACT_PROPERTIES = (
    text(
        "contacts",
        "visma_contact_id",
        "Visma contact id",
        f"{KEPT} Connection and contact number.",
        unique=True,
    ),
    choice(
        "contacts",
        "visma_contact_status",
        "Visma contact status",
        f"{KEPT} Inactive contacts stay here and are flagged.",
        ("active", "inactive"),
    ),
    note(
        "contacts",
        DIFFERENCES,
        "Visma differs",
        f"{KEPT} Values changed here that Visma has otherwise; they were kept.",
    ),
    moment(
        "contacts",
        "visma_last_modified",
        "Last changed in Visma",
        f"{KEPT} Of the version last written here.",
    ),
)

STANDARD_COMPANY_PROPERTIES = (
    "name",
    "domain",
    "phone",
    "address",
    "address2",
    "zip",
    "city",
    "state",
    "country",
)
"""HubSpot's own company properties that a company record fills."""

STANDARD_CONTACT_PROPERTIES = ("email", "firstname", "lastname", "jobtitle", "phone")
"""HubSpot's own contact properties that a contact record fills."""


def company_property_names() -> tuple[str, ...]:
    """Return the names of all company properties a record may set."""
    return (*STANDARD_COMPANY_PROPERTIES, *(spec.name for spec in COMPANY_PROPERTIES))


def contact_property_names() -> tuple[str, ...]:
    """Return the names of all contact properties a record may set."""
    return (*STANDARD_CONTACT_PROPERTIES, *(spec.name for spec in CONTACT_PROPERTIES))
