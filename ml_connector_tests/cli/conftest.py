"""What the tests of the commands share: a folder and an environment of their own, a runner, and a small sandbox."""

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from ml_connector import database
from ml_connector.cli.main import main
from ml_connector.cli.sandbox import addresses
from ml_connector.definitions import DEFS_VARIABLE
from ml_connector.hubspot import limits
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN, HubSpotSandboxSettings
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector_tests.databases import ReadyDatabases

OURS = ("VISMA_", "HUBSPOT_", "ML_CONNECTOR_", "DAGSTER_")


@dataclass(frozen=True)
class Shell:
    """Types commands, in this process and without a terminal, and keeps what they say."""

    folder: Path

    @property
    def defs(self) -> Path:
        """The folder of connections."""
        return self.folder / "connections"

    def __call__(self, *words: str, typed: str = "") -> Result:
        """Run a command; ``typed`` is its standard input. An error that nobody expected fails the test."""
        result = CliRunner().invoke(main, words, input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *words: str, typed: str = "", code: int = 0) -> dict[str, Any]:
        """Run a command with ``--json``; its whole output must be one document."""
        result = self(*words, "--json", typed=typed)
        assert result.exit_code == code, result.output
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    def write_connection(self, name: str = "acme", **attributes: Any) -> Path:
        """Write a connection's file without storing credentials."""
        settings = {"name": name, "start": "2026-11-02", "settle_minutes": 0, **attributes}
        path = self.defs / name / "defs.yaml"
        path.parent.mkdir(parents=True)
        lines = [f"  {key}: {json.dumps(value)}" for key, value in settings.items()]
        path.write_text("type: ml_connector.VismaHubSpotConnection\nattributes:\n" + "\n".join(lines) + "\n")
        return path


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell in an empty folder, with nothing of ours in its environment but a home and a folder of connections."""
    monkeypatch.chdir(tmp_path)
    with mock.patch.dict(os.environ):
        for name in [name for name in os.environ if name.startswith(OURS)]:
            del os.environ[name]
        os.environ[database.HOME_VARIABLE] = str(tmp_path / "home")
        os.environ[DEFS_VARIABLE] = str(tmp_path / "connections")
        (tmp_path / "connections").mkdir()
        yield Shell(tmp_path)


@pytest.fixture
def stored(shell: Shell, ready_databases: ReadyDatabases) -> Iterator[sa.Engine]:
    """The shell's database, ready for runs."""
    url = os.environ[database.URL_VARIABLE] = ready_databases.make()
    yield database.engine(url)
    ready_databases.give_back(url)


@pytest.fixture
def sandbox(shell: Shell, stored: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A small company and an empty portal, which the shell's environment points at with the right credentials."""
    # Where the sandbox sets no limit, the client's own care would only be waited for.
    monkeypatch.setattr(limits, "SEARCHES_PER_SECOND", 1000)
    unlimited = HubSpotSandboxSettings(searches_per_second=None, search_lag_seconds=0.0)
    with Sandbox(SandboxSettings(customers=6, suppliers=3, hubspot=unlimited)) as running:
        visma = running.settings.visma
        os.environ.update(addresses(running.url))
        os.environ["VISMA_CLIENT_ID"] = visma.client_id
        os.environ["VISMA_CLIENT_SECRET"] = visma.client_secret
        os.environ["VISMA_TENANT_ID"] = visma.tenant_id
        os.environ["HUBSPOT_ACCESS_TOKEN"] = DEFAULT_TOKEN
        yield running


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])
