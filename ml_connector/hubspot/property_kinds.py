"""The kinds of properties the connector makes, each a function that returns its definition."""

import re

from ml_connector.hubspot.properties import PropertySpec

KEPT = "Written by ml-connector."
"""How the description of every property begins: a person who edits the value knows that it comes again."""


def text(object_type: str, name: str, label: str, description: str, *, unique: bool = False) -> PropertySpec:
    """Return a line of text; ``unique`` ones are identities."""
    return PropertySpec(
        object_type=object_type,
        name=name,
        label=label,
        type="string",
        field_type="text",
        description=description,
        unique=unique,
    )


def note(object_type: str, name: str, label: str, description: str) -> PropertySpec:
    """Return a text of several lines."""
    return PropertySpec(
        object_type=object_type,
        name=name,
        label=label,
        type="string",
        field_type="textarea",
        description=description,
    )


def choice(
    object_type: str,
    name: str,
    label: str,
    description: str,
    options: tuple[str, ...],
    *,
    several: bool = False,
) -> PropertySpec:
    """Return a choice between options, named after their values: ``CreditHold`` is shown as "Credit hold"."""
    return PropertySpec(
        object_type=object_type,
        name=name,
        label=label,
        type="enumeration",
        field_type="checkbox" if several else "select",
        description=description,
        options=tuple((option, _words(option)) for option in options),
    )


def moment(object_type: str, name: str, label: str, description: str) -> PropertySpec:
    """Return a point in time."""
    return PropertySpec(
        object_type=object_type,
        name=name,
        label=label,
        type="datetime",
        field_type="date",
        description=description,
    )


def day(object_type: str, name: str, label: str, description: str) -> PropertySpec:
    """Return a calendar day, the same in every time zone."""
    return PropertySpec(
        object_type=object_type,
        name=name,
        label=label,
        type="date",
        field_type="date",
        description=description,
    )


def number(object_type: str, name: str, label: str, description: str) -> PropertySpec:
    """Return a number."""
    return PropertySpec(
        object_type=object_type,
        name=name,
        label=label,
        type="number",
        field_type="number",
        description=description,
    )


def amount(object_type: str, name: str, label: str, description: str) -> PropertySpec:
    """Return an amount of money: a number, as one property holds amounts of several currencies."""
    return number(object_type, name, label, description)


def _words(option: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", option).lower()
    return spaced[:1].upper() + spaced[1:]
