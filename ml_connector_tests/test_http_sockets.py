"""The retrying transport against real broken connections: what made-up answers cannot show."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ml_connector.http import NoUsableAnswerError, Request
from ml_connector_tests.test_http import Sleeper, transport


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


Serve = Callable[[socket.socket], None]


@contextmanager
def listening(*conversations: Serve) -> Iterator[str]:
    """Serve one conversation per connection on a free port of the loopback interface, then stop."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(10)

    def serve() -> None:
        for conversation in conversations:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                try:
                    conversation(connection)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1/things"
    finally:
        server.shutdown(socket.SHUT_RDWR)  # wakes a waiting accept, which a close alone does not
        thread.join(10)
        server.close()


def answering(head: str, body: bytes = b"") -> Serve:
    """Return a conversation that reads a request, sends these bytes and hangs up."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(f"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n".encode() + body)

    return serve


def reset(connection: socket.socket) -> None:
    """Reset the connection after the request, as a dying gateway does."""
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


WHOLE = answering("200 OK\r\nContent-Length: 4", b"[42]")
CUT = answering("200 OK\r\nContent-Length: 4000", b"[42, 43")
CUT_CHUNK = answering("200 OK\r\nTransfer-Encoding: chunked", b"8\r\n[42")
HUNG_UP = answering("200 OK\r\nTransfer-Encoding: chunked", b"4\r\n[42,\r\n")


@pytest.mark.parametrize("spool", [False, True])
@pytest.mark.parametrize(
    "broken", [CUT, CUT_CHUNK, HUNG_UP, reset], ids=["cut", "cut chunk", "no last chunk", "reset"]
)
def test_a_broken_answer_is_asked_for_again(broken: Serve, spool: bool, sleeper: Sleeper) -> None:
    with listening(broken, WHOLE) as url:
        answer = transport(sleeper).send(Request("GET", url, "/v1/things"), spool=spool)
        with answer.open() as body:
            assert body.read() == b"[42]"
    assert sleeper.waits == [0.5]


def test_a_silent_server_times_out(sleeper: Sleeper) -> None:
    done = threading.Event()

    def silent(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[4")
        done.wait(10)

    with listening(silent) as url:
        with pytest.raises(NoUsableAnswerError) as caught:
            transport(sleeper, attempts=1, read_timeout=0.05).send(Request("GET", url, "/v1/things"))
        done.set()
    assert caught.value.status is None


@pytest.mark.parametrize(
    "head", ["Content-Length: 1000000", "Transfer-Encoding: chunked", "Connection: close"]
)
@pytest.mark.parametrize("spool", [False, True])
def test_a_body_that_drips_on_is_given_up(head: str, spool: bool, sleeper: Sleeper) -> None:
    """Each byte is in time for the read time-out, so only the clock of the whole body ends it."""
    done = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
        while not done.wait(0.005):
            connection.sendall(b"1\r\n \r\n" if "chunked" in head else b" ")

    with listening(drip) as url:
        with pytest.raises(NoUsableAnswerError):
            transport(sleeper, attempts=1, read_timeout=5.0, body_timeout=0.05).send(
                Request("GET", url, "/v1/things"), spool=spool
            )
        done.set()


def test_the_clock_of_a_body_does_not_keep_a_process_from_ending(sleeper: Sleeper) -> None:
    """An interruption may come before anything is there to stop that clock."""
    clocks: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        for _ in range(100_000):
            clocks.extend(thread for thread in threading.enumerate() if isinstance(thread, threading.Timer))
            if clocks:
                break
        connection.sendall(b"[42]")

    with listening(serve) as url:
        transport(sleeper).send(Request("GET", url, "/v1/things"))
    assert [clock.daemon for clock in clocks] == [True]


def test_nobody_there(sleeper: Sleeper) -> None:
    with listening() as url:
        pass
    with pytest.raises(NoUsableAnswerError, match="nothing accepts connections there"):
        transport(sleeper, attempts=2).send(Request("GET", url, "/v1/things"))
