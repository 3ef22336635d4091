"""Runs in processes of their own, which can be killed: forked from a server that has imported everything already."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from ml_connector.cli.output import StoppedError
from ml_connector.cli.sync import Summary, run_windows
from ml_connector.errors import ConnectorError
from ml_connector.instance import connector_instance
from ml_connector.ledger.journal import Journal
from ml_connector.running import UndoRun
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector.sandbox.request_log import DROPPED, LoggedCall
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.graph.harness import World, _key

LONGEST_SECONDS = 60.0
"""After which a process that does not end is a failure of the test."""

_forkserver = multiprocessing.get_context("forkserver")
_forkserver.set_forkserver_preload(
    [
        __name__,
        "ml_connector.running",
        "ml_connector.cli.sync",
        # What a run imports only once it is on its way, a third of a short run's time in a new process.
        "dagster._core.executor.in_process",
        "dagster._core.instance.factory",
        "pandas",
        "psycopg2.extras",
        "pyarrow.dataset",
    ]
)


@dataclass(frozen=True)
class Death:
    """Where a run kills its own process: before or after the ``nth`` call of a method, by default the journal's."""

    method: str
    nth: int = 1
    before: bool = False
    owner: type = Journal


class Elsewhere:
    """A run of some windows in another process, or one that undoes the run ``undo``."""

    def __init__(
        self,
        world: World,
        first: int | str | None = 0,
        last: int | str | None = None,
        *,
        steps: Sequence[str] | None = None,
        death: Death | None = None,
        settings: ConnectionSettings | None = None,
        environment: Mapping[str, str] | None = None,
        undo: str | None = None,
    ) -> None:
        self._mine, theirs = _forkserver.Pipe(duplex=False)
        self._process = _forkserver.Process(
            target=_run,
            args=(
                theirs,
                {**world.environment, **(environment or {})},
                settings or world.settings,
                _key(first),
                _key(first if last is None else last),
                tuple(steps) if steps is not None else None,
                death,
                undo,
            ),
            daemon=True,
        )
        self._started = threading.Event()

    def start(self) -> "Elsewhere":
        """Let it run."""
        self._process.start()
        self._started.set()
        return self

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal; safe to call from another thread."""
        assert self._started.wait(LONGEST_SECONDS)
        os.kill(int(self._process.pid or 0), how)

    def died(self) -> bool:
        """Wait for its end; whether it was killed."""
        self._process.join(LONGEST_SECONDS)
        return bool(self._process.exitcode == -signal.SIGKILL)

    def error(self) -> str:
        """Wait for its end and return the sentence of its error."""
        assert self._mine.poll(LONGEST_SECONDS)
        answer = self._mine.recv()
        self._process.join(LONGEST_SECONDS)
        assert isinstance(answer, str), answer
        return answer

    def ended(self) -> bool:
        """Whether it has said what it did."""
        return self._mine.poll()

    def summary(self) -> Summary:
        """Wait for its end and return what it did."""
        assert self._mine.poll(LONGEST_SECONDS)
        answer = self._mine.recv()
        self._process.join(LONGEST_SECONDS)
        assert isinstance(answer, Summary), answer
        return answer


def _run(
    answers: Connection,
    environment: Mapping[str, str],
    settings: ConnectionSettings,
    first: str | None,
    last: str | None,
    steps: tuple[str, ...] | None,
    death: Death | None,
    undo: str | None,
) -> None:
    os.environ.pop("DAGSTER_HOME", None)
    os.environ.update(environment)
    if death is not None:
        _arm(death)
    try:
        if undo is not None:
            answers.send(_undo(settings, undo))
        else:
            answers.send(run_windows(settings, first, last, steps=steps, quiet=True))
    except ConnectorError as error:
        answers.send(str(error))
    except StoppedError as error:
        answers.send(error.message)


def _undo(settings: ConnectionSettings, run_id: str) -> str:
    """Undo a run and return the id of the run that did."""
    with connector_instance(keeps_output=False) as instance:
        run = UndoRun(instance, settings, run_id=run_id, dry=False)
        for _ in run.events():
            pass
        return run.run_id


def _arm(death: Death) -> None:
    original: Callable[..., Any] = getattr(death.owner, death.method)
    calls = count(1)

    def deadly(*arguments: Any, **named: Any) -> Any:
        last = next(calls) == death.nth
        if last and death.before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **named)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(death.owner, death.method, deadly)


@contextmanager
def killed_at_call(
    world: World,
    run: Elsewhere,
    nth: int,
    *,
    path: str = "/",
    carried_out: bool,
    how: signal.Signals = signal.SIGKILL,
) -> Iterator[None]:
    """Kill the run at its ``nth`` call: its answer never comes, and the process dies while it waits to try again.

    Args:
        world: whose sandbox is called.
        run: a run that has not started.
        nth: counts the calls from 1.
        path: beginning of the path of the calls that count.
        carried_out: whether the API does what the call asks.
        how: the signal.
    """
    log = world.sandbox.log
    ended = log.end

    def end(call: LoggedCall) -> None:
        ended(call)
        if call.status == DROPPED:
            run.kill(how)

    kind = FaultKind.DROP_AFTER if carried_out else FaultKind.DROP_BEFORE
    rule = world.sandbox.faults.add(FaultRule(kind=kind, path=path, skip=nth - 1, times=1))
    log.end = end  # type: ignore[method-assign]
    try:
        yield
    finally:
        log.end = ended  # type: ignore[method-assign]
        world.sandbox.faults.remove(rule)
