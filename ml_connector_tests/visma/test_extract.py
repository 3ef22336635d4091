"""From pages to snapshots: every row in its window, and the rows that others name fetched by number."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from ml_connector.errors import PermanentApiError
from ml_connector.visma.closure import Wanted
from ml_connector.visma.entities import ENTITIES, Entity
from ml_connector.visma.extract import SNAPSHOT_SCHEMA, Extract
from ml_connector.visma.rows import Row, row_of
from ml_connector.windows import Window

OSLO = ZoneInfo("Europe/Oslo")


def day(number: int, *, first: bool = False) -> Window:
    """Return a day of November 2026 in Oslo (UTC+1)."""
    start = datetime(2026, 11, number, tzinfo=OSLO).astimezone(UTC)
    return Window(f"2026-11-{number:02d}", None if first else start, start + timedelta(days=1))


def row(key: str, modified: Any) -> Row:
    raw = f'{{"number": "{key}",  "odd": 1.10}}'
    return row_of(ENTITIES["customers"], raw, {"number": key, "lastModifiedDateTime": modified})


class Visma:
    """Gives pages it was told to, and single rows by number; an exception stands for an answer that is one."""

    def __init__(self, *pages: Sequence[Row], single: dict[str, Row | Exception] | None = None) -> None:
        self.pages = pages
        self.single = single or {}
        self.asked: list[tuple[str, datetime | None]] = []

    def changed(self, entity: str, since: datetime | None) -> Iterator[list[Row]]:
        self.asked.append((entity, since))
        yield from (list(page) for page in self.pages)

    def one(self, entity: Entity, key: str) -> Row | None:
        found = self.single.get(key)
        if isinstance(found, Exception):
            raise found
        return found


class Kept:
    """What an extract wrote, by window."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def write(self, partition: str, rows: Sequence[dict[str, Any]]) -> None:
        pa.Table.from_pylist(list(rows), schema=SNAPSHOT_SCHEMA)
        assert {row["partition"] for row in rows} == {partition}
        self.rows.setdefault(partition, []).extend(rows)

    def keys(self) -> dict[str, list[str]]:
        return {partition: [row["key"] for row in rows] for partition, rows in self.rows.items()}


def extract(visma: Visma, windows: Sequence[Window], kept: Kept) -> Extract:
    return Extract(visma, "customers", windows, OSLO, kept.write)  # type: ignore[arg-type]


def test_rows_go_to_the_window_of_their_stamp_and_later_ones_stay_away() -> None:
    page = [
        row("before", "2026-11-19T22:30:00"),  # in the overlap: the first window's
        row("a", "2026-11-20T00:00:00"),
        row("b", "2026-11-20T23:59:59.999"),
        row("c", "2026-11-21T00:00:00"),
        row("later", "2026-11-22T00:00:00"),
        row("never", None),
        row("odd", 20261120),
        row("unreadable", "yesterday"),
        row("dotnet", "0001-01-01T00:00:00"),
    ]
    kept = Kept()
    mine = extract(Visma(page[:3], page[3:]), [day(20), day(21)], kept)
    mine.changed(timedelta(hours=2))
    assert kept.keys() == {
        "2026-11-20": ["before", "a", "b"],
        # Without a usable stamp nobody knows: the newest window looks at it now.
        "2026-11-21": ["c", "never", "odd", "unreadable", "dotnet"],
    }
    assert (mine.rows, mine.later) == (8, 1)
    assert "later" not in mine.keys


def test_a_stamp_from_the_future_is_no_stamp() -> None:
    """Its window may never come; stored, it would make every later version of the row an old one."""
    kept = Kept()
    soon = (datetime.now(UTC) + timedelta(days=1)).replace(tzinfo=None).isoformat()
    mine = extract(Visma([row("soon", soon), row("never", "2124-02-29T10:00:00")]), [day(20), day(21)], kept)
    mine.changed(timedelta(0))
    assert kept.keys() == {"2026-11-21": ["never"]}
    assert kept.rows["2026-11-21"][0]["modified"] is None
    assert mine.later_keys == {"soon"}


def test_a_key_or_stamp_that_no_file_can_hold_stops_nothing() -> None:
    kept = Kept()
    values = {"number": "1\ud800", "lastModifiedDateTime": "2026-11-20T\x00\udfff"}
    odd = row_of(ENTITIES["customers"], json.dumps(values), values)
    extract(Visma([odd]), [day(20)], kept).changed(timedelta(0))
    assert kept.keys() == {"2026-11-20": ["1"]}


def test_texts_are_kept_exactly() -> None:
    kept = Kept()
    extract(Visma([row("a", "2026-11-20T10:00:00.10")]), [day(20)], kept).changed(timedelta(0))
    (found,) = kept.rows["2026-11-20"]
    assert found["raw"] == '{"number": "a",  "odd": 1.10}'
    assert found["modified"] == "2026-11-20T10:00:00.10"


@pytest.mark.parametrize(
    ("windows", "since"),
    [
        ([day(20, first=True)], None),
        ([day(20, first=True), day(21)], None),
        ([day(20)], datetime(2026, 11, 19, 22)),
        ([day(20), day(21)], datetime(2026, 11, 19, 22)),
    ],
)
def test_one_scan_asks_from_the_first_window_less_the_overlap(
    windows: list[Window], since: datetime | None
) -> None:
    visma = Visma()
    extract(visma, windows, Kept()).changed(timedelta(hours=2))
    assert visma.asked == [("customers", since)]


def test_rows_that_others_name_are_fetched_into_the_window_of_the_naming_row() -> None:
    visma = Visma(single={"10": row("10", "2019-01-01T00:00:00")})
    kept = Kept()
    mine = extract(visma, [day(20), day(21)], kept)
    mine.fetch.fetch({"10": Wanted("2026-11-20"), "11": Wanted("2026-11-21")})
    assert kept.keys() == {"2026-11-20": ["10"]}
    assert (mine.fetch.found, mine.fetch.unknown) == (1, 1)


@pytest.mark.parametrize("status", [None, 400])
def test_a_number_visma_cannot_serve_stops_nothing(status: int | None) -> None:
    refusal = PermanentApiError("Visma answered with another record.", status=status)
    visma = Visma(single={"1/2": refusal, "10": row("10", None)})
    kept = Kept()
    mine = extract(visma, [day(20)], kept)
    mine.fetch.fetch({"1/2": Wanted("2026-11-20"), "10": Wanted("2026-11-20")})
    assert (mine.fetch.found, mine.fetch.unknown) == (1, 1)


def test_a_refusal_that_concerns_all_numbers_is_not_swallowed() -> None:
    visma = Visma(single={"10": PermanentApiError("not allowed", status=403)})
    with pytest.raises(PermanentApiError):
        extract(visma, [day(20)], Kept()).fetch.fetch({"10": Wanted("2026-11-20")})


WANTED = {"in the list": Wanted("2026-11-20"), "later": Wanted("2026-11-20"), "old": Wanted("2026-11-21")}


def named(*windows: Window) -> tuple[Extract, Kept]:
    """Extract a list of which others name one row that is in the windows, one that changed later, and one of old."""
    listed = [
        row("in the list", "2026-11-20T10:00:00"),
        row("later", "2026-11-22T10:00:00"),
        row("nobody's", "2026-11-22T10:00:00"),
    ]
    kept = Kept()
    mine = extract(Visma(listed, single={"old": row("old", "2019-01-01T00:00:00")}), windows, kept)
    mine.closed(timedelta(0), WANTED)
    return mine, kept


def test_what_others_name_is_kept_from_the_list_or_fetched() -> None:
    mine, kept = named(day(20), day(21))
    assert kept.keys() == {"2026-11-20": ["in the list", "later"], "2026-11-21": ["old"]}
    assert (mine.rows, mine.early, mine.later, mine.fetch.found) == (2, 1, 1, 1)
    assert mine.later_keys == {"nobody's"}


def test_after_the_whole_list_nothing_is_fetched() -> None:
    mine, kept = named(day(20, first=True), day(21))
    assert kept.keys() == {"2026-11-20": ["in the list", "later"]}
    assert (mine.early, mine.fetch.found, mine.fetch.unknown) == (1, 0, 0)


@pytest.mark.parametrize(
    ("own", "kept_as"),
    [
        ("2026-11-20T09:00:00", "2026-11-20T10:00:00"),
        (None, "2026-11-20T10:00:00"),
        ("2026-11-20T10:00:00.5", "2026-11-20T10:00:00.5"),
    ],
)
def test_a_row_that_another_one_touched_later_has_that_stamp(own: str | None, kept_as: str) -> None:
    wanted = {name: Wanted("2026-11-20", touched="2026-11-20T10:00:00") for name in ("listed", "fetched")}
    kept = Kept()
    visma = Visma([row("listed", own)], single={"fetched": row("fetched", own)})
    extract(visma, [day(20)], kept).closed(timedelta(0), wanted)
    assert [stored["modified"] for stored in kept.rows["2026-11-20"]] == [kept_as, kept_as]


def test_names_are_stored_beside_the_row() -> None:
    kept = Kept()
    values = {"documentType": "Invoice", "referenceNumber": "7", "customer": {"number": "10\ud800"}}
    invoice = row_of(ENTITIES["customer_invoices"], json.dumps(values), values)
    Extract(Visma([invoice]), "customer_invoices", [day(20)], OSLO, kept.write).changed(timedelta(0))  # type: ignore[arg-type]
    assert kept.rows["2026-11-20"][0]["names"] == ["customer:10"]
    extract(Visma([row("a", None)]), [day(20)], kept).changed(timedelta(0))
    assert kept.rows["2026-11-20"][1]["names"] is None
