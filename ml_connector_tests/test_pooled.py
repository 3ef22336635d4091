"""Pooled connections: not asked at each use, and replaced when they died meanwhile."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector import pooled
from ml_connector.embedded_postgres import EmbeddedServer
from ml_connector.pooled import pooled_engine


@pytest.fixture
def engine(postgres_server: EmbeddedServer) -> Iterator[sa.Engine]:
    """An engine with one pooled connection."""
    created = pooled_engine(postgres_server.url(), pool_size=1, max_overflow=0)
    session(created)
    yield created
    created.dispose()


@pytest.fixture
def pings(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The connections that were tried with a statement."""
    tried: list[Any] = []
    ping = engine.dialect.do_ping

    def noted(connection: Any) -> bool:
        tried.append(connection)
        return ping(connection)

    monkeypatch.setattr(engine.dialect, "do_ping", noted)
    return tried


def session(engine: sa.Engine) -> int:
    """Return the number of the server process behind the pooled connection."""
    with engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_in_steady_use_is_not_asked(engine: sa.Engine, pings: list[Any]) -> None:
    assert len({session(engine) for _ in range(3)}) == 1
    assert pings == []


def test_one_that_rested_is_asked(
    engine: sa.Engine, pings: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooled, "IDLE_SECONDS", 0.0)
    assert len({session(engine) for _ in range(3)}) == 1
    assert len(pings) == 3


def test_one_that_the_server_closed_is_replaced(engine: sa.Engine, postgres_server: EmbeddedServer) -> None:
    before = session(engine)
    other = sa.create_engine(postgres_server.url())
    with other.connect() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": before})
    other.dispose()
    assert session(engine) != before


def test_one_that_was_cut_without_a_word_is_replaced(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = session(engine)

    def fail(connection: Any) -> bool:
        raise engine.dialect.loaded_dbapi.OperationalError("connection timed out")

    monkeypatch.setattr(pooled, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(engine.dialect, "do_ping", fail)
    assert session(engine) != before


def test_new_connections_are_believed(postgres_server: EmbeddedServer, pings: list[Any]) -> None:
    other = pooled_engine(postgres_server.url())
    session(other)
    other.dispose()
    assert pings == []
