"""The pages of an audit in a real browser: at a desk and on a phone, with long names, many rows and no rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from ml_connector.audit.differences import Change
from ml_connector.audit.fields import Field
from ml_connector.audit.links import Link, LinkCount, Links
from ml_connector.audit.page import record_page
from ml_connector.audit.present import Present
from ml_connector.audit.record import RecordAudit
from ml_connector.audit.run import Changed, Count, Problem, RunAudit
from ml_connector.audit.run_page import pair_page, run_page
from ml_connector.audit.run_pair import Only, OtherEnd, OtherProperty, OtherValue, RunPair
from ml_connector.audit.timeline import Event, Place, Tone
from ml_connector_tests.audit.made import NOON, at, written
from ml_connector_tests.reconciliation.made import OSLO

LONG = "Aksjeselskapet" * 15
NASTY = '<b>Å & Ø</b> "AS"'
MANY = 5_000


@dataclass(frozen=True)
class Row:
    """A row of the table ``run``."""

    run_id: str = "0f9c2a44-1111-2222-3333-444455556666"
    connection: str = "acme"
    kind: str | None = "sync"
    of_run: str | None = None
    partition_from: str | None = "2026-11-20"
    partition_to: str | None = "2026-11-20"
    partitions: int = 1
    started_at: datetime = NOON
    finished_at: datetime | None = NOON
    status: str = "done"
    version: str | None = "0.1.0"
    summary: dict[str, Any] = field(default_factory=dict)


def nothing() -> RecordAudit:
    """A record of which nothing is known but its key."""
    return RecordAudit(
        connection="acme",
        asked="customer:1",
        said=None,
        key="customer:1",
        keys=("customer:1",),
        object_type="",
        hubspot_id=None,
        url=None,
        present=None,
        not_asked=None,
        identities=(),
        rejects=(),
        decisions=(),
        edits=(),
        links=Links((), ()),
        fields=(),
        events=(),
        notes=(),
    )


def everything(name: str, many: int) -> RecordAudit:
    """A record with much of everything, and a name in every place."""
    changes = tuple(Change(f"property_{number}", name, f"{name}{number}") for number in range(30))
    link = Link("invoice:1", name, "companies", "pending", name, "visma", None, None, "run-1", NOON)
    return RecordAudit(
        connection="acme",
        asked=name,
        said=f"{name} is customer:1 here.",
        key="customer:1",
        keys=("customer:1", f"supplier:{name}"),
        object_type="companies",
        hubspot_id="901",
        url="https://app.hubspot.com/contacts/1/record/0-2/901",
        present=Present("there", "901", writes=tuple(written(name, name, place) for place in range(many))),
        not_asked=None,
        identities=(),
        rejects=(),
        decisions=(),
        edits=(),
        links=Links((link,) * 20, (LinkCount("invoices", "companies", "confirmed", 70_000),)),
        fields=[Field(name, name, name, "kept", name, "fill_blank") for _ in range(many)],
        events=[
            Event(at(place), Place.HUBSPOT, name, name, "run-1", changes[:20], {"rule": name}, Tone.BAD)
            for place in range(many)
        ],
        notes=(name,),
    )


def some_run(name: str, many: int) -> RunAudit:
    """A run with much of everything."""
    return RunAudit(
        row=Row(run_id=name),
        counts=[Count(name, "update", "confirmed", 7)] * many,
        changed=[Changed("companies", name, 7)] * many,
        problems=[Problem("companies", "update rejected", name, name, 7, (name,))] * many,
        settings={"a": "1"},
        today=[Change(name, name, name)] * many,
    )


def some_pair(name: str, many: int) -> RunPair:
    """Two runs that differ in all."""
    run = some_run(name, many)
    return RunPair(
        a=run,
        b=run,
        only=[Only(name, "a", 7, (name,))] * many,
        ends=[OtherEnd(name, "update confirmed", "unchanged done", 7, (name,))] * many,
        properties=[OtherProperty("companies", name, 7)] * many,
        values=[OtherValue("companies", name, name, name, None)] * many,
        settings=[Change(name, name, name)] * many,
    )


PAGES: dict[str, Callable[[str, int], str]] = {
    "record": lambda name, many: record_page(everything(name, many), OSLO, datetime.now(UTC)),
    "run": lambda name, many: run_page(some_run(name, many), OSLO),
    "pair": lambda name, many: pair_page(some_pair(name, many), OSLO),
}


@pytest.fixture
def sight(browser: Browser, tmp_path: Path) -> Iterator[Callable[[str, int], Page]]:
    """Opens a page at a width."""
    opened: list[Page] = []

    def look(document: str, width: int) -> Page:
        file = tmp_path / "page.html"
        file.write_text(document, encoding="utf-8")
        opened.append(browser.new_page(viewport={"width": width, "height": 800}))
        opened[-1].goto(file.as_uri())
        return opened[-1]

    yield look
    for page in opened:
        page.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("kind", PAGES)
def test_long_names_fit(sight: Callable[[str, int], Page], kind: str, width: int) -> None:
    page = sight(PAGES[kind](LONG, 2), width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    beyond = """[...document.querySelectorAll('td, th, dd, li')].filter(
        one => one.getBoundingClientRect().right > innerWidth).length"""
    assert page.evaluate(beyond) == 0


@pytest.mark.parametrize("kind", PAGES)
def test_names_stay_text(kind: str) -> None:
    document = PAGES[kind](NASTY, 2)
    assert "<b>" not in document
    assert "&lt;b&gt;Å &amp; Ø&lt;/b&gt;" in document


def test_many_rows_are_cut_with_a_sentence() -> None:
    document = record_page(everything("Fjord", MANY), OSLO, datetime.now(UTC))
    assert document.count("And 4,500 more.") == 3
    assert "70,000 confirmed from invoices to companies" in document
    assert "And 69,980 more." in document
    assert len(document) < 3_000_000


def test_a_long_list_of_values_is_folded(sight: Callable[[str, int], Page]) -> None:
    page = sight(record_page(everything("Fjord", 1), OSLO, datetime.now(UTC)), 1280)
    assert not page.get_by_text("property_7").first.is_visible()
    page.get_by_text("20 values").click()
    assert page.get_by_text("property_7").first.is_visible()


def test_nothing_is_said_in_words(sight: Callable[[str, int], Page]) -> None:
    page = sight(record_page(nothing(), OSLO, datetime.now(UTC)), 390)
    for words in (
        "It is not in HubSpot.",
        "nothing is known of its properties",
        "Nothing yet.",
        "linked with nothing",
    ):
        assert page.get_by_text(words).is_visible()
    assert page.locator("table").count() == 0
    empty = run_page(some_run("run-1", 0), OSLO)
    assert "Everything went through." in empty
    assert "None is counted." in empty
    assert "Both met the same records." in pair_page(some_pair("run-1", 0), OSLO)
