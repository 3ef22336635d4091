"""Fixtures of the end-to-end tests: a world of the test's own, with Dagster's tables already in its database."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
import sqlalchemy as sa

from ml_connector import database
from ml_connector import instance as instances
from ml_connector.embedded_postgres import EmbeddedServer
from ml_connector.http import RetryPolicy, Transport
from ml_connector.hubspot import answers as hubspot_answers
from ml_connector.hubspot import calls as hubspot_calls
from ml_connector.instance import connector_instance
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.visma import answers as visma_answers
from ml_connector.visma import client as visma_client
from ml_connector_tests.graph.harness import World, connection, empty_company
from ml_connector_tests.graph.recovery import PAIRS


class MakeWorld(Protocol):
    """Makes the world of a test; ``connection`` changes the connection's settings."""

    def __call__(self, sandbox: SandboxSettings | None = None, **connection: Any) -> World:
        """Serve a sandbox and return the world around it."""


@pytest.fixture(scope="session")
def dagster_template(new_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a database with our schema and Dagster's tables, which take longer to make than to copy."""
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
def fresh_database(postgres_server: EmbeddedServer, dagster_template: str) -> Iterator[Callable[[], str]]:
    """A function that makes a database ready for runs and returns its URL; they are dropped in the end."""
    admin = sa.create_engine(postgres_server.url(), isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def create() -> str:
        name = f"graph_{uuid.uuid4().hex[:12]}"
        with admin.connect() as connection:
            connection.exec_driver_sql(
                f'CREATE DATABASE "{name}" TEMPLATE "{dagster_template}" STRATEGY file_copy'
            )
        made.append(name)
        return postgres_server.url(name)

    yield create
    for name in made:
        close(postgres_server.url(name))
        with admin.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    admin.dispose()


@pytest.fixture
def make_world(
    fresh_database: Callable[[], str], ml_connector_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeWorld]:
    """Makes worlds; the one made last is what the environment points at."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv("ML_CONNECTOR_STORAGE_URL", raising=False)
    with ExitStack() as running:

        def make(sandbox: SandboxSettings | None = None, **changes: Any) -> World:
            served = running.enter_context(Sandbox(sandbox or empty_company()))
            world = World(served, connection(**changes), fresh_database())
            for name, value in world.environment.items():
                monkeypatch.setenv(name, value)
            return world

        yield make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """An empty company and an empty portal."""
    return make_world()


@pytest.fixture
def filled(world: World) -> World:
    """A company with customers that are still to be synced."""
    world.enter_pairs(range(PAIRS))
    return world


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that clients would have waited before another try; they do not wait."""
    waited: list[float] = []

    def hubspot(policy: RetryPolicy | None = None, **_: Any) -> Transport:
        return Transport(
            "HubSpot",
            policy=policy,
            verdict=hubspot_answers.verdict,
            delay=hubspot_answers.delay,
            sleep=waited.append,
        )

    def visma(policy: RetryPolicy | None = None) -> Transport:
        return Transport("Visma", policy=policy, verdict=visma_answers.verdict, sleep=waited.append)

    monkeypatch.setattr(hubspot_calls, "hubspot_transport", hubspot)
    monkeypatch.setattr(visma_client, "visma_transport", visma)
    return waited


def close(url: str) -> None:
    """Close all connections this process holds to a database."""
    database.close_engine(url)
    instances._pool(os.getpid(), url).dispose()
