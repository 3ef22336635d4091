"""A connection's own rules end to end: mapped fields, matching by a property, and what is wrong said first."""

from typing import Any

import pytest

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, connection

INDUSTRY = {
    "visma": "attributes.INDUSTRY",
    "hubspot": "industry",
    "type": "enumeration",
    "values": {"IT": "COMPUTER_SOFTWARE", "FISK": "FISHERY"},
    "otherwise": "reject",
}
MAPPING = {
    "customers": [
        INDUSTRY,
        {"visma": "creditLimit", "hubspot": "credit_limit", "type": "number"},
        {"visma": "attributes.SINCE", "hubspot": "customer_since", "type": "date"},
        {"visma": "mainContact.fax", "hubspot": "phone"},
    ],
    "suppliers": [{"visma": "naceCode", "hubspot": "about_us"}],
    "contacts": [{"visma": "title", "hubspot": "salutation"}],
}
LEGACY = {"rule": "property", "visma": "accountReference", "hubspot": "old_number", "form": "casefold"}


def customer(number: int, /, **changes: Any) -> dict[str, Any]:
    """Return a customer; what is written in capitals is an attribute."""
    attributes = [{"id": name, "value": value} for name, value in changes.items() if name.isupper()]
    fields = {name: value for name, value in changes.items() if not name.isupper()}
    return rows.customer(number, attributes=attributes or None, **fields)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(mapping=MAPPING)
    portal = made.sandbox.hubspot
    portal.add_property("companies", "credit_limit", type="number", fieldType="number")
    portal.add_property("companies", "customer_since", type="date", fieldType="date")
    return made


def test_mapped_fields_arrive_and_one_that_does_not_fit_is_a_reject_by_name(world: World) -> None:
    fax = {"contactId": 600_001, "web": "www.kunde1.no", "phone1": "22334455", "fax": "22 33 44 99"}
    first = customer(1, INDUSTRY="IT", SINCE="2020-02-29", creditLimit=25000.5, mainContact=fax)
    world.enter("customers", [first, customer(2, INDUSTRY="BYGG"), customer(3)])
    world.enter("suppliers", [rows.supplier(9, naceCode="62.010")])
    world.enter("contacts", [rows.contact(1, 1, title="Ms")])
    assert world.sync().status == "rejects"
    held = world.company(1).values
    assert {name: held[name] for name in ("industry", "credit_limit", "customer_since", "phone")} == {
        "industry": "COMPUTER_SOFTWARE",
        "credit_limit": "25000.5",
        "customer_since": "2020-02-29",
        "phone": "22 33 44 99",
    }
    assert world.company(9, "supplier").values["about_us"] == "62.010"
    assert world.contact(1).values["salutation"] == "Ms"
    assert "industry" not in world.company(3).values
    (reject,) = world.rejects()
    assert reject.record == "customer:2"
    assert "attributes.INDUSTRY cannot fill industry" in str(reject.message)

    world.forget_calls()
    world.sync()
    assert world.writes() == []

    world.settings = connection(mapping={"customers": [{**INDUSTRY, "values": {"BYGG": "CONSTRUCTION"}}]})
    assert world.sync(1).status == "success"
    assert world.company(2).values["industry"] == "CONSTRUCTION"
    assert world.rejects() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"mapping": {"customers": [{**INDUSTRY, "values": {"IT": "COMPUTERS"}}]}},
            "industry has no option COMPUTERS; nearest: COMPUTER_SOFTWARE.",
        ),
        (
            {"mapping": {"contacts": [{"visma": "title", "hubspot": "lifecyclestages"}]}},
            "contacts has no property lifecyclestages; nearest: lifecyclestage.",
        ),
    ],
)
def test_what_the_portal_lacks_is_said_before_anything_is_written(
    world: World, changes: dict[str, Any], sentence: str
) -> None:
    world.settings = connection(**changes)
    world.enter_pairs([1])
    summary = world.sync()
    assert summary.status == "failed"
    assert sentence in str(summary.error)
    assert world.writes() == []


@pytest.mark.parametrize("strangers", [20, 900])
def test_a_company_is_adopted_by_its_number_in_the_system_before(
    make_world: MakeWorld, strangers: int
) -> None:
    """A small portal is read whole, a big one is asked; both find it."""
    world = make_world(
        matching={"companies": ["organisation_number", LEGACY, {"rule": "name", "one": "conflict"}]}
    )
    portal = world.sandbox.hubspot
    portal.add_property("companies", "old_number")
    for number in range(strangers):
        portal.add_record("companies", {"name": f"Fremmed {number}", "old_number": f"X{number}"})
    mine = portal.add_record("companies", {"name": "Noe annet", "old_number": "k-0042"})
    named = portal.add_record("companies", {"name": "Kunde 2 AS"})
    world.enter(
        "customers", [rows.customer(1, accountReference="K-0042"), rows.customer(2), rows.customer(3)]
    )
    assert world.sync().status == "rejects"
    assert world.company(1).id == mine
    assert len(world.companies()) == strangers + 3
    assert (world.counted().of("GET", "/objects/2026-09/companies") > 0) is (strangers < 100)
    (proposed,) = world.rejects()
    assert (proposed.record, proposed.cause) == ("customer:2", "one-fits-perhaps")
    assert "visma_customer_id" not in portal.record("companies", named).values
    assert world.query("SELECT rule FROM ml_connector.operation WHERE record_key = 'customer:1'") == [
        ("property:old_number",)
    ]
    assert world.company(3).values["visma_customer_id"] == f"{NAME}:3"
