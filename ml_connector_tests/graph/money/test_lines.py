"""Lines that come, change and go: the invoice converges, no line stays behind, none is there twice.

Most of it happens in one company, window by window, and is told once.
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from ml_connector.hubspot import linking
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.visma.new_lines import NewLine
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money, sold

MANY = [str(number) for number in range(1, 1001)]
SIZES = ("none", "one", "hundred", "thousand")
ODD = ("odd", "odd and rounded", "odd and discounted", "odd credit")


@dataclass
class Story:
    """What was seen after each window: the lines of each document, and what was done about them."""

    world: World
    keys: dict[str, str]
    lines: list[dict[str, dict[str, Record]]] = field(default_factory=list)
    done: list[dict[str, Counter[str]]] = field(default_factory=list)
    upserts: list[int] = field(default_factory=list)

    def goes_on(self) -> None:
        """Run the next window, hold what it left to the books, and note it."""
        money = Money(self.world)
        self.world.forget_calls()
        run = self.world.sync(len(self.lines))
        assert run.status == "success", run
        money.agrees()
        self.upserts.append(self.world.counted().of("POST", "/line_items/batch/upsert"))
        self.lines.append({name: money.lines(key) for name, key in self.keys.items()})
        self.done.append({name: self._done(key, run.run_id) for name, key in self.keys.items()})

    def _done(self, key: str, run_id: str | None) -> Counter[str]:
        found = self.world.query(
            "SELECT DISTINCT record_key, action FROM ml_connector.operation"
            " WHERE run_id = :run AND entity = 'line_items' AND record_key LIKE :lines",
            run=run_id,
            lines=f"line:{key}:%",
        )
        return Counter(action for _, action in found)

    def many(self, window: int) -> list[int]:
        """Return how many lines the documents of all sizes had after a window."""
        return [len(self.lines[window][name]) for name in SIZES]


def odd_documents(money: Money) -> dict[str, str]:
    """Enter documents with lines that HubSpot cannot calculate, and return their keys."""
    books = money.books
    lines = [
        *sold("0", "-150.55", "0.333"),
        *sold("19.99", quantity=Decimal("2.75"), percent=Decimal("12.5")),
        NewLine(text="A line of text only", quantity=Decimal(0)),
        *sold("100", quantity=Decimal(-2)),
    ]
    rounded, discounted = [*lines, *sold("1234.56")], [*lines, *sold("777.77")]
    percent = Decimal("3.5")
    return {
        "odd": books.add_invoice("1", [*lines, *sold("900")], stamp=rows.at(0)),
        "odd and rounded": books.add_invoice("1", rounded, stamp=rows.at(0), rounded=True),
        "odd and discounted": books.add_invoice("1", discounted, stamp=rows.at(0), discount_percent=percent),
        "odd credit": books.add_credit_note("1", [*lines, *sold("500")], stamp=rows.at(0)),
    }


@pytest.fixture(scope="module")
def story(make_shared_world: MakeWorld) -> Story:
    """Documents of all sizes; then lines are removed, changed and added; then all of one go and others come."""
    world = make_shared_world(records=DOCUMENTS)
    world.enter_pairs([1])
    money = Money(world)
    books = money.books
    keys = {
        "none": money.bill(1),
        "one": money.bill(1, "99.99"),
        "hundred": money.bill(1, *MANY[:100]),
        "thousand": money.bill(1, *MANY),
        "changed": money.bill(1, "10", "20", "30"),
        "beside it": money.bill(1, "10", "20", "30"),
        **odd_documents(money),
    }
    told = Story(world, keys)
    told.goes_on()

    money.keep_lines(keys["thousand"], 1000, day=1)
    books.add_line(keys["none"], sold("5")[0], stamp=rows.at(1))
    books.remove_line(keys["one"], 1, stamp=rows.at(1))
    books.remove_line(keys["changed"], 1, stamp=rows.at(1))
    books.change_line(keys["changed"], 2, stamp=rows.at(1), price=Decimal("22.50"), quantity=Decimal(3))
    books.add_line(keys["changed"], sold("40")[0], stamp=rows.at(1))
    told.goes_on()

    for number in (2, 3, 4):
        books.remove_line(keys["changed"], number, stamp=rows.at(2))
    books.add_line(keys["changed"], sold("7")[0], stamp=rows.at(2))
    told.goes_on()
    return told


def test_the_statement_agrees_and_the_same_again_writes_nothing(story: Story) -> None:
    Money(story.world).equal()
    story.world.forget_calls()
    story.world.sync(2)
    assert story.world.writes() == []


def test_no_line_one_a_hundred_and_a_thousand(story: Story) -> None:
    assert story.many(0) == [0, 1, 100, 1000]
    assert story.many(1) == story.many(2) == [1, 0, 100, 1]
    held = sum(map(len, story.lines[0].values()))
    assert story.upserts[0] == -(-held // 100) == 12, "a hundred a call"


def test_removed_changed_and_added_lines_of_one_invoice(story: Story) -> None:
    assert story.done[1]["changed"] == {"create": 1, "update": 1, "unchanged": 1, "archive": 1}
    before = {number: line.id for number, line in story.lines[0]["changed"].items()}
    lines = story.lines[1]["changed"]
    assert {number: line.id for number, line in lines.items() if number in before} == {
        number: before[number] for number in ("2", "3")
    }, "what stayed is the same record"
    assert (lines["2"].values["quantity"], lines["2"].values["price"]) == ("3", "22.5")
    assert Money(story.world).status(story.keys["changed"]) == ("open", None)
    assert [len(seen["beside it"]) for seen in story.lines] == [3] * 3


def test_all_lines_of_an_invoice_go_and_others_come(story: Story) -> None:
    assert story.done[2]["changed"] == {"create": 1, "archive": 3}
    assert [line.values["price"] for line in story.lines[2]["changed"].values()] == ["7"]


def test_lines_hubspot_cannot_calculate_keep_every_cent(story: Story) -> None:
    """That they add up to the cent is held after each window."""
    money = Money(story.world)
    assert [money.status(story.keys[name]) for name in ODD] == [("open", None)] * 4
    assert "rounding" in story.lines[0]["odd and rounded"]
    for line in story.lines[0]["odd"].values():
        net = Decimal(line.values["visma_net_amount"])
        shown = Decimal(line.values["amount"])
        assert round(shown, 2) == max(net, Decimal(0)), "HubSpot's own arithmetic"


def test_a_first_load_reads_no_links_however_its_work_is_cut(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "CHUNK", 4)
    world = make_world(empty_company(hubspot={"payments_enabled": True}), records=[*DOCUMENTS, "payments"])
    world.enter_pairs([1])
    money = Money(world)
    keys = [money.bill(1, "10", "20", "30") for _ in range(3)]
    for _ in range(2):
        money.books.pay(dict.fromkeys(keys, Decimal(10)), stamp=rows.at(0))
    assert world.sync(0).status == "success"
    assert world.counted().of("POST", "/associations/", "/batch/read") == 0
    assert world.counted().of("POST", "/associations/", "/invoices/line_items/batch/create") == 3
    assert len(world.sandbox.hubspot.links("commerce_payments", "invoices")) == 6
    money.agrees()
