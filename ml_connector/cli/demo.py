"""``demo``: a believable company in the sandbox, a first sync through a real Dagster run, and the UI on the result."""

import os
import shutil
import socket
import time
import urllib.request
import webbrowser
from collections.abc import Callable
from pathlib import Path

import click

from ml_connector.cli.dev import start_dagster, stop_dagster
from ml_connector.cli.init import make_connection, yesterday
from ml_connector.cli.output import console, emit
from ml_connector.cli.sandbox import addresses
from ml_connector.cli.sync import Summary, run_windows, show_summary
from ml_connector.credentials import ENVIRONMENT
from ml_connector.database import engine, home
from ml_connector.errors import ConnectorError
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector.vault import Vault

NAME = "fjordlys"
UI_SECONDS = 90.0
"""How long the Dagster UI may take to answer before the demo says so."""


@click.command()
@click.option("--headless", is_flag=True, help="The same without the UI: sync, print the summary, end.")
@click.option("--customers", default=120, show_default=True, help="Customers of the Visma company.")
@click.option("--suppliers", default=40, show_default=True, help="Suppliers of the Visma company.")
@click.option("--port", default=8765, show_default=True, help="Port of the sandbox.")
@click.option("--ui-port", default=3000, show_default=True, help="Port of the Dagster UI.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON; with --headless.")
def demo(headless: bool, customers: int, suppliers: int, port: int, ui_port: int, *, as_json: bool) -> None:
    """Start the sandbox, sync it into its HubSpot portal, and open the UI. Everything stays on this machine."""
    folder = _fresh_home()
    settings = SandboxSettings(customers=customers, suppliers=suppliers, portal_seed="demo")
    with Sandbox(settings, port=_free(port)) as sandbox:
        _point_here(folder, sandbox)
        summary = _first_sync(settings.visma, quiet=as_json)
        if as_json:
            emit({"status": summary.status, "entities": summary.entities, "requests": summary.requests})
        else:
            show_summary(summary)
        if headless:
            raise click.exceptions.Exit(1 if summary.status == "failed" else 0)
        _show(sandbox.url, _free(ui_port))


def _fresh_home() -> Path:
    """Return an empty home for the demo, apart from that of real connections."""
    folder = home() / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def _point_here(folder: Path, sandbox: Sandbox) -> None:
    """Make this process and all it starts use the demo's home, database, connections and sandbox."""
    os.environ.pop("ML_CONNECTOR_DATABASE_URL", None)
    os.environ.pop("ML_CONNECTOR_STORAGE_URL", None)
    os.environ.pop("DAGSTER_HOME", None)
    os.environ |= addresses(sandbox.url)
    os.environ |= {"ML_CONNECTOR_HOME": str(folder), "ML_CONNECTOR_DEFS": str(folder / "connections")}


def _first_sync(visma: VismaSandboxSettings, *, quiet: bool) -> Summary:
    """Make the demo's connection as ``init`` would and run its first window."""
    path = home() / "connections" / NAME / "defs.yaml"
    settings = make_connection(path, {"name": NAME, "start": yesterday("Europe/Oslo"), "settle_minutes": 0})
    vault = Vault(engine())
    values = {
        "visma_client_id": visma.client_id,
        "visma_client_secret": visma.client_secret,
        "visma_tenant_id": visma.tenant_id,
        "hubspot_access_token": DEFAULT_TOKEN,
    }
    for credential in ENVIRONMENT:
        vault.set(NAME, credential, values[credential])
    return run_windows(settings, None, None, steps=None, quiet=quiet)


def _show(url: str, ui_port: int) -> None:
    """Start Dagster, say where everything is, and wait to be interrupted."""
    ui = f"http://127.0.0.1:{ui_port}"
    process = start_dagster("127.0.0.1", ui_port, quiet=True)
    try:
        _wait_for(f"{ui}/server_info", process.poll)
        console.print(f"The portal, as sales sees it:  {url}")
        console.print(f"Dagster, with the run:         {ui}/runs")
        console.print("Ctrl-C ends both.")
        webbrowser.open(url)
        webbrowser.open(f"{ui}/runs")
        process.wait()
    except KeyboardInterrupt:
        console.print("Stopping.")
    finally:
        stop_dagster(process)


def _wait_for(address: str, ended: Callable[[], int | None]) -> None:
    deadline = time.monotonic() + UI_SECONDS
    while time.monotonic() < deadline and ended() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own loopback address
                return
        except OSError:
            time.sleep(0.5)
    raise ConnectorError("The Dagster UI did not start.", remedy="Run `ml-connector dev` to see why.")


def _free(port: int) -> int:
    """Return the port if nothing listens on it, else one that is free."""
    for wanted in (port, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ConnectorError("No port is free on 127.0.0.1.")
