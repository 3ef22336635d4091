"""`ping` on what the settings of mapping and matching name: there and fitting, or named with the nearest."""

from typing import Any

import pytest

from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.cli.conftest import Shell

INDUSTRY = {
    "visma": "attributes.INDUSTRY",
    "hubspot": "industry",
    "type": "enumeration",
    "values": {"IT": "COMPUTER_SOFTWARE"},
}
LEGACY = {"rule": "property", "visma": "accountReference", "hubspot": "founded_year"}


def look(shell: Shell, code: int, **settings: Any) -> list[tuple[str, str, str]]:
    """Return subject, level and message of the findings about what settings name."""
    shell.write_connection("acme", **settings)
    document = shell.json("ping", "acme", code=code)
    return [
        (item["subject"], item["level"], item["message"])
        for item in document["findings"]
        if item["subject"].endswith("mapping")
    ]


def test_a_connection_that_names_none_has_no_finding_about_them(shell: Shell, sandbox: Sandbox) -> None:
    assert look(shell, 0, mapping={}, matching={"companies": ["domain"]}) == []


def test_what_is_there_and_fits_is_said_in_one_line(shell: Shell, sandbox: Sandbox) -> None:
    mapping = {"customers": [INDUSTRY], "invoices": [{"visma": "paymentReference", "hubspot": "hs_comments"}]}
    assert look(shell, 0, mapping=mapping, matching={"companies": [LEGACY]}) == [
        ("companies mapping", "ok", "What the settings name is there and fits: 1 mapped field."),
        ("invoices mapping", "ok", "What the settings name is there and fits: 1 mapped field."),
    ]


@pytest.mark.parametrize(
    ("settings", "subject", "message"),
    [
        (
            {"mapping": {"customers": [{**INDUSTRY, "values": {"IT": "COMPUTERS"}, "otherwise": "BLANK"}]}},
            "companies mapping",
            "industry has no option COMPUTERS; nearest: COMPUTER_SOFTWARE.\n"
            "industry has no option BLANK; nearest: BANKING.",
        ),
        (
            {"mapping": {"suppliers": [{"visma": "naceCode", "hubspot": "nace_code"}]}},
            "companies mapping",
            "companies has no property nace_code; nearest: name.",
        ),
        (
            {"mapping": {"contacts": [{"visma": "title", "hubspot": "hs_lead_status"}]}},
            "contacts mapping",
            "contacts.hs_lead_status has the type enumeration in HubSpot: "
            "type: text does not fit; type: enumeration does.",
        ),
        (
            {"mapping": {"customers": [{"visma": "gln", "hubspot": "hs_parent_company_id"}]}},
            "companies mapping",
            "HubSpot keeps companies.hs_parent_company_id for itself: gln cannot be written to it.",
        ),
        (
            {"mapping": {"invoices": [{"visma": "startDate", "hubspot": "hs_comments", "type": "date"}]}},
            "invoices mapping",
            "invoices.hs_comments has the type string in HubSpot: type: date does not fit; type: text does.",
        ),
        (
            {"matching": {"companies": [{**LEGACY, "hubspot": "founded_yaer"}]}},
            "companies mapping",
            "companies has no property founded_yaer; nearest: founded_year.",
        ),
    ],
)
def test_what_would_stop_a_sync_is_named_with_what_was_perhaps_meant(
    shell: Shell, sandbox: Sandbox, settings: dict[str, Any], subject: str, message: str
) -> None:
    assert look(shell, 1, **settings) == [(subject, "stop", one) for one in message.splitlines()]
    assert sandbox.hubspot.counts.writes == 0
