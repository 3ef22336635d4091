"""The statement: figures that are exact in every form, nothing that a name can break, and a page that fits a phone."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from ml_connector.reconciliation.chart import MOST_MONTHS, chart
from ml_connector.reconciliation.facts import DOCUMENTS, Kind
from ml_connector.reconciliation.figures import shown, signed
from ml_connector.reconciliation.page import as_html
from ml_connector.reconciliation.spreadsheet import COLUMNS, as_csv, safe
from ml_connector.reconciliation.statement import Statement
from ml_connector.reconciliation.totals import Pair, Sums
from ml_connector_tests.reconciliation.made import OSLO, Books, drawn, fact
from ml_connector_tests.reconciliation.test_compare import PLANTED

NASTY = "Å & Ø <Drift> \"AS\", '=1+1'\n;"


def statement(books: Books, **changes: Any) -> Statement:
    """A statement of made-up books."""
    plain = Statement(
        connection="acme",
        portal_id=24680135,
        compared_at=datetime(2026, 11, 20, 6, 30, tzinfo=UTC),
        zone=OSLO,
        synced_through="2026-11-18",
        found=books.compared(),
        run_id="0f9c2a44",
    )
    return replace(plain, **changes)


def with_everything() -> Statement:
    """A statement with every cause in it, and customers with long and odd names."""
    books = drawn(1, 120)
    keys = sorted(key for key in books.visma if not key.startswith("transaction"))
    for key, plant in zip(keys[:: len(keys) // len(PLANTED)], PLANTED.values(), strict=False):
        plant(books, key)
    names = {str(10_000 + number): f"{NASTY} {number}" for number in range(20)}
    return statement(books, names=names, notes=("Nothing was archived <yet>.",))


def rows_of(made: Statement) -> list[dict[str, str]]:
    """The CSV, parsed back."""
    return list(csv.DictReader(io.StringIO(as_csv(made), newline="")))


class Tags(HTMLParser):
    """Collects what a page opens and does not close, and the addresses it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.loads: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "onload", "onclick")]
        if tag == "script":
            self.loads.append(tag)
        if tag not in ("meta", "br", "line", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "rect") and (not self.open or self.open.pop() != tag):
            self.wrong.append(tag)


def test_the_page_is_whole_loads_nothing_and_shows_names_as_they_are() -> None:
    page = as_html(with_everything())
    tags = Tags(page)
    assert (tags.open, tags.wrong, tags.loads) == ([], [], [])
    assert "url(" not in page
    assert "@import" not in page
    assert "<Drift>" not in page
    assert "&lt;Drift&gt;" in page
    assert "Nothing was archived &lt;yet&gt;." in page


def test_the_page_says_what_was_compared_when_and_what_to_do() -> None:
    made = with_everything()
    page = as_html(made)
    for words in (
        "acme",
        "24680135",
        "2026-11-20 07:30 Europe/Oslo",
        "2026-11-18",
        "0f9c2a44",
        "Approved by, date",
    ):
        assert words in page
    for item in made.found.differences:
        assert item.key in page
        assert item.command in page
    assert page.count("<svg") == len(made.currencies) == 3


def test_the_page_of_equal_books_says_so() -> None:
    page = as_html(statement(drawn(1)))
    assert "Visma and HubSpot agree to the cent." in page
    assert 'class="off"' not in page
    assert "✗" not in page


def test_a_statement_of_nothing_is_one_too() -> None:
    empty = statement(Books(), synced_through=None)
    assert Tags(as_html(empty)).wrong == []
    assert "no documents" in as_html(empty)
    assert rows_of(empty) == []
    assert empty.agrees


def test_the_csv_has_a_row_per_month_currency_and_customer_with_exact_sums() -> None:
    made = with_everything()
    rows = rows_of(made)
    assert tuple(rows[0]) == COLUMNS
    assert len({(row["month"], row["currency"], row["customer"]) for row in rows}) == len(rows)
    for kind, column in zip(DOCUMENTS, ("invoices", "credit_notes", "debit_notes"), strict=True):
        pairs = [pair for group, pair in made.found.totals if group.kind is kind]
        for side in ("visma", "hubspot"):
            expected = sum((getattr(pair, side).amount for pair in pairs), Decimal(0))
            assert sum((Decimal(row[f"{column}_{side}"]) for row in rows), Decimal(0)) == expected
    for row in rows:
        for measure in ("invoices", "credit_notes", "debit_notes", "balance", "transactions"):
            assert Decimal(row[f"{measure}_difference"]) == (
                Decimal(row[f"{measure}_hubspot"]) - Decimal(row[f"{measure}_visma"])
            )


def test_the_csv_keeps_to_its_standard_and_runs_no_formula() -> None:
    text = as_csv(with_everything())
    assert text.endswith("\r\n")
    assert "\n" not in re.sub(r'"[^"]*"', "", text.replace('""', "")).replace("\r\n", "")
    assert {
        row["customer_name"].rpartition(" ")[0] for row in rows_of(with_everything()) if row["customer"]
    } == {NASTY}
    books = Books()
    books.enter(fact(customers=("=cmd",), balance=Decimal("-12.50")))
    (row,) = rows_of(statement(books, names={"=cmd": "@SUM(A1)"}))
    assert (row["customer"], row["customer_name"]) == ("'=cmd", "'@SUM(A1)")
    assert row["balance_visma"] == "-12.50"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A", "\tx", "\rx", "\nx", "\uff1d1"])
def test_the_beginning_of_a_formula_is_quoted(text: str) -> None:
    assert safe(text) == f"'{text}"
    assert safe(f"A;{text};b=c") == (f"A;{text};b=c" if "x" in text else f"A;'{text};b=c")


def test_what_hubspot_does_not_keep_has_no_figures_there() -> None:
    made = statement(drawn(1), kinds=DOCUMENTS)
    rows = rows_of(made)
    assert {row["transactions_hubspot"] + row["transactions_difference"] for row in rows} == {""}
    assert any(Decimal(row["transactions_visma"]) for row in rows)
    page = as_html(made)
    heads = re.findall(r"<h2>Sales transactions</h2>.*?</thead>", page)
    assert re.findall("<th>(.*?)</th>", heads[0]) == ["Month", "Visma"]


def test_the_document_has_exact_texts_and_no_names() -> None:
    made = with_everything()
    found = json.loads(json.dumps(made.document()))
    assert found["different"] == len(found["differences"]) == len(PLANTED)
    assert {item["cause"] for item in found["differences"]} == set(PLANTED)
    assert "Drift" not in json.dumps(found)
    assert "Drift" not in made.markdown() + made.causes_markdown()
    for total in found["totals"]:
        assert re.fullmatch(r"-?\d+\.\d{2,4}", total["visma"]["amount"])


def test_the_table_in_dagster_is_bounded_and_has_the_newest_months_first() -> None:
    books = Books()
    for place in range(60):
        books.enter(fact(f"invoice:{place:03}", month=f"{2020 + place // 12}-{place % 12 + 1:02}"))
    lines = statement(books).markdown().splitlines()
    assert lines[2].startswith("| 2024-12 | NOK |")
    assert (len(lines), lines[-1]) == (2 + 36 + 2, "and 24 more in the statement")


def test_the_chart_shows_the_newest_months_and_marks_those_that_differ() -> None:
    months: Mapping[str, Pair] = {
        f"{2025 + place // 12}-{place % 12 + 1:02}": Pair(Sums(1, Decimal(place)), Sums(1, Decimal(place)))
        for place in range(20)
    }
    months["2026-08"].hubspot.amount = Decimal(-7)
    drawing = chart(months, "NOK")
    assert drawing.count('class="visma"') == MOST_MONTHS
    assert drawing.count('class="hubspot off"') == 1
    assert not re.search(r'(height|width)="-', drawing)
    assert chart({"": Pair()}, "NOK") == ""


@pytest.mark.parametrize(
    ("value", "plain", "with_sign"),
    [
        ("0", "0.00", "0.00"),
        ("1234567.5", "1,234,567.50", "+1,234,567.50"),
        ("-0.01", "-0.01", "-0.01"),
        ("1.2345", "1.2345", "+1.2345"),
        ("1.23450000", "1.2345", "+1.2345"),
        ("-100.00000000", "-100.00", "-100.00"),
    ],
)
def test_an_amount_is_written_for_a_person_and_stays_exact(value: str, plain: str, with_sign: str) -> None:
    assert (shown(Decimal(value)), signed(Decimal(value))) == (plain, with_sign)


@pytest.mark.parametrize("width", [1280, 375])
def test_the_page_fits_a_desk_and_a_phone(browser: Browser, tmp_path: Path, width: int) -> None:
    file = tmp_path / "statement.html"
    file.write_text(as_html(with_everything()), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800})
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    beyond = """[...document.querySelectorAll('td, th, dd, code, svg')].filter(
        item => item.getBoundingClientRect().right > innerWidth + 1).length"""
    assert page.evaluate(beyond) == 0
    assert page.locator("svg").first.is_visible()
    assert page.get_by_role("heading", name="Reconciliation of Visma.net and HubSpot").is_visible()
    assert problems == []
    page.close()


def test_the_causes_table_names_some_of_each() -> None:
    made = with_everything()
    table = made.causes_markdown()
    for cause in PLANTED:
        assert f"| {cause} |" in table
    assert Kind.TRANSACTION in made.kinds
