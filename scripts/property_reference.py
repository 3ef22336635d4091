"""Writes ``docs/hubspot-properties.md`` from the properties a connection makes sure of in HubSpot."""

from ml_connector.hubspot.properties import PropertySpec
from ml_connector.hubspot.visma_group import (
    COMPANY_PROPERTIES,
    CONTACT_PROPERTIES,
    GROUP,
    STANDARD_COMPANY_PROPERTIES,
    STANDARD_CONTACT_PROPERTIES,
)

PAGE = "docs/hubspot-properties.md"

HEADING = f"""\
# The properties in HubSpot

<!-- Made by scripts/property_reference.py from ml_connector/hubspot/visma_group.py. Run `make docs`. -->

The first sync makes these properties, in a group "{GROUP.label}", where they are missing. It never changes the type of
one that exists: if that does not fit, the run stops and says which. The names are fixed, so that lists, reports and
workflows in the portal can rely on them.
"""


def render() -> str:
    """Return the page."""
    return "\n".join(
        [
            HEADING,
            _section("Companies", COMPANY_PROPERTIES, STANDARD_COMPANY_PROPERTIES),
            _section("Contacts", CONTACT_PROPERTIES, STANDARD_CONTACT_PROPERTIES),
        ]
    )


def _section(title: str, own: tuple[PropertySpec, ...], standard: tuple[str, ...]) -> str:
    rows = "\n".join(_row(spec) for spec in own)
    names = ", ".join(f"`{name}`" for name in standard)
    return f"""\
## {title}

| property | label | type | meaning |
|---|---|---|---|
{rows}

HubSpot's own properties that are filled: {names}.
"""


def _row(spec: PropertySpec) -> str:
    options = ", ".join(f"`{value}`" for value, _ in spec.options)
    several = ", several" if spec.field_type == "checkbox" else ""
    kind = f"{spec.type}{several}: {options}" if options else spec.type
    unique = ", unique" if spec.unique else ""
    meaning = spec.description.removeprefix("Written by ml-connector. ")
    return f"| `{spec.name}` | {spec.label} | {kind}{unique} | {meaning} |"
