"""Engines whose pooled connections are looked at before use without asking the server each time.

A run takes a connection from the pool hundreds of times. SQLAlchemy's own test (``pool_pre_ping``) sends a statement
each time; here one is sent only after a pause, and in between the socket tells whether the server has hung up. Imports
no Dagster.
"""

import select
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

IDLE_SECONDS = 2.0
"""After so long without use a connection is tried with a statement: a firewall cuts it without a word to either end."""

_LAST_USED = "last used"


def pooled_engine(url: str | URL, **options: Any) -> Engine:
    """Return an engine that replaces pooled connections which died while nobody used them.

    ``options`` are those of :func:`sqlalchemy.create_engine`.
    """
    created = sa.create_engine(url, **options)

    @event.listens_for(created, "checkin")
    def note(_: Any, entry: ConnectionPoolEntry) -> None:
        entry.info[_LAST_USED] = time.monotonic()

    @event.listens_for(created, "checkout")
    def look(connection: Any, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        last_used = entry.info.get(_LAST_USED)
        if last_used is not None and not _alive(created, connection, time.monotonic() - last_used):
            raise InvalidatePoolError

    return created


def _alive(engine: Engine, connection: Any, idle_seconds: float) -> bool:
    """Whether a connection still works; one that has something to say unasked was told that it is closed."""
    looked_at = select.poll()
    looked_at.register(connection, select.POLLIN)
    if idle_seconds < IDLE_SECONDS and not looked_at.poll(0):
        return True
    try:
        return bool(engine.dialect.do_ping(connection))
    except (DBAPIError, engine.dialect.loaded_dbapi.Error):
        return False
