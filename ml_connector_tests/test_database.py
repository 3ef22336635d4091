"""The home folder, the database's address, the migrated engine and the advisory locks."""

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ml_connector import database
from ml_connector.database import advisory_lock, lock_is_held
from ml_connector.embedded_postgres import EmbeddedServer
from ml_connector.errors import BusyError, StorageError, UsageError

PASSWORD = "s3cret-p%40ss"


def start(code: str) -> subprocess.Popen[str]:
    """Start Python on some code; it talks over its standard input and output."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(database.__file__).parent.parent)},
    )


def line_from(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> int:
    """Close the process's input, which is its sign to end, and return its exit status."""
    process.communicate(timeout=60)
    return process.returncode


@pytest.fixture
def short_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with a path short enough for a socket, and no server of our own configured."""
    monkeypatch.delenv(database.URL_VARIABLE, raising=False)
    with tempfile.TemporaryDirectory(prefix="mlc-") as folder:
        home = Path(folder) / "h"
        monkeypatch.setenv(database.HOME_VARIABLE, str(home))
        yield home


class TestHome:
    """Where everything local lies."""

    def test_is_what_the_variable_says_and_private(self, ml_connector_home: Path) -> None:
        assert database.home() == ml_connector_home
        assert stat.S_IMODE(ml_connector_home.stat().st_mode) == 0o700

    def test_lies_in_a_clone_and_otherwise_with_the_user(self, tmp_path: Path) -> None:
        assert database._default_home(tmp_path) == Path.home() / ".ml-connector"
        (tmp_path / "pyproject.toml").touch()
        (tmp_path / "workspace.yaml").touch()
        assert database._default_home(tmp_path) == tmp_path / ".ml-connector"

    def test_says_what_to_do_where_it_cannot_be_made(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv(database.HOME_VARIABLE, str(tmp_path / "file" / "home"))
        with pytest.raises(StorageError, match=database.HOME_VARIABLE):
            database.home()


class TestUrl:
    """The address as the setting gives it."""

    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
    def test_always_names_the_driver_that_dagster_has(
        self, scheme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(
            database.URL_VARIABLE, f"{scheme}://u:{PASSWORD}@db.local:5433/books?sslmode=require"
        )
        assert (
            database.database_url()
            == f"postgresql+psycopg2://u:{PASSWORD}@db.local:5433/books?sslmode=require"
        )

    @pytest.mark.parametrize(
        "url", [f"mysql://u:{PASSWORD}@h/d", f"postgresql+asyncpg://u:{PASSWORD}@h/d", PASSWORD]
    )
    def test_of_anything_else_is_refused_without_showing_it(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(database.URL_VARIABLE, url)
        with pytest.raises(UsageError, match=database.URL_VARIABLE) as caught:
            database.database_url()
        assert PASSWORD not in "".join(traceback.format_exception(caught.value))


class TestEngine:
    """The engine, and its errors in plain words."""

    def test_is_migrated_and_the_same_for_the_same_address(self, database_url: str) -> None:
        engine = database.engine()
        with engine.connect() as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM ml_connector.operation")).scalar() == 0
        assert database.engine(database_url) is engine

    def test_says_that_nothing_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        monkeypatch.setenv(database.URL_VARIABLE, f"postgresql://u:{PASSWORD}@127.0.0.1:{port}/books")
        with pytest.raises(StorageError, match=r"books at 127\.0\.0\.1 does not answer") as caught:
            database.engine()
        assert PASSWORD not in "".join(traceback.format_exception(caught.value))

    def test_says_that_the_database_does_not_exist(self, postgres_server: EmbeddedServer) -> None:
        with pytest.raises(StorageError, match=r"nowhere .* does not exist\. Create it"):
            database.engine(postgres_server.url("nowhere"))

    def test_passes_on_why_the_server_refuses(self, postgres_server: EmbeddedServer) -> None:
        with pytest.raises(StorageError, match='refuses the connection: role "nobody" does not exist'):
            database.engine(postgres_server.url().replace("postgres@", "nobody@"))

    def test_names_a_refused_password_but_not_the_password(self) -> None:
        url = sa.make_url(f"postgresql+psycopg2://u:{PASSWORD}@h/d")
        error = database.database_error(Exception('FATAL:  password authentication failed for user "u"'), url)
        assert "refuses the user or the password" in str(error)
        assert PASSWORD not in str(error)

    def test_says_what_a_user_without_rights_lacks(self, new_database: Callable[..., str]) -> None:
        url = new_database(migrated=False)
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("CREATE ROLE guest LOGIN")
        admin.dispose()
        with pytest.raises(StorageError, match="Grant the user CREATE"):
            database.engine(url.replace("postgres@", "guest@"))

    def test_replaces_the_error_of_a_lost_connection_and_then_works_again(self, engine: sa.Engine) -> None:
        with engine.connect() as connection:
            pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar()
            with engine.connect() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            with pytest.raises(StorageError, match="does not answer"):
                connection.execute(sa.text("SELECT 1"))
        with engine.connect() as connection:
            assert connection.execute(sa.text("SELECT 1")).scalar() == 1

    def test_an_interruption_in_a_statement_stays_one(self, engine: sa.Engine) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        sa.event.listen(engine, "do_execute", interrupt)
        try:
            with engine.connect() as connection, pytest.raises(KeyboardInterrupt):
                connection.execute(sa.text("SELECT 1"))
        finally:
            sa.event.remove(engine, "do_execute", interrupt)


class TestAdvisoryLock:
    """Locks that die with their holder."""

    def test_shuts_out_another_session_and_is_free_afterwards(self, engine: sa.Engine) -> None:
        with advisory_lock("portal 1", engine=engine) as lock:
            assert lock.held()
            assert lock_is_held("portal 1", engine=engine)
            assert not lock_is_held("portal 2", engine=engine)
            with pytest.raises(BusyError, match="portal 1"), advisory_lock("portal 1", engine=engine):
                pass
            with advisory_lock("portal 2", engine=engine):
                pass
        assert not lock_is_held("portal 1", engine=engine)

    def test_names_the_holder_after_waiting_in_vain(self, engine: sa.Engine) -> None:
        with (
            advisory_lock("portal", engine=engine, note="run 77"),
            pytest.raises(BusyError, match="run 77, connected since"),
            advisory_lock("portal", wait_seconds=0.05, engine=engine),
        ):
            pass

    def test_shared_holders_shut_out_only_one_that_wants_it_alone(self, engine: sa.Engine) -> None:
        with (
            advisory_lock("run", engine=engine, shared=True),
            advisory_lock("run", engine=engine, shared=True),
        ):
            with pytest.raises(BusyError), advisory_lock("run", engine=engine):
                pass
            assert lock_is_held("run", engine=engine)

    def test_knows_that_it_was_lost(self, engine: sa.Engine) -> None:
        with advisory_lock("portal", engine=engine) as lock:
            with engine.connect() as other:
                other.execute(
                    sa.text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'portal'"
                    )
                )
            assert not lock.held()

    def test_of_another_database_is_another_lock(
        self, engine: sa.Engine, new_database: Callable[..., str]
    ) -> None:
        url = new_database()
        with advisory_lock("portal", engine=engine):
            assert not lock_is_held("portal", engine=database.engine(url))
        database.close_engine(url)

    def test_is_released_by_the_death_of_its_holder(self, engine: sa.Engine) -> None:
        holder = start("""
            import sys
            from ml_connector.database import advisory_lock
            with advisory_lock("portal"):
                print("held", flush=True)
                sys.stdin.read()
        """)
        assert line_from(holder) == "held"
        assert lock_is_held("portal", engine=engine)
        holder.send_signal(signal.SIGKILL)
        finish(holder)
        with advisory_lock("portal", wait_seconds=30, engine=engine) as lock:
            assert lock.held()


USER = """
    import sys
    import sqlalchemy as sa
    from ml_connector.database import engine
    with engine().begin() as connection:
        connection.execute(sa.text(
            "INSERT INTO ml_connector.run (run_id, connection, started_at, status) "
            "VALUES (gen_random_uuid()::text, 'c', now(), 'done')"
        ))
        count = connection.execute(sa.text("SELECT count(*) FROM ml_connector.run")).scalar()
    print(f"rows {count}", flush=True)
    sys.stdin.read()
"""


class TestEmbeddedServer:
    """A server that many processes share and any of them may be killed under."""

    def test_is_shared_by_processes_that_start_at_once_and_outlives_their_death(
        self, short_home: Path
    ) -> None:
        first = [start(USER) for _ in range(4)]
        assert sorted(line_from(process) for process in first)[-1] == "rows 4"
        server = EmbeddedServer(short_home / "postgres")
        assert server.is_running()

        # Three leave in an orderly way: the one that is left keeps the server.
        assert [finish(process) for process in first[:3]] == [0, 0, 0]
        assert server.is_running()

        # The last one is killed, and the server with it: a later start recovers what was committed.
        postmaster = int((short_home / "postgres" / "postmaster.pid").read_text().split()[0])
        first[3].send_signal(signal.SIGKILL)
        finish(first[3])
        os.kill(postmaster, signal.SIGKILL)
        later = start(USER)
        assert line_from(later) == "rows 5"

        # The last one to leave stops it.
        assert finish(later) == 0
        assert not server.is_running()

    def test_waits_for_the_last_processes_of_a_killed_server(
        self, short_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = EmbeddedServer(database.home() / "postgres")
        server.join()
        engine = sa.create_engine(server.url())
        connection = engine.connect()
        backend = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        os.kill(backend, signal.SIGSTOP)
        os.kill(int((server.folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        waits: list[float] = []

        def let_the_orphan_die(seconds: float) -> None:
            waits.append(seconds)
            os.kill(backend, signal.SIGCONT)
            threading.Event().wait(seconds)

        monkeypatch.setattr("ml_connector.embedded_postgres.time.sleep", let_the_orphan_die)
        second = EmbeddedServer(server.folder)
        second.join()
        assert waits
        assert second.is_running()
        connection.invalidate()
        engine.dispose()
        server.leave()
        second.leave()

    def test_ignores_a_number_that_now_belongs_to_another_program(self, short_home: Path) -> None:
        server = EmbeddedServer(database.home() / "postgres")
        server.join()
        lines = (server.folder / "postmaster.pid").read_text().splitlines()
        server.leave()
        (server.folder / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
        server.join()
        assert server.is_running()
        server.leave()

    def test_does_not_trip_over_a_start_that_was_killed_half_way(self, short_home: Path) -> None:
        unfinished = database.home() / "postgres.new-1"
        unfinished.mkdir()
        (unfinished / "PG_VERSION").touch()
        server = EmbeddedServer(short_home / "postgres")
        server.join()
        assert server.is_running()
        assert not unfinished.exists()
        server.leave()

    def test_listens_to_nobody_else(self, postgres_server: EmbeddedServer) -> None:
        assert stat.S_IMODE(postgres_server.folder.stat().st_mode) == 0o700
        engine = sa.create_engine(postgres_server.url())
        with engine.connect() as connection:
            assert connection.execute(sa.text("SHOW listen_addresses")).scalar() == ""
        engine.dispose()

    def test_puts_the_socket_elsewhere_where_its_path_is_too_long(self, short_home: Path) -> None:
        folder = database.home() / ("long" * 25)
        folder.mkdir(mode=0o711)
        server = EmbeddedServer(folder / "postgres", {"fsync": "off"})
        server.join()
        assert server.is_running()
        elsewhere = Path(str(sa.make_url(server.url()).query["host"]))
        assert "long" not in elsewhere.name
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
        server.leave()
        assert not elsewhere.exists()

    def test_leaves_a_folder_alone_that_is_not_its_own(self, short_home: Path) -> None:
        other = database.home() / "postgres"
        other.mkdir()
        (other / "letter.txt").write_text("mine")
        with pytest.raises(StorageError, match="not a PostgreSQL data folder"):
            EmbeddedServer(other).join()
        assert (other / "letter.txt").read_text() == "mine"

    def test_says_why_it_does_not_start(self, short_home: Path) -> None:
        server = EmbeddedServer(database.home() / "postgres", {"fsync": "off", "max_connections": "many"})
        with pytest.raises(StorageError, match=r"max_connections.*server\.log"):
            server.join()

    def test_of_another_version_is_not_touched(self, short_home: Path) -> None:
        folder = database.home() / "postgres"
        folder.mkdir()
        (folder / "PG_VERSION").write_text("16\n")
        with pytest.raises(StorageError, match="is of PostgreSQL 16"):
            EmbeddedServer(folder).join()
