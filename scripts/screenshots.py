"""``make screenshots``: takes the pictures of the documentation, from a sandbox and a Dagster of their own.

Ends both when it is done. The pictures show the day they were taken, so they differ a little each time; with
``ARGS="plan check"`` only the pictures of these names are taken.
"""

import atexit
import os
import shutil
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from click.testing import CliRunner
from playwright.sync_api import Page, sync_playwright

from ml_connector.audit.page import record_page
from ml_connector.audit.reading import audit_record
from ml_connector.cli.demo import NAME, demo_settings, good_invoice
from ml_connector.cli.dev import dagster
from ml_connector.cli.init import make_connection
from ml_connector.cli.main import main as main_command
from ml_connector.cli.reconcile import run_reconciliation
from ml_connector.cli.sandbox import addresses
from ml_connector.cli.sync import run_windows
from ml_connector.database import engine
from ml_connector.dataset_writer import Storage
from ml_connector.desk.opened import opened
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN
from ml_connector.sandbox.server import Sandbox
from ml_connector.settings import ConnectionSettings
from scripts.browser import launched

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"

WIDE = (1280, 860)
TALL = (1280, 1180)
"""Where what matters would end below the page."""

PHONE = (390, 844)

LARGEST_BYTES = 200_000
"""A picture in the repository is fetched by everyone who clones it."""

FEW = range(2, 5)
"""Invoices of a company that show beside its contacts without filling the picture."""

OTHER_SETTINGS = {"matching": {"companies": ["organisation_number", "phone", "domain"]}}
"""What somebody may think of changing."""

PAGES = {
    "plan-page": "to create",
    "rejects": "refused",
    "conflict": "Several HubSpot records fit",
    "what-if": "would change",
    "audit-run": "did",
    "audit-runs": "differ",
}
"""Pages that commands write, and a text that shows that each is drawn."""

UI_PORT = 3909
START_SECONDS = 120.0
STEPS = ("records", "plan", "hubspot")
"""Groups of the graph that are shown open; with all of Visma's lists it fits no picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page to look at: ``words`` is a text that shows that it is drawn, ``size`` width and height in pixels."""

    address: str
    words: str
    size: tuple[int, int] = WIDE


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pictures are of.

    Args:
        run_id: of the sync.
        company, invoice: HubSpot ids of a company and an invoice worth looking at.
        statement: address of the statement's page.
        audit: address of the page with that company's past.
        pages: addresses of the pages that commands write, by name.
    """

    run_id: str
    company: str
    invoice: str
    statement: str
    audit: str
    pages: Mapping[str, str]


def pictures(ui: str, portal: str, shown: Shown) -> Mapping[str, Picture]:
    """Return the pictures by file name."""
    assets = f"{ui}/assets/{NAME}"
    expanded = quote(",".join(f"global@global:{step}" for step in STEPS))
    return {
        "flow": Picture(f"{ui}/asset-groups?expanded={expanded}", "transactions"),
        "asset": Picture(f"{assets}/hubspot/companies", "companies: read"),
        "plan": Picture(f"{assets}/plan/companies", "companies to create"),
        "check": Picture(
            f"{assets}/hubspot/contacts?view=checks&checkDetail=no_rejects", "every one by name"
        ),
        "run": Picture(f"{ui}/runs/{shown.run_id}", "RUN_SUCCESS"),
        "reconciliation": Picture(
            f"{assets}/reconciliation/statement?view=checks&checkDetail=invoices_agree", "totals differ"
        ),
        "statement": Picture(shown.statement, "What was checked", TALL),
        "statement-phone": Picture(shown.statement, "What was checked", PHONE),
        "audit": Picture(shown.audit, "What happened", TALL),
        "audit-phone": Picture(shown.audit, "What happened", PHONE),
        **{name: Picture(shown.pages[name], words) for name, words in PAGES.items()},
        **{f"{name}-phone": Picture(shown.pages[name], words, PHONE) for name, words in PAGES.items()},
        "portal": Picture(portal, "Companies"),
        "portal-company": Picture(f"{portal}/portal/companies/{shown.company}", "Latest changes"),
        "portal-invoice": Picture(f"{portal}/portal/invoices/{shown.invoice}", "Balance", TALL),
    }


@contextmanager
def deployment(folder: Path) -> Iterator[Mapping[str, Picture]]:
    """Run a sandbox and Dagster on a synced connection to it; hand out what there is to see."""
    with Sandbox(demo_settings()) as sandbox:
        visma = sandbox.settings.visma
        for name in ("DAGSTER_HOME", "ML_CONNECTOR_DATABASE_URL", "ML_CONNECTOR_STORAGE_URL"):
            os.environ.pop(name, None)
        os.environ |= addresses(sandbox.url) | {
            "ML_CONNECTOR_HOME": str(folder),
            "ML_CONNECTOR_DEFS": str(folder / "connections"),
            "VISMA_CLIENT_ID": visma.client_id,
            "VISMA_CLIENT_SECRET": visma.client_secret,
            "VISMA_TENANT_ID": visma.tenant_id,
            "HUBSPOT_ACCESS_TOKEN": DEFAULT_TOKEN,
        }
        start = datetime.now(ZoneInfo("Europe/Oslo")).date() - timedelta(days=3)
        attributes = {"name": NAME, "start": start.isoformat(), "settle_minutes": 0, "daily": False}
        settings = make_connection(folder / "connections" / NAME / "defs.yaml", attributes)
        pages = Pages(folder)
        pages.write("plan-page", "plan", NAME)
        summary = run_windows(settings, None, None, steps=None, quiet=True)
        outcome = run_reconciliation(settings, month=None, repair=False, out=None, quiet=True)
        company = well_connected(sandbox)
        again = run_windows(settings, *summary.partitions[-1:] * 2, steps=None, quiet=True)
        pages.write("rejects", "rejects", NAME, "list")
        pages.write("conflict", "conflicts", NAME, "show", first_in_conflict())
        make_connection(folder / "changed.yaml", attributes | OTHER_SETTINGS)
        with chdir(folder):
            pages.write("what-if", "plan", NAME, "--settings", "changed.yaml")
        pages.write("audit-run", "audit", NAME, "--run", str(summary.run_id))
        pages.write("audit-runs", "audit", NAME, "--run", str(summary.run_id), "--run", str(again.run_id))
        shown = Shown(
            run_id=str(summary.run_id),
            company=company,
            invoice=str(good_invoice(sandbox)),
            statement=Path(outcome.files["html"]).as_uri(),
            audit=audited(sandbox, settings, company, folder / "audit.html").as_uri(),
            pages=pages.written,
        )
        ui = f"http://127.0.0.1:{UI_PORT}"
        with dagster("127.0.0.1", UI_PORT, quiet=True):
            wait_for(f"{ui}/server_info")
            yield pictures(ui, sandbox.url, shown)


class Pages:
    """Pages that commands have written into a folder, as addresses by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.written: dict[str, str] = {}

    def write(self, name: str, *words: str) -> None:
        """Let a command write a page.

        Raises:
            RuntimeError: it could not.
        """
        file = self._folder / f"{name}.html"
        result = CliRunner().invoke(main_command, [*words, "--html", str(file)])
        if not file.is_file():
            raise RuntimeError(f"{' '.join(words)}: {result.output}")
        self.written[name] = file.as_uri()


def first_in_conflict() -> str:
    """Return the first record that fits several companies."""
    return next(one.key for one in opened(engine(), NAME) if one.cause == "several-fit")


def well_connected(sandbox: Sandbox) -> str:
    """Return the HubSpot id of the company with the most contacts among those with a few invoices."""
    contacts = Counter(company for _, company in sandbox.hubspot.links("contacts", "companies"))
    invoices = Counter(company for _, company in sandbox.hubspot.links("invoices", "companies"))
    return next(company for company, _ in contacts.most_common() if invoices[company] in FEW)


def audited(sandbox: Sandbox, settings: ConnectionSettings, company: str, file: Path) -> Path:
    """Let sales change a customer's company, write the page of its past, and return where that is."""
    sandbox.hubspot.edit_as_person("companies", company, {"city": "Bergen", "phone": "+47 55 90 12 34"})
    number = sandbox.hubspot.record("companies", company).values["visma_customer_id"].partition(":")[2]
    client = HubSpotClient(DEFAULT_TOKEN, base_url=sandbox.url)
    found = audit_record(engine(), Storage(), settings, f"customer:{number}", client=lambda: client)
    page = record_page(found, ZoneInfo(settings.timezone), datetime.now(UTC))
    file.write_text(page, encoding="utf-8")
    return file


def wait_for(address: str) -> None:
    """Wait until a page answers.

    Raises:
        TimeoutError: it does not.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own loopback address
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"{address} did not answer within {START_SECONDS:.0f} s")


def take(page: Page, picture: Picture, file: Path) -> None:
    """Open a page, wait until it is drawn, and write what it shows.

    Raises:
        ValueError: the picture is too large for the repository.
    """
    page.set_viewport_size({"width": picture.size[0], "height": picture.size[1]})
    page.goto(picture.address, wait_until="domcontentloaded")
    page.get_by_text(picture.words).first.wait_for(timeout=60_000)
    page.wait_for_timeout(1_500)  # what moves comes to rest
    page.screenshot(path=file)
    if file.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"{file.name} has {file.stat().st_size:,} bytes, more than {LARGEST_BYTES:,}")


def main() -> None:
    """Take all pictures, or those named as arguments."""
    wanted = sys.argv[1:]
    IMAGES.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="mlc-"))
    # At the very end: the embedded database, which lies in it, is stopped when the process ends.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with deployment(folder) as sights, sync_playwright() as playwright:
        page = launched(playwright).new_page()
        if unknown := set(wanted) - sights.keys():
            raise SystemExit(
                f"There is no picture {', '.join(sorted(unknown))}; there are {', '.join(sights)}."
            )
        for name in wanted or sights:
            take(page, sights[name], IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
