"""What a refused create becomes, by what is in its way."""

from typing import Any

import pytest

from ml_connector.hubspot.adoption import addresses_of, adopted
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.plan.operations import Action, Operation
from ml_connector.settings.merging import Policy


def create(object_type: str, unique: str, values: dict[str, str | None]) -> Operation:
    return Operation(
        entity=object_type,
        object_type=object_type,
        action=Action.CREATE,
        keys=("contact:1",),
        partition="2026-11-20",
        id_property=unique,
        values={unique: "acme:1", **values},
    )


CONTACT = create(
    "contacts", "visma_contact_id", {"email": "kari@fjord.no", "firstname": "Kari", "phone": "1"}
)
COMPANY = create("companies", "visma_customer_id", {"name": "Fjord AS", "visma_supplier_id": "acme:9"})


def result(operation: Operation, **properties: Any) -> Operation:
    policies = {"firstname": Policy.FILL_BLANK}
    return adopted(operation, HubSpotRecord("77", properties), policies=policies, definitions={})


@pytest.mark.parametrize(
    ("held", "action", "values"),
    [
        ({"email": "kari@fjord.no"}, Action.UPDATE, {"visma_contact_id", "firstname", "phone"}),
        ({"email": "Kari@Fjord.no", "firstname": "K"}, Action.UPDATE, {"visma_contact_id", "phone"}),
        ({"email": "x@y.no", "hs_additional_emails": "a@b.no; kari@fjord.no"}, Action.UPDATE,
         {"visma_contact_id", "firstname", "phone"}),
        # a first try that went through after all
        ({"email": "kari@fjord.no", "visma_contact_id": "acme:1", "firstname": "Kari", "phone": "1"},
         Action.UNCHANGED, set()),
        ({"email": "kari@fjord.no", "visma_contact_id": "acme:2"}, Action.UNCHANGED, set()),
    ],
)  # fmt: skip
def test_a_contact(held: dict[str, str], action: Action, values: set[str]) -> None:
    one = result(CONTACT, **held)
    assert (one.action, one.hubspot_id, one.id_property, one.rule) == (action, "77", None, "email")
    assert set(one.values) == values == set(one.previous)


def test_one_that_gave_the_address_away_is_not_in_the_way() -> None:
    assert result(CONTACT, email="ny@fjord.no", visma_contact_id="acme:2") == CONTACT


def test_one_that_has_gone_is_not_in_the_way() -> None:
    assert adopted(CONTACT, None, policies={}, definitions={}) == CONTACT


def test_a_company_of_nobody_is_taken() -> None:
    one = result(COMPANY, name="X", visma_supplier_id="acme:9")
    assert (one.action, one.hubspot_id, one.rule) == (Action.UPDATE, "77", "visma_customer_id")
    assert one.values == {"name": "Fjord AS", "visma_customer_id": "acme:1"}
    assert one.previous == {"name": "X", "visma_customer_id": None}


def test_a_company_of_another_customer_is_a_conflict() -> None:
    one = result(COMPANY, name="X", visma_supplier_id="acme:9", visma_customer_id="acme:2")
    assert (one.action, one.candidates, one.hubspot_id, one.values) == (Action.CONFLICT, ("77",), None, {})
    assert "another Visma record" in str(one.reason)


def test_addresses_of_a_contact() -> None:
    record = HubSpotRecord("1", {"email": "A@b.no", "hs_additional_emails": "c@d.no; E@f.no;"})
    assert addresses_of(record) == {"a@b.no", "c@d.no", "e@f.no"}
    assert addresses_of(HubSpotRecord("1", {"email": None})) == frozenset()


@pytest.mark.parametrize(
    ("held", "action"),
    [
        ({"email": "kari@fjord.no"}, Action.CONFLICT),
        ({"email": "kari@fjord.no", "visma_contact_id": "acme:1"}, Action.UPDATE),
        ({"email": "kari@fjord.no", "visma_contact_id": "acme:2"}, Action.UNCHANGED),
        ({"email": "ny@fjord.no"}, Action.CREATE),
    ],
)
def test_a_contact_of_nobody_may_only_be_proposed(held: dict[str, Any], action: Action) -> None:
    one = adopted(CONTACT, HubSpotRecord("77", held), policies={}, definitions={}, proposed=True)
    assert one.action is action
    assert (one.candidates, dict(one.values)) == (("77",), {}) or action is not Action.CONFLICT
