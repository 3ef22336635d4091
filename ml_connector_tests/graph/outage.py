"""A database that can be taken away: a proxy before the session's server."""

import socket
import threading
from contextlib import suppress

import sqlalchemy as sa


class Outage:
    """Forwards connections to a server's Unix socket until :meth:`begin`, and again after :meth:`end`."""

    def __init__(self, url: str) -> None:
        self._target = sa.make_url(url)
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener: socket.socket | None = None
        self._port = 0
        self.end()

    @property
    def url(self) -> str:
        """The URL of the database behind the proxy."""
        url = self._target.set(host="127.0.0.1", port=self._port, query={"sslmode": "disable"})
        return url.render_as_string(hide_password=False)

    def end(self) -> None:
        """Let connections through."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(64)
        self._port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def begin(self) -> None:
        """Break all connections and take no new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            pairs, self._pairs = self._pairs, []
        for one in [listener, *(side for pair in pairs for side in pair)]:
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{self._target.query['host']}/.s.PGSQL.5432")
            with self._lock:
                if self._listener is not listener:
                    client.close()
                    server.close()
                    return
                self._pairs.append((client, server))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
