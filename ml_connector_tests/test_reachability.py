"""A host that has never answered is given up after a minute, in plain words; one that has answered is waited for."""

import socket

import pytest
import requests
import responses

from ml_connector.http import NoUsableAnswerError, Request, Transport
from ml_connector.reachability import AFTERMATH_SECONDS, PATIENCE_SECONDS, why_no_answer

URL = "https://api.example.test/v1/things"
GET = Request("GET", URL, "/v1/things")
CONNECT_SECONDS = 10.0


class Time:
    """A clock that goes forward only by sleeping and by what each try costs."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def transport(time: Time) -> Transport:
    return Transport("Visma", sleep=time.pass_by, random_fraction=lambda: 0.0, clock=time)


def costly(time: Time) -> Exception:
    """Let a try take as long as connecting may, and fail."""
    time.pass_by(CONNECT_SECONDS)
    return requests.ConnectTimeout()


@responses.activate
def test_a_host_that_never_answered_is_given_up_within_about_a_minute(
    transport: Transport, time: Time
) -> None:
    responses.add_callback("GET", URL, callback=lambda request: costly(time))
    with pytest.raises(NoUsableAnswerError) as caught:
        transport.send(GET)
    assert time.now - 1000.0 <= PATIENCE_SECONDS + CONNECT_SECONDS
    assert str(caught.value).startswith("Visma cannot be reached at api.example.test: no connection in time.")
    assert caught.value.status is None


@responses.activate
def test_the_next_steps_of_a_run_do_not_wait_for_it_again(transport: Transport, time: Time) -> None:
    responses.get(URL, body=requests.ConnectTimeout())
    with pytest.raises(NoUsableAnswerError):
        transport.send(GET)
    tries, moment = len(responses.calls), time.now
    with pytest.raises(NoUsableAnswerError, match=r"cannot be reached at api\.example\.test"):
        transport.send(GET)
    assert (len(responses.calls), time.now) == (tries, moment)


@responses.activate
def test_later_it_is_tried_again_for_as_long(transport: Transport, time: Time) -> None:
    broken = responses.get(URL, body=requests.ConnectTimeout())
    with pytest.raises(NoUsableAnswerError):
        transport.send(GET)
    tries = len(broken.calls)
    time.pass_by(AFTERMATH_SECONDS)
    with pytest.raises(NoUsableAnswerError):
        transport.send(GET)
    assert len(broken.calls) == 2 * tries
    time.pass_by(AFTERMATH_SECONDS)
    responses.replace("GET", URL, body=b"[]")
    assert transport.send(GET).ok


@responses.activate
def test_a_host_that_has_answered_is_waited_for(transport: Transport, time: Time) -> None:
    responses.get(URL, status=404)
    transport.send(GET)
    responses.replace("GET", URL, body=requests.ConnectTimeout())
    moment = time.now
    with pytest.raises(NoUsableAnswerError, match="no usable answer to GET /v1/things"):
        transport.send(GET)
    assert time.now - moment > PATIENCE_SECONDS


@responses.activate
def test_an_error_of_the_host_is_an_answer(transport: Transport, time: Time) -> None:
    responses.get(URL, status=503)
    with pytest.raises(NoUsableAnswerError, match="HTTP 503"):
        transport.send(GET)
    assert time.now - 1000.0 > PATIENCE_SECONDS


@responses.activate
def test_another_host_is_not_meant(transport: Transport) -> None:
    responses.get(URL, body=requests.ConnectTimeout())
    with pytest.raises(NoUsableAnswerError):
        transport.send(GET)
    responses.get("https://other.example.test/v1/things", body=b"[]")
    assert transport.send(Request("GET", "https://other.example.test/v1/things", "/v1/things")).ok


def raised_from(cause: Exception) -> requests.ConnectionError:
    """Return an error as requests raises it, with what it came from behind it."""
    error = requests.ConnectionError("with a secret")
    error.__context__ = OSError("in between")
    error.__context__.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.exceptions.SSLError(), "its certificate is not trusted"),
        (requests.exceptions.ProxyError(), "the proxy of this machine"),
        (requests.ConnectTimeout(), "no connection in time"),
        (requests.ReadTimeout(), "connected, but no whole answer in time"),
        (raised_from(socket.gaierror()), "its name is not known"),
        (raised_from(ConnectionRefusedError()), "nothing accepts connections there"),
        (raised_from(ConnectionResetError()), "the connection broke"),
        (requests.exceptions.ChunkedEncodingError(), "the connection broke"),
    ],
)
def test_the_reason_is_in_plain_words(error: requests.RequestException, words: str) -> None:
    assert words in why_no_answer(error)
    assert "secret" not in why_no_answer(error)
