"""Fixtures of the end-to-end tests: a world of the test's own, with Dagster's tables already in its database."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from ml_connector import database
from ml_connector.http import RetryPolicy, Transport
from ml_connector.hubspot import answers as hubspot_answers
from ml_connector.hubspot import calls as hubspot_calls
from ml_connector.hubspot import limits
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.visma import answers as visma_answers
from ml_connector.visma import client as visma_client
from ml_connector_tests.databases import ReadyDatabases
from ml_connector_tests.graph.harness import World, connection, empty_company
from ml_connector_tests.graph.recovery import PAIRS

UNLIMITED = 1000
"""Searches a second where the sandbox sets no limit: the client's own care would only be waited for."""


class MakeWorld(Protocol):
    """Makes the world of a test; ``connection`` changes the connection's settings."""

    def __call__(self, sandbox: SandboxSettings | None = None, **connection: Any) -> World:
        """Serve a sandbox and return the world around it."""


@contextmanager
def databases(ready: ReadyDatabases) -> Iterator[Callable[[], str]]:
    """A function that makes a database ready for runs and returns its URL; they are dropped in the end."""
    made: list[str] = []

    def create() -> str:
        made.append(ready.make())
        return made[-1]

    yield create
    for url in made:
        ready.give_back(url)


@contextmanager
def worlds(create: Callable[[], str], patch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """A function that makes worlds; the one made last is what the environment points at."""
    patch.delenv("DAGSTER_HOME", raising=False)
    patch.delenv("ML_CONNECTOR_STORAGE_URL", raising=False)
    with ExitStack() as running:

        def make(sandbox: SandboxSettings | None = None, **changes: Any) -> World:
            settings = sandbox or empty_company()
            if settings.hubspot.searches_per_second is None:
                patch.setattr(limits, "SEARCHES_PER_SECOND", UNLIMITED)
            served = running.enter_context(Sandbox(settings))
            world = World(served, connection(**changes), create())
            for name, value in world.environment.items():
                patch.setenv(name, value)
            return world

        yield make


@pytest.fixture
def fresh_database(ready_databases: ReadyDatabases) -> Iterator[Callable[[], str]]:
    """Makes databases of the test's own."""
    with databases(ready_databases) as create:
        yield create


@pytest.fixture
def make_world(
    fresh_database: Callable[[], str], ml_connector_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeWorld]:
    """Makes worlds of the test's own."""
    with worlds(fresh_database, monkeypatch) as make:
        yield make


@pytest.fixture(scope="module")
def make_shared_world(
    ready_databases: ReadyDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeWorld]:
    """Makes worlds for all tests of a module: what happens in one is told once, and each test holds a part of it."""
    with databases(ready_databases) as create, pytest.MonkeyPatch.context() as patch:
        patch.setenv(database.HOME_VARIABLE, str(tmp_path_factory.mktemp("home")))
        with worlds(create, patch) as make:
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


def unhurried(patch: pytest.MonkeyPatch) -> list[float]:
    """Let clients not wait before another try, and return the list of the seconds that they would have waited."""
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

    patch.setattr(hubspot_calls, "hubspot_transport", hubspot)
    patch.setattr(visma_client, "visma_transport", visma)
    return waited


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that clients would have waited before another try; they do not wait."""
    return unhurried(monkeypatch)
