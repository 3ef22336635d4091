"""The real thing for the tests of what people see: Dagster's web server and daemon, started as the product does."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
import requests

from ml_connector import database
from ml_connector.cli.dev import start_dagster, stop_dagster
from ml_connector.cli.sandbox import addresses
from ml_connector.definitions import DEFS_VARIABLE
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN, HubSpotSandboxSettings
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings

LONGEST_SECONDS = 120.0
"""After which what is waited for will not come: a failure of the test."""

LOOK_EVERY = 0.25

FIRST, LAST = (
    (datetime.now(ZoneInfo("Europe/Oslo")).date() - timedelta(days=back)).isoformat() for back in (3, 1)
)
"""The connection's windows: of three days ago to yesterday."""


@dataclass(frozen=True)
class Deployment:
    """A Dagster that runs on one connection, ``acme``, and the sandbox behind it."""

    url: str
    sandbox: Sandbox
    environment: dict[str, str]

    @contextmanager
    def here(self) -> Iterator[None]:
        """Point this process, and what it starts, at the deployment."""
        with mock.patch.dict(os.environ, self.environment):
            os.environ.pop("DAGSTER_HOME", None)
            yield

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of a GraphQL answer; an error in it fails the test."""
        answer = requests.post(
            f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60
        ).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def wait_for(self, what: str, look: Callable[[], Any]) -> Any:
        """Look again and again until there is something, and return it."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(LOOK_EVERY)
        raise AssertionError(f"{what}: not within {LONGEST_SECONDS:.0f} s")

    def wait_for_run(self, run_id: str, *statuses: str) -> str:
        """Wait until a run stands so and return how."""

        def look() -> str | None:
            query = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
            status: str = self.ask(query, id=run_id)["runOrError"]["status"]
            assert status in statuses or status not in ("SUCCESS", "FAILURE", "CANCELED"), status
            return status if status in statuses else None

        found: str = self.wait_for(f"run {run_id} {statuses}", look)
        return found

    def launch(self, tags: dict[str, str]) -> str:
        """Launch the connection's job from the UI and return the run's id."""
        query = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
            __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
        params = {
            "selector": SELECTOR | {"jobName": "acme_sync"},
            "mode": "default",
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        }
        launched = self.ask(query, params=params)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        run_id: str = launched["run"]["runId"]
        return run_id


SELECTOR = {"repositoryLocationName": "ml_connector", "repositoryName": "__repository__"}


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="package")
def deployment(
    new_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """Dagster on a connection to a small sandbox, from its start to its end."""
    folder = tmp_path_factory.mktemp("web")
    write_connection(folder / "connections" / "acme")
    hubspot = HubSpotSandboxSettings(searches_per_second=None, search_lag_seconds=0.0)
    settings = SandboxSettings(customers=8, suppliers=4, portal_seed="demo", hubspot=hubspot)
    with Sandbox(settings) as sandbox:
        for entity in ("customers", "suppliers", "contacts"):
            sandbox.visma.restamp(entity, datetime(2020, 1, 1))
        environment = addresses(sandbox.url) | {
            "VISMA_CLIENT_ID": settings.visma.client_id,
            "VISMA_CLIENT_SECRET": settings.visma.client_secret,
            "VISMA_TENANT_ID": settings.visma.tenant_id,
            "HUBSPOT_ACCESS_TOKEN": DEFAULT_TOKEN,
            database.URL_VARIABLE: new_database(),
            database.HOME_VARIABLE: str(folder / "home"),
            DEFS_VARIABLE: str(folder / "connections"),
        }
        port = free_port()
        found = Deployment(f"http://127.0.0.1:{port}", sandbox, environment)
        with found.here():
            process = start_dagster("127.0.0.1", port, quiet=True)
        try:
            found.wait_for("the web server", lambda: process.poll() is None and _answers(found.url))
            yield found
        finally:
            stop_dagster(process)


def write_connection(folder: Path) -> None:
    """Write the connection, of companies and contacts only; its sensor waits to be switched on."""
    folder.mkdir(parents=True)
    (folder / "defs.yaml").write_text(
        "type: ml_connector.VismaHubSpotConnection\n"
        f"attributes: {{name: acme, start: '{FIRST}', settle_minutes: 0, daily: false, records: []}}\n"
    )


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/server_info", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def used(deployment: Deployment) -> Iterator[Deployment]:
    """The deployment, with this process pointed at it too."""
    with deployment.here():
        yield deployment


@pytest.fixture
def ui(used: Deployment) -> Iterator[Deployment]:
    """The same, for a test that may plant trouble in the sandbox."""
    yield used
    used.sandbox.hubspot.poison()
    used.sandbox.faults.clear()
