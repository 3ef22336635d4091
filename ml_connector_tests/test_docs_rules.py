"""The examples of docs/matching-and-merging.md: every table of matching, mapping and taking tells the truth."""

import re
from zoneinfo import ZoneInfo

import pytest
import yaml

from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.plan.forms import in_form
from ml_connector.plan.matching import CompanyIndex, Match
from ml_connector.records.conversion import CannotConvertError, Zones, convert
from ml_connector.records.field_rules import FieldRules
from ml_connector.records.model import CompanyRecord
from ml_connector.settings import ConnectionSettings
from ml_connector.settings.mapping import FieldMapping
from ml_connector.settings.matching import Form, Many, MatchingSettings, One
from ml_connector_tests.source_tree import ROOT
from ml_connector_tests.test_docs import fenced

PAGE = "docs/matching-and-merging.md"
OSLO = ZoneInfo("Europe/Oslo")
PORTAL = {
    "1": {"name": "Fjordlys", "domain": "fjordlys.no"},
    "2": {"name": "Nordkraft gammel", "organisation_number": "918 273 645"},
    "3": {
        "name": "Fjordlys Eiendom",
        "organisation_number": "998 877 665",
        "domain": "fjordlys.no",
        "legacy_erp_number": "K-0042",
    },
}
CUSTOMERS = {
    "10001": CompanyRecord(
        "10001", None, "", "", {}, "918273645", "nordkraft.no", emails=("post@nordkraft.no",)
    ),
    "10002": CompanyRecord("10002", None, "", "", {}, "912345678", "fjordlys.no"),
    "10003": CompanyRecord(
        "10003", None, "", "", {}, None, "fjordlys.no", fields={"accountReference": "k-0042"}
    ),
    "10004": CompanyRecord("10004", None, "", "", {}, "987654000", None, emails=("ola@gmail.com",)),
}


def rows(heading: str, first: str) -> list[list[str]]:
    """Return the cells of the table below a heading whose first column is called so."""
    section = (ROOT / PAGE).read_text().split(f"{heading}\n", 1)[1].split("\n## ")[0]
    table = re.search(rf"^\| {re.escape(first)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", section, re.MULTILINE)
    assert table is not None, (heading, first)
    return [[cell.strip() for cell in re.split(r" \| ", line.strip("| "))] for line in table[1].splitlines()]


def outcome(customer: str, matching: MatchingSettings) -> tuple[str, tuple[str, ...]]:
    """Return what becomes of a customer of the example in the words of the page, and the companies that fit."""
    index = CompanyIndex(matching.companies, ("organisation_number",), "NO")
    for number, properties in PORTAL.items():
        index.add_company(HubSpotRecord(number, dict(properties)))
    match: Match = index.match(CUSTOMERS[customer])
    if not match.ids:
        return "create", ()
    assert match.step is not None
    if len(match.ids) == 1:
        return ("match" if match.step.one is One.ADOPT else "conflict"), match.ids
    return ("skip" if match.step.many is Many.SKIP else "conflict"), match.ids


def bold(cell: str) -> str:
    found = re.match(r"\*\*(\w+)\*\*", cell)
    assert found is not None, cell
    return found[1]


def test_the_usual_rules() -> None:
    examples = rows("### Examples", "Visma customer")
    assert len(examples) == len(CUSTOMERS)
    for customer, _, result in examples:
        word, ids = outcome(customer.split()[0], MatchingSettings())
        assert word == bold(result), customer
        assert word != "match" or f": {ids[0]}" in result


def test_rules_of_your_own() -> None:
    examples = rows("### Rules of your own", "`matching.companies`")
    assert len(examples) == 6
    for written, result in examples:
        matching = MatchingSettings.model_validate({"companies": yaml.safe_load(written.strip("`"))})
        word, ids = outcome("10003", matching)
        assert word == bold(result), written
        assert word != "match" or result.endswith(f": {ids[0]}")
        assert "only proposed" not in result or ids == ("3",)


def test_forms() -> None:
    examples = rows("### Rules of your own", "form")
    assert {form.strip("`") for form, *_ in examples} == {str(form) for form in Form}
    for form, visma, hubspot, equal in examples:
        kind = Form(form.strip("`"))
        left, right = in_form(kind, visma, "NO"), in_form(kind, hubspot, "NO")
        assert left is not None, form
        assert (left == right) is (equal == "yes"), (form, visma, hubspot)


def test_conversions() -> None:
    for kind, visma, hubspot in rows("### What a value becomes", "type"):
        mapping = FieldMapping.model_validate({"visma": "name", "hubspot": "x", "type": kind.strip("`")})
        if hubspot.startswith("nothing"):
            with pytest.raises(CannotConvertError):
                convert(visma, mapping, Zones(OSLO, OSLO))
        else:
            assert convert(visma, mapping, Zones(OSLO, OSLO)) == hubspot, (kind, visma)


def settings_of(section: str) -> ConnectionSettings:
    """Return the settings that the YAML of a part of the page shows."""
    text = (ROOT / PAGE).read_text()
    (block,) = [
        block
        for language, block in fenced(text)
        if language == "yaml" and block.startswith(f"{section}:\n") and "create_missing" not in block
    ]
    return ConnectionSettings.model_validate({"name": "acme", "start": "2026-11-20", **yaml.safe_load(block)})


def test_enumerations() -> None:
    (shown,) = [one for one in settings_of("mapping").mapping.customers if one.hubspot == "industry"]
    for visma, otherwise, hubspot in rows("### What a value becomes", "attribute INDUSTRY"):
        if visma == "(none)":
            continue
        mapping = shown.model_copy(update={"otherwise": otherwise.strip("`")})
        if hubspot.startswith("nothing"):
            with pytest.raises(CannotConvertError):
                convert(visma, mapping, Zones(OSLO, OSLO))
        else:
            assert convert(visma, mapping, Zones(OSLO, OSLO)) == hubspot.replace("empty", ""), visma


def test_who_travels() -> None:
    rules = FieldRules.of(settings_of("take"))
    seen = 0
    for visma, result in rows("## Taking: who travels", "Visma"):
        if not visma.startswith("customer "):
            continue
        seen += 1
        named = re.search(r"class (\w+), (\w+)$", visma)
        fields = {"customerClass.id": named[1] if named else None, "status": named[2] if named else "Active"}
        reason = rules.not_taken("customers", fields)
        assert result == (f"skipped: *{reason}*" if reason else "travels"), visma
    assert seen == 4
