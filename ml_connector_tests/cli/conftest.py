"""What the tests of the commands share: a folder and an environment of their own, a runner, and a small sandbox."""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from ml_connector import database
from ml_connector import instance as instances
from ml_connector.cli.main import main
from ml_connector.cli.sandbox import addresses
from ml_connector.definitions import DEFS_VARIABLE
from ml_connector.embedded_postgres import EmbeddedServer
from ml_connector.instance import connector_instance
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN, HubSpotSandboxSettings
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings

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


@pytest.fixture(scope="session")
def ready_template(new_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a database with Dagster's tables in it too, which take longer to make than to copy."""
    url = new_database()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(database.URL_VARIABLE, url)
        patch.setenv(database.HOME_VARIABLE, str(tmp_path_factory.mktemp("template")))
        patch.delenv("DAGSTER_HOME", raising=False)
        with connector_instance():
            pass
    close(url)
    return str(sa.make_url(url).database)


@pytest.fixture
def stored(shell: Shell, postgres_server: EmbeddedServer, ready_template: str) -> Iterator[sa.Engine]:
    """The shell's database, ready for runs."""
    admin = sa.create_engine(postgres_server.url(), isolation_level="AUTOCOMMIT")
    name = f"cli_{uuid.uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{ready_template}" STRATEGY file_copy')
    url = os.environ[database.URL_VARIABLE] = postgres_server.url(name)
    yield database.engine(url)
    close(url)
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    admin.dispose()


@pytest.fixture
def sandbox(shell: Shell, stored: sa.Engine) -> Iterator[Sandbox]:
    """A small company and an empty portal, which the shell's environment points at with the right credentials."""
    unlimited = HubSpotSandboxSettings(searches_per_second=None, search_lag_seconds=0.0)
    with Sandbox(SandboxSettings(customers=6, suppliers=3, hubspot=unlimited)) as running:
        visma = running.settings.visma
        os.environ.update(addresses(running.url))
        os.environ["VISMA_CLIENT_ID"] = visma.client_id
        os.environ["VISMA_CLIENT_SECRET"] = visma.client_secret
        os.environ["VISMA_TENANT_ID"] = visma.tenant_id
        os.environ["HUBSPOT_ACCESS_TOKEN"] = DEFAULT_TOKEN
        yield running


def close(url: str) -> None:
    """Close all connections this process holds to a database."""
    database.close_engine(url)
    instances._pool(os.getpid(), url).dispose()
