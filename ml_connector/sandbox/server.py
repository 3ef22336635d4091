"""Runs the sandbox: both APIs on one loopback port, in a thread for tests or in the foreground for the demo."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.routing import BaseRoute, Route

from ml_connector.errors import ConnectorError
from ml_connector.sandbox.books.deals import DealFact
from ml_connector.sandbox.clock import SandboxClock
from ml_connector.sandbox.company import Company
from ml_connector.sandbox.control import control_routes, front_page
from ml_connector.sandbox.faults import Faults
from ml_connector.sandbox.gate import Gate, SandboxProtocol
from ml_connector.sandbox.hubspot import HubSpotSandbox
from ml_connector.sandbox.portal_deals import ORDER_REFERENCE_PROPERTY, portal_deals
from ml_connector.sandbox.portal_seed import ORGANISATION_NUMBER_PROPERTY, portal_records
from ml_connector.sandbox.request_log import RequestLog
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma import VismaSandbox
from ml_connector.sandbox.visma.opening import deal_plan

_START_SECONDS = 20.0


class _Server(uvicorn.Server):
    """A server that calls back when it listens, and ends at once where nothing is being answered."""

    def __init__(self, config: uvicorn.Config, when_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_listening = when_listening
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """Make the server stop; any thread may call this, at any time."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has stopped already
                self._loop.call_soon_threadsafe(self._told.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._when_listening()

    async def main_loop(self) -> None:
        """Serve until told to stop, and not up to the next of uvicorn's ticks after that."""
        waits = {asyncio.ensure_future(super().main_loop()), asyncio.ensure_future(self._told.wait())}
        _, rest = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Give requests that are being answered uvicorn's time to end; without any there is nothing to wait for."""
        if self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # lets the closed connections be forgotten


class Sandbox:
    """Both APIs on a free port of 127.0.0.1, as a context manager.

    ``visma`` and ``hubspot`` give tests direct access to the state behind each API, ``faults`` and ``log`` to what
    happens on the way, ``clock`` to Visma's time.

    Args:
        settings: what to pretend.
        port: 0 for a free one.
    """

    def __init__(self, settings: SandboxSettings | None = None, *, port: int = 0) -> None:
        self.settings = settings or SandboxSettings()
        self.clock = SandboxClock()
        self.company = Company(
            self.settings.seed,
            self.settings.customers,
            self.settings.suppliers,
            self.settings.contacts_per_customer,
        )
        self.log = RequestLog()
        self.faults = Faults(self.settings.seed, self.settings.faults)
        self.visma = VismaSandbox(self.settings.visma, self.company, self.clock, self.settings.books)
        self.hubspot = HubSpotSandbox(self.settings.hubspot)
        self._fill_portal()
        self._gate = Gate(self._routes(), self.log, self.faults, self.settings.latency_seconds)
        self._port = port
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address of both APIs, without a slash at the end.

        Raises:
            ConnectorError: the sandbox is not running.
        """
        if self._socket is None:
            raise ConnectorError("The sandbox is not running.", remedy="Use it as a context manager.")
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        listening = threading.Event()
        self._server = self._bound_server(listening.set)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="ml-connector-sandbox", daemon=True
        )
        self._thread.start()
        if not listening.wait(_START_SECONDS):
            self.stop()
            raise ConnectorError("The sandbox did not start.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and free its port."""
        if self._server is not None:
            self._server.end()
        if self._thread is not None:
            self._thread.join(_START_SECONDS)
        if self._socket is not None:
            self._socket.close()
        self._server, self._thread, self._socket = None, None, None

    def run(self, announce: Callable[[str], None] | None = None) -> None:
        """Serve in the calling thread until interrupted; ``announce`` gets the address once it listens."""
        self._server = self._bound_server(lambda: announce(self.url) if announce is not None else None)
        try:
            self._server.run([self._socket] if self._socket else None)
        finally:
            self.stop()

    def report(self) -> dict[str, Any]:
        """Return what was asked so far: counts per API and path, tokens, refused writes, and faults that struck."""
        return {
            "apis": self.log.report(),
            "visma": {
                "token_requests": self.visma.tokens.requests,
                "refused_writes": len(self.visma.refused_writes),
                "rate_limited": self.visma.window.refused,
            },
            "faults": self.faults.report(),
        }

    def reset(self) -> None:
        """Start anew: both APIs hold what the seed says, nothing was asked, no fault is in force but the settings'."""
        self.clock.run()
        self.visma.reset()
        self.hubspot.reset()
        self._fill_portal()
        self.faults.restart(self.settings.faults)
        self.log.clear()

    def _bound_server(self, when_listening: Callable[[], None]) -> _Server:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", self._port))
        config = uvicorn.Config(
            self._gate,
            http=SandboxProtocol,
            ws="none",
            lifespan="off",
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        return _Server(config, when_listening)

    def _fill_portal(self) -> None:
        if self.settings.portal_seed == "demo":
            deals = deal_plan(self.company).deals(self.visma.books.books.invoices)
            fill_portal(self.hubspot, self.company, deals)

    def _routes(self) -> dict[str, Sequence[BaseRoute]]:
        portal = self.hubspot.routes()
        front = (
            [] if any(isinstance(route, Route) and route.path == "/" for route in portal) else [front_page()]
        )
        control = control_routes(self.report, self.faults, self.log.clear, self.reset)
        return {"control": [*control, *front], "visma": self.visma.routes(), "hubspot": portal}


def fill_portal(portal: HubSpotSandbox, company: Company, deals: Iterable[DealFact] = ()) -> None:
    """Put into the portal what sales knew before anything was connected."""
    portal.add_property("companies", ORGANISATION_NUMBER_PROPERTY, label="Organisation number")
    portal.add_property("deals", ORDER_REFERENCE_PROPERTY, label="Order reference")
    ids: list[str] = []
    records = portal_records(company)
    for record in records:
        links = [("companies", ids[record.company])] if record.company is not None else []
        ids.append(portal.add_record(record.object_type, record.properties, links))
    for deal in portal_deals(company, records, deals):
        portal.add_record("deals", deal.properties, [("companies", ids[deal.company])])


def main(
    settings: SandboxSettings | None = None,
    *,
    port: int = 0,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Run a sandbox in the foreground until interrupted, for the command line."""
    Sandbox(settings, port=port).run(announce)
