"""The job in a process of its own, which can be killed, and the home that outlives it."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from bench.job import ROOT, JobReport, JobRequest

LONGEST_SECONDS = 3600
LOOK_EVERY_SECONDS = 0.05
COMMAND = (sys.executable, "-m", "bench.job")


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A home that is gone afterwards, with a database server that a killed run may have left behind."""
    with tempfile.TemporaryDirectory(prefix="mlc-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
        _stop_server(Path(folder) / "postgres")


def _stop_server(folder: Path) -> None:
    from ml_connector.embedded_postgres import EmbeddedServer

    if (folder / "postmaster.pid").exists():
        server = EmbeddedServer(folder)
        server.join()
        server.leave()


def run_in_a_process(request: JobRequest) -> JobReport:
    """Do a job in a process of its own and return its report."""
    done = subprocess.run(
        COMMAND,
        input=json.dumps(asdict(request)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    try:
        return JobReport(**json.loads(done.stdout.strip().splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        return JobReport(error="ended without a report")


def kill_in_a_process(request: JobRequest, has_begun: Callable[[], bool], seconds: float) -> None:
    """Start a job in a process of its own, and kill it so many seconds after it has begun, if it still runs."""
    with _started(request) as process:
        while process.poll() is None and not has_begun():
            time.sleep(LOOK_EVERY_SECONDS)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


def die_in_a_process(request: JobRequest, threaten: Callable[[int], None]) -> bool:
    """Do a job in a process of its own that another one is to kill; return whether it was killed.

    Args:
        request: the job.
        threaten: called with the id of the process before the job begins.
    """
    with _started(request, threaten) as process:
        process.wait(LONGEST_SECONDS)
    return process.returncode == -signal.SIGKILL


@contextmanager
def _started(
    request: JobRequest, first: Callable[[int], None] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """A process that does a job, killed at the latest at the end of the block."""
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT, text=True
    ) as process:
        try:
            if first is not None:
                first(process.pid)
            if process.stdin is not None:
                process.stdin.write(json.dumps(asdict(request)) + "\n")
                process.stdin.close()
            yield process
        finally:
            process.kill()
