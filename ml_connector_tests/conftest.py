"""Fixtures every test may use: a PostgreSQL server of the session and a fresh database in it.

The server belongs to one worker of the session (each has its own folder), so that any number may run side by side.
"""

import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright

from ml_connector import database
from ml_connector.embedded_postgres import EmbeddedServer
from ml_connector.instance import connector_instance
from ml_connector_tests.databases import ReadyDatabases, close
from scripts.browser import launched

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A suite that was started in the background ignores Ctrl-C, and so would the programs that it interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What is generated must hold on a slow machine too.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

STARTS_MOST = "web"
"""The folder of the tests for which a whole Dagster is started, once in a worker that has one of them."""

UNSAFE_BUT_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
}

TEMPLATE = "migrated"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that start most.

    A worker that has nothing left takes tests from the end of another's list: those there would start all of it again.
    """
    items.sort(key=lambda item: STARTS_MOST not in item.path.parts)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedServer]:
    """A running server; its folder's path is short, as a socket's must be."""
    with tempfile.TemporaryDirectory(prefix="mlc-") as folder:
        server = EmbeddedServer(Path(folder) / "pg", UNSAFE_BUT_FAST)
        server.join()
        yield server
        server.leave()


@pytest.fixture(scope="session")
def new_database(postgres_server: EmbeddedServer) -> Iterator[Callable[..., str]]:
    """A function that makes a database, empty or with our schema in it (the default), and returns its URL."""
    admin = sa.create_engine(postgres_server.url(), isolation_level="AUTOCOMMIT")

    def create(name: str, template: str) -> str:
        with admin.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return postgres_server.url(name)

    url = create(TEMPLATE, "template0")
    database.engine(url)
    database.close_engine(url)
    yield lambda migrated=True: create(f"test_{uuid.uuid4().hex[:12]}", TEMPLATE if migrated else "template0")
    admin.dispose()


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


@pytest.fixture(scope="session")
def ready_databases(postgres_server: EmbeddedServer, dagster_template: str) -> Iterator[ReadyDatabases]:
    """Databases that runs can be stored in."""
    made = ReadyDatabases(postgres_server, dagster_template)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, which `.ci/run` installs.

    It ends with its module: for as long, a loop of Playwright's runs in this thread, where other tests start theirs.
    """
    with sync_playwright() as playwright:
        opened = launched(playwright)
        yield opened
        opened.close()


@pytest.fixture
def ml_connector_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own."""
    home = tmp_path / "home"
    monkeypatch.setenv(database.HOME_VARIABLE, str(home))
    return home


@pytest.fixture
def database_url(
    new_database: Callable[..., str], ml_connector_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The URL of a fresh, migrated database, which is the one of ML_CONNECTOR_DATABASE_URL during the test."""
    url = new_database()
    monkeypatch.setenv(database.URL_VARIABLE, url)
    yield url
    database.close_engine(url)


@pytest.fixture
def engine(database_url: str) -> sa.Engine:
    """The engine of a fresh, migrated database."""
    return database.engine(database_url)
