"""Looking records up: cut to HubSpot's limits, matched by name, complete or an error."""

from typing import Any

import pytest
import responses

from ml_connector.errors import PermanentApiError, UsageError
from ml_connector.hubspot import paths
from ml_connector_tests.hubspot.portal import Script, client

READ = paths.object_batch("companies", "read")
SEARCH = paths.search("companies")
PROPERTIES = paths.properties("companies")


def record(number: int | str, **properties: str | None) -> dict[str, Any]:
    return {"id": str(number), "properties": properties, "archived": False}


@responses.activate
def test_batch_reads_are_cut_to_a_hundred_and_matched_by_value() -> None:
    def reply(body: Any) -> tuple[int, Any]:
        found = [record(item["id"][5:], visma_customer_id=item["id"].upper()) for item in body["inputs"]]
        return 200, {"results": found[::-1]}

    script = Script(READ, reply)
    ids = [f"demo:{number}" for number in range(250)]
    found = client(in_flight=4).batch_read(
        "companies", [*ids, "demo:7"], ["name"], id_property="visma_customer_id"
    )
    assert {key: item.id for key, item in found.items()} == {key: key[5:] for key in ids}
    assert sorted(len(body["inputs"]) for body in script.bodies) == [50, 100, 100]
    assert script.bodies[0]["idProperty"] == "visma_customer_id"
    assert script.bodies[0]["properties"] == ["name", "visma_customer_id"]


@responses.activate
def test_missing_records_are_left_out_and_asked_for_once() -> None:
    missing = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "x",
        "context": {"ids": ["2", "3"]},
    }
    script = Script(READ, [(207, {"results": [record(1)], "errors": [missing], "numErrors": 1})])
    assert list(client().batch_read("companies", ["1", "2", "3"], ["name"])) == ["1"]
    assert script.calls == 1
    assert "idProperty" not in script.bodies[0]


@responses.activate
def test_records_left_out_in_silence_are_asked_for_once_more() -> None:
    script = Script(READ, [(200, {"results": [record(1)]}), (200, {"results": [record(2)]})])
    assert sorted(client().batch_read("companies", ["1", "2"], ["name"])) == ["1", "2"]
    assert [len(body["inputs"]) for body in script.bodies] == [2, 1]


@responses.activate
def test_a_merged_record_is_found_under_its_old_id() -> None:
    Script(READ, [(200, {"results": [record(9, hs_merged_object_ids="1;2")]})])
    found = client().batch_read("companies", ["2"], ["hs_merged_object_ids"])
    assert found["2"].id == "9"


@responses.activate
def test_other_problems_of_a_batch_read_raise() -> None:
    problem = {"category": "VALIDATION_ERROR", "message": "kari@bygg.no"}
    Script(READ, [(207, {"results": [], "errors": [problem]})])
    with pytest.raises(PermanentApiError) as raised:
        client().batch_read("companies", ["1"], ["name"])
    assert "kari" not in str(raised.value)


@responses.activate
def test_a_search_lowers_texts_pages_on_and_lists_each_record_once() -> None:
    Script(PROPERTIES, [(200, {"results": [{"name": "name", "type": "string"}]})], "GET")
    script = Script(
        SEARCH,
        [
            (200, {"total": 3, "results": [record(1), record(2)], "paging": {"next": {"after": "200"}}}),
            (200, {"total": 3, "results": [record(2), record(3)]}),
        ],
    )
    found = client().search("companies", "name", ["Bygg AS", "BYGG AS", "", "Anlegg"], ["name"])
    assert [item.id for item in found] == ["1", "2", "3"]
    body = script.bodies[0]
    assert body["filterGroups"] == [
        {"filters": [{"propertyName": "name", "operator": "IN", "values": ["bygg as", "anlegg"]}]}
    ]
    assert (body["limit"], [one["after"] for one in script.bodies]) == (200, ["0", "200"])


@responses.activate
def test_enumerations_keep_their_case() -> None:
    Script(PROPERTIES, [(200, {"results": [{"name": "industry", "type": "enumeration"}]})], "GET")
    script = Script(SEARCH, [(200, {"total": 0, "results": []})])
    client().search("companies", "industry", ["FARMING"], ["name"])
    assert script.bodies[0]["filterGroups"][0]["filters"][0]["values"] == ["FARMING"]


@responses.activate
def test_search_bodies_stay_under_three_thousand_characters_and_lose_no_value() -> None:
    Script(PROPERTIES, [(200, {"results": []})], "GET")
    script = Script(SEARCH, [(200, {"total": 0, "results": []})])
    values = [f'blåbær "{number}" {"ø" * (number % 40)}' for number in range(400)]
    client(in_flight=2).search("companies", "name", values, ["name", "domain"])
    sizes = [len(call.request.body or b"") for call in responses.calls if call.request.method == "POST"]
    assert max(sizes) < 3000
    assert sum(sizes) / len(sizes) > 2500
    asked = [value for body in script.bodies for value in body["filterGroups"][0]["filters"][0]["values"]]
    assert sorted(asked) == sorted(values)


@responses.activate
def test_more_than_ten_thousand_results_halve_the_values() -> None:
    Script(PROPERTIES, [(200, {"results": []})], "GET")

    def reply(body: Any) -> tuple[int, Any]:
        values = body["filterGroups"][0]["filters"][0]["values"]
        if len(values) > 1:
            return 200, {"total": 10_001, "results": []}
        return 200, {"total": 1, "results": [record(values[0])]}

    Script(SEARCH, reply)
    found = client().search("companies", "name", ["1", "2", "3"], ["name"])
    assert [item.id for item in found] == ["1", "2", "3"]


@responses.activate
def test_one_value_with_too_many_results_is_an_error_without_the_value() -> None:
    Script(PROPERTIES, [(200, {"results": []})], "GET")
    Script(SEARCH, [(200, {"total": 10_001, "results": []})])
    with pytest.raises(PermanentApiError, match="10000 companies") as raised:
        client().search("companies", "name", ["kari"], ["name"])
    assert "kari" not in str(raised.value)


@responses.activate
def test_search_errors_do_not_repeat_what_was_searched_for() -> None:
    Script(PROPERTIES, [(200, {"results": []})], "GET")
    Script(SEARCH, [(400, {"message": "Value Kari Nordmann is bad", "category": "VALIDATION_ERROR"})])
    with pytest.raises(PermanentApiError) as raised:
        client().search("companies", "name", ["Kari Nordmann"], ["name"])
    assert "kari" not in str(raised.value).lower()


@responses.activate
def test_properties_that_fill_the_body_are_refused() -> None:
    Script(PROPERTIES, [(200, {"results": []})], "GET")
    with pytest.raises(UsageError, match="3,000"):
        client().search("companies", "name", ["a"], ["visma_" + "x" * 100] * 30)


@responses.activate
def test_count_asks_search_for_one() -> None:
    script = Script(SEARCH, [(200, {"total": 25_000, "results": [record(1)]})])
    assert client().count("companies") == 25_000
    assert script.bodies[0]["limit"] == 1


@responses.activate
def test_a_contact_is_found_by_an_additional_e_mail_too() -> None:
    both = record(5, email="kari@bygg.no", hs_additional_emails="kn@bygg.no;k@bygg.no")
    script = Script(paths.object_batch("contacts", "read"), [(200, {"results": [both]})])
    found = client().batch_read("contacts", ["KN@bygg.no"], ["firstname"], id_property="email")
    assert found["KN@bygg.no"].id == "5"
    assert script.bodies[0]["properties"] == ["firstname", "email", "hs_additional_emails"]
