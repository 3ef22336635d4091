"""The retrying transport: its decisions as tables, and the loop against made-up answers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import requests
import responses

from ml_connector.errors import CredentialsError, TransientApiError, UsageError
from ml_connector.http import (
    SPOOL_BYTES,
    Answer,
    NoUsableAnswerError,
    Request,
    RetryPolicy,
    Transport,
    Verdict,
    backoff,
    retry_after,
    verdict_of,
    wait_before_retry,
)

URL = "https://api.example.test/v1/things"
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
GET = Request("GET", URL, "/v1/things")
POST = Request("POST", URL, "/v1/things", body=b"{}")


class Sleeper:
    """Remembers how long the transport wanted to sleep."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def transport(sleeper: Sleeper, **policy: float) -> Transport:
    settings = RetryPolicy(**policy)  # type: ignore[arg-type]
    return Transport("Visma", policy=settings, sleep=sleeper, random_fraction=lambda: 0.0)


# --- decisions


@pytest.mark.parametrize("status", [408, 423, 429, 477, 500, 502, 503, 504, 521, 522, 523, 524, 525, 526])
def test_passing_troubles_are_tried_again(status: int) -> None:
    assert verdict_of(Answer(status, {}, b"")) is Verdict.RETRY


@pytest.mark.parametrize("status", [200, 201, 204, 207, 301, 400, 401, 403, 404, 409, 412, 422, 501])
def test_all_other_answers_are_final(status: int) -> None:
    assert verdict_of(Answer(status, {}, b"")) is Verdict.FINAL


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("411", 411.0),
        (" 2.5 ", 2.5),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90.0),
        ("Sun, 22 Nov 2026 12:01:30 -0000", 90.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("-5", None),
        ("1e9", None),
    ],
)
def test_retry_after_is_a_number_a_date_or_nothing(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, NOW) == seconds


def test_no_retry_after() -> None:
    assert retry_after({}, NOW) is None


def test_backoff_doubles_is_capped_and_jittered() -> None:
    policy = RetryPolicy(first_delay=0.5)
    assert [backoff(attempt, policy, 0.0) for attempt in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]
    assert backoff(30, policy, 0.0) == 60.0
    assert backoff(1, policy, 0.5) == 0.625


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (None, 0.5),
        (Answer(503, {}, b""), 0.5),
        (Answer(429, {"Retry-After": "30"}, b""), 30.0),
        (Answer(503, {"Retry-After": "7"}, b""), 7.0),
        (Answer(429, {"Retry-After": "later"}, b""), 0.5),
        (Answer(423, {}, b""), 2.0),
    ],
)
def test_the_wait_before_the_next_try(answer: Answer | None, wait: float) -> None:
    assert wait_before_retry(answer, 1, RetryPolicy(), 0.0, NOW) == wait


def test_an_answer_reads_json_with_exact_numbers() -> None:
    assert Answer(200, {}, b'{"amount": 1234.7700}').json() == {"amount": Decimal("1234.7700")}
    assert Answer(200, {}, b"<html>").json() is None
    assert Answer(200, {}, b"\xff").text() == "�"
    assert [Answer(status, {}, b"").ok for status in (199, 200, 207, 299, 300)] == [
        False,
        True,
        True,
        True,
        False,
    ]


# --- the loop


def test_a_good_answer_comes_at_once(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.get(URL, body=b"[]", headers={"X-Fact": "1"})
    sender = transport(sleeper)
    answer = sender.send(Request("GET", URL, "/v1/things", {"a": "b"}, {"Authorization": "Bearer t"}))
    assert (answer.status, answer.body, answer.headers["x-fact"]) == (200, b"[]", "1")
    sent = api.calls[0].request
    assert sent.url == f"{URL}?a=b"
    assert sent.headers["Authorization"] == "Bearer t"
    assert sent.headers["User-Agent"].startswith("ml-connector")
    assert sleeper.waits == []
    assert (sender.counts.calls, sender.counts.retried) == (1, 0)


def test_troubles_are_waited_out(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.get(URL, status=503)
    api.get(URL, status=429, headers={"Retry-After": "12"})
    api.get(URL, body=requests.ConnectionError("reset by peer"))
    api.get(URL, body=requests.ReadTimeout())
    api.get(URL, body=requests.exceptions.ChunkedEncodingError("IncompleteRead"))
    api.get(URL, json=[1])
    sender = transport(sleeper)
    assert sender.send(GET).json() == [1]
    assert sleeper.waits == [0.5, 12.0, 2.0, 4.0, 8.0]
    assert (sender.counts.calls, sender.counts.retried, sender.counts.throttled) == (6, 5, 1)
    assert sender.counts.waited_seconds == 26.5


def test_a_final_error_is_returned_not_retried(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.get(URL, status=404, body=b"nothing here")
    assert transport(sleeper).send(GET).status == 404
    assert len(api.calls) == 1


def test_tries_are_bounded_and_the_last_answer_is_on_the_error(
    api: responses.RequestsMock, sleeper: Sleeper
) -> None:
    api.get(URL, status=500, body=b"VismaId")
    with pytest.raises(NoUsableAnswerError) as caught:
        transport(sleeper, attempts=3).send(GET)
    assert isinstance(caught.value, TransientApiError)
    assert len(api.calls) == 3
    assert caught.value.status == 500
    assert caught.value.answer is not None
    assert caught.value.answer.body == b"VismaId"
    assert "GET /v1/things at api.example.test (HTTP 500)" in str(caught.value)


def test_an_error_without_any_answer_names_the_failure_only(
    api: responses.RequestsMock, sleeper: Sleeper
) -> None:
    api.get(URL, body=requests.ConnectTimeout("to 10.0.0.1 with secret"))
    with pytest.raises(NoUsableAnswerError) as caught:
        transport(sleeper, attempts=2).send(GET)
    assert caught.value.answer is None
    assert caught.value.status is None
    assert "no connection in time" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_wait_beyond_the_limit_is_not_begun(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.get(URL, status=429, headers={"Retry-After": "3600"})
    with pytest.raises(TransientApiError, match="would have to wait 3600 s"):
        transport(sleeper, longest_wait=900).send(GET)
    assert sleeper.waits == []


def test_the_waits_of_one_request_have_a_budget(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.get(URL, status=429, headers={"Retry-After": "40"})
    with pytest.raises(TransientApiError):
        transport(sleeper, budget=100).send(GET)
    assert sleeper.waits == [40.0, 40.0]


@pytest.mark.parametrize("trouble", [500, 503, requests.ReadTimeout(), requests.ConnectionError()])
def test_what_must_not_happen_twice_is_sent_once(
    api: responses.RequestsMock, sleeper: Sleeper, trouble: int | Exception
) -> None:
    if isinstance(trouble, int):
        api.post(URL, status=trouble)
    else:
        api.post(URL, body=trouble)
    with pytest.raises(TransientApiError):
        transport(sleeper).send(POST, write=True, repeatable=False)
    assert len(api.calls) == 1


def test_a_429_proves_that_nothing_happened(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.post(URL, status=429)
    api.post(URL, status=201)
    sender = transport(sleeper)
    assert sender.send(POST, write=True, repeatable=False).status == 201
    assert (sender.counts.calls, sender.counts.writes) == (2, 2)


def test_a_client_decides_and_delays_for_itself(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.get(URL, body=b"cut")
    api.get(URL, body=b"whole")
    sender = Transport(
        "Visma",
        verdict=lambda answer: Verdict.FINAL if answer.body == b"whole" else Verdict.RETRY,
        delay=lambda *_: 77.0,
        sleep=sleeper,
    )
    assert sender.send(GET).body == b"whole"
    assert sleeper.waits == [77.0]


def test_the_hooks_see_every_try(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.get(URL, status=503)
    api.get(URL, body=requests.ConnectionError())
    api.get(URL, status=200)
    events: list[str] = []
    transport(sleeper).send(
        GET, before=lambda: events.append("before"), after=lambda answer: events.append(str(answer.status))
    )
    assert events == ["before", "503", "before", "before", "200"]


def test_a_post_is_not_redirected(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.post(URL, status=302, headers={"Location": "https://elsewhere.test/"})
    assert transport(sleeper).send(POST).status == 302


def test_a_get_is_redirected_without_the_token(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.get(URL, status=302, headers={"Location": "https://elsewhere.test/v1/things"})
    api.get("https://elsewhere.test/v1/things", body=b"[]")
    request = Request("GET", URL, "/v1/things", headers={"Authorization": "Bearer t"})
    assert transport(sleeper).send(request).body == b"[]"
    assert "Authorization" not in api.calls[1].request.headers


def test_credentials_and_cookies_of_the_machine_stay_out(
    api: responses.RequestsMock, sleeper: Sleeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.example.test login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    api.get(URL, headers={"Set-Cookie": "who=you; Path=/"})
    api.get(URL)
    sender = transport(sleeper)
    request = Request("GET", URL, "/v1/things", headers={"Authorization": "Bearer t"})
    sender.send(request)
    sender.send(request)
    assert [call.request.headers["Authorization"] for call in api.calls] == ["Bearer t", "Bearer t"]
    assert "Cookie" not in api.calls[1].request.headers


@pytest.mark.parametrize("token", ["abc\r\nX-Other: 1", "abc\n", "naïve-☃"])
def test_a_token_that_no_header_can_carry_is_not_quoted(token: str, sleeper: Sleeper) -> None:
    request = Request(
        "GET", "http://127.0.0.1:9/", "/v1/things", headers={"Authorization": f"Bearer {token}"}
    )
    with pytest.raises(CredentialsError) as caught:
        transport(sleeper).send(request)
    assert token not in str(caught.value)
    assert caught.value.__cause__ is None
    assert sleeper.waits == []


@pytest.mark.parametrize(
    "address", ["api.example.test/v1", "htp://api.example.test", "https://", "https:///v1"]
)
def test_an_address_that_is_no_url_is_said_at_once(address: str, sleeper: Sleeper) -> None:
    with pytest.raises(UsageError, match="not a URL"):
        transport(sleeper).send(Request("GET", address, "/v1"))
    assert sleeper.waits == []


# --- spooled bodies


def test_a_spooled_body_is_a_stream(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    body = b"[" + b"1," * SPOOL_BYTES + b"2]"
    api.get(URL, body=body)
    answer = transport(sleeper).send(GET, spool=True)
    assert answer.body == b""
    assert answer.tail(3) == b",2]"
    assert answer.open().read() == body
    assert answer.open().read(1) == b"["
    answer.close()
    assert answer.file is not None
    assert answer.file.closed


def test_an_error_is_never_spooled(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.get(URL, status=400, body=b'{"message": "no"}')
    answer = transport(sleeper).send(GET, spool=True)
    assert answer.file is None
    assert answer.json() == {"message": "no"}


def test_a_plain_body_can_be_read_as_a_stream_too(api: responses.RequestsMock, sleeper: Sleeper) -> None:
    api.get(URL, body=b"[1]")
    answer = transport(sleeper).send(GET)
    assert answer.open().read() == b"[1]"
    assert answer.tail(2) == b"1]"
    answer.close()
