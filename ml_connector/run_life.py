"""Knowing whether the process of a run still lives: it holds a database lock for as long as it does.

Dagster's default launcher does not notice when a machine goes down, and such a run would stay "started" for ever
(reference: dagster 0.3). A lock of the database is released by the system however the process ends. Imports no Dagster.
"""

import threading
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from sqlalchemy.engine import Engine

from ml_connector import database
from ml_connector.errors import BusyError, StorageError

CHECK_SECONDS = 20.0
"""How often a run looks whether its lock is still there: it is lost when the database restarts."""


class RunLife:
    """Holds the lock of a run for a ``with`` block, and takes it again when the database lost it.

    Several may hold it at once, such as the processes of one run.

    Args:
        run_id: the run.
        engine: the engine to lock in, by default that of the database.
        check_seconds: how often to look whether the lock is still held.

    Raises:
        StorageError: at the start of the block, where the database is out of reach.
    """

    def __init__(
        self, run_id: str, *, engine: Engine | None = None, check_seconds: float = CHECK_SECONDS
    ) -> None:
        self._run_id = run_id
        self._engine = engine
        self._check_seconds = check_seconds
        self._stop = threading.Event()
        self._held = ExitStack()
        self._lock: database.AdvisoryLock | None = None
        self._watcher = threading.Thread(target=self._watch, name=f"life of run {run_id}", daemon=True)

    def __enter__(self) -> Self:
        self._take()
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._watcher.join()
        self._held.close()

    def renew(self) -> None:
        """Take the lock again where it was lost; a database that is out of reach is tried again at the next look."""
        if self._lock is not None and self._lock.held():
            return
        try:
            self._held.close()
            self._take()
        except (StorageError, BusyError):
            self._lock = None

    def _watch(self) -> None:
        while not self._stop.wait(self._check_seconds):
            self.renew()

    def _take(self) -> None:
        name = _lock_name(self._run_id)
        self._lock = self._held.enter_context(database.advisory_lock(name, engine=self._engine, shared=True))


def run_is_alive(run_id: str, *, engine: Engine | None = None) -> bool:
    """Whether a process holds the lock of the run.

    Raises:
        StorageError: the database is out of reach, so nobody knows.
    """
    return database.lock_is_held(_lock_name(run_id), engine=engine)


def _lock_name(run_id: str) -> str:
    return f"run {run_id}"
