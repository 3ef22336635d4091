"""Pages: whatever a name holds stays text, long lists are cut with a sentence, and every page fits a phone."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from jinja2 import Environment, FunctionLoader, UndefinedError
from playwright.sync_api import Browser

from ml_connector.pages import render
from ml_connector.pages.render import MOST_ROWS, capped, page

NASTY = "<script>alert(1)</script> \"Å\" & 'Ø'"
LONG = "Aksjeselskapet" * 15
SAMPLE = """{% extends "base.html" %}
{% import "parts.html" as parts %}
{% block title %}{{ title }}{% endblock %}
{% block verdict %}{{ parts.verdict(title, "bad") }}{% endblock %}
{% block facts %}{{ parts.facts({"Run": title, "Empty": None}) }}{% endblock %}
{% block main %}
{{ parts.changes([("name", None, title), ("phone", title, "")]) }}
{{ parts.table(["Record", "Name", "Why"], rows, hint="The rest is in --json.", empty="No record is refused.") }}
{% endblock %}
"""


@pytest.fixture(autouse=True)
def sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a page that uses every part."""
    environment = render._environment()
    folder = environment.loader
    assert folder is not None

    def source(name: str) -> str:
        return SAMPLE if name == "sample.html" else folder.get_source(environment, name)[0]

    with_sample: Environment = environment.overlay(loader=FunctionLoader(source))
    monkeypatch.setattr(render, "_environment", lambda: with_sample)


def made(rows: Sequence[tuple[str, str, str]], title: str = "A title") -> str:
    """The sample page."""
    return page("sample.html", title=title, rows=capped(rows))


def test_text_stays_text() -> None:
    document = made([(NASTY, NASTY, NASTY)], NASTY)
    assert "<script" not in document
    assert document.count("&lt;script&gt;") == 9


def test_a_page_is_whole_and_loads_nothing() -> None:
    document = made([])
    assert document.startswith("<!doctype html>")
    assert document.endswith("</html>\n")
    assert not any(word in document for word in ("src=", "<link", "@import", "url(", "http:", "https:"))
    assert 'q{quotes:"“" "”"}' in document


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="title"):
        page("sample.html", rows=capped([]))


def test_no_rows_are_a_sentence_and_empty_facts_are_left_out() -> None:
    document = made([])
    assert "<p>No record is refused.</p>" in document
    assert "<table" not in document
    assert "Empty" not in document


def test_a_long_list_is_cut_and_says_so() -> None:
    document = made([(f"customer:{number}", "Name", "Why") for number in range(5_000)])
    assert document.count('<th scope="row">') == MOST_ROWS
    assert "And 4,500 more. The rest is in --json." in document
    assert "more." not in made([("customer:1", "Name", "Why")])


def test_a_list_that_was_cut_before_knows_its_length() -> None:
    cut = capped(iter(range(1_000)), total=70_000, most=10)
    assert (list(cut.rows), cut.left) == (list(range(10)), 69_990)


@pytest.mark.parametrize("width", [1280, 390])
def test_long_names_fit(browser: Browser, tmp_path: Path, width: int) -> None:
    file = tmp_path / "page.html"
    file.write_text(made([(LONG, LONG, "Short words that say why")] * 3, LONG), encoding="utf-8")
    sight = browser.new_page(viewport={"width": width, "height": 800})
    sight.goto(file.as_uri())
    assert sight.evaluate("document.documentElement.scrollWidth") == width
    cells = "[...document.querySelectorAll('td')].map(item => item.getBoundingClientRect().width)"
    assert min(sight.evaluate(cells)) > 100, "no column is squeezed to a thread"
    sight.close()
