"""The properties a connection needs: their names are outside names, and every record fits into them."""

from collections import Counter
from typing import Any

import pytest

from ml_connector.hubspot.visma_group import (
    COMPANY_PROPERTIES,
    CONTACT_PROPERTIES,
    GROUP,
    STANDARD_COMPANY_PROPERTIES,
    STANDARD_CONTACT_PROPERTIES,
    company_property_names,
    contact_property_names,
)
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running
from ml_connector_tests.records.snapshots import contact, customer, supplier

__all__ = ["chain", "empty_ledger", "ledger_engine", "running"]

PURCHASES = {
    "visma_open_po_count",
    "visma_open_po_amount",
    "visma_newest_po_date",
    "visma_purchases_this_year",
    "visma_purchases_last_year",
}
SPECS = {spec.name: spec for spec in (*COMPANY_PROPERTIES, *CONTACT_PROPERTIES)}


def test_the_names_of_the_design_are_there() -> None:
    assert {
        "visma_customer_id",
        "visma_supplier_id",
        "visma_relationship",
        "visma_organisation_number",
        "visma_vat_number",
        "visma_customer_status",
        "visma_supplier_status",
        "visma_customer_class",
        "visma_credit_terms",
        "visma_currency",
        "visma_last_modified",
        *PURCHASES,
    } <= {spec.name for spec in COMPANY_PROPERTIES}
    assert {"visma_contact_id", "visma_last_modified"} <= {spec.name for spec in CONTACT_PROPERTIES}


@pytest.mark.parametrize("specs", [COMPANY_PROPERTIES, CONTACT_PROPERTIES])
def test_all_are_in_one_group_under_one_prefix_and_described(specs: Any) -> None:
    assert (GROUP.name, GROUP.label) == ("visma", "Visma")
    assert all(spec.name.startswith("visma_") for spec in specs)
    assert all(spec.label and spec.description for spec in specs)
    assert max(Counter(spec.name for spec in specs).values()) == 1
    assert max(Counter(spec.label for spec in specs).values()) == 1
    assert len({spec.object_type for spec in specs}) == 1


def test_identities_are_unique_texts() -> None:
    unique = {spec.name for spec in SPECS.values() if spec.unique}
    assert unique == {"visma_customer_id", "visma_supplier_id", "visma_contact_id"}
    assert all((SPECS[name].type, SPECS[name].field_type) == ("string", "text") for name in unique)


def test_a_company_may_be_both() -> None:
    relationship = SPECS["visma_relationship"]
    assert (relationship.type, relationship.field_type) == ("enumeration", "checkbox")
    assert dict(relationship.options) == {"customer": "Customer", "supplier": "Supplier"}


def test_moments_are_datetimes() -> None:
    assert SPECS["visma_last_modified"].type == "datetime"


@pytest.mark.parametrize("status", ["Active", "OnHold", "CreditHold", "Inactive", "OneTime"])
def test_every_status_of_a_customer_is_taken(chain: Chain, status: str) -> None:
    chain.sync([customer("1", status=status)])
    assert chain.company("customer:1").values["visma_customer_status"] == status
    assert chain.rejects() == {}


@pytest.mark.parametrize("status", ["Active", "OnHold", "HoldPayments", "Inactive", "OneTime"])
def test_every_status_of_a_supplier_is_taken(chain: Chain, status: str) -> None:
    chain.sync((), [supplier("1", status=status)])
    assert chain.company("supplier:1").values["visma_supplier_status"] == status


def test_an_unknown_status_refuses_that_record_by_name(chain: Chain) -> None:
    chain.sync([customer("1", status="Sleeping"), customer("2", status="Active")])
    assert set(chain.rejects()) == {"customer:1"}
    assert chain.company("customer:2").values["visma_customer_status"] == "Active"


def test_records_set_only_what_is_named_here(chain: Chain) -> None:
    pair = chain.companies([customer("1", corporateId="912345678")], [supplier("2", corporateId="912345678")])
    assert {name for record in pair for name in record.properties} <= set(company_property_names())
    people = chain.contacts([contact(1, email="a@b.no")])
    assert {name for record in people for name in record.properties} <= set(contact_property_names())


def test_standard_properties_are_hubspots_own(chain: Chain) -> None:
    for object_type, names in (
        ("companies", STANDARD_COMPANY_PROPERTIES),
        ("contacts", STANDARD_CONTACT_PROPERTIES),
    ):
        held = chain.client.properties(object_type)
        assert set(names) <= held.keys()
        assert not any(name.startswith("visma_") for name in names)
