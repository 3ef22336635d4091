"""``dev``: the Dagster UI and daemon on the connections of this machine."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import click
import yaml

from ml_connector.cli.connections import all_connections
from ml_connector.cli.output import EXIT_FAILED, PORT, console, emit, json_option
from ml_connector.database import HOME_VARIABLE, home
from ml_connector.definitions import DEFS_VARIABLE, defs_folder
from ml_connector.errors import UsageError
from ml_connector.storage_root import ROOT_VARIABLE

LOCATION = {"module_name": "ml_connector.definitions", "location_name": "ml_connector"}
"""As in workspace.yaml: the state of sensors hangs on the location's name."""

STOP_SECONDS = 15.0
"""How long Dagster may take to end before it is killed, with all it started."""

Dagster = subprocess.Popen[bytes]


@click.command(short_help="Run the Dagster UI and daemon until interrupted.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Dagster has no login: bind to loopback."
)
@click.option("--port", type=PORT, default=3000, show_default=True, help="Port of the UI.")
@json_option
def dev(host: str, port: int, *, as_json: bool) -> None:
    """Run the Dagster UI and daemon until interrupted.

    The daemon carries the daily sync of every connection that has not set `daily: false`. For a server, run the
    processes of docs/operations.md instead.
    """
    require_free(host, port)
    all_connections()  # one mistake in a file keeps Dagster from loading any of them, and this names its line
    url = f"http://{host}:{port}"
    if as_json:
        emit({"url": url, "home": str(home())})
    else:
        console.print(f"Dagster is starting at {url}; Ctrl-C ends it.")
    code = 0
    with suppress(KeyboardInterrupt), dagster(host, port, quiet=as_json) as process:
        code = process.wait()
    raise click.exceptions.Exit(EXIT_FAILED if code else 0)


def require_free(host: str, port: int) -> None:
    """Raise UsageError if something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"Port {port} of {host} cannot be used ({error.strerror}).",
                remedy="Take another with --port.",
            ) from None


@contextmanager
def dagster(host: str, port: int, *, quiet: bool = False) -> Iterator[Dagster]:
    """Run ``dagster dev`` for as long as the block lasts, also where this process is told to end."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    process = start_dagster(host, port, quiet=quiet)
    try:
        yield process
    finally:
        stop_dagster(process)
        signal.signal(signal.SIGTERM, before)


def start_dagster(host: str, port: int, *, quiet: bool = False) -> Dagster:
    """Start ``dagster dev`` in a session of its own, with this machine's home as its instance."""
    from ml_connector.instance import connector_home

    folder = connector_home()
    workspace = folder / "workspace.yaml"
    workspace.write_text(yaml.safe_dump({"load_from": [{"python_module": LOCATION}]}), encoding="utf-8")
    command = [
        str(Path(sys.executable).with_name("dagster")),
        *("dev", "--workspace", str(workspace), "--host", host, "--port", str(port)),
    ]
    sink = subprocess.DEVNULL if quiet else None
    return subprocess.Popen(
        command,
        # In its own folder, where no .env lies: Dagster would let it override what this process has set.
        cwd=folder,
        env=_environment(folder),
        start_new_session=True,
        stdout=sink,
        stderr=sink,
    )


def _environment(folder: Path) -> Mapping[str, str]:
    """Return the environment of Dagster: ours, with places that were relative to the current folder made absolute."""
    places = {HOME_VARIABLE: str(home()), "DAGSTER_HOME": str(folder), "DAGSTER_DISABLE_TELEMETRY": "1"}
    if os.environ.get(DEFS_VARIABLE):
        places[DEFS_VARIABLE] = str(defs_folder())
    root = os.environ.get(ROOT_VARIABLE)
    if root and "://" not in root:
        places[ROOT_VARIABLE] = str(Path(root).expanduser().absolute())
    return os.environ | places


def stop_dagster(process: Dagster) -> None:
    """End Dagster and everything it started (reference: dagster 2.12)."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
