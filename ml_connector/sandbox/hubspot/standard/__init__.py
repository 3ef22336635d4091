"""The properties every account has before anybody adds one: ``STANDARD[type_id]`` is (groups, definitions)."""

from ml_connector.sandbox.hubspot.definitions import PropertyDefinition, PropertyGroup
from ml_connector.sandbox.hubspot.standard import commerce, sales

STANDARD: dict[str, tuple[list[PropertyGroup], list[PropertyDefinition]]] = {
    "0-1": sales.contacts(),
    "0-2": sales.companies(),
    "0-3": sales.deals(),
    "0-7": commerce.products(),
    "0-8": commerce.line_items(),
    "0-53": commerce.invoices(),
    "0-101": commerce.payments(),
    "0-123": commerce.orders(),
}
