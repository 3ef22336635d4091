"""``demo``: a believable company in the sandbox, a first sync through Dagster, a reconciled month, and the UI on it."""

import fcntl
import os
import shlex
import shutil
import socket
import sys
import time
import urllib.request
import webbrowser
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import click

from ml_connector.cli import reconcile
from ml_connector.cli.connections import find_connection
from ml_connector.cli.dev import dagster
from ml_connector.cli.init import make_connection, yesterday
from ml_connector.cli.output import EXIT_FAILED, PORT_OR_ANY, console, emit, json_option
from ml_connector.cli.program import called
from ml_connector.cli.sandbox import MANY, addresses
from ml_connector.cli.sync import Summary, document, run_windows, show_summary
from ml_connector.credentials import ENVIRONMENT, store
from ml_connector.database import engine, home
from ml_connector.errors import BusyError, ConnectorError
from ml_connector.records.invoice_model import document_key
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN, HubSpotSandboxSettings
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector.vault import Vault

NAME = "fjordlys"
HINT = "some records are refused on purpose, and this portal is not set up for payments"

GOOD_LINES = range(3, 8)
"""Lines of an invoice that is worth looking at."""

ENVIRONMENT_FILE = "environment"
"""What a shell reads to run commands on the demo."""

UI_SECONDS = 90.0
"""How long the Dagster UI may take to answer before the demo says so."""


@click.command(short_help="See it work: a first sync, a reconciled month, the UI.")
@click.option("--headless", is_flag=True, help="The same without the UI: sync, reconcile, print both, end.")
@click.option(
    "--customers", type=MANY, default=120, show_default=True, help="Customers of the Visma company."
)
@click.option("--suppliers", type=MANY, default=40, show_default=True, help="Suppliers of the Visma company.")
@click.option(
    "--port",
    type=PORT_OR_ANY,
    default=8765,
    show_default=True,
    help="Port of the sandbox, or any if it is taken.",
)
@click.option(
    "--ui-port",
    type=PORT_OR_ANY,
    default=3000,
    show_default=True,
    help="Port of the UI, or any if it is taken.",
)
@json_option
def demo(headless: bool, customers: int, suppliers: int, port: int, ui_port: int, *, as_json: bool) -> None:
    """Start the sandbox, sync its Visma company into its HubSpot portal, reconcile a month, and open the UI.

    Everything stays on this machine, in a folder of its own that each demo begins anew. A few records are refused on
    purpose, to show what that looks like.
    """
    folder = _fresh_home()
    settings = demo_settings(customers, suppliers)
    with Sandbox(settings, port=_free(port)) as sandbox:
        _point_here(folder, sandbox)
        summary = _first_sync(settings.visma, quiet=as_json)
        if not as_json:
            show_summary(summary, hint=HINT)
        outcome = None if summary.status == "failed" else _reconciled_month(quiet=as_json)
        if as_json:
            emit(document(summary) | ({"reconciliation": reconcile.document(outcome)} if outcome else {}))
        elif outcome:
            reconcile.show_outcome(outcome)
        if outcome is None or outcome.error is not None:
            raise click.exceptions.Exit(EXIT_FAILED)
        if not headless:
            _show(sandbox, _free(ui_port), outcome.files["html"], summary.run_id, quiet=as_json)


def demo_settings(customers: int = 120, suppliers: int = 40) -> SandboxSettings:
    """Return the demo's sandbox: a year of books, deals that sales had before, an object of its own for transactions.

    The portal is not set up for payments, as most are not, so that the plan says what it leaves out and why.
    """
    return SandboxSettings(
        customers=customers,
        suppliers=suppliers,
        portal_seed="demo",
        books=BooksSettings(),
        hubspot=HubSpotSandboxSettings(enterprise=True),
    )


def _fresh_home() -> Path:
    """Return an empty home for the demo, apart from that of real connections.

    Raises:
        BusyError: another demo runs on this machine; its database must not be pulled from under it.
    """
    folder = home() / "demo"
    users = folder / "postgres.users"
    if users.exists():
        with users.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(
                    "A demo is running on this machine already.", remedy="End it with Ctrl-C first."
                ) from None
            shutil.rmtree(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def _point_here(folder: Path, sandbox: Sandbox) -> None:
    """Make this process and all it starts use the demo's home, database, connections and sandbox.

    A file in the folder does the same for another terminal.
    """
    here = demo_environment(folder, sandbox)
    os.environ |= here
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in here.items()]
    (folder / ENVIRONMENT_FILE).write_text("".join(lines), encoding="utf-8")


def demo_environment(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    """Return the variables of the demo; an empty one hides what a person set for real systems, here or in ``.env``."""
    return {
        "ML_CONNECTOR_DATABASE_URL": "",
        "ML_CONNECTOR_STORAGE_URL": "",
        "DAGSTER_HOME": "",
        **addresses(sandbox.url),
        "ML_CONNECTOR_HOME": str(folder),
        "ML_CONNECTOR_DEFS": str(folder / "connections"),
    }


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
        store(vault, NAME, credential, values[credential])
    return run_windows(settings, None, None, steps=None, quiet=quiet)


def _reconciled_month(*, quiet: bool) -> reconcile.Outcome:
    """Compare the newest month that is over."""
    settings = find_connection(NAME)
    month = last_whole_month(settings.start + timedelta(days=1))
    return reconcile.run_reconciliation(settings, month=month, repair=False, out=None, quiet=quiet)


def last_whole_month(today: date) -> str:
    """Return the newest month that is over, such as ``2026-10``."""
    return f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"


def good_invoice(sandbox: Sandbox) -> str | None:
    """Return the HubSpot id of an invoice worth looking at: a few lines, and a deal if one has one; None for none."""
    portal = sandbox.hubspot
    lines = Counter(invoice for invoice, _ in portal.links("invoices", "line_items"))
    dealt = {invoice for invoice, _ in portal.links("invoices", "deals")}
    whole = [
        record.id
        for record in portal.records("invoices").values()
        if record.values.get("hs_invoice_status") == "open"
    ]
    return max(whole, key=lambda one: (one in dealt, lines[one] in GOOD_LINES, int(one)), default=None)


def _show(sandbox: Sandbox, ui_port: int, statement: str, run_id: str | None, *, quiet: bool) -> None:
    """Start Dagster, say where everything is, and wait to be interrupted."""
    ui = f"http://127.0.0.1:{ui_port}"
    if not quiet:
        console.print("Starting the Dagster UI, which takes some seconds.")
    with suppress(KeyboardInterrupt), dagster("127.0.0.1", ui_port, quiet=True) as process:
        _wait_for(f"{ui}/server_info", process.poll)
        if quiet:
            emit({"portal": sandbox.url, "ui": ui})
        else:
            for what, address in _sights(sandbox, ui, statement).items():
                console.print(f"{what:30} {address}", soft_wrap=True, highlight=False)
            console.print("To try the commands on it, in another terminal here:")
            for line in _commands(sandbox, run_id):
                console.print(f"  {line}", soft_wrap=True, highlight=False)
            console.print("Ctrl-C ends all of it.")
            _open(sandbox.url, f"{ui}/asset-groups")
        process.wait()


def _sights(sandbox: Sandbox, ui: str, statement: str) -> dict[str, str]:
    """Return what there is to see, with its address."""
    invoice = good_invoice(sandbox)
    return {
        "The portal, as sales sees it:": sandbox.url,
        **({"An invoice there:": f"{sandbox.url}/portal/invoices/{invoice}"} if invoice else {}),
        "The month's statement:": Path(statement).as_uri(),
        "The flow, from Visma to it:": f"{ui}/asset-groups",
        "The runs of just now:": f"{ui}/runs",
        "What was refused, and why:": f"{ui}/assets/{NAME}/hubspot/contacts?view=checks&checkDetail=no_rejects",
        "The comparison's checks:": f"{ui}/assets/{NAME}/reconciliation/statement?view=checks",
    }


def _commands(sandbox: Sandbox, run_id: str | None) -> list[str]:
    """Return what to type to ask for causes, for evidence, for the past of an invoice, and for a step back."""
    file = home() / ENVIRONMENT_FILE
    here = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    invoice = good_invoice(sandbox)
    return [
        f". {shlex.quote(str(here))}",
        f"{called()} rejects {NAME}",
        f"{called()} conflicts {NAME}",
        *([f"{called()} audit {NAME} --record {_visma_key(sandbox, invoice)}"] if invoice else []),
        *([f"{called()} undo {NAME} --dry --run {run_id}"] if run_id else []),
    ]


def _visma_key(sandbox: Sandbox, invoice: str) -> str:
    """Return what an invoice of the portal is called here, such as ``invoice:100297``."""
    _, kind, number = sandbox.hubspot.record("invoices", invoice).values["visma_invoice_id"].split(":", 2)
    return document_key(kind, number)


def _open(*addresses: str) -> None:
    """Open pages where there is a desktop; a browser of the terminal would only take it away."""
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        for address in addresses:
            webbrowser.open(address)


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
