"""Rows of known keys read with few calls: one each, by customer, or by date; and what to do when a list lets down."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import pytest

from ml_connector.errors import PermanentApiError
from ml_connector.visma.closure import Wanted
from ml_connector.visma.entities import ENTITIES, Entity
from ml_connector.visma.fetching import FEW, OF_ONE_PARTY, Fetch, mostly_since
from ml_connector.visma.narrowing import WHOLE, Narrowing
from ml_connector.visma.rows import Row, row_of

START = date(2026, 1, 1)
WINDOW = "2026-11-20"


class Invoices:
    """A list of invoices, one a day and customer, in pages of a thousand; counts what it is asked."""

    def __init__(self, count: int, customer: Callable[[int], str] = str) -> None:
        self.rows = {row.key: row for row in (self._row(number, customer(number)) for number in range(count))}
        self.calls: list[str] = []
        self.refusal: PermanentApiError | None = None

    def _row(self, number: int, customer: str) -> Row:
        values = {
            "documentType": "Invoice",
            "referenceNumber": str(number),
            "customer": {"number": customer},
            "documentDate": f"{START + timedelta(days=number // 100)}T00:00:00",
        }
        return row_of(ENTITIES["customer_invoices"], "{}", values)

    def wanted(self, numbers: Iterable[int]) -> dict[str, Wanted]:
        """Return invoices as payments name them."""
        found: dict[str, Wanted] = {}
        for number in numbers:
            row = self.rows[f"Invoice:{number}"].values
            day = date.fromisoformat(row["documentDate"][:10])
            found[f"Invoice:{number}"] = Wanted(WINDOW, row["customer"]["number"], day)
        return found

    def _chosen(self, narrowing: Narrowing) -> list[Row]:
        since = narrowing.dated_from.isoformat() if narrowing.dated_from else ""
        return [
            row
            for row in self.rows.values()
            if narrowing.party in (None, row.values["customer"]["number"])
            and row.values["documentDate"][:10] >= since
        ]

    def count(self, entity: str, narrowing: Narrowing = WHOLE) -> int:
        self.calls.append("count")
        return len(self._chosen(narrowing))

    def browse(self, entity: Entity, narrowing: Narrowing) -> Iterator[list[Row]]:
        if self.refusal is not None:
            raise self.refusal
        chosen = self._chosen(narrowing)
        for start in range(0, max(len(chosen), 1), 1000):
            self.calls.append("list")
            yield chosen[start : start + 1000]

    def one(self, entity: Entity, key: str) -> Row | None:
        self.calls.append("one")
        return self.rows.get(key)


def fetched(visma: Invoices, wanted: Mapping[str, Wanted], entity: str = "customer_invoices") -> Fetch:
    """Fetch and check that all that exist came, once, into their window."""
    kept: list[tuple[str, str]] = []

    def keep(partition: str, rows: Sequence[Row]) -> None:
        kept.extend((row.key, partition) for row in rows)

    fetch = Fetch(visma, entity, keep)  # type: ignore[arg-type]
    fetch.fetch(wanted)
    assert sorted(kept) == sorted((key, one.partition) for key, one in wanted.items() if key in visma.rows)
    assert (fetch.found, fetch.unknown) == (len(kept), len(wanted) - len(kept))
    return fetch


def test_a_few_are_read_one_by_one() -> None:
    visma = Invoices(5000)
    assert fetched(visma, visma.wanted(range(4000, 4000 + FEW))).with_lists == 0
    assert visma.calls == ["one"] * FEW


def test_the_invoices_of_one_customer_cost_one_list() -> None:
    visma = Invoices(5000, customer=lambda number: str(number // 500))
    assert fetched(visma, visma.wanted(range(4000, 4400))).with_lists == 400
    assert visma.calls == ["list"]


def test_of_customers_with_several_and_customers_with_one() -> None:
    visma = Invoices(2000, customer=lambda number: "many" if number < OF_ONE_PARTY else str(number))
    fetched(visma, visma.wanted([*range(OF_ONE_PARTY), 100, 200]))
    assert visma.calls == ["list", "one", "one"]


def test_many_of_many_customers_cost_the_pages_since_most_of_them() -> None:
    visma = Invoices(20_000)
    numbers = [*range(16_000, 20_000, 20), 50, 9000, 11_000]
    assert fetched(visma, visma.wanted(numbers)).with_lists >= 180
    # A debt of January does not make the whole year be read.
    assert visma.calls.count("list") <= 4
    assert len(visma.calls) <= 4 + 1 + 24
    assert visma.calls.count("one") < 25


def test_a_list_longer_than_the_calls_it_saves_is_not_read() -> None:
    visma = Invoices(60_000)
    fetched(visma, visma.wanted(range(0, 60_000, 1500)))
    assert visma.calls.count("list") == 0
    assert visma.calls.count("count") == 1


def test_documents_that_do_not_exist_are_counted_whichever_way_was_taken() -> None:
    visma = Invoices(1000)
    wanted = visma.wanted(range(700, 760)) | {
        f"Invoice:{number}": Wanted(WINDOW, "10", START) for number in (5000, 5001, 5002)
    }
    fetch = fetched(visma, wanted)
    assert fetch.unknown == 3
    assert len(visma.calls) < 10


def test_without_dates_and_customers_the_whole_list_is_read_if_it_is_short() -> None:
    visma = Invoices(1500)
    fetch = fetched(visma, {key: Wanted(WINDOW) for key in list(visma.rows)[:40]}, "customers")
    assert fetch.with_lists == 40
    assert visma.calls == ["count", "list"]


def test_a_list_whose_filter_is_ignored_costs_calls_but_loses_nothing() -> None:
    visma = Invoices(1000, customer=lambda number: str(number // 10))
    visma.refusal = PermanentApiError("Visma ignored the filter.")
    assert fetched(visma, visma.wanted(range(10))).with_lists == 0
    assert visma.calls == ["one"] * 10


def test_a_refusal_that_concerns_everything_is_not_swallowed() -> None:
    visma = Invoices(1000, customer=lambda number: str(number // 10))
    visma.refusal = PermanentApiError("not allowed", status=403)
    with pytest.raises(PermanentApiError):
        fetched(visma, visma.wanted(range(10)))


def test_since_when_most_are() -> None:
    days = [Wanted(WINDOW, None, START + timedelta(days=number)) for number in range(20)]
    assert mostly_since([*reversed(days), Wanted(WINDOW)]) == START + timedelta(days=2)
    assert mostly_since([Wanted(WINDOW)]) is None
