"""Property definitions: what may be made, what is read-only, and what an archived name leaves behind."""

from typing import Any

import pytest

from ml_connector_tests.sandbox.hubspot_serving import Hub


def text(name: str, **more: Any) -> dict[str, Any]:
    """A definition of a text."""
    return {
        "name": name,
        "label": name,
        "groupName": "companyinformation",
        "type": "string",
        "fieldType": "text",
        **more,
    }


def test_definitions_tell_type_options_and_what_is_read_only(hub: Hub) -> None:
    found = {item["name"]: item for item in hub.properties("GET", "companies").json()["results"]}
    assert found["hs_object_id"]["modificationMetadata"]["readOnlyValue"] is True
    assert found["name"]["modificationMetadata"]["readOnlyValue"] is False
    assert found["numberofemployees"]["type"] == "number"
    assert "FISHERY" in {option["value"] for option in found["industry"]["options"]}
    assert found["name"]["hasUniqueValue"] is False
    lines = {item["name"]: item for item in hub.properties("GET", "LINE_ITEM").json()["results"]}
    assert lines["amount"]["calculated"] is True
    assert lines["amount"]["modificationMetadata"]["readOnlyValue"] is True


def test_more_properties_can_be_read_only_in_an_account(hub: Hub) -> None:
    hub.sandbox.configure(extra_read_only=frozenset({("invoices", "hs_amount_billed")}))
    read = hub.properties("GET", "invoices/hs_amount_billed").json()
    assert read["modificationMetadata"]["readOnlyValue"] is True
    body = {"properties": {"hs_currency": "NOK", "hs_amount_billed": "1"}}
    assert hub.objects("POST", "invoices", body).status_code == 400


def test_a_group_and_a_property_are_made_once(hub: Hub) -> None:
    group = {"name": "visma", "label": "Visma"}
    assert hub.properties("POST", "companies/groups", group).status_code == 201
    assert hub.properties("POST", "companies/groups", group).status_code == 409
    made = hub.properties("POST", "companies", text("visma_number", groupName="visma"))
    assert made.status_code == 201
    assert made.json()["groupName"] == "visma"
    again = hub.properties("POST", "companies", text("visma_number", groupName="visma"))
    assert again.status_code == 409
    assert again.json()["category"] == "OBJECT_ALREADY_EXISTS"
    assert again.json()["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert hub.properties("DELETE", "companies/groups/visma").json()["subCategory"] == (
        "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"
    )
    assert hub.properties("GET", "companies/nothing").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Upper"},
        {"name": "1st"},
        {"name": "with-dash"},
        {"name": "hs_mine"},
        {"type": "money"},
        {"fieldType": "number"},
        {"groupName": "nowhere"},
        {"label": ""},
        {"type": "enumeration", "fieldType": "select"},
        {"type": "bool", "fieldType": "booleancheckbox"},
    ],
)
def test_a_definition_must_fit_the_rules(hub: Hub, wrong: dict[str, Any]) -> None:
    assert hub.properties("POST", "companies", text("fine") | wrong).status_code == 400


def test_uniqueness_is_decided_at_creation(hub: Hub) -> None:
    hub.properties("POST", "companies", text("plain"))
    changed = hub.properties("PATCH", "companies/plain", {"hasUniqueValue": True, "label": "New"})
    assert changed.status_code == 200
    assert (changed.json()["label"], changed.json()["hasUniqueValue"]) == ("New", False)


def test_at_most_ten_unique_properties(hub: Hub) -> None:
    for number in range(10):
        made = hub.properties("POST", "companies", text(f"key_{number}", hasUniqueValue=True))
        assert made.json()["hasUniqueValue"] is True
    assert hub.properties("POST", "companies", text("key_10", hasUniqueValue=True)).status_code == 400
    assert (
        hub.properties("POST", "contacts", text("key_10", groupName="contactinformation")).status_code == 201
    )


def test_an_archived_name_comes_back_as_it_was_with_its_values(hub: Hub) -> None:
    hub.properties("POST", "companies", text("plain"))
    record_id = hub.sandbox.add_record("companies", {"name": "A", "plain": "kept"})
    assert hub.properties("DELETE", "companies/plain").status_code == 204
    assert hub.properties("GET", "companies/plain").status_code == 404
    assert (
        "plain" not in hub.objects("GET", f"companies/{record_id}", properties="plain").json()["properties"]
    )
    change = {"properties": {"plain": "x"}}
    assert "PROPERTY_DOESNT_EXIST" in hub.objects("PATCH", f"companies/{record_id}", change).json()["message"]
    back = hub.properties("POST", "companies", text("plain", hasUniqueValue=True)).json()
    assert back["hasUniqueValue"] is False
    assert (
        hub.objects("GET", f"companies/{record_id}", properties="plain").json()["properties"]["plain"]
        == "kept"
    )


def test_a_property_in_use_stays(hub: Hub) -> None:
    hub.properties("POST", "companies", text("used"))
    hub.sandbox.configure(properties_in_use=frozenset({("companies", "used")}))
    for name in ("used", "domain"):
        refused = hub.properties("DELETE", f"companies/{name}")
        assert refused.json()["subCategory"] == "PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE"


def test_batches_of_properties(hub: Hub) -> None:
    inputs = [text("one"), text("two"), text("two")]
    made = hub.properties("POST", "companies/batch/create", {"inputs": inputs})
    assert made.status_code == 207
    assert made.json()["errors"][0]["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    names = [{"name": "one"}, {"name": "nothing"}]
    read = hub.properties("POST", "companies/batch/read", {"inputs": names})
    assert [item["name"] for item in read.json()["results"]] == ["one"]
    assert read.json()["errors"][0]["context"]["ids"] == ["nothing"]
    assert hub.properties("POST", "companies/batch/archive", {"inputs": names}).status_code == 204
    assert hub.properties("GET", "companies/one").status_code == 404


def test_options_can_be_changed_and_bind_at_once(hub: Hub) -> None:
    options = [{"label": "A", "value": "a"}]
    hub.sandbox.add_property("companies", "letter", type="enumeration", fieldType="select", options=options)
    assert hub.objects("POST", "companies", {"properties": {"name": "X", "letter": "b"}}).status_code == 400
    hub.properties("PATCH", "companies/letter", {"options": [*options, {"label": "B", "value": "b"}]})
    assert hub.objects("POST", "companies", {"properties": {"name": "X", "letter": "b"}}).status_code == 201
