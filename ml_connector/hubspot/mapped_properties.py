"""Whether the HubSpot properties that a connection's settings name are there and fit. Pure, but for asking the portal.

Nothing is made here: a property of the owner's own choice is the owner's to make, with the type and options it needs.
"""

from collections.abc import Iterator, Mapping, Sequence

from ml_connector.errors import UsageError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import PropertyDefinition
from ml_connector.nearest import nearest
from ml_connector.settings import ConnectionSettings
from ml_connector.settings.mapping import FieldMapping, ValueType
from ml_connector.settings.matching import CompanyRule

FITTING: Mapping[ValueType, tuple[str, ...]] = {
    ValueType.TEXT: ("string", "phone_number"),
    ValueType.NUMBER: ("number",),
    ValueType.DATE: ("date",),
    ValueType.DATETIME: ("datetime",),
    ValueType.BOOLEAN: ("bool",),
    ValueType.ENUMERATION: ("enumeration",),
}
"""HubSpot's types that a mapped value may be written to (reference: hubspot 8)."""

BY_TYPE = {kind: value for value, kinds in FITTING.items() for kind in kinds}
"""What a mapping to a property of a HubSpot type should say."""

SEVERAL = "checkbox"
"""The field type of enumerations that take several options."""


def problems(
    object_type: str, mappings: Sequence[FieldMapping], definitions: Mapping[str, PropertyDefinition]
) -> Iterator[str]:
    """Yield a sentence for everything that keeps a mapping from being written.

    Args:
        object_type: ``companies``, ``contacts`` or ``invoices``.
        mappings: the mappings that fill it.
        definitions: the portal's properties of the object.
    """
    for mapping in mappings:
        found = definitions.get(mapping.hubspot)
        if found is None:
            yield missing(object_type, mapping.hubspot, definitions)
        elif found.read_only:
            yield f"HubSpot keeps {object_type}.{found.name} for itself: {mapping.visma} cannot be written to it."
        elif found.type not in FITTING[mapping.type]:
            fitting = BY_TYPE.get(found.type)
            advice = f"; type: {fitting} does" if fitting else ""
            yield (
                f"{object_type}.{found.name} has the type {found.type} in HubSpot: "
                f"type: {mapping.type} does not fit{advice}."
            )
        elif mapping.type is ValueType.ENUMERATION:
            yield from _option_problems(mapping, found)


def missing(object_type: str, name: str, definitions: Mapping[str, PropertyDefinition]) -> str:
    """Return the sentence about a property that a portal does not have, with the nearest one that can be written."""
    writable = (one.name for one in definitions.values() if not one.read_only)
    known = "".join(f"; nearest: {one}" for one in nearest(name, writable))
    return f"{object_type} has no property {name}{known}."


def _option_problems(mapping: FieldMapping, found: PropertyDefinition) -> Iterator[str]:
    if mapping.separator and found.field_type != SEVERAL:
        yield f"{found.name} takes one option only, and the mapping has a separator between several."
    if found.external_options:
        return
    for option in mapping.options:
        if option not in found.options:
            known = "".join(f"; nearest: {one}" for one in nearest(option, found.options))
            yield f"{found.name} has no option {option}{known}."


def matching_problems(
    settings: ConnectionSettings, definitions: Mapping[str, PropertyDefinition]
) -> Iterator[str]:
    """Yield a sentence for every company property that matching names and the portal does not have."""
    for step in settings.matching.companies:
        if step.rule is CompanyRule.PROPERTY and step.hubspot not in definitions:
            yield missing("companies", str(step.hubspot), definitions)


def all_problems(
    settings: ConnectionSettings, object_type: str, definitions: Mapping[str, PropertyDefinition]
) -> tuple[str, ...]:
    """Return a sentence for everything about an object's properties that the settings ask for and cannot have."""
    asked = list(problems(object_type, settings.mapping.of_object(object_type), definitions))
    if object_type == "companies":
        asked += matching_problems(settings, definitions)
    return tuple(dict.fromkeys(asked))


def require(settings: ConnectionSettings, object_type: str, client: HubSpotClient) -> None:
    """Raise UsageError with every problem of an object, before it is planned; a portal is asked only if need be."""
    if not names_properties(settings, object_type):
        return
    found = all_problems(settings, object_type, client.properties(object_type))
    if found:
        raise UsageError(
            f"The portal lacks what the settings ask for. {' '.join(found)}",
            remedy="Correct mapping or matching in defs.yaml, or make the property or option in HubSpot.",
        )


def names_properties(settings: ConnectionSettings, object_type: str) -> bool:
    """Return whether the settings name properties of an object that are the owner's to make."""
    steps = settings.matching.companies if object_type == "companies" else ()
    return bool(settings.mapping.of_object(object_type)) or any(
        step.rule is CompanyRule.PROPERTY for step in steps
    )
