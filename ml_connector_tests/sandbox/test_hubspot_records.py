"""Single records and lists: what is answered, what is kept, what is refused."""

import pytest
import requests

from ml_connector.sandbox.hubspot import HubSpotSandboxSettings
from ml_connector_tests.sandbox.hubspot_serving import Hub


def test_a_company_is_created_read_changed_and_archived(hub: Hub) -> None:
    created = hub.objects("POST", "companies", {"properties": {"name": "Fjord AS", "city": "Bergen"}})
    assert created.status_code == 201
    record_id = created.json()["id"]
    assert created.json()["properties"]["hs_object_id"] == record_id
    changed = hub.objects("PATCH", f"companies/{record_id}", {"properties": {"city": ""}})
    assert changed.status_code == 200
    read = hub.objects("GET", f"companies/{record_id}", properties="name,city,phone,no_such_property")
    assert read.json()["properties"]["name"] == "Fjord AS"
    assert read.json()["properties"]["city"] is None
    assert read.json()["properties"]["phone"] is None
    assert "no_such_property" not in read.json()["properties"]
    assert hub.objects("DELETE", f"companies/{record_id}").status_code == 204
    assert hub.objects("GET", f"companies/{record_id}").status_code == 404
    assert hub.objects("GET", f"companies/{record_id}", archived="true").json()["archived"] is True


@pytest.mark.parametrize("name", ["companies", "company", "COMPANIES", "0-2"])
def test_a_type_answers_to_all_its_names_in_both_dated_versions(hub: Hub, name: str) -> None:
    for version in ("2026-03", "2026-09"):
        assert hub.call("GET", f"/crm/objects/{version}/{name}").status_code == 200
    assert hub.sandbox.counts.v3_v4 == 0


def test_an_unknown_type_or_version_is_refused(hub: Hub) -> None:
    refused = hub.objects("GET", "spaceships")
    assert refused.status_code == 400
    assert "Unable to infer object type" in refused.json()["message"]
    assert hub.call("GET", "/crm/objects/2025-03/companies").status_code == 404


def test_calls_by_numbered_versions_are_counted(hub: Hub) -> None:
    assert hub.call("GET", "/crm/v3/objects/companies").status_code == 200
    assert hub.sandbox.counts.v3_v4 == 1


def test_a_list_pages_by_record_id_up_to_a_hundred(hub: Hub) -> None:
    ids = [hub.sandbox.add_record("companies", {"name": f"Company {number}"}) for number in range(150)]
    first = hub.objects("GET", "companies", limit=100).json()
    assert [item["id"] for item in first["results"]] == ids[:100]
    assert first["paging"]["next"]["after"] == ids[99]
    second = hub.objects("GET", "companies", limit=100, after=ids[99]).json()
    assert [item["id"] for item in second["results"]] == ids[100:]
    assert "paging" not in second
    assert hub.objects("GET", "companies", limit=101).status_code == 400
    assert len(hub.objects("GET", "companies").json()["results"]) == 10


def test_a_list_shows_archived_records_only_when_asked(hub: Hub) -> None:
    kept = hub.sandbox.add_record("companies", {"name": "Kept"})
    gone = hub.sandbox.add_record("companies", {"name": "Gone"})
    hub.sandbox.archive_as_person("companies", gone)
    assert [item["id"] for item in hub.objects("GET", "companies").json()["results"]] == [kept]
    archived = hub.objects("GET", "companies", archived="true").json()["results"]
    assert [item["id"] for item in archived] == [gone]


@pytest.mark.parametrize(
    ("object_type", "properties", "missing"),
    [
        ("companies", {"city": "Oslo"}, "name"),
        ("contacts", {"phone": "1"}, "email"),
        ("deals", {"dealname": "Big"}, "dealstage"),
        ("invoices", {}, "hs_currency"),
        ("orders", {}, "hs_order_name"),
    ],
)
def test_a_new_record_needs_its_required_properties(
    hub: Hub, object_type: str, properties: dict[str, str], missing: str
) -> None:
    refused = hub.objects("POST", object_type, {"properties": properties})
    assert refused.status_code == 400
    assert missing in refused.json()["message"]


def test_an_account_can_require_more(hub: Hub) -> None:
    hub.sandbox.configure(required_on_create={"companies": ("industry",)})
    assert hub.objects("POST", "companies", {"properties": {"name": "A"}}).status_code == 400


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("nothing_like_it", "x", "PROPERTY_DOESNT_EXIST"),
        ("createdate", "2026-01-01", "READ_ONLY_VALUE"),
        ("hs_object_id", "7", "READ_ONLY_VALUE"),
        ("numberofemployees", "1,000", "INVALID_INTEGER"),
        ("numberofemployees", "1.2.3", "INVALID_INTEGER"),
        ("numberofemployees", "٣", "INVALID_INTEGER"),
        ("industry", "fishery", "INVALID_OPTION"),
        ("name", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
    ],
)
def test_a_bad_value_is_refused_with_its_code(hub: Hub, name: str, value: str, code: str) -> None:
    refused = hub.objects("POST", "companies", {"properties": {"name": "A", name: value}})
    body = refused.json()
    assert refused.status_code == 400
    assert body["category"] == "VALIDATION_ERROR"
    assert code in body["message"]
    assert body["errors"][0]["context"]["propertyName"] == [name]
    assert hub.sandbox.snapshot()["companies"] == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-11-20", "2026-11-20"),
        ("1795132800000", "2026-11-20"),
        ("1795132800001", None),
        ("20.11.2026", None),
    ],
)
def test_a_date_is_a_day_or_midnight_utc(hub: Hub, sent: str, kept: str | None) -> None:
    hub.sandbox.add_property("companies", "a_day", type="date", fieldType="date")
    answer = hub.objects("POST", "companies", {"properties": {"name": "A", "a_day": sent}})
    if kept is None:
        assert "INVALID_DATE" in answer.json()["message"]
    else:
        assert answer.json()["properties"]["a_day"] == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-11-20T08:15:30.250Z", "2026-11-20T08:15:30.250Z"),
        ("2026-11-20T08:15:30+00:00", "2026-11-20T08:15:30.000Z"),
        ("1795162530250", "2026-11-20T08:15:30.250Z"),
        ("2026-11-20T08:15:30", None),
        ("2026-11-20T08:15:30+01:00", None),
    ],
)
def test_a_moment_is_in_utc(hub: Hub, sent: str, kept: str | None) -> None:
    hub.sandbox.add_property("companies", "a_moment", type="datetime", fieldType="date")
    answer = hub.objects("POST", "companies", {"properties": {"name": "A", "a_moment": sent}})
    assert answer.status_code == (400 if kept is None else 201)
    assert answer.json().get("properties", {}).get("a_moment") == kept


def test_checkboxes_are_joined_by_semicolons_and_a_leading_one_adds(hub: Hub) -> None:
    options = [{"label": name, "value": name} for name in ("customer", "supplier")]
    hub.sandbox.add_property("companies", "kinds", type="enumeration", fieldType="checkbox", options=options)
    record_id = hub.sandbox.add_record("companies", {"name": "A", "kinds": "customer"})
    hub.objects("PATCH", f"companies/{record_id}", {"properties": {"kinds": ";supplier"}})
    assert hub.sandbox.record("companies", record_id).values["kinds"] == "customer;supplier"
    hub.objects("PATCH", f"companies/{record_id}", {"properties": {"kinds": "supplier"}})
    assert hub.sandbox.record("companies", record_id).values["kinds"] == "supplier"
    assert (
        hub.objects("PATCH", f"companies/{record_id}", {"properties": {"kinds": "Customer"}}).status_code
        == 400
    )


def test_truths_are_spelled_in_lower_case(hub: Hub) -> None:
    options = [{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]
    hub.sandbox.add_property("companies", "yes_no", type="bool", fieldType="booleancheckbox", options=options)
    assert (
        hub.objects("POST", "companies", {"properties": {"name": "A", "yes_no": "true"}}).status_code == 201
    )
    assert (
        hub.objects("POST", "companies", {"properties": {"name": "A", "yes_no": "True"}}).status_code == 400
    )


def test_null_is_no_value_and_broken_json_no_body(hub: Hub) -> None:
    assert hub.objects("POST", "companies", {"properties": {"name": None}}).status_code == 400
    broken = hub.objects("POST", "companies", "{")
    assert broken.status_code == 400
    assert broken.json()["message"].startswith("Invalid input JSON on line")
    assert "category" not in broken.json()


def test_the_lifecycle_stage_moves_forward_only_unless_cleared(hub: Hub) -> None:
    record_id = hub.sandbox.add_record("companies", {"name": "A", "lifecyclestage": "customer"})
    hub.objects("PATCH", f"companies/{record_id}", {"properties": {"lifecyclestage": "lead"}})
    assert hub.sandbox.record("companies", record_id).values["lifecyclestage"] == "customer"
    hub.objects("PATCH", f"companies/{record_id}", {"properties": {"lifecyclestage": ""}})
    hub.objects("PATCH", f"companies/{record_id}", {"properties": {"lifecyclestage": "lead"}})
    assert hub.sandbox.record("companies", record_id).values["lifecyclestage"] == "lead"


def test_history_tells_an_integration_from_a_person(hub: Hub) -> None:
    record_id = hub.objects("POST", "companies", {"properties": {"name": "First"}}).json()["id"]
    hub.clock.forward(60)
    hub.sandbox.edit_as_person("companies", record_id, {"name": "Second"}, user_id=42)
    read = hub.objects("GET", f"companies/{record_id}", propertiesWithHistory="name").json()
    newest, oldest = read["propertiesWithHistory"]["name"]
    assert (newest["value"], newest["sourceType"], newest["updatedByUserId"]) == ("Second", "CRM_UI", 42)
    assert newest["sourceId"] == "userId:42"
    assert (oldest["value"], oldest["sourceType"]) == ("First", "INTEGRATION")
    assert "updatedByUserId" not in oldest
    assert read["updatedAt"] == "2026-11-20T10:01:00.000Z"
    for number in range(hub.sandbox.settings.history_entries):
        hub.sandbox.edit_as_workflow("companies", record_id, {"name": f"Name {number}"})
    cut = hub.objects("GET", f"companies/{record_id}", propertiesWithHistory="name").json()
    shown = [entry["value"] for entry in cut["propertiesWithHistory"]["name"]]
    assert (shown[0], shown[-1], len(shown)) == ("Name 19", "Name 0", 20)


def test_history_halves_what_a_call_may_read(hub: Hub) -> None:
    ids = [hub.sandbox.add_record("companies", {"name": f"Company {number}"}) for number in range(51)]

    def read(*names: str, many: int = 51) -> requests.Response:
        asked = {"properties": ["name"], "propertiesWithHistory": list(names)}
        return hub.objects(
            "POST", "companies/batch/read", {**asked, "inputs": [{"id": one} for one in ids[:many]]}
        )

    refused = read("name")
    assert refused.status_code == 400
    assert "property histories is 50" in refused.json()["message"]
    assert read("name", many=50).status_code == 200
    assert read().status_code == 200
    assert hub.objects("GET", "companies", limit=51, propertiesWithHistory="name").status_code == 400
    assert hub.objects("GET", "companies", limit=50, propertiesWithHistory="name").status_code == 200


def test_writing_the_same_value_leaves_no_history_but_moves_last_modified(hub: Hub) -> None:
    record_id = hub.sandbox.add_record("companies", {"name": "Same"})
    hub.clock.forward(60)
    hub.objects("PATCH", f"companies/{record_id}", {"properties": {"name": "Same"}})
    record = hub.sandbox.record("companies", record_id)
    assert len(record.history("name")) == 1
    assert record.values["hs_lastmodifieddate"] == "2026-11-20T10:01:00.000Z"


def test_contacts_name_their_last_modified_property_differently(hub: Hub) -> None:
    contact = hub.objects("POST", "contacts", {"properties": {"email": "a@b.example"}}).json()["properties"]
    company = hub.objects("POST", "companies", {"properties": {"name": "A"}}).json()["properties"]
    assert "lastmodifieddate" in contact
    assert "hs_lastmodifieddate" not in contact
    assert "hs_lastmodifieddate" in company


def test_a_record_is_found_by_a_unique_property_only(hub: Hub) -> None:
    hub.unique("companies", "visma_customer_id")
    record_id = hub.sandbox.add_record("companies", {"name": "A", "visma_customer_id": "demo:1"})
    found = hub.objects("GET", "companies/demo:1", idProperty="visma_customer_id")
    assert found.json()["id"] == record_id
    refused = hub.objects("GET", "companies/A", idProperty="name")
    assert refused.status_code == 400
    assert "by non-unique 0-2 property name in portal ID 139876543" in refused.json()["message"]


def test_payments_need_an_account_that_collects_payments(hub: Hub) -> None:
    body = {"properties": {"hs_initial_amount": "100", "hs_initiated_date": "2026-11-20"}}
    refused = hub.objects("POST", "commerce_payments", body)
    assert refused.status_code == 400
    assert "not set up" in refused.json()["message"]
    hub.sandbox.reset(HubSpotSandboxSettings(payments_enabled=True))
    assert hub.objects("POST", "commerce_payments", body).status_code == 201
