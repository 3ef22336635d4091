"""The version of HubSpot's API and every path of it that is called; nothing else spells a HubSpot path.

Paths hold no record ids but for one, so a path is also the label of its request in errors (reference: hubspot 2 to 4,
8, 12).
"""

API_VERSION = "2026-09"
"""The date-based version in the paths; each version is supported for 18 months (reference: hubspot 1)."""

ACCESS_TOKEN_INFO = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105  a path, no secret
"""The only path without a dated form (reference: hubspot 12)."""

ACCOUNT_DETAILS = f"/account-info/{API_VERSION}/details"

SCHEMAS = f"/crm-object-schemas/{API_VERSION}/schemas"
"""Custom objects (reference: hubspot 3)."""


def objects(object_type: str) -> str:
    """Return the path that lists the records of a type, such as ``companies`` or ``0-2``."""
    return f"/crm/objects/{API_VERSION}/{object_type}"


def object_named(object_type: str, record_id: str) -> str:
    """Return the path of one record; the only one that names a record, by its number."""
    return f"{objects(object_type)}/{record_id}"


def object_batch(object_type: str, verb: str) -> str:
    """Return the path of a batch call; ``verb`` is read, create, update, upsert or archive."""
    return f"{objects(object_type)}/batch/{verb}"


def search(object_type: str) -> str:
    """Return the path that searches the records of a type."""
    return f"{objects(object_type)}/search"


def association_batch(from_type: str, to_type: str, verb: str) -> str:
    """Return the path of an association batch call; ``verb`` is read, create or archive."""
    return f"/crm/associations/{API_VERSION}/{from_type}/{to_type}/batch/{verb}"


def association_labels(from_type: str, to_type: str) -> str:
    """Return the path that lists the association types between two object types."""
    return f"/crm/associations/{API_VERSION}/{from_type}/{to_type}/labels"


def properties(object_type: str) -> str:
    """Return the path that lists and creates the properties of a type."""
    return f"/crm/properties/{API_VERSION}/{object_type}"


def property_named(object_type: str, name: str) -> str:
    """Return the path of one property."""
    return f"{properties(object_type)}/{name}"


def property_batch_create(object_type: str) -> str:
    """Return the path that creates several properties in one call."""
    return f"{properties(object_type)}/batch/create"


def property_groups(object_type: str) -> str:
    """Return the path that creates property groups."""
    return f"{properties(object_type)}/groups"
