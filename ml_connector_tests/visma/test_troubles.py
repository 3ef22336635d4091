"""Troubles in the middle of a read: expired tokens, limits, cut and failing answers, and what errors say."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from ml_connector.errors import CredentialsError, PermanentApiError, TransientApiError
from ml_connector_tests.visma.fake import API, DATE, TOKEN, client, customer, visma


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(TOKEN, json={"access_token": "token-1", "expires_in": 3600})
        yield mock


def test_a_token_that_expires_in_mid_run_is_renewed_once_and_no_row_is_lost() -> None:
    with visma([customer(number) for number in range(1, 31)]) as fake:
        fake.cap = 10
        serve = fake._page

        def expiring(request: requests.PreparedRequest) -> Any:
            if "pageNumber=2" in (request.url or "") and request.headers["Authorization"] == "Bearer token-1":
                return 401, {}, ""
            return serve(request)

        fake.mock.remove("GET", f"{API}/v1/customer")
        fake.mock.add_callback("GET", f"{API}/v1/customer", expiring)
        reader = client()
        got = [row.key for page in reader.changed("customers") for row in page]
    assert got == [str(number) for number in range(1, 31)]
    assert fake.tokens == 2
    assert reader.requests.calls == 6


def test_many_threads_with_an_expired_token_renew_it_once(api: responses.RequestsMock) -> None:
    api.post(TOKEN, json={"access_token": "token-2"})
    barrier = threading.Barrier(8)

    def answer(request: requests.PreparedRequest) -> Any:
        if request.headers["Authorization"] == "Bearer token-1":
            barrier.wait(10)
            return 401, {}, ""
        return 200, {}, '{"number": "1"}'

    api.add_callback("GET", f"{API}/v1/customer/1", answer)
    reader = client()
    reader.tokens.token()
    rows: list[Any] = []
    threads = [threading.Thread(target=lambda: rows.append(reader.one("customers", "1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(rows) == 8
    assert reader.tokens.requested == 2


def test_a_second_401_is_the_wrong_tenant(api: responses.RequestsMock) -> None:
    api.post(TOKEN, json={"access_token": "token-2"})
    api.get(f"{API}/v1/customer", status=401)
    with pytest.raises(CredentialsError, match="Company Tenant ID"):
        client().count("customers")
    assert [call.request.method for call in api.calls] == ["POST", "GET", "POST", "GET"]


def test_troubles_between_pages_lose_nothing(api: responses.RequestsMock) -> None:
    row = json.dumps([customer(1, metadata={"totalCount": 1, "maxPageSize": 1000})])
    api.get(f"{API}/v1/customer", status=429, headers={"Retry-After": "411"})
    api.get(f"{API}/v1/customer", body=row[:60])
    api.get(f"{API}/v1/customer", body=row)
    reader = client()
    assert [found.key for page in reader.changed("customers") for found in page] == ["1"]
    assert (reader.requests.calls, reader.requests.throttled, reader.requests.retried) == (4, 1, 2)
    assert reader.requests.waited_seconds > 411


def test_a_failing_list_says_what_visma_said(api: responses.RequestsMock) -> None:
    api.get(f"{API}/v1/supplier", status=500, json={"message": "VismaId: abcdef-123456. Deadlock."})
    with pytest.raises(TransientApiError, match="Deadlock") as caught:
        client().count("suppliers")
    assert (caught.value.status, caught.value.correlation_id) == (500, "abcdef-123456")
    assert "?" not in str(caught.value)


def test_malformed_json_in_a_page_is_not_quoted(api: responses.RequestsMock) -> None:
    api.get(f"{API}/v1/customer", body='[{"number": "1", "name": "Kari" "x"}]')
    with pytest.raises(TransientApiError, match="/v1/customer is not the JSON") as caught:
        list(client().changed("customers"))
    assert "Kari" not in str(caught.value)


def test_a_forbidden_list(api: responses.RequestsMock) -> None:
    api.get(f"{API}/v1/supplier", status=403, body="Forbidden")
    with pytest.raises(PermanentApiError, match="vismanet_erp_service_api:read") as caught:
        client().count("suppliers")
    assert caught.value.status == 403


def test_the_last_rate_headers_are_kept(api: responses.RequestsMock) -> None:
    headers = {
        "Date": DATE,
        "X-RateLimit-Limit": "15000",
        "X-RateLimit-Remaining": "14999",
        "X-RateLimit-Reset": "3599",
        "X-RateLimit-Policy": "4-fixed-window",
    }
    api.get(f"{API}/v1/customer", json=[], headers=headers)
    api.get(f"{API}/v1/supplier", json=[])
    api.get(f"{API}/v1/account", json=[], headers={"X-RateLimit-Remaining": "many"})
    reader = client()
    assert reader.limits.limit is None
    reader.count("customers")
    reader.count("suppliers")
    limits = reader.limits
    assert (limits.limit, limits.remaining, limits.reset_seconds) == (15000, 14999, 3599)
    assert limits.policy == "4-fixed-window"
    reader.count("accounts")
    assert reader.limits.remaining is None
