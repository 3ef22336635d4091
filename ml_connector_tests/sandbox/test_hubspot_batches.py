"""Batches: partial results only with trace ids, keys that must be unique, and answers in any order."""

from typing import Any

import pytest

from ml_connector.sandbox.hubspot import PoisonMode, PoisonRule
from ml_connector_tests.sandbox.hubspot_serving import Hub

KEY = "visma_customer_id"


def rows(count: int, *, traced: bool = True, prefix: str = "demo") -> list[dict[str, Any]]:
    """Upsert inputs of companies."""
    return [
        {
            "id": f"{prefix}:{number}",
            "idProperty": KEY,
            "properties": {"name": f"Company {number}"},
            **({"objectWriteTraceId": f"t{number}"} if traced else {}),
        }
        for number in range(count)
    ]


@pytest.fixture
def keyed(hub: Hub) -> Hub:
    hub.unique("companies", KEY)
    return hub


def test_an_upsert_makes_then_changes_and_says_which(keyed: Hub) -> None:
    first = keyed.batch("companies", "upsert", rows(5)).json()
    assert {item["new"] for item in first["results"]} == {True}
    second = keyed.batch("companies", "upsert", rows(6)).json()
    assert sorted(item["new"] for item in second["results"]) == [False] * 5 + [True]
    assert keyed.sandbox.snapshot()["companies"] == 6
    assert {item["objectWriteTraceId"] for item in second["results"]} == {f"t{number}" for number in range(6)}
    values = second["results"][0]["properties"].values()
    assert all(isinstance(value, str) for value in values)


def test_results_come_in_another_order_than_inputs_but_always_the_same_one(keyed: Hub) -> None:
    def order() -> list[str]:
        keyed.sandbox.reset()
        keyed.unique("companies", KEY)
        answer = keyed.batch("companies", "upsert", rows(20)).json()
        return [item["properties"][KEY] for item in answer["results"]]

    first = order()
    assert first != [f"demo:{number}" for number in range(20)]
    assert order() == first


@pytest.mark.parametrize("what", ["read", "create", "update", "upsert", "archive"])
def test_more_than_a_hundred_inputs_are_refused_in_hubspots_words(keyed: Hub, what: str) -> None:
    refused = keyed.batch("companies", what, rows(101))
    assert refused.status_code == 400
    assert refused.json()["message"] == (
        "The maximum number of inputs supported in a batch is 100. "
        "Please reduce the number of items and try again"
    )


@pytest.mark.parametrize("what", ["update", "upsert", "archive"])
def test_one_key_twice_refuses_the_whole_batch(keyed: Hub, what: str) -> None:
    record_id = keyed.sandbox.add_record("companies", {"name": "A", KEY: "demo:0"})
    item = {"properties": {"name": "B"}, "objectWriteTraceId": "t"}
    item |= {"id": "demo:0", "idProperty": KEY} if what == "upsert" else {"id": record_id}
    refused = keyed.batch("companies", what, [item, {**item, "objectWriteTraceId": "u"}])
    assert refused.status_code == 400
    assert refused.json()["category"] == "VALIDATION_ERROR"
    assert (
        f"Duplicate IDs found in batch input: [{item['id']}]. IDs must be unique" == refused.json()["message"]
    )
    assert refused.json()["context"]["ids"] == [item["id"]]


def test_without_trace_ids_one_bad_input_fails_all(keyed: Hub) -> None:
    inputs = rows(5, traced=False)
    inputs[3]["properties"]["industry"] = "NOT_ONE"
    refused = keyed.batch("companies", "upsert", inputs)
    assert refused.status_code == 400
    assert "INVALID_OPTION" in refused.json()["message"]
    assert keyed.sandbox.snapshot()["companies"] == 0


@pytest.mark.parametrize("what", ["create", "upsert"])
def test_with_trace_ids_the_bad_input_is_named_and_the_others_land(keyed: Hub, what: str) -> None:
    inputs = rows(5)
    inputs[3]["properties"]["no_such_property"] = "1"
    answer = keyed.batch("companies", what, inputs)
    body = answer.json()
    assert answer.status_code == 207
    assert body["status"] == "COMPLETE"
    assert body["numErrors"] == 1
    assert body["errors"][0]["context"]["objectWriteTraceId"] == ["t3"]
    assert len(body["results"]) == 4
    assert keyed.sandbox.snapshot()["companies"] == 4


def test_trace_ids_must_differ_and_be_on_every_input(keyed: Hub) -> None:
    inputs = rows(3)
    inputs[1]["objectWriteTraceId"] = inputs[0]["objectWriteTraceId"]
    assert keyed.batch("companies", "upsert", inputs).status_code == 400
    inputs = rows(3)
    del inputs[1]["objectWriteTraceId"]
    inputs[2]["properties"]["industry"] = "NOT_ONE"
    assert keyed.batch("companies", "upsert", inputs).status_code == 400
    assert keyed.sandbox.snapshot()["companies"] == 0


def test_an_upsert_needs_a_unique_property(keyed: Hub) -> None:
    without = [{"id": "x", "properties": {"name": "A"}}]
    assert keyed.batch("companies", "upsert", without).status_code == 400
    for name in ("domain", "hs_object_id", "name"):
        refused = keyed.batch("companies", "upsert", [{**without[0], "idProperty": name}])
        assert refused.json()["message"] == (
            f"Unable to perform update/upsert by non-unique 0-2 property {name} in portal ID 139876543"
        )


def test_a_unique_value_of_another_record_is_a_conflict(keyed: Hub) -> None:
    keyed.unique("companies", "second_key")
    keyed.sandbox.add_record("companies", {"name": "Owner", "second_key": "s1"})
    inputs = rows(2)
    inputs[0]["properties"]["second_key"] = "s1"
    answer = keyed.batch("companies", "upsert", inputs)
    assert answer.status_code == 207
    assert "CONFLICTING_UNIQUE_VALUE" in answer.json()["errors"][0]["message"]
    assert answer.json()["errors"][0]["category"] == "VALIDATION_ERROR"
    single = keyed.objects("POST", "companies", {"properties": {"name": "B", "second_key": "s1"}})
    assert single.status_code == 400
    assert "CONFLICTING_UNIQUE_VALUE" in single.json()["message"]


def test_two_inputs_may_not_take_one_unique_value(keyed: Hub) -> None:
    keyed.unique("companies", "second_key")
    inputs = rows(2)
    for item in inputs:
        item["properties"]["second_key"] = "same"
    answer = keyed.batch("companies", "upsert", inputs)
    assert answer.status_code == 207
    assert len(answer.json()["results"]) == 1


def test_companies_with_one_domain_are_not_merged(hub: Hub) -> None:
    inputs = [{"properties": {"domain": "fjord.example"}} for _ in range(2)]
    assert hub.batch("companies", "create", inputs).status_code == 201
    assert len(hub.sandbox.find("companies", "domain", "fjord.example")) == 2


def test_an_email_belongs_to_one_contact_additional_ones_included(hub: Hub) -> None:
    owner = hub.sandbox.add_record(
        "contacts", {"email": "Kari@fjord.example", "hs_additional_emails": "k@fjord.example"}
    )
    for email in ("KARI@fjord.example", "k@fjord.example"):
        refused = hub.objects("POST", "contacts", {"properties": {"email": email}})
        assert refused.status_code == 409
        assert refused.json()["category"] == "CONFLICT"
        assert refused.json()["message"] == f"Contact already exists. Existing ID: {owner}"
    batch = hub.batch("contacts", "create", [{"properties": {"email": "k@fjord.example"}}])
    assert batch.status_code == 409
    traced = {"properties": {"email": "k@fjord.example"}, "objectWriteTraceId": "t"}
    answer = hub.batch("contacts", "create", [traced])
    assert answer.status_code == 207
    assert answer.json()["errors"][0]["category"] == "CONFLICT"


@pytest.mark.parametrize("email", ["kari", "kari@", "kari@fjord", "ka ri@fjord.example", "a@b..example"])
def test_an_email_is_checked(hub: Hub, email: str) -> None:
    refused = hub.objects("POST", "contacts", {"properties": {"email": email}})
    assert refused.status_code == 400
    assert "INVALID_EMAIL" in refused.json()["message"]


def test_an_upsert_by_email_is_all_or_nothing(hub: Hub) -> None:
    inputs: list[dict[str, Any]] = [
        {
            "id": f"p{number}@fjord.example",
            "idProperty": "email",
            "properties": {},
            "objectWriteTraceId": str(number),
        }
        for number in range(3)
    ]
    assert hub.batch("contacts", "upsert", inputs).status_code == 200
    inputs[1]["properties"]["hs_lead_status"] = "NOT_ONE"
    inputs[0]["properties"]["firstname"] = "New"
    assert hub.batch("contacts", "upsert", inputs).status_code == 400
    assert hub.sandbox.find("contacts", "firstname", "New") == []


def test_contacts_cannot_be_updated_by_email(hub: Hub) -> None:
    hub.sandbox.add_record("contacts", {"email": "a@fjord.example"})
    item = {"id": "a@fjord.example", "idProperty": "email", "properties": {"firstname": "A"}}
    refused = hub.batch("contacts", "update", [item])
    assert "non-unique 0-1 property email" in refused.json()["message"]


def test_an_update_by_record_id_names_the_missing_and_does_the_rest(hub: Hub) -> None:
    record_id = hub.sandbox.add_record("companies", {"name": "A"})
    inputs = [
        {"id": record_id, "properties": {"name": "B"}, "objectWriteTraceId": "a"},
        {"id": "404", "properties": {"name": "B"}, "objectWriteTraceId": "b"},
    ]
    answer = hub.batch("companies", "update", inputs)
    assert answer.status_code == 207
    error = answer.json()["errors"][0]
    assert error["category"] == "OBJECT_NOT_FOUND"
    assert (error["context"]["ids"], error["context"]["objectWriteTraceId"]) == (["404"], ["b"])
    assert hub.sandbox.record("companies", record_id).values["name"] == "B"


def test_an_update_of_a_record_merged_away_is_left_out_in_silence(hub: Hub) -> None:
    kept, gone = (hub.sandbox.add_record("companies", {"name": name}) for name in ("Kept", "Gone"))
    hub.sandbox.merge_as_person("companies", kept, gone)
    inputs = [{"id": kept, "properties": {"city": "Oslo"}}, {"id": gone, "properties": {"city": "Bergen"}}]
    answer = hub.batch("companies", "update", inputs)
    assert answer.status_code == 200
    assert [item["id"] for item in answer.json()["results"]] == [kept]
    assert "errors" not in answer.json()
    single = hub.objects("PATCH", f"companies/{gone}", {"properties": {"city": "Bergen"}})
    assert single.json()["id"] == kept


def test_a_batch_read_names_what_is_missing_in_one_error(keyed: Hub) -> None:
    record_id = keyed.sandbox.add_record("companies", {"name": "A", KEY: "demo:1"})
    answer = keyed.batch(
        "companies", "read", [{"id": record_id}, {"id": "7"}, {"id": "8"}], properties=["name"]
    )
    body = answer.json()
    assert answer.status_code == 207
    assert body["numErrors"] == 1
    assert body["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert body["errors"][0]["context"]["ids"] == ["7", "8"]
    assert body["errors"][0]["message"].startswith("Could not get some COMPANY objects")
    by_key = keyed.batch("companies", "read", [{"id": "demo:1"}], idProperty=KEY, properties=["name", "city"])
    assert by_key.status_code == 200
    assert by_key.json()["results"][0]["properties"]["city"] is None
    assert keyed.batch("companies", "read", [{"id": "A"}], idProperty="name").status_code == 400


def test_statuses_of_the_newest_version_can_be_set(keyed: Hub) -> None:
    keyed.sandbox.configure(batch_create_status=200, partial_status=200)
    inputs = rows(2)
    inputs[0]["properties"]["industry"] = "NOT_ONE"
    answer = keyed.batch("companies", "create", inputs)
    assert answer.status_code == 200
    assert answer.json()["numErrors"] == 1
    older = keyed.call("POST", "/crm/objects/2026-03/companies/batch/create", {"inputs": inputs})
    assert older.status_code == 207


def test_an_archive_frees_the_key(keyed: Hub) -> None:
    record_id = keyed.sandbox.add_record("companies", {"name": "A", KEY: "demo:0"})
    assert keyed.batch("companies", "archive", [{"id": record_id}, {"id": "404"}]).status_code == 204
    answer = keyed.batch("companies", "upsert", rows(1)).json()
    assert answer["results"][0]["new"] is True
    assert answer["results"][0]["id"] != record_id


@pytest.mark.parametrize(
    ("mode", "status", "stored", "results", "errors"),
    [
        (PoisonMode.INPUT_ERROR, 207, 4, 4, 1),
        (PoisonMode.BATCH_400, 400, 0, 0, 0),
        (PoisonMode.BATCH_409, 409, 0, 0, 0),
        (PoisonMode.EMPTY_RESULTS, 200, 0, 0, 0),
        (PoisonMode.MISSING_RESULT, 200, 4, 4, 0),
    ],
)
def test_a_poisoned_record_is_refused_as_planted(
    keyed: Hub, mode: PoisonMode, status: int, stored: int, results: int, errors: int
) -> None:
    keyed.sandbox.poison(PoisonRule("companies", "name", "Company 3", mode))
    answer = keyed.batch("companies", "upsert", rows(5))
    assert answer.status_code == status
    assert keyed.sandbox.snapshot()["companies"] == stored
    assert len(answer.json().get("results", [])) == results
    assert answer.json().get("numErrors", 0) == errors
    if mode is not PoisonMode.EMPTY_RESULTS:
        single = keyed.objects("POST", "companies", {"properties": {"name": "Company 3"}})
        assert single.status_code == (409 if mode is PoisonMode.BATCH_409 else 400)


def test_neither_a_key_nor_a_page_looks_at_all_records(keyed: Hub) -> None:
    for number in range(300):
        keyed.sandbox.add_record("companies", {"name": "A", KEY: f"old:{number}"})
    store = keyed.sandbox.account.store("companies")

    class Watched(dict[str, Any]):
        def values(self) -> Any:
            raise AssertionError("a scan of all records")

        items = __iter__ = values

    store.records = Watched(store.records)
    assert keyed.batch("companies", "upsert", rows(100)).status_code == 200
    assert keyed.objects("GET", "companies", limit=100).status_code == 200
    assert keyed.batch("companies", "read", [{"id": "old:7"}], idProperty=KEY).status_code == 200


@pytest.mark.parametrize("first", ["email", "hs_additional_emails"])
def test_an_address_that_becomes_additional_stays_taken(hub: Hub, first: str) -> None:
    record_id = hub.sandbox.add_record("contacts", {"email": "old@fjord.example"})
    values = {"email": "new@fjord.example", "hs_additional_emails": "old@fjord.example"}
    ordered = {first: values[first], **values}
    assert hub.objects("PATCH", f"contacts/{record_id}", {"properties": ordered}).status_code == 200
    refused = hub.objects("POST", "contacts", {"properties": {"email": "old@fjord.example"}})
    assert refused.status_code == 409
