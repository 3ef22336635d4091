"""Tokens: asked for rarely, renewed in time and once, and errors that name the cure but never the secret."""

import logging
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
import responses

from ml_connector.errors import ConnectorError, CredentialsError, TransientApiError
from ml_connector.http import Answer, RetryPolicy, Transport
from ml_connector.visma.auth import TokenSource, VismaCredentials, VismaToken, token_error
from ml_connector_tests.visma.fake import SECRET, TOKEN


class Clock:
    """Seconds that stand still until a test moves them."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def connect() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> TokenSource:
    transport = Transport("Visma", policy=RetryPolicy(attempts=3), sleep=lambda _: None)
    return TokenSource(TOKEN, "client", SECRET, "tenant", transport=transport, clock=clock)


def test_the_request_is_a_form(connect: responses.RequestsMock, tokens: TokenSource) -> None:
    connect.post(TOKEN, json={"access_token": "abc", "expires_in": 3600})
    assert tokens.token() == "abc"
    sent = connect.calls[0].request
    assert isinstance(sent.body, bytes)
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(sent.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["vismanet_erp_service_api:read"],
        "client_id": ["client"],
        "client_secret": [SECRET],
        "tenant_id": ["tenant"],
    }


@pytest.mark.parametrize(
    ("expires_in", "good_for"),
    [(3600, 3540), (None, 3540), ("900", 840), ("soon", 3540), (-1, 3540), (60, 30)],
)
def test_a_token_is_kept_until_shortly_before_it_expires(
    connect: responses.RequestsMock, tokens: TokenSource, clock: Clock, expires_in: object, good_for: int
) -> None:
    connect.post(TOKEN, json={"access_token": "first", "expires_in": expires_in})
    connect.post(TOKEN, json={"access_token": "second", "expires_in": expires_in})
    assert tokens.token() == "first"
    clock.now += good_for - 1
    assert tokens.token() == "first"
    clock.now += 1
    assert tokens.token() == "second"
    assert tokens.requested == 2


def test_an_answer_without_a_lifetime_means_an_hour(
    connect: responses.RequestsMock, tokens: TokenSource, clock: Clock
) -> None:
    connect.post(TOKEN, json={"access_token": "first"})
    tokens.token()
    clock.now += 3539
    tokens.token()
    assert tokens.requested == 1


def test_many_threads_with_one_stale_token_cause_one_request(
    connect: responses.RequestsMock, tokens: TokenSource
) -> None:
    connect.post(TOKEN, json={"access_token": "stale"})
    connect.post(TOKEN, json={"access_token": "fresh"})
    connect.post(TOKEN, json={"access_token": "too many"})
    assert tokens.token() == "stale"
    barrier = threading.Barrier(16)
    got: list[str] = []

    def meet_401() -> None:
        barrier.wait(10)
        got.append(tokens.renew("stale"))

    threads = [threading.Thread(target=meet_401) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert got == ["fresh"] * 16
    assert tokens.requested == 2


def test_many_threads_that_begin_together_cause_one_request(
    connect: responses.RequestsMock, tokens: TokenSource
) -> None:
    connect.post(TOKEN, json={"access_token": "one"})
    connect.post(TOKEN, json={"access_token": "two"})
    barrier = threading.Barrier(8)
    got: list[str] = []

    def begin() -> None:
        barrier.wait(10)
        got.append(tokens.token())

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert got == ["one"] * 8


def test_a_passing_trouble_is_waited_out(connect: responses.RequestsMock, tokens: TokenSource) -> None:
    connect.post(TOKEN, status=503)
    connect.post(TOKEN, json={"access_token": "abc"})
    assert tokens.token() == "abc"


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("invalid_client", "secret is not its secret"),
        ("invalid_scope", "vismanet_erp_service_api:read"),
        ("unauthorized_client", "App Store"),
        ("invalid_tenant", "Company Tenant ID"),
        ("invalid_grant", "App Store"),
        ("invalid_request", "UUID"),
        ("unsupported_grant_type", "client credentials"),
        ("something_new", "Check client id, secret and tenant id"),
    ],
)
def test_refusals_in_plain_words(
    connect: responses.RequestsMock,
    tokens: TokenSource,
    word: str,
    part: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    connect.post(TOKEN, status=400, json={"error": word, "error_description": f"you sent {SECRET}"})
    with pytest.raises(CredentialsError) as caught:
        tokens.token()
    assert word in str(caught.value)
    assert part in str(caught.value)
    assert SECRET not in str(caught.value)
    assert SECRET not in caplog.text
    assert len(connect.calls) == 1


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b'{"error": 7}', b'{"error": "Bad Word!"}', b"[]"])
def test_a_refusal_without_a_known_word(body: bytes) -> None:
    error = token_error(Answer(404, {}, body))
    assert isinstance(error, CredentialsError)
    assert "HTTP 404" in str(error)
    assert "VISMA_TOKEN_URL" in str(error)


@pytest.mark.parametrize("body", [b"{}", b'{"access_token": ""}', b'{"access_token": 5}', b"[1]", b"hello"])
def test_an_answer_without_a_token(connect: responses.RequestsMock, tokens: TokenSource, body: bytes) -> None:
    connect.post(TOKEN, body=body)
    with pytest.raises(TransientApiError, match="without a token"):
        tokens.token()


def test_the_secret_is_in_no_text() -> None:
    assert SECRET not in repr(VismaCredentials("client", SECRET, "tenant"))
    assert SECRET not in repr(VismaToken(SECRET, 1.0))


def test_credentials_from_the_environment() -> None:
    names = {"VISMA_CLIENT_ID": " c ", "VISMA_CLIENT_SECRET": "s\n", "VISMA_TENANT_ID": "t"}
    assert VismaCredentials.from_environment(names) == VismaCredentials("c", "s", "t")
    with pytest.raises(ConnectorError, match="VISMA_CLIENT_SECRET, VISMA_TENANT_ID"):
        VismaCredentials.from_environment({"VISMA_CLIENT_ID": "c", "VISMA_TENANT_ID": " "})
