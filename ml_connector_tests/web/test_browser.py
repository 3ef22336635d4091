"""The pages people open, in a real browser: the sandbox portal as sales sees it, and the Dagster UI."""

import json
import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect

from ml_connector.cli.main import main
from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector_tests.web.conftest import FIRST, Deployment

LONGEST_MS = 60_000


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that reaches nothing but this machine, and fails the test on an error in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.route(re.compile(r"^https?://(?!127\.0\.0\.1[:/])"), lambda route: route.abort())
    page = context.new_page()
    page.set_default_timeout(LONGEST_MS)
    expect.set_options(timeout=LONGEST_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture(scope="module")
def run_id(used: Deployment) -> str:
    """A run that has synced the first window, with one company refused in it."""
    number = used.sandbox.visma.keys("customers")[0]
    used.sandbox.visma.update("customers", number, {"name": "Nei Takk AS"}, stamp=datetime(2020, 1, 2))
    used.sandbox.hubspot.poison(PoisonRule("companies", "name", "Nei Takk AS", PoisonMode.INPUT_ERROR))
    result = CliRunner().invoke(main, ["sync", "acme", "--partition", FIRST, "--json"])
    document = json.loads(result.stdout)
    assert document["entities"]["companies"]["rejected"] == 1
    found: str = document["run_id"]
    return found


def test_sales_sees_the_company_with_its_visma_card(ui: Deployment, run_id: str, page: Page) -> None:
    number = ui.sandbox.visma.keys("customers")[1]
    name = ui.sandbox.visma.row("customers", number)["name"]
    page.goto(ui.sandbox.url)
    expect(page.get_by_role("heading", name="Companies")).to_be_visible()
    page.get_by_role("link", name=name, exact=True).first.click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_text(f"acme:{number}", exact=True).first).to_be_visible()
    expect(page.get_by_text("Visma", exact=True).first).to_be_visible()


def test_the_portal_fits_a_telephone(ui: Deployment, run_id: str, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(ui.sandbox.url)
    expect(page.get_by_role("heading", name="Companies")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_graph_reads_from_visma_to_hubspot(ui: Deployment, page: Page) -> None:
    page.goto(f"{ui.url}/asset-groups")
    places = []
    for step in ("visma", "records", "plan", "hubspot"):
        group = page.get_by_text(step, exact=True).last  # the first is in the list beside the graph
        expect(group).to_be_visible()
        box = group.bounding_box()
        assert box is not None
        places.append(box["x"])
    assert places == sorted(places)
    assert len(set(places)) == 4


def test_an_asset_explains_itself(ui: Deployment, run_id: str, page: Page) -> None:
    page.goto(f"{ui.url}/assets/acme/hubspot/companies")
    for text in (
        "Companies in HubSpot, created and updated as planned.",
        "companies: read",
        "calls to HubSpot in this run so far",
        "finance-systems",
        "acme_daily",
    ):
        expect(page.get_by_text(text, exact=True).first).to_be_visible()


def test_a_failed_check_shows_its_causes_and_where_to_look(ui: Deployment, run_id: str, page: Page) -> None:
    page.goto(f"{ui.url}/assets/acme/hubspot/companies?view=checks&checkDetail=no_rejects")
    expect(page.get_by_text("ml-connector rejects acme list").first).to_be_visible()
    expect(page.get_by_text("1 x companies:").first).to_be_visible()
    number = ui.sandbox.visma.keys("customers")[0]
    expect(page.get_by_text(f"customer:{number}").first).to_be_visible()


def test_the_list_of_runs_shows_what_matters_and_no_inner_tags(
    ui: Deployment, run_id: str, page: Page
) -> None:
    page.goto(f"{ui.url}/runs")
    expect(page.get_by_text(run_id[:8]).first).to_be_visible()
    expect(page.get_by_text("ml_connector/command: sync").first).to_be_visible()
    assert page.get_by_text("holds_lock").count() == 0
    assert page.get_by_text("first_window").count() == 0


def test_a_run_lists_its_steps_and_the_failed_check(ui: Deployment, run_id: str, page: Page) -> None:
    page.goto(f"{ui.url}/runs/{run_id}")
    expect(page.get_by_text("RUN_SUCCESS").first).to_be_visible()
    expect(page.get_by_text("acme_sync").first).to_be_visible()
