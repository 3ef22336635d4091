"""The client's calls: what goes over the wire, what comes back, and how each kind of trouble ends."""

import re
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from ml_connector.errors import CredentialsError, PermanentApiError, TransientApiError, UsageError
from ml_connector.hubspot import paths
from ml_connector.hubspot.calls import Call
from ml_connector.hubspot.client import API_VERSION, HubSpotClient
from ml_connector.hubspot.limits import Bucket, limits_for
from ml_connector_tests.hubspot.portal import HOST, TOKEN, Script, Time, client

READ = paths.object_batch("companies", "read")
SEARCH = paths.search("companies")
LIST = paths.objects("companies")
PROPERTIES = paths.properties("companies")


def record(number: int | str, **properties: str | None) -> dict[str, Any]:
    return {"id": str(number), "properties": properties, "archived": False}


@pytest.mark.parametrize("token", ["", "  ", "pat eu1", "pat-eu1-\n-x", "pat-eu1-ø"])
def test_tokens_that_cannot_be_sent_are_refused_without_repeating_them(token: str) -> None:
    with pytest.raises(CredentialsError) as raised:
        HubSpotClient(token)
    assert not token.strip() or token not in str(raised.value)


@pytest.mark.parametrize("in_flight", [0, 17])
def test_the_calls_in_flight_are_bounded(in_flight: int) -> None:
    with pytest.raises(UsageError):
        HubSpotClient(TOKEN, in_flight=in_flight)


def test_clients_of_a_token_share_its_limits() -> None:
    assert (
        HubSpotClient(TOKEN).limits
        is HubSpotClient(TOKEN).limits
        is limits_for(TOKEN, "https://api.hubapi.com")
    )


def test_every_path_is_of_the_dated_version_but_one() -> None:
    assert API_VERSION == "2026-09"
    built = [
        paths.objects("a"),
        paths.object_batch("a", "read"),
        paths.search("a"),
        paths.association_batch("a", "b", "read"),
        paths.association_labels("a", "b"),
        paths.properties("a"),
        paths.property_named("a", "b"),
        paths.property_batch_create("a"),
        paths.property_groups("a"),
        paths.ACCOUNT_DETAILS,
    ]
    assert all(f"/{API_VERSION}/" in path for path in built)


def test_no_other_module_spells_a_path() -> None:
    folder = Path(paths.__file__).parent
    spelled = re.compile(r"[\"'](/?(crm|oauth|account-info)/)|/v[1-4]/")
    assert [
        file.name
        for file in folder.glob("*.py")
        if file.name != "paths.py" and spelled.search(file.read_text())
    ] == []


@responses.activate
def test_the_bearer_goes_with_every_call_and_netrc_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine portal.test login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    Script(paths.ACCOUNT_DETAILS, [(200, {"portalId": 1})], "GET")
    client().account()
    assert responses.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"


@responses.activate
def test_account_and_token_info() -> None:
    account = {
        "portalId": 62515,
        "timeZone": "Europe/Oslo",
        "companyCurrency": "NOK",
        "additionalCurrencies": ["EUR"],
        "uiDomain": "app-eu1.hubspot.com",
        "accountType": "STANDARD",
    }
    Script(paths.ACCOUNT_DETAILS, [(200, account)], "GET")
    info = Script(paths.ACCESS_TOKEN_INFO, [(200, {"hubId": 62515, "scopes": ["oauth", "a.read"]})])
    one = client()
    found = one.account()
    assert (found.portal_id, found.time_zone, found.additional_currencies) == (62515, "Europe/Oslo", ("EUR",))
    assert found.record_url("0-2", "9") == "https://app-eu1.hubspot.com/contacts/62515/record/0-2/9"
    assert one.limits.time_zone == "Europe/Oslo"
    assert one.token_info().scopes == {"oauth", "a.read"}
    assert info.bodies == [{"tokenKey": TOKEN}]


@responses.activate
def test_a_host_that_is_not_hubspot_is_named_as_such() -> None:
    Script(paths.ACCOUNT_DETAILS, [(200, {"hello": 1})], "GET")
    Script(paths.ACCESS_TOKEN_INFO, [(200, {"hello": 1})])
    with pytest.raises(PermanentApiError, match="HUBSPOT_API_URL"):
        client().account()
    with pytest.raises(PermanentApiError, match="HUBSPOT_API_URL"):
        client().token_info()


@responses.activate
def test_property_definitions_are_read_once_until_refreshed() -> None:
    script = Script(
        PROPERTIES,
        [
            (
                200,
                {
                    "results": [
                        {
                            "name": "industry",
                            "type": "enumeration",
                            "fieldType": "select",
                            "options": [{"value": "A"}, {"value": "B"}],
                            "modificationMetadata": {"readOnlyValue": True},
                            "hubspotDefined": True,
                        },
                        {"name": "calc", "calculated": True, "hasUniqueValue": True},
                    ]
                },
            )
        ],
        "GET",
    )
    one = client()
    assert one.properties("companies") is one.properties("companies")
    assert script.calls == 1
    industry, calc = one.refresh_properties("companies").values()
    assert script.calls == 2
    assert (industry.options, industry.read_only, industry.hubspot_defined) == (("A", "B"), True, True)
    assert (calc.read_only, calc.unique) == (True, True)


@responses.activate
def test_lists_follow_the_cursor_to_the_end() -> None:
    linked = {"companies": {"results": [{"id": 5, "type": "a"}, {"id": "5", "type": "b"}, {"id": "6"}]}}
    script = Script(
        LIST,
        [
            (
                200,
                {
                    "results": [{**record(1, name="A"), "associations": linked}],
                    "paging": {"next": {"after": "1"}},
                },
            ),
            (200, {"results": [], "paging": {"next": {"after": 2}}}),
            (200, {"results": [record(3)]}),
        ],
        "GET",
    )
    pages = list(client().list_records("companies", ["name", "domain"], ["companies"]))
    assert [[item.id for item in page] for page in pages] == [["1"], ["3"]]
    assert pages[0][0].associations == {"companies": ("5", "6")}
    assert script.params[0] == {"limit": "100", "properties": "name,domain", "associations": "companies"}
    assert [item.get("after") for item in script.params] == [None, "1", "2"]


@responses.activate
def test_a_list_that_turns_in_a_circle_ends() -> None:
    Script(LIST, [(200, {"results": [record(1)], "paging": {"next": {"after": "1"}}})], "GET")
    with pytest.raises(TransientApiError):
        list(client().list_records("companies", ["name"]))


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
@pytest.mark.parametrize(
    ("trouble", "waits"),
    [
        ((429, {"policyName": "TEN_SECONDLY_ROLLING"}), 10.0),
        ((429, {"message": "You have reached your secondly limit."}), 1.0),
        ((429, {}, {"Retry-After": "4"}), 4.0),
        ((423, {}), 2.0),
        ((477, {}, {"Retry-After": "60"}), 60.0),
        ((500, ""), 0.5),
        ((502, "<html>"), 0.5),
        ((503, {}), 0.5),
        ((504, ""), 0.5),
        ((521, ""), 0.5),
        ((524, ""), 0.5),
        ((200, '{"portalId": 1, "ti'), 0.5),
        (requests.ConnectionError("reset"), 0.5),
        (requests.exceptions.ChunkedEncodingError("cut"), 0.5),
        (requests.ReadTimeout("slow"), 0.5),
    ],
)
def test_what_passes_by_itself_is_tried_again_after_its_time(trouble: Any, waits: float) -> None:
    time = Time()
    Script(paths.ACCOUNT_DETAILS, [trouble, (200, {"portalId": 1})], "GET")
    one = client(time)
    assert one.account().portal_id == 1
    assert waits <= time.slept[0] <= waits * 1.5 + 1.0
    assert len(time.slept) == 1
    assert one.limits.windows[Bucket.GENERAL].in_flight == 0
    assert one.requests.calls == 2


@responses.activate
def test_a_daily_limit_is_not_tried_again_and_stops_later_calls_unsent() -> None:
    body = {"message": "You have reached your daily limit.", "policyName": "DAILY", "correlationId": "c-1"}
    script = Script(paths.ACCOUNT_DETAILS, [(429, body)], "GET")
    one = client()
    with pytest.raises(PermanentApiError, match="daily budget") as raised:
        one.account()
    assert (raised.value.status, raised.value.correlation_id) == (429, "c-1")
    with pytest.raises(PermanentApiError, match="daily budget"):
        one.account()
    assert script.calls == 1


@responses.activate
def test_no_answer_at_all_is_transient_and_gives_the_slots_back() -> None:
    Script(paths.ACCOUNT_DETAILS, [requests.ConnectionError("reset")], "GET")
    one = client(attempts=3)
    with pytest.raises(TransientApiError):
        one.account()
    assert one.limits.windows[Bucket.GENERAL].in_flight == 0
    assert one.requests.calls == 3


@responses.activate
@pytest.mark.parametrize(
    ("first", "maybe"),
    [
        ((500, ""), True),
        ((200, '{"cut'), True),
        (requests.ReadTimeout("slow"), True),
        ((429, {}), False),
        ((423, {}), False),
    ],
)
def test_an_exchange_knows_whether_an_earlier_try_may_have_been_carried_out(first: Any, maybe: bool) -> None:
    Script(READ, [first, (200, {"results": []})])
    assert client().exchange(Call("POST", READ, {})).maybe_done_before is maybe


@responses.activate
def test_errors_in_a_success_are_not_passed_over() -> None:
    Script(PROPERTIES, [(200, {"results": [], "errors": [{"message": "Not all", "category": "X"}]})], "GET")
    with pytest.raises(PermanentApiError, match="Not all"):
        client().properties("companies")


@responses.activate
@pytest.mark.parametrize("body", [{}, {"results": None}, "[]", ""])
def test_a_success_without_results_is_not_an_empty_list(body: Any) -> None:
    Script(LIST, [(200, body)], "GET")
    with pytest.raises(TransientApiError):
        list(client().list_records("companies", ["name"]))


@responses.activate
def test_a_redirected_write_is_not_followed() -> None:
    Script(READ, [(302, "", {"Location": f"{HOST}/elsewhere"})])
    with pytest.raises(PermanentApiError, match="302"):
        client().batch_read("companies", ["1"], ["name"])
    assert len(responses.calls) == 1


@responses.activate
def test_parallel_calls_keep_their_order_and_the_first_error_wins() -> None:
    one = client(in_flight=4)
    assert one.parallel(lambda number: number * 2, list(range(50))) == [number * 2 for number in range(50)]
    with pytest.raises(ZeroDivisionError):
        one.parallel(lambda number: 1 // number, [1, 0, 1])
