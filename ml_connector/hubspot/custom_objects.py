"""Custom objects of a portal: listing them and making one (reference: hubspot 3, Enterprise only)."""

from dataclasses import dataclass
from typing import Any

from ml_connector.hubspot import paths
from ml_connector.hubspot.calls import Call, results_of
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.properties import PropertySpec

COMPANIES, INVOICES = "0-2", "0-53"
"""Type ids (reference: hubspot 2)."""


@dataclass(frozen=True, slots=True)
class CustomObject:
    """A custom object: ``name`` as it was given, ``full_name`` with the portal's number, which calls take."""

    name: str
    full_name: str


@dataclass(frozen=True, slots=True)
class CustomObjectSpec:
    """A custom object to make; its records are shown under ``display``, its only property for a start."""

    name: str
    singular: str
    plural: str
    display: PropertySpec
    associated: tuple[str, ...]


def custom_objects(client: HubSpotClient) -> list[CustomObject]:
    """Return the custom objects of a portal.

    Raises:
        PermanentApiError: the token may not see them; the scope is named.
    """
    return [_read(item) for item in results_of(client.call(Call("GET", paths.SCHEMAS)))]


def make_custom_object(client: HubSpotClient, spec: CustomObjectSpec) -> CustomObject:
    """Make a custom object and return it. A lost answer is not tried again: a second try would be refused.

    Raises:
        PermanentApiError: the token or the portal's subscription does not allow it, or the name is taken.
    """
    display = spec.display
    body = {
        "name": spec.name,
        "labels": {"singular": spec.singular, "plural": spec.plural},
        "primaryDisplayProperty": display.name,
        "searchableProperties": [display.name],
        "requiredProperties": [display.name],
        "properties": [
            {
                "name": display.name,
                "label": display.label,
                "type": display.type,
                "fieldType": display.field_type,
                "description": display.description,
                "hasUniqueValue": display.unique,
            }
        ],
        "associatedObjects": list(spec.associated),
    }
    return _read(client.call(Call("POST", paths.SCHEMAS, body, write=True, repeatable=False)))


def _read(item: dict[str, Any]) -> CustomObject:
    return CustomObject(
        str(item.get("name")), str(item.get("fullyQualifiedName") or item.get("objectTypeId"))
    )
