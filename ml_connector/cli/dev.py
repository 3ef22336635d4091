"""``dev``: the Dagster UI and daemon on the connections of this machine."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import yaml

from ml_connector.cli.output import console

LOCATION = {"module_name": "ml_connector.definitions", "location_name": "ml_connector"}
"""As in workspace.yaml: the state of sensors hangs on the location's name."""


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Dagster has no login: bind to loopback."
)
@click.option("--port", default=3000, show_default=True, help="Port of the UI.")
def dev(host: str, port: int) -> None:
    """Run the Dagster UI and daemon until interrupted."""
    console.print(f"Dagster is starting at http://{host}:{port}")
    process = start_dagster(host, port)
    try:
        raise click.exceptions.Exit(process.wait())
    except KeyboardInterrupt:
        stop_dagster(process)


def start_dagster(host: str, port: int, *, quiet: bool = False) -> "subprocess.Popen[bytes]":
    """Start ``dagster dev`` in a session of its own, with this machine's home as its instance."""
    from ml_connector.instance import connector_home

    folder = connector_home()
    workspace = folder / "workspace.yaml"
    workspace.write_text(yaml.safe_dump({"load_from": [{"python_module": LOCATION}]}), encoding="utf-8")
    command = [
        str(Path(sys.executable).with_name("dagster")),
        *("dev", "--workspace", str(workspace), "--host", host, "--port", str(port)),
    ]
    environment = os.environ | {"DAGSTER_HOME": str(folder), "DAGSTER_DISABLE_TELEMETRY": "1"}
    sink = subprocess.DEVNULL if quiet else None
    return subprocess.Popen(command, env=environment, start_new_session=True, stdout=sink, stderr=sink)


def stop_dagster(process: "subprocess.Popen[bytes]") -> None:
    """End Dagster and everything it started (reference: dagster 2.12)."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
