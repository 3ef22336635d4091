"""Purchases read again per supplier: with few calls, for the right years, and in spite of a filter that is ignored."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ml_connector.errors import PermanentApiError
from ml_connector.visma.entities import ENTITIES
from ml_connector.visma.fetching import FEW
from ml_connector.visma.narrowing import WHOLE, Narrowing, fits
from ml_connector.visma.purchases import PURCHASES, PurchaseExtract, turns_year, year_of
from ml_connector.visma.rows import Row, row_of
from ml_connector.windows import Window

OSLO = ZoneInfo("Europe/Oslo")
OLD = "2026-02-01T10:00:00"


def window(day: date, days: int = 1) -> Window:
    """Return a window of whole days in Oslo."""
    start, end = (
        datetime(moment.year, moment.month, moment.day, tzinfo=OSLO).astimezone(UTC)
        for moment in (day, day + timedelta(days=days))
    )
    return Window(day.isoformat(), start, end)


DAY = window(date(2026, 11, 20))


def order(number: int, supplier: object, modified: str = OLD, status: str = "Open") -> Row:
    """Return a purchase order."""
    values = {
        "orderType": "RegularOrder",
        "orderNbr": str(number),
        "status": status,
        "supplier": {"number": str(supplier)},
        "lastModifiedDateTime": modified,
    }
    return row_of(ENTITIES["purchase_orders"], f'{{"was":"{number}"}}', values)


def bill(number: int, supplier: object, modified: str = OLD) -> Row:
    """Return a supplier's invoice of this year."""
    values = {
        "documentType": "Invoice",
        "referenceNumber": str(number),
        "supplier": {"number": str(supplier)},
        "date": OLD,
        "lastModifiedDateTime": modified,
    }
    return row_of(ENTITIES["supplier_invoices"], f'{{"was":"{number}"}}', values)


class Visma:
    """Two lists that can be asked for changes, for a supplier and from a date on."""

    def __init__(self, orders: Sequence[Row], bills: Sequence[Row]) -> None:
        self.lists = {"purchase_orders": list(orders), "supplier_invoices": list(bills)}
        self.asked: list[tuple[str, Narrowing]] = []
        self.status: int | None = None
        self.ignores_supplier = False

    def changed(
        self, entity: str, since: datetime | None = None, narrowing: Narrowing = WHOLE
    ) -> Iterator[list[Row]]:
        if since is None:
            self.asked.append((entity, narrowing))
        if self.ignores_supplier and narrowing.party is not None:
            raise PermanentApiError("Visma ignored the filter.", status=self.status)
        begin = since.isoformat() if since else ""
        yield [
            row
            for row in self.lists[entity]
            if str(row.modified) >= begin and fits(ENTITIES[entity], row.values, narrowing)
        ]

    def count(self, entity: str, narrowing: Narrowing) -> int:
        return len(self.lists[entity])


def extracted(visma: Visma, *windows: Window) -> dict[str, dict[str, list[str]]]:
    """Return the keys kept, by entity and window."""
    kept: dict[str, dict[str, list[str]]] = {entity: {} for entity in PURCHASES}

    def writes(entity: str) -> Any:
        def write(partition: str, rows: Sequence[dict[str, Any]]) -> None:
            kept[entity].setdefault(partition, []).extend(row["key"].partition(":")[2] for row in rows)

        return write

    extract = PurchaseExtract(
        visma,  # type: ignore[arg-type]
        windows or [DAY],
        stamp_zone=OSLO,
        zone=OSLO,
        writes={entity: writes(entity) for entity in PURCHASES},
    )
    extract.read(timedelta(hours=2))
    return kept


NOW = "2026-11-20T09:00:00"


def test_what_is_asked_for_a_supplier() -> None:
    visma = Visma([order(1, 50, NOW), order(2, 50), order(3, 51)], [bill(7, 50), bill(8, 51)])
    assert extracted(visma) == {
        "purchase_orders": {DAY.key: ["1", "2"]},
        "supplier_invoices": {DAY.key: ["7"]},
    }
    assert visma.asked == [
        ("supplier_invoices", Narrowing("50", date(2025, 1, 1))),
        ("purchase_orders", Narrowing("50")),
    ]


def test_orders_that_are_done_are_kept_only_where_they_changed() -> None:
    done = [order(2, 50, NOW, "Closed"), order(3, 50, OLD, "Closed"), order(4, 50, OLD, "Cancelled")]
    kept = extracted(Visma([order(1, 50), *done, order(5, 50, OLD, "PendingPrint")], []))
    assert kept["purchase_orders"] == {DAY.key: ["2", "1", "5"]}


def test_no_change_asks_for_nothing() -> None:
    visma = Visma([order(1, 50)], [bill(7, 50)])
    assert extracted(visma) == {"purchase_orders": {}, "supplier_invoices": {}}
    assert visma.asked == []


def test_many_suppliers_cost_the_whole_list_where_that_is_shorter() -> None:
    orders = [order(number, number, NOW) for number in range(FEW + 1)]
    visma = Visma([*orders, order(100, 999)], [bill(7, 1), bill(8, 999)])
    kept = extracted(visma)
    assert visma.asked == [
        ("supplier_invoices", Narrowing(None, date(2025, 1, 1))),
        ("purchase_orders", WHOLE),
    ]
    assert kept["supplier_invoices"] == {DAY.key: ["7"]}
    assert len(kept["purchase_orders"][DAY.key]) == FEW + 1


def test_a_filter_that_is_ignored_costs_the_whole_list() -> None:
    visma = Visma([order(1, 50, NOW), order(2, 50), order(3, 51)], [])
    visma.ignores_supplier = True
    assert extracted(visma)["purchase_orders"] == {DAY.key: ["1", "2"]}
    assert [asked for entity, asked in visma.asked if entity == "purchase_orders"] == [Narrowing("50"), WHOLE]


def test_a_refusal_that_concerns_everything_is_not_swallowed() -> None:
    visma = Visma([order(1, 50, NOW)], [])
    visma.ignores_supplier, visma.status = True, 403
    with pytest.raises(PermanentApiError):
        extracted(visma)


@pytest.mark.parametrize(
    ("end", "year"),
    [
        (datetime(2026, 1, 1, tzinfo=OSLO), 2025),
        (datetime(2026, 1, 1, 0, 0, 1, tzinfo=OSLO), 2026),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), 2026),
        (datetime(2026, 7, 1, tzinfo=OSLO), 2026),
    ],
)
def test_the_year_a_window_ends_in(end: datetime, year: int) -> None:
    assert year_of(end, OSLO) == year


@pytest.mark.parametrize(
    ("day", "days", "turns"),
    [
        (date(2025, 12, 31), 1, False),
        (date(2026, 1, 1), 1, True),
        (date(2026, 1, 2), 1, False),
        (date(2025, 12, 29), 7, True),
    ],
)
def test_windows_that_hold_1_january(day: date, days: int, turns: bool) -> None:
    assert turns_year(window(day, days), OSLO) is turns


def test_the_first_window_turns_no_year() -> None:
    end = datetime(2026, 1, 2, tzinfo=OSLO).astimezone(UTC)
    assert not turns_year(Window("2026-01-01", None, end), OSLO)
