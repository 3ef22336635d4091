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
    assert one.token_info().hub_id == 62515
    assert info.bodies == [{"tokenKey": TOKEN}], "asked for once"


def test_a_token_is_marked_by_what_does_not_tell_it() -> None:
    mark = client().token_mark
    assert mark == client().token_mark
    assert mark != HubSpotClient(TOKEN.replace("4", "5"), base_url=HOST).token_mark
    assert not set(TOKEN.split("-")) & {mark[place : place + 4] for place in range(28)}


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
def test_values_that_no_database_can_hold_are_read_without_what_makes_them_so() -> None:
    Script(LIST, [(200, {"results": [record(1, name="A\x00B \ud83d😀", city=None)]})], "GET")
    ((found,),) = client().list_records("companies", ["name", "city"])
    assert found.properties == {"name": "AB 😀", "city": None}


@responses.activate
def test_a_list_that_turns_in_a_circle_ends() -> None:
    Script(LIST, [(200, {"results": [record(1)], "paging": {"next": {"after": "1"}}})], "GET")
    with pytest.raises(TransientApiError):
        list(client().list_records("companies", ["name"]))


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
@pytest.mark.parametrize("body", [{}, {"results": None}, "[]", "", {"results": [None]}, {"results": [{}]}])
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
