"""The settings of matching, merging, mapping and taking: short and long forms, and mistakes with their place."""

import json
from typing import Any

import pytest
from dagster_shared.yaml_utils.sample_yaml import generate_sample_yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import ValidationError

from ml_connector.cli.connections import problems_of
from ml_connector.settings import ConnectionSettings
from ml_connector.settings.matching import (
    CompanyRule,
    CompanyStep,
    Form,
    Many,
    MatchingSettings,
    Missing,
    One,
)
from ml_connector.settings.merging import MergingSettings

INDUSTRY = {
    "visma": "attributes.INDUSTRY",
    "hubspot": "industry",
    "type": "enumeration",
    "values": {"IT": "X"},
}
PERSON = {"visma": "title", "hubspot": "industry"}
LEGACY = {"rule": "property", "visma": "accountReference", "hubspot": "legacy_erp_number", "form": "casefold"}


def settings(**changes: Any) -> ConnectionSettings:
    return ConnectionSettings.model_validate({"name": "acme", "start": "2026-11-20", **changes})


def problem(**changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        settings(**changes)
    return problems_of(caught.value)


class TestShortForms:
    """What needs no more than a word may be a word, and is written as one."""

    def test_a_bare_rule_is_a_step_with_the_usual_meaning(self) -> None:
        steps = settings(
            matching={"companies": ["domain", {"rule": "phone", "many": "next"}]}
        ).matching.companies
        assert steps[0] == CompanyStep(rule=CompanyRule.DOMAIN, one=One.ADOPT, many=Many.CONFLICT)
        assert (steps[1].rule, steps[1].many) == (CompanyRule.PHONE, Many.NEXT)

    @pytest.mark.parametrize(
        ("written", "companies", "contacts"),
        [
            (True, Missing.CREATE, Missing.CREATE),
            (False, Missing.SKIP, Missing.SKIP),
            ({"companies": False}, Missing.SKIP, Missing.CREATE),
            ({"contacts": "conflict"}, Missing.CREATE, Missing.CONFLICT),
            ({"companies": "skip", "contacts": True}, Missing.SKIP, Missing.CREATE),
        ],
    )
    def test_create_missing(self, written: Any, companies: Missing, contacts: Missing) -> None:
        found = settings(matching={"create_missing": written}).matching.create_missing
        assert (found.companies, found.contacts) == (companies, contacts)

    @pytest.mark.parametrize(
        "written",
        [
            {"companies": ["email", LEGACY, {"rule": "name", "one": "conflict"}]},
            {"create_missing": False},
            {"create_missing": {"companies": "conflict", "contacts": "create"}},
            {"create_missing": {"companies": "conflict", "contacts": "conflict"}},
            {"contacts": [{"rule": "email", "one": "conflict"}]},
        ],
    )
    def test_what_is_written_is_what_was_read(self, written: dict[str, Any]) -> None:
        matching = settings(matching=written).matching
        kept = json.loads(matching.model_dump_json())
        assert {name: kept[name] for name in written} == written
        assert MatchingSettings.model_validate(kept) == matching


class TestMistakes:
    """Each is a sentence that names the place and what would be right."""

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            (
                {"matching": {"companies": ["email", {"rule": "property", "visma": "gln"}]}},
                "matching.companies.1: the rule property needs hubspot.",
            ),
            (
                {"matching": {"companies": [{"rule": "domain", "hubspot": "website"}]}},
                "matching.companies.0: visma, hubspot and form belong to the rule property, not to domain.",
            ),
            (
                {"matching": {"companies": [{**LEGACY, "visma": "accontReference"}]}},
                "matching.companies.0.visma: Visma's customers have no field accontReference; "
                "nearest: accountReference.",
            ),
            ({"matching": {"companies": [{**LEGACY, "visma": "supplierClass.id"}]}}, None),
            ({"matching": {"contacts": []}}, "matching.contacts: Tuple should have at least 1 item"),
            (
                {"merging": {"invoices": {"hs_comments": "fill_blank"}}},
                "merging: invoices have no policies: they are the ERP's truth and always as Visma has them.",
            ),
            (
                {"merging": {"companies": {"phnoe": "fill_blank"}}},
                "merging.companies.phnoe: phnoe is no property that is filled in companies; nearest: phone.",
            ),
            (
                {"merging": {"clear_on_null": ["contacts.domain"]}},
                "merging.clear_on_null: domain is no property that is filled in contacts",
            ),
            ({"merging": {"clear_on_null": ["jobtitle", "companies.phone"]}}, None),
            (
                {"merging": {"clear_on_null": ["deals.amount"]}},
                "merging.clear_on_null: amount is no property that is filled in deals.",
            ),
            (
                {"merging": {"companies": {"visma_customer_id": "fill_blank"}}},
                "merging.companies.visma_customer_id: visma_customer_id says who a record is; it has no policy.",
            ),
            (
                {"mapping": {"customers": [INDUSTRY]}, "merging": {"companies": {"industry": "fill_blank"}}},
                None,
            ),
            (
                {"mapping": {"contacts": [PERSON]}, "merging": {"companies": {"industry": "fill_blank"}}},
                "merging.companies.industry: industry is no property that is filled in companies",
            ),
            (
                {"mapping": {"customers": [{"visma": "customerClass", "hubspot": "segment"}]}},
                "mapping.customers.0.visma: customerClass has parts: name one of customerClass.description, customer",
            ),
            (
                {"mapping": {"suppliers": [{"visma": "customerClass.id", "hubspot": "segment"}]}},
                "mapping.suppliers.0.visma: Visma's suppliers have no field customerClass.id; nearest: suppl",
            ),
            (
                {"mapping": {"invoices": [{"visma": "attributes.X", "hubspot": "x"}]}},
                "mapping.invoices.0.visma: Visma's invoices have no attributes.",
            ),
            (
                {"mapping": {"customers": [{**INDUSTRY, "values": {}}]}},
                "mapping.customers.0: an enumeration needs values: the option for each value of the field.",
            ),
            (
                {
                    "mapping": {
                        "customers": [{"visma": "status", "hubspot": "state_of", "otherwise": "blank"}]
                    }
                },
                "mapping.customers.0: values, otherwise and separator belong to an enumeration, not to a text.",
            ),
            (
                {"mapping": {"customers": [{"visma": "status", "hubspot": "visma_customer_status"}]}},
                "mapping.customers.0.hubspot: visma_customer_status is filled by ml-connector itself",
            ),
            (
                {"mapping": {"contacts": [{"visma": "web", "hubspot": "email"}]}},
                "mapping.contacts.0.hubspot: email identifies or settles a record; no other field may fill it.",
            ),
            (
                {"mapping": {"invoices": [{"visma": "status", "hubspot": "hs_invoice_status"}]}},
                "mapping.invoices.0.hubspot: hs_invoice_status identifies or settles a record",
            ),
            (
                {"mapping": {"customers": [INDUSTRY, {"visma": "gln", "hubspot": "industry"}]}},
                "mapping.customers.1.hubspot: industry is filled by another field of customers already.",
            ),
            (
                {"mapping": {"customers": [{**INDUSTRY, "values": {False: "NORWAY"}}]}},
                "YAML reads yes, no, on and off without quotes as true or false; write 'NO' in quotes",
            ),
            (
                {"take": {"customer_classes": [7]}},
                "take.customer_classes.0: YAML reads 7 without quotes as a number",
            ),
            (
                {"take": {"customer_statuses": ["HoldPayments"]}},
                "take.customer_statuses.0: Input should be 'Active'",
            ),
            ({"take": {"classes": ["NO"]}}, "take.classes: there is no such setting."),
        ],
    )
    def test_is_named(self, changes: dict[str, Any], sentence: str | None) -> None:
        if sentence is None:
            settings(**changes)
        else:
            assert sentence in problem(**changes)


def test_what_is_cleared_depends_on_the_object() -> None:
    merging = MergingSettings(clear_on_null=frozenset({"phone", "companies.city"}))
    assert merging.cleared("companies") == {"phone", "city"}
    assert merging.cleared("contacts") == {"phone"}


class TestSchema:
    """What ``dg check yaml`` and Dagster's page of the component see of the settings: the JSON schema only."""

    VALIDATOR = Draft202012Validator(ConnectionSettings.model_json_schema())

    @pytest.mark.parametrize(
        "changes",
        [
            {"matching": {"companies": ["email", LEGACY], "create_missing": True}},
            {"matching": {"create_missing": {"companies": "conflict"}}},
            {"mapping": {"customers": [INDUSTRY]}},
            {"take": {"customer_classes": ["NO"], "supplier_statuses": ["Active"]}},
        ],
    )
    def test_takes_short_and_long_forms(self, changes: dict[str, Any]) -> None:
        assert list(self.VALIDATOR.iter_errors({"name": "acme", "start": "2026-11-20", **changes})) == []

    @pytest.mark.parametrize(
        ("changes", "place"),
        [
            ({"matching": {"companies": ["colour"]}}, ["matching", "companies", 0]),
            ({"matching": {"companies": ["property"]}}, ["matching", "companies", 0]),
            ({"matching": {"companies": [{"rule": "name", "many": "guess"}]}}, ["matching", "companies", 0]),
            ({"mapping": {"customers": [{"visma": "gln"}]}}, ["mapping", "customers", 0]),
            (
                {"mapping": {"customers": [{**INDUSTRY, "hubspot": "Industry"}]}},
                ["mapping", "customers", 0, "hubspot"],
            ),
            ({"take": {"customer_statuses": ["Aktiv"]}}, ["take", "customer_statuses", 0]),
        ],
    )
    def test_refuses_with_the_place(self, changes: dict[str, Any], place: list[Any]) -> None:
        found = list(self.VALIDATOR.iter_errors({"name": "acme", "start": "2026-11-20", **changes}))
        assert [list(error.absolute_path) for error in found] == [place]

    def test_dagster_can_make_a_sample_of_it(self) -> None:
        sample = generate_sample_yaml(
            "ml_connector.VismaHubSpotConnection", ConnectionSettings.model_json_schema()
        )
        assert "hubspot: legacy_erp_number" in sample
        assert "visma: attributes.INDUSTRY" in sample


def test_forms_are_named_alike_in_rules_and_forms() -> None:
    """A form that a rule has is called as the rule, so that one word means one thing."""
    assert {str(rule) for rule in CompanyRule} & {str(form) for form in Form} == {
        "organisation_number",
        "email",
        "domain",
        "phone",
    }
