"""The properties that records of every type share, and choices several types use."""

from ml_connector.sandbox.hubspot.definitions import PropertyDefinition, PropertyGroup, Table, same

Standard = tuple[list[PropertyGroup], list[PropertyDefinition]]

LIFECYCLE_STAGES = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
)
"""In the order a record moves through them."""

LEAD_STATUSES = same("NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING")


def system(table: Table, *, created: str = "hs_createdate", modified: str = "hs_lastmodifieddate") -> None:
    """Add what HubSpot keeps on every record (reference: hubspot 3 and 13)."""
    table.moment(created, "Create Date", read_only=True)
    if created != "hs_createdate":
        table.moment("hs_createdate", "Object create date/time", read_only=True)
    table.moment(modified, "Last Modified Date", read_only=True)
    table.number("hs_object_id", "Record ID", read_only=True)
    for name, label in (
        ("hs_object_source", "Record creation source"),
        ("hs_object_source_id", "Record creation source ID"),
        ("hs_object_source_label", "Record source"),
        ("hs_object_source_detail_1", "Record source detail 1"),
        ("hs_object_source_user_id", "Record creation source user ID"),
        ("hs_merged_object_ids", "Merged record IDs"),
        ("hs_created_by_user_id", "Created by user ID"),
        ("hs_updated_by_user_id", "Updated by user ID"),
    ):
        table.text(name, label, read_only=True)
    table.person("hubspot_owner_id", "Owner")
    table.moment("hubspot_owner_assigneddate", "Owner assigned date", read_only=True)


def address(table: Table, prefix: str = "", shown: str = "") -> None:
    """Add the parts of a postal address."""
    table.text(f"{prefix}address", f"{shown}Street address".strip())
    table.text(f"{prefix}city", f"{shown}City".strip())
    table.text(f"{prefix}state", f"{shown}State/Region".strip())
    table.text(f"{prefix}zip", f"{shown}Postal code".strip())
    table.text(f"{prefix}country", f"{shown}Country/Region".strip())


def street_address(table: Table, prefix: str, shown: str) -> None:
    """Add the parts of a postal address as payments and orders name them."""
    for part, label in (
        ("street", "street"),
        ("city", "city"),
        ("state", "state/region"),
        ("postal_code", "postal code"),
        ("country", "country"),
    ):
        table.text(f"{prefix}_{part}", f"{shown} {label}")
