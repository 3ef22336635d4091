"""Search: it lags, it is particular about letters, and it never shows more than 10,000."""

from typing import Any

import pytest

from ml_connector_tests.sandbox.hubspot_serving import Hub


def ids(hub: Hub, object_type: str = "companies", **body: Any) -> list[str]:
    answer = hub.search(object_type, **body)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["results"]]


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """A body with one filter."""
    one = {"propertyName": name, "operator": operator, **more}
    if value is not None:
        one["values" if isinstance(value, list) else "value"] = value
    return {"filterGroups": [{"filters": [one]}]}


def test_a_change_is_found_only_after_the_lag(hub: Hub) -> None:
    hub.sandbox.configure(search_lag_seconds=5.0)
    record_id = hub.objects("POST", "companies", {"properties": {"name": "Old"}}).json()["id"]
    assert ids(hub) == []
    hub.clock.forward(5)
    assert ids(hub) == [record_id]
    hub.objects("PATCH", f"companies/{record_id}", {"properties": {"name": "New"}})
    hub.clock.forward(2)
    assert ids(hub, **where("name", "EQ", "old")) == [record_id]
    assert ids(hub, **where("name", "EQ", "new")) == []
    hub.clock.forward(3)
    assert ids(hub, **where("name", "EQ", "old")) == []
    assert ids(hub, **where("name", "EQ", "new")) == [record_id]


def test_archived_records_are_gone_at_once(hub: Hub) -> None:
    record_id = hub.sandbox.add_record("companies", {"name": "Gone"})
    hub.sandbox.archive_as_person("companies", record_id)
    assert ids(hub) == []
    assert ids(hub, **where("name", "EQ", "gone")) == []


def test_text_is_compared_without_case_but_in_needs_lower_case(hub: Hub) -> None:
    record_id = hub.sandbox.add_record("companies", {"name": "Fjord AS", "industry": "FISHERY"})
    assert ids(hub, **where("name", "EQ", "FJORD as")) == [record_id]
    assert ids(hub, **where("name", "IN", ["fjord as"])) == [record_id]
    assert ids(hub, **where("name", "IN", ["Fjord AS"])) == []
    assert ids(hub, **where("industry", "EQ", "fishery")) == []
    assert ids(hub, **where("industry", "EQ", "FISHERY")) == [record_id]


def test_the_operators(hub: Hub) -> None:
    hub.sandbox.configure(searches_per_second=None)
    small = hub.sandbox.add_record("companies", {"name": "Small Boats", "numberofemployees": "9"})
    large = hub.sandbox.add_record("companies", {"name": "Large Ships", "numberofemployees": "100"})
    bare = hub.sandbox.add_record("companies", {"name": "Bare"})
    number = "numberofemployees"
    assert ids(hub, **where(number, "GT", "9")) == [large]
    assert ids(hub, **where(number, "LTE", "9")) == [small]
    assert ids(hub, **where(number, "BETWEEN", "9", highValue="99")) == [small]
    assert ids(hub, **where(number, "EQ", "9.0")) == [small]
    assert ids(hub, **where(number, "HAS_PROPERTY")) == [small, large]
    assert ids(hub, **where(number, "NOT_HAS_PROPERTY")) == [bare]
    assert ids(hub, **where("name", "CONTAINS_TOKEN", "boats")) == [small]
    assert ids(hub, **where("name", "NOT_IN", ["bare"])) == [small, large]
    assert ids(hub, **where("name", "NEQ", "bare")) == [small, large]
    assert ids(hub, query="ships") == [large]
    moment = hub.sandbox.record("companies", small).values["hs_lastmodifieddate"]
    assert ids(hub, **where("hs_lastmodifieddate", "GTE", moment)) == [small, large, bare]


def test_telephone_numbers_are_found_without_the_countrys_code(hub: Hub) -> None:
    record_id = hub.sandbox.add_record("companies", {"name": "A", "phone": "+47 22 33 44 55"})
    name = "hs_searchable_calculated_phone_number"
    assert ids(hub, **where(name, "EQ", "22334455")) == [record_id]
    assert ids(hub, **where(name, "EQ", "+4722334455")) == []


def test_associations_are_a_filter(hub: Hub) -> None:
    company = hub.sandbox.add_record("companies", {"name": "A"})
    contact = hub.sandbox.add_record("contacts", {"email": "a@a.example"}, [("companies", company)])
    hub.sandbox.add_record("contacts", {"email": "b@a.example"})
    assert ids(hub, "contacts", **where("associations.company", "EQ", company)) == [contact]


def test_groups_are_alternatives_and_one_sort_orders_them(hub: Hub) -> None:
    made = {name: hub.sandbox.add_record("companies", {"name": name}) for name in ("b", "c", "a")}
    groups = [{"filters": [{"propertyName": "name", "operator": "EQ", "value": name}]} for name in "ab"]
    sorts = [{"propertyName": "name", "direction": "DESCENDING"}]
    assert ids(hub, filterGroups=groups, sorts=sorts) == [made["b"], made["a"]]
    refused = hub.search("companies", sorts=[*sorts, *sorts])
    assert "too many sorts (count: 2, max allowed: 1)" in refused.json()["message"]


def test_at_most_five_groups_of_six_filters_eighteen_in_all(hub: Hub) -> None:
    one = {"propertyName": "name", "operator": "HAS_PROPERTY"}
    for groups in ([[one]] * 6, [[one] * 7], [[one] * 5] * 4):
        refused = hub.search("companies", filterGroups=[{"filters": group} for group in groups])
        assert refused.status_code == 400
        assert refused.json()["category"] == "VALIDATION_ERROR"


def test_a_page_has_two_hundred_and_a_search_ten_thousand(hub: Hub) -> None:
    for number in range(201):
        hub.sandbox.add_record("companies", {"name": f"C{number}"})
    first = hub.search("companies", limit=200).json()
    assert (first["total"], len(first["results"]), first["paging"]["next"]["after"]) == (201, 200, "200")
    assert len(ids(hub, limit=200, after="200")) == 1
    assert hub.search("companies", limit=201).status_code == 400
    assert hub.search("companies", limit=200, after="9800").status_code == 200
    assert hub.search("companies", limit=200, after="9801").status_code == 400


def test_a_body_has_three_thousand_characters_at_most(hub: Hub) -> None:
    body = '{"limit":1,"query":"%s"}'
    room = 3_000 - len(body % "")
    assert hub.objects("POST", "companies/search", body % ("x" * room)).status_code == 200
    assert hub.objects("POST", "companies/search", body % ("x" * (room + 1))).status_code == 400


def test_what_does_not_exist_is_refused(hub: Hub) -> None:
    assert hub.search("companies", **where("no_such_property", "EQ", "1")).status_code == 400
    assert hub.search("companies", **where("name", "LIKE", "1")).status_code == 400
    assert hub.search("companies", **where("name", "IN", [])).status_code == 400
    assert hub.search("companies", **where("numberofemployees", "GT", "many")).status_code == 400


@pytest.mark.parametrize("lag", [0.0, 5.0])
def test_a_count_is_a_search_of_one(hub: Hub, lag: float) -> None:
    for number in range(30):
        hub.sandbox.add_record("companies", {"name": f"C{number}"})
    hub.sandbox.configure(search_lag_seconds=lag)
    hub.objects("POST", "companies", {"properties": {"name": "New"}})
    assert hub.search("companies", limit=1).json()["total"] == (31 if lag == 0.0 else 30)
