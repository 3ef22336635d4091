"""Where ml-connector keeps its things on this machine, and its one PostgreSQL database.

Holds the home folder, the database's address (a server of yours or the embedded one), the migrated engine and the
advisory locks. What the tables hold is in :mod:`ml_connector.ledger.tables`. Imports no Dagster.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from ml_connector.embedded_postgres import EmbeddedServer
from ml_connector.errors import BusyError, StorageError, UsageError
from ml_connector.ledger.migrations import upgrade
from ml_connector.pooled import pooled_engine

HOME_VARIABLE = "ML_CONNECTOR_HOME"
URL_VARIABLE = "ML_CONNECTOR_DATABASE_URL"

DRIVER = "postgresql+psycopg2"
"""A bare postgresql:// means psycopg 3 to SQLAlchemy 2.1; dagster-postgres needs psycopg2 (reference: dagster 0.1)."""

CONNECT_SECONDS = "10"

KEEPALIVE = {"keepalives": "1", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
"""The client notices a dead server within a minute, and an idle connection is not cut by a firewall."""

SERVER_KEEPALIVE = ("tcp_keepalives_idle = 30", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3")
"""The server notices a dead client as soon, or the locks of a crashed machine would stay for two hours."""

_guard = threading.Lock()
_servers: dict[Path, EmbeddedServer] = {}
_engines: dict[tuple[int, str], Engine] = {}


def home() -> Path:
    """Return the folder of everything local, made with mode 0700 when it is missing.

    It is ``ML_CONNECTOR_HOME``, else ``.ml-connector`` in the clone this package lies in, else ``~/.ml-connector``.

    Raises:
        StorageError: the folder cannot be made.
    """
    configured = os.environ.get(HOME_VARIABLE)
    folder = (
        Path(configured).expanduser().absolute()
        if configured
        else _default_home(Path(__file__).parent.parent)
    )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The home folder {folder} cannot be made ({error.strerror}).",
            remedy=f"Set {HOME_VARIABLE} to a folder this user may write to.",
        ) from error
    return folder


def private_folder(name: str) -> Path:
    """Return a folder of the home that only this user may enter, even where the home must let others pass through."""
    folder = home() / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _default_home(above_package: Path) -> Path:
    """Return the home without a setting; ``above_package`` is the folder that holds the package."""
    is_clone = all((above_package / name).exists() for name in ("pyproject.toml", "workspace.yaml"))
    return (above_package if is_clone else Path.home()) / ".ml-connector"


def database_url() -> str:
    """Return the database's SQLAlchemy URL, always of the scheme ``postgresql+psycopg2``; it may hold a password.

    Without ``ML_CONNECTOR_DATABASE_URL`` the embedded server in ``<home>/postgres`` is started, or joined where another
    process has started it, and kept until this process ends.

    Raises:
        UsageError: the variable holds no PostgreSQL URL.
        StorageError: the embedded server does not start.
    """
    configured = os.environ.get(URL_VARIABLE)
    if configured:
        return _normalised(configured).render_as_string(hide_password=False)
    folder = home() / "postgres"
    with _guard:
        server = _servers.setdefault(folder, EmbeddedServer(folder))
    server.join()
    return server.url()


def _normalised(configured: str) -> URL:
    remedy = f"Set {URL_VARIABLE} to something like postgresql://user:password@host:5432/database."
    try:
        url = make_url(configured)
    except (ArgumentError, ValueError):
        # "from None": the original text may quote the URL, and with it the password.
        raise UsageError(f"{URL_VARIABLE} is not a database URL.", remedy=remedy) from None
    if url.drivername not in ("postgres", "postgresql", DRIVER):
        raise UsageError(
            f"{URL_VARIABLE} has the scheme {url.drivername}; only PostgreSQL is supported.", remedy=remedy
        )
    return url.set(drivername=DRIVER)


def engine(url: str | None = None) -> Engine:
    """Return the engine of the database, with our schema migrated; one per process and URL.

    Args:
        url: a URL as :func:`database_url` gives it, which is also the default.

    Raises:
        UsageError: as for :func:`database_url`.
        StorageError: the database is out of reach, refuses us, or its schema cannot be migrated.
    """
    address = url or database_url()
    key = (os.getpid(), address)
    with _guard:
        if key not in _engines:
            _engines[key] = _migrated_engine(make_url(address))
        return _engines[key]


def close_engine(url: str | None = None) -> None:
    """Close the connections of an engine that :func:`engine` gave out; the next call makes a new one."""
    with _guard:
        for key in [key for key in _engines if url is None or key[1] == url]:
            _engines.pop(key).dispose()


def connection_arguments(url: URL) -> dict[str, str]:
    """Return the libpq settings we add to every connection, save those the URL itself sets."""
    wanted = {"application_name": "ml-connector", "connect_timeout": CONNECT_SECONDS, **KEEPALIVE}
    return {name: value for name, value in wanted.items() if name not in url.query}


def _migrated_engine(url: URL) -> Engine:
    created = pooled_engine(url, connect_args=connection_arguments(url))
    event.listen(created, "handle_error", _explain)
    try:
        with created.begin() as connection:
            upgrade(connection)
    except SQLAlchemyError as error:
        created.dispose()
        raise database_error(error, url) from None
    except BaseException:
        created.dispose()
        raise
    return created


def _explain(context: ExceptionContext) -> None:
    """Put our error in the place of SQLAlchemy's where the database cannot be reached or went away.

    An interruption in mid-statement, which SQLAlchemy counts as a lost connection, stays what it is.
    """
    error = context.original_exception
    lost = context.connection is None or context.is_disconnect
    if context.engine is not None and lost and isinstance(error, Exception):
        raise database_error(error, context.engine.url) from None


def database_error(error: BaseException, url: URL) -> StorageError:
    """Return the plain error for a failed connection or statement; it holds the host and database, never a password."""
    text = str(error.orig if isinstance(error, DBAPIError) else error)
    place = f"The database {url.database or ''} at {url.host or url.query.get('host', 'the local socket')}"
    setting = f"Check {URL_VARIABLE}."
    if "authentication failed" in text or "no password supplied" in text:
        return StorageError(f"{place} refuses the user or the password.", remedy=setting)
    if "does not exist" in text and "database" in text:
        return StorageError(
            f"{place} does not exist.", remedy=f"Create it (createdb) or correct it. {setting}"
        )
    if "permission denied" in text:
        return StorageError(
            f"{place} does not let us make or use the schema ml_connector.",
            remedy="Grant the user CREATE on the database.",
        )
    if "too many clients" in text or "remaining connection slots" in text:
        return StorageError(f"{place} has no connection left.", remedy="Raise max_connections on the server.")
    if isinstance(error, SQLAlchemyError) and not isinstance(error, OperationalError):
        code = getattr(getattr(error, "orig", None), "pgcode", None)
        return StorageError(
            f"{place} refused a statement ({type(error).__name__}, code {code}).", remedy=None
        )
    refusal = text.partition("FATAL:")[2].strip().splitlines()
    if refusal:
        return StorageError(f"{place} refuses the connection: {refusal[0]}.", remedy=setting)
    return StorageError(f"{place} does not answer.", remedy=f"Start it, or correct the address. {setting}")


class AdvisoryLock:
    """A lock that is held: what :func:`advisory_lock` gives to its block."""

    def __init__(self, name: str, connection: Connection) -> None:
        self.name = name
        self._connection = connection

    def held(self) -> bool:
        """Whether the lock is still ours: it is lost when the database restarts or the connection breaks."""
        try:
            return bool(self._connection.execute(_HELD_BY_US, _parts(self.name)).scalar())
        except (SQLAlchemyError, StorageError):
            return False


@contextmanager
def advisory_lock(
    name: str,
    *,
    wait_seconds: float = 0.0,
    engine: Engine | None = None,
    shared: bool = False,
    note: str = "",
) -> Iterator[AdvisoryLock]:
    """Hold a named lock of the whole database for the block; the death of this process releases it.

    The lock lives on a connection of its own, which must be a session of its own on the server (no transaction pooler).

    Args:
        name: any text; one name is one lock.
        wait_seconds: how long to wait for it; 0 does not wait.
        engine: the engine to lock in, by default :func:`engine`'s.
        shared: several may hold it at once, and together they shut out one that wants it alone.
        note: shown to whoever finds the lock taken, such as ``run 1234``; by default the name.

    Raises:
        BusyError: another session holds it; the text names the holder's note and since when it is connected.
        StorageError: the database is out of reach.
    """
    bind = engine or _default_engine()
    connection = bind.connect()
    try:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        connection.execute(
            sa.text("SELECT set_config('application_name', :note, false)"), {"note": (note or name)[:63]}
        )
        for setting in SERVER_KEEPALIVE:
            connection.exec_driver_sql(f"SET {setting}")
        if not _take(connection, name, wait_seconds, shared):
            raise _busy(connection, name)
        yield AdvisoryLock(name, connection)
        # The end of the session would do, but the server may take a moment for it, in which the lock still counts.
        with suppress(SQLAlchemyError, StorageError):
            connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")
    finally:
        # Closing a detached connection ends its session, and with that the lock.
        with suppress(SQLAlchemyError, StorageError):
            connection.close()


def lock_is_held(name: str, *, engine: Engine | None = None) -> bool:
    """Whether any session of this database holds the lock of that name, alone or shared."""
    with (engine or _default_engine()).connect() as connection:
        return bool(connection.execute(_HOLDERS, _parts(name)).first())


def _default_engine() -> Engine:
    # Only because the keyword "engine" of the two functions above hides the function of that name.
    return engine()


def _take(connection: Connection, name: str, wait_seconds: float, shared: bool) -> bool:
    """Try to take the lock; False when the wait is over."""
    suffix = "_shared" if shared else ""
    arguments = {"key": lock_key(name)}
    if wait_seconds <= 0:
        return bool(
            connection.execute(sa.text(f"SELECT pg_try_advisory_lock{suffix}(:key)"), arguments).scalar()
        )
    connection.exec_driver_sql(f"SET lock_timeout = {max(1, int(wait_seconds * 1000))}")
    try:
        connection.execute(sa.text(f"SELECT pg_advisory_lock{suffix}(:key)"), arguments)
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) == "55P03":
            return False
        raise
    return True


def _busy(connection: Connection, name: str) -> BusyError:
    holder = connection.execute(_HOLDERS, _parts(name)).first()
    known = f" ({holder.note}, connected since {holder.since:%Y-%m-%d %H:%M} UTC)" if holder else ""
    return BusyError(
        f"Another process holds the lock {name!r}{known}.",
        remedy="Wait until it has finished, then try again.",
    )


def lock_key(name: str) -> int:
    """Return the 64-bit signed number PostgreSQL knows a lock by."""
    digest = hashlib.sha256(f"ml-connector:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _parts(name: str) -> dict[str, int]:
    """Return a lock's number as pg_locks shows it: two unsigned halves."""
    unsigned = lock_key(name) & 0xFFFF_FFFF_FFFF_FFFF
    return {"high": unsigned >> 32, "low": unsigned & 0xFFFF_FFFF}


_LOCKS = """
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid = CAST(CAST(:high AS bigint) AS oid) AND l.objid = CAST(CAST(:low AS bigint) AS oid)
"""
_HOLDERS = sa.text(
    f"SELECT a.application_name AS note, a.backend_start AT TIME ZONE 'UTC' AS since {_LOCKS} ORDER BY 2"
)
_HELD_BY_US = sa.text(f"SELECT count(*) > 0 {_LOCKS} AND l.pid = pg_backend_pid()")
