"""Serves one HubSpot sandbox over real HTTP to the tests of its strictness."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import uvicorn
from starlette.applications import Starlette

from ml_connector.sandbox.hubspot import DEFAULT_TOKEN, HubSpotSandbox, HubSpotSandboxSettings

START = 1_795_168_800.0
"""Where the clock of every test begins: 2026-11-20 10:00 UTC."""


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


class Hub:
    """A served sandbox and a caller of it; paths without a version are completed with 2026-09."""

    def __init__(self, sandbox: HubSpotSandbox, clock: Clock, url: str) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {DEFAULT_TOKEN}"

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        """Send a request; ``body`` is sent as JSON, a string or bytes as they are."""
        data = {"data": body} if isinstance(body, str | bytes) else {"json": body} if body is not None else {}
        return self.session.request(method, f"{self.url}{path}", params=params, timeout=10, **data)

    def objects(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        """Call a path of the record API."""
        return self.call(method, f"/crm/objects/2026-09/{path}", body, **params)

    def batch(
        self, object_type: str, what: str, inputs: list[dict[str, Any]], **more: Any
    ) -> requests.Response:
        """Call a batch of the record API."""
        return self.objects("POST", f"{object_type}/batch/{what}", {"inputs": inputs, **more})

    def links(self, pair: str, what: str, inputs: list[dict[str, Any]]) -> requests.Response:
        """Call a batch of the association API; ``pair`` is such as ``contacts/companies``."""
        return self.call("POST", f"/crm/associations/2026-09/{pair}/batch/{what}", {"inputs": inputs})

    def properties(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        """Call a path of the properties API."""
        return self.call(method, f"/crm/properties/2026-09/{path}", body, **params)

    def search(self, object_type: str, **body: Any) -> requests.Response:
        """Search."""
        return self.objects("POST", f"{object_type}/search", body)

    def unique(self, object_type: str, name: str) -> None:
        """Add a unique property of text."""
        self.sandbox.add_property(object_type, name, hasUniqueValue=True)


@pytest.fixture(scope="session")
def hub_server() -> Iterator[Hub]:
    """One server for the session."""
    clock = Clock()
    sandbox = HubSpotSandbox(clock=clock)
    config = uvicorn.Config(Starlette(routes=sandbox.routes()), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield Hub(sandbox, clock, f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@pytest.fixture
def hub(hub_server: Hub) -> Hub:
    """The served sandbox, empty, with the settings of an account nobody has touched and no search lag."""
    hub_server.clock.now = START
    hub_server.sandbox.reset(HubSpotSandboxSettings(search_lag_seconds=0.0))
    return hub_server
