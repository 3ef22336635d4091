"""Databases for tests that run Dagster: copies of one that has all tables, dropped when nobody uses them."""

import os
import uuid

import sqlalchemy as sa

from ml_connector import database
from ml_connector import instance as instances
from ml_connector.embedded_postgres import EmbeddedServer


def close(url: str) -> None:
    """Close all connections this process holds to a database."""
    database.close_engine(url)
    instances._pool(os.getpid(), url).dispose()


class ReadyDatabases:
    """Makes databases ready for runs, and drops those given back.

    A dropped database waits for its sessions to end, a tenth of a second at a time; so one that is given back is
    dropped once it is quiet, before another one is made.
    """

    def __init__(self, server: EmbeddedServer, template: str) -> None:
        self._server = server
        self._template = template
        self._spent: list[str] = []
        self._admin = sa.create_engine(server.url(), isolation_level="AUTOCOMMIT")

    def make(self) -> str:
        """Return the URL of a new one."""
        name = f"ready_{uuid.uuid4().hex[:12]}"
        with self._admin.connect() as connection:
            for spent in self._spent:
                connection.exec_driver_sql(f'DROP DATABASE "{spent}" WITH (FORCE)')
            self._spent.clear()
            connection.exec_driver_sql(
                f'CREATE DATABASE "{name}" TEMPLATE "{self._template}" STRATEGY file_copy'
            )
        return self._server.url(name)

    def give_back(self, url: str) -> None:
        """Close the connections to a database that is needed no more."""
        close(url)
        self._spent.append(str(sa.make_url(url).database))

    def dispose(self) -> None:
        """Close our own connection; the databases go with their server."""
        self._admin.dispose()
