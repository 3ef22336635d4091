"""Lines that come, change and go: the invoice converges, no line stays behind, none is there twice."""

from decimal import Decimal

import pytest

from ml_connector.hubspot import linking
from ml_connector.sandbox.visma.new_lines import NewLine
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money, sold


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A company with one customer, which sends documents."""
    made = make_world(records=DOCUMENTS)
    made.enter_pairs([1])
    return made


def test_no_line_one_a_hundred_and_a_thousand(world: World) -> None:
    money, many = Money(world), [str(number) for number in range(1, 1001)]
    none, one = money.bill(1), money.bill(1, "99.99")
    hundred, thousand = money.bill(1, *many[:100]), money.bill(1, *many)
    assert world.sync(0).status == "success"
    assert [len(money.lines(key)) for key in (none, one, hundred, thousand)] == [0, 1, 100, 1000]
    money.agrees()
    upserts = world.counted().of("POST", "/line_items/batch/upsert")
    assert upserts == 12, "1,101 lines, a hundred a call"

    money.keep_lines(thousand, 1000, day=1)
    money.books.add_line(none, sold("5")[0], stamp=rows.at(1))
    money.books.remove_line(one, 1, stamp=rows.at(1))
    world.sync(1)
    assert [len(money.lines(key)) for key in (none, one, hundred, thousand)] == [1, 0, 100, 1]
    money.equal()


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


def test_removed_changed_and_added_lines_of_one_invoice(world: World) -> None:
    money = Money(world)
    key, other = money.bill(1, "10", "20", "30"), money.bill(1, "10", "20", "30")
    world.sync(0)
    before = {number: line.id for number, line in money.lines(key).items()}

    money.books.remove_line(key, 1, stamp=rows.at(1))
    money.books.change_line(key, 2, stamp=rows.at(1), price=Decimal("22.50"), quantity=Decimal(3))
    money.books.add_line(key, sold("40")[0], stamp=rows.at(1))
    counts = world.sync(1).entities["line_items"]
    assert [counts[name] for name in ("created", "updated", "unchanged", "archived")] == [1, 1, 1, 1]
    lines = money.lines(key)
    assert {number: line.id for number, line in lines.items() if number in before} == {
        number: before[number] for number in ("2", "3")
    }, "what stayed is the same record"
    assert (lines["2"].values["quantity"], lines["2"].values["price"]) == ("3", "22.5")
    assert money.status(key) == ("open", None)
    assert len(money.lines(other)) == 3
    money.agrees()

    # All of them go and others come, and the same window once more changes nothing.
    for number in (2, 3, 4):
        money.books.remove_line(key, number, stamp=rows.at(2))
    money.books.add_line(key, sold("7")[0], stamp=rows.at(2))
    world.sync(2)
    money.agrees()
    world.forget_calls()
    world.sync(2)
    assert world.writes() == []
    money.equal()


def test_lines_hubspot_cannot_calculate_keep_every_cent(world: World) -> None:
    money = Money(world)
    lines = [
        *sold("0", "-150.55", "0.333"),
        *sold("19.99", quantity=Decimal("2.75"), percent=Decimal("12.5")),
        NewLine(text="A line of text only", quantity=Decimal(0)),
        *sold("100", quantity=Decimal(-2)),
    ]
    keys = [
        money.books.add_invoice("1", [*lines, *sold("900")], stamp=rows.at(0)),
        money.books.add_invoice("1", [*lines, *sold("1234.56")], stamp=rows.at(0), rounded=True),
        money.books.add_invoice(
            "1", [*lines, *sold("777.77")], stamp=rows.at(0), discount_percent=Decimal("3.5")
        ),
        money.books.add_credit_note("1", [*lines, *sold("500")], stamp=rows.at(0)),
    ]
    assert world.sync(0).status == "success"
    assert [money.status(key) for key in keys] == [("open", None)] * 4
    assert "rounding" in money.lines(keys[1])
    for line in money.lines(keys[0]).values():
        net = Decimal(line.values["visma_net_amount"])
        shown = Decimal(line.values["amount"])
        assert round(shown, 2) == max(net, Decimal(0)), "HubSpot's own arithmetic"
    money.equal()
