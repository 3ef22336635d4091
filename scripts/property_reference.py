"""Writes ``docs/hubspot-properties.md`` from the properties a connection makes sure of in HubSpot."""

from ml_connector.hubspot.money_group import (
    INVOICE_PROPERTIES,
    LINE_PROPERTIES,
    PAYMENT_PROPERTIES,
    STANDARD_INVOICE_PROPERTIES,
    STANDARD_LINE_PROPERTIES,
    STANDARD_PAYMENT_PROPERTIES,
    transaction_properties,
)
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

<!-- Made by scripts/property_reference.py from the groups in ml_connector/hubspot. Run `make docs`. -->

The first sync makes these properties, in a group "{GROUP.label}", where they are missing; those of invoices, lines,
payments and transactions only if such records travel. It never changes the type of one that exists: if that does not
fit, the run stops and says which. The names are fixed, so that lists, reports and workflows in the portal can rely on
them.

Amounts on invoices and lines are in the document's currency, or in base currency where the connection converts; those
of credit notes are negative. Of HubSpot's own properties, those that a portal keeps for itself are left out; `ping`
names them.
"""


def render() -> str:
    """Return the page."""
    return "\n".join(
        [
            HEADING,
            _section("Companies", COMPANY_PROPERTIES, STANDARD_COMPANY_PROPERTIES),
            _section("Contacts", CONTACT_PROPERTIES, STANDARD_CONTACT_PROPERTIES),
            _section("Invoices", INVOICE_PROPERTIES, STANDARD_INVOICE_PROPERTIES),
            _section("Line items", LINE_PROPERTIES, STANDARD_LINE_PROPERTIES),
            _section(
                "Payments, where the portal takes them", PAYMENT_PROPERTIES, STANDARD_PAYMENT_PROPERTIES
            ),
            _section("Sales transactions, in the object that keeps them", transaction_properties("0-0"), ()),
        ]
    )


def _section(title: str, own: tuple[PropertySpec, ...], standard: tuple[str, ...]) -> str:
    rows = "\n".join(_row(spec) for spec in own)
    names = ", ".join(f"`{name}`" for name in standard)
    filled = f"\nHubSpot's own properties that are filled: {names}.\n" if names else ""
    return f"""\
## {title}

| property | label | type | meaning |
|---|---|---|---|
{rows}
{filled}"""


def _row(spec: PropertySpec) -> str:
    options = ", ".join(f"`{value}`" for value, _ in spec.options)
    several = ", several" if spec.field_type == "checkbox" else ""
    kind = f"{spec.type}{several}: {options}" if options else spec.type
    unique = ", unique" if spec.unique else ""
    meaning = spec.description.removeprefix("Written by ml-connector. ")
    return f"| `{spec.name}` | {spec.label} | {kind}{unique} | {meaning} |"
