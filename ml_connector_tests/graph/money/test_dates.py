"""Dates of documents are days: they are the same day in HubSpot, whatever the zones and the clock changes."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money, sold

DAYS = (
    date(2025, 3, 30),
    date(2025, 10, 26),
    date(2025, 3, 31),
    date(2025, 10, 25),
    date(2024, 2, 29),
    date(2025, 12, 31),
    date(2026, 1, 1),
)
"""Days on which clocks change in Europe, their neighbours, and ends of months and years."""

ZONES = ("Europe/Oslo", "Pacific/Kiritimati", "Pacific/Pago_Pago")
"""Where the company is, the first zone in which a day begins, and the last."""


@pytest.mark.parametrize("zone", ZONES)
def test_no_date_shifts(make_world: MakeWorld, zone: str) -> None:
    world = make_world(records=DOCUMENTS, timezone=zone)
    world.enter_pairs([1])
    money = Money(world)
    billed = {
        day: money.books.add_invoice(
            "1", sold("100"), stamp=datetime.combine(day, time(hour, 30)), day=day, due=DAYS[-1]
        )
        for day, hour in zip(DAYS, (2, 2, 0, 23, 12, 23, 0), strict=True)
    }
    for day, key in billed.items():
        money.books.pay(key, stamp=datetime.combine(day, time(23, 59)))
    assert world.sync(0).status == "success"
    for day, key in billed.items():
        values = money.invoice(key).values
        assert values["visma_paid_date"] == day.isoformat()
        assert values["visma_due_date"] == DAYS[-1].isoformat()
        for name, meant in (("hs_invoice_date", day), ("hs_due_date", DAYS[-1]), ("hs_payment_date", day)):
            assert days_seen(values[name], zone) == {meant}, (key, name)
    assert {total["month"] for total in money.equal()["totals"]} == {f"{day:%Y-%m}" for day in DAYS}


def days_seen(moment: str, company: str) -> set[date]:
    """Return the days that people in the company's zone and around it see in HubSpot for a moment."""
    instant = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    local = instant.astimezone(ZoneInfo(company))
    return {(local + timedelta(hours=off)).date() for off in (-11, 0, 11)}


def test_days_overdue_are_counted_by_the_window_and_go_on_without_a_change(make_world: MakeWorld) -> None:
    world = make_world(records=DOCUMENTS)
    world.enter_pairs([1])
    money = Money(world)
    key = money.bill(1, "100", due=rows.FIRST - timedelta(days=3))
    seen = []
    for window in (0, 27, 1):
        world.sync(window)
        seen.append(money.invoice(key).values["visma_days_overdue"])
    assert seen[:2] == ["3", "30"], "the second of these windows is the one in which clocks change"
    assert seen[2] == "30", "an old window counts nothing back"
    money.agrees()
