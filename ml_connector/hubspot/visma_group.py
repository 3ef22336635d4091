"""The HubSpot properties a connection needs: the group "Visma" and what is in it. Data only.

The names are fixed: reports, lists and workflows in a portal rely on them.
"""

from ml_connector.hubspot.properties import GroupSpec, PropertySpec

GROUP = GroupSpec(name="visma", label="Visma")

_STATUS = ("Active", "OnHold", "CreditHold", "HoldPayments", "Inactive", "OneTime")
"""Statuses of customers and suppliers (reference: visma 4.4)."""


def _text(object_type: str, name: str, label: str, description: str, *, unique: bool = False) -> PropertySpec:
    return PropertySpec(
        object_type=object_type,
        name=name,
        label=label,
        type="string",
        field_type="text",
        description=description,
        unique=unique,
    )


def _choice(
    object_type: str,
    name: str,
    label: str,
    description: str,
    options: tuple[str, ...],
    *,
    several: bool = False,
) -> PropertySpec:
    return PropertySpec(
        object_type=object_type,
        name=name,
        label=label,
        type="enumeration",
        field_type="checkbox" if several else "select",
        description=description,
        options=tuple((option, option[:1].upper() + option[1:]) for option in options),
    )


def _moment(object_type: str, name: str, label: str, description: str) -> PropertySpec:
    return PropertySpec(
        object_type=object_type,
        name=name,
        label=label,
        type="datetime",
        field_type="date",
        description=description,
    )


_KEPT = "Written by ml-connector."

COMPANY_PROPERTIES = (
    _text(
        "companies",
        "visma_customer_id",
        "Visma customer id",
        f"{_KEPT} Connection and customer number.",
        unique=True,
    ),
    _text(
        "companies",
        "visma_supplier_id",
        "Visma supplier id",
        f"{_KEPT} Connection and supplier number.",
        unique=True,
    ),
    _choice(
        "companies",
        "visma_relationship",
        "Visma relationship",
        f"{_KEPT} Whether this company buys from us, sells to us, or both.",
        ("customer", "supplier"),
        several=True,
    ),
    _text(
        "companies", "visma_organisation_number", "Organisation number", f"{_KEPT} As registered in Visma."
    ),
    _text("companies", "visma_vat_number", "VAT number", f"{_KEPT} As registered in Visma."),
    _choice(
        "companies", "visma_customer_status", "Visma customer status", f"{_KEPT} Status in Visma.", _STATUS
    ),
    _choice(
        "companies", "visma_supplier_status", "Visma supplier status", f"{_KEPT} Status in Visma.", _STATUS
    ),
    _text("companies", "visma_customer_class", "Visma customer class", f"{_KEPT} Customer class in Visma."),
    _text("companies", "visma_credit_terms", "Credit terms", f"{_KEPT} Terms of payment in Visma."),
    _text("companies", "visma_currency", "Visma currency", f"{_KEPT} ISO code of the currency it trades in."),
    _text("companies", "visma_record_link", "Open in Visma", f"{_KEPT} Address of its screen in Visma."),
    _moment(
        "companies",
        "visma_last_modified",
        "Last changed in Visma",
        f"{_KEPT} Of the version last written here.",
    ),
)

CONTACT_PROPERTIES = (
    _text(
        "contacts",
        "visma_contact_id",
        "Visma contact id",
        f"{_KEPT} Connection and contact number.",
        unique=True,
    ),
    _choice(
        "contacts",
        "visma_contact_status",
        "Visma contact status",
        f"{_KEPT} Inactive contacts stay here and are flagged.",
        ("active", "inactive"),
    ),
    _moment(
        "contacts",
        "visma_last_modified",
        "Last changed in Visma",
        f"{_KEPT} Of the version last written here.",
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
