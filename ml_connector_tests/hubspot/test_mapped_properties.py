"""What is said about properties and options that settings name and a portal lacks."""

from dataclasses import replace
from typing import Any

import pytest

from ml_connector.hubspot.mapped_properties import all_problems, names_properties
from ml_connector.hubspot.models import PropertyDefinition
from ml_connector.settings import ConnectionSettings

PLAIN = PropertyDefinition(
    name="",
    label="",
    type="string",
    field_type="text",
    group="companyinformation",
    options=(),
    option_items=(),
    unique=False,
    read_only=False,
    hubspot_defined=True,
)
INDUSTRIES = ("COMPUTER_SOFTWARE", "CONSUMER_GOODS", "FISHERY")
PORTAL = {
    name: replace(PLAIN, name=name, **changes)
    for name, changes in dict[str, dict[str, Any]](
        {
            "about_us": {},
            "phone": {"type": "phone_number", "field_type": "phonenumber"},
            "credit_limit": {"type": "number", "field_type": "number"},
            "founded": {"type": "date", "field_type": "date"},
            "met": {"type": "datetime", "field_type": "date"},
            "partner": {"type": "bool", "field_type": "booleancheckbox", "options": ("true", "false")},
            "industry": {"type": "enumeration", "field_type": "select", "options": INDUSTRIES},
            "trades": {"type": "enumeration", "field_type": "checkbox", "options": INDUSTRIES},
            "hubspot_owner_id": {"type": "enumeration", "field_type": "select", "external_options": True},
            "hs_object_id": {"type": "number", "read_only": True},
            "score": {"type": "number", "read_only": True},
        }
    ).items()
}


def problems(*mappings: dict[str, Any], object_type: str = "companies", **matching: Any) -> tuple[str, ...]:
    rows = {"companies": "customers"}.get(object_type, object_type)
    given = {"name": "acme", "start": "2026-11-20", "mapping": {rows: list(mappings)}, "matching": matching}
    return all_problems(ConnectionSettings.model_validate(given), object_type, PORTAL)


def field(hubspot: str, kind: str = "text", **changes: Any) -> dict[str, Any]:
    return {"visma": "name", "hubspot": hubspot, "type": kind, **changes}


@pytest.mark.parametrize(
    "mapping",
    [
        field("about_us"),
        field("phone"),
        field("credit_limit", "number"),
        field("founded", "date"),
        field("met", "datetime"),
        field("partner", "boolean"),
        field("industry", "enumeration", values={"x": "FISHERY"}, otherwise="blank"),
        field("trades", "enumeration", values={"x": "FISHERY"}, separator=","),
        field("hubspot_owner_id", "enumeration", values={"x": "81"}),
    ],
)
def test_what_fits_is_not_spoken_of(mapping: dict[str, Any]) -> None:
    assert problems(mapping) == ()


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (field("abot_us"), "companies has no property abot_us; nearest: about_us."),
        (field("scor", "number"), "companies has no property scor; nearest: "),
        (
            field("hs_object_id", "number"),
            "HubSpot keeps companies.hs_object_id for itself: name cannot be written to it.",
        ),
        (field("score", "number"), "HubSpot keeps companies.score for itself"),
        (
            field("credit_limit"),
            "companies.credit_limit has the type number in HubSpot: type: text does not fit; type: number does.",
        ),
        (
            field("met", "date"),
            "companies.met has the type datetime in HubSpot: type: date does not fit; type: datetime does.",
        ),
        (
            field("about_us", "enumeration", values={"x": "y"}),
            "companies.about_us has the type string in HubSpot: type: enumeration does not fit; type: text does.",
        ),
        (
            field("industry", "enumeration", values={"x": "COMPUTERS"}),
            "industry has no option COMPUTERS; nearest: COMPUTER_SOFTWARE.",
        ),
        (
            field("industry", "enumeration", values={"x": "FISHERY"}, otherwise="fishery"),
            "industry has no option fishery; nearest: FISHERY.",
        ),
        (
            field("industry", "enumeration", values={"x": "FISHERY"}, separator=","),
            "industry takes one option only, and the mapping has a separator between several.",
        ),
    ],
)
def test_what_does_not_fit_is_named(mapping: dict[str, Any], sentence: str) -> None:
    (found,) = problems(mapping)
    assert found.startswith(sentence)
    assert "nearest: score" not in found, "what cannot be written is no help"


def test_all_are_named_at_once_and_each_once() -> None:
    legacy = {"rule": "property", "visma": "gln", "hubspot": "gln"}
    values = {"x": "COMPUTERS", "y": "COMPUTERS", "z": "FISH"}
    found = problems(
        field("industry", "enumeration", values=values), field("nowhere"), companies=[legacy, legacy]
    )
    assert [one.split(";")[0] for one in found] == [
        "industry has no option COMPUTERS",
        "industry has no option FISH",
        "companies has no property nowhere",
        "companies has no property gln",
    ]


@pytest.mark.parametrize(
    ("changes", "companies", "contacts"),
    [
        ({}, False, False),
        ({"matching": {"companies": ["domain"]}}, False, False),
        (
            {"matching": {"companies": [{"rule": "property", "visma": "gln", "hubspot": "gln"}]}},
            True,
            False,
        ),
        ({"mapping": {"suppliers": [field("about_us")]}}, True, False),
        ({"mapping": {"contacts": [{"visma": "title", "hubspot": "salutation"}]}}, False, True),
    ],
)
def test_a_portal_is_asked_only_where_settings_name_a_property(
    changes: dict[str, Any], companies: bool, contacts: bool
) -> None:
    given = ConnectionSettings.model_validate({"name": "acme", "start": "2026-11-20", **changes})
    assert (names_properties(given, "companies"), names_properties(given, "contacts")) == (
        companies,
        contacts,
    )
