"""Lists are read to their end, once, whatever they do meanwhile: neither a lost row nor an endless loop."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from ml_connector.errors import PermanentApiError, TransientApiError
from ml_connector.visma import VismaClient, WarningKind
from ml_connector.visma.entities import ENTITIES
from ml_connector.visma.paging import Judgement, Reading, judge
from ml_connector.visma.rows import Totals, row_of
from ml_connector_tests.visma.fake import NOW, FakeVisma, client, customer, visma

SINCE = datetime(2026, 11, 1)


def keys(reader: VismaClient, since: datetime | None = None) -> list[str]:
    return [row.key for page in reader.changed("customers", since) for row in page]


def customers(count: int, **more: Any) -> list[dict[str, Any]]:
    return [customer(number, **more) for number in range(1, count + 1)]


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


# --- the ends of lists


@pytest.mark.parametrize(
    ("count", "requests"), [(0, 1), (1, 1), (9, 1), (10, 1), (11, 2), (20, 2), (25, 3), (100, 10)]
)
def test_a_list_is_read_to_its_end_and_no_further(count: int, requests: int) -> None:
    with visma(customers(count)) as fake:
        fake.cap = 10
        assert keys(client()) == numbers(count)
        assert len(fake.queries) == requests
        assert [query["pageNumber"] for query in fake.queries] == numbers(requests)


def test_the_page_size_is_lowered_to_the_lists_maximum() -> None:
    with visma(customers(1200)) as fake:
        fake.cap = 500
        keys(client())
    assert [query["pageSize"] for query in fake.queries] == ["1000", "500", "500"]


def test_a_maximum_lowered_in_mid_read_loses_nothing() -> None:
    with visma(customers(95)) as fake:
        fake.cap = 20

        def lower(page: int) -> None:
            fake.cap = 10 if page >= 3 else 20

        fake.between = lower
        assert sorted(set(keys(client())), key=int) == numbers(95)


def test_pages_are_handed_on_as_they_come() -> None:
    with visma(customers(25)) as fake:
        fake.cap = 10
        pages = client().changed("customers")
        assert len(next(pages)) == 10
        assert len(fake.queries) == 1


@pytest.mark.parametrize(("count", "requests"), [(7, 1), (10, 2), (25, 3), (30, 4), (0, 1)])
def test_a_list_without_metadata_ends_with_a_page_that_is_not_full(count: int, requests: int) -> None:
    with visma(customers(count)) as fake:
        fake.cap, fake.metadata = 1000, False
        reader = client()
        entity = ENTITIES["customers"]
        small = type(entity)(entity.name, entity.path, entity.detail_path, entity.key, page_size=10)
        assert [row.key for page in reader.changed(small) for row in page] == numbers(count)
        assert len(fake.queries) == requests


def test_a_list_without_metadata_that_ignores_paging_is_read_once() -> None:
    with visma(customers(1000)) as fake:
        fake.metadata, fake.ignores_paging = False, True
        assert keys(client()) == numbers(1000)
        assert len(fake.queries) == 2


def test_a_short_page_is_not_the_end_where_more_is_promised() -> None:
    with visma(customers(20)) as fake:
        fake.cap = 10
        serve = fake._page

        def holes(request: Any) -> Any:
            status, headers, body = serve(request)
            if fake.queries[-1]["pageNumber"] == "1" and len(fake.queries) == 1:
                body = "[" + body[1:-1].split(', {"number": "8"')[0] + "]"
            return status, headers, body

        fake.mock.remove("GET", "https://visma.test/v1/customer")
        fake.mock.add_callback("GET", "https://visma.test/v1/customer", holes)
        reader = client()
        assert sorted(keys(reader), key=int) == numbers(20)
    assert reader.warnings == ()


def test_a_list_that_ignores_paging_but_promises_more_is_an_error() -> None:
    with visma(customers(50)) as fake:
        fake.cap, fake.ignores_paging = 10, True
        with pytest.raises(PermanentApiError, match="10 of 50"):
            keys(client())
    assert len(fake.queries) == 4


def test_pages_without_end_are_bounded() -> None:
    with visma(customers(40)) as fake:
        fake.cap, fake.total = 10, 50

        def turn(_: int) -> None:
            fake.rows = fake.rows[1:] + fake.rows[:1]

        fake.between = turn
        serve = fake._page

        def first_page_only(request: Any) -> Any:
            request.url = request.url.replace(f"pageNumber={len(fake.queries) + 1}", "pageNumber=1")
            return serve(request)

        fake.mock.remove("GET", "https://visma.test/v1/customer")
        fake.mock.add_callback("GET", "https://visma.test/v1/customer", first_page_only)
        with pytest.raises(TransientApiError, match="still not all"):
            keys(client())
    assert len(fake.queries) == 22


# --- rows that move while they are read


def test_2500_rows_with_one_stamp_all_arrive() -> None:
    with visma(customers(2500, modified="2026-11-20T06:35:22.153")) as fake:
        reader = client()
        got = keys(reader, datetime(2026, 11, 20, 6, 35, 22, 153_000))
        assert len(fake.queries) == 3
    assert sorted(got, key=int) == numbers(2500)
    assert reader.warnings == ()


def once(fake: FakeVisma, page: int, change: Callable[[], object]) -> None:
    """Let something happen just before a page is answered for the first time."""
    done: list[bool] = []

    def between(number: int) -> None:
        if number == page and not done:
            done.append(True)
            change()

    fake.between = between


def test_a_row_removed_while_pages_are_read_hides_no_other() -> None:
    with visma(customers(30)) as fake:
        fake.cap = 10
        once(fake, 2, lambda: fake.rows.pop(0))
        got = keys(client())
    assert sorted(got, key=int) == numbers(30)
    assert len(got) == len(set(got))
    assert len(fake.queries) == 6


def test_a_row_that_moves_to_the_end_hides_no_other_and_comes_in_both_versions() -> None:
    with visma(customers(30)) as fake:
        fake.cap = 10

        def change() -> None:
            del fake.rows[0]
            fake.rows.append(customer(1, "2026-11-22T11:00:00.5"))

        once(fake, 2, change)
        got = [(row.key, row.modified) for page in client().changed("customers") for row in page]
    assert {key for key, _ in got} == set(numbers(30))
    assert [modified for key, modified in got if key == "1"] == [
        "2026-11-20T06:35:22.153",
        "2026-11-22T11:00:00.5",
    ]
    assert len(got) == 31


def test_one_row_gone_and_a_new_one_is_seen_though_counts_agree() -> None:
    with visma(customers(30)) as fake:
        fake.cap = 10

        def swap() -> None:
            del fake.rows[0]
            fake.rows.append(customer(31, "2026-11-22T11:00:00"))

        once(fake, 2, swap)
        got = keys(client())
    assert sorted(got, key=int) == numbers(31)


def test_a_new_row_in_front_costs_nothing_twice() -> None:
    with visma(customers(30)) as fake:
        fake.cap = 10
        once(fake, 2, lambda: fake.rows.insert(0, customer(0)))
        got = keys(client())
    assert sorted(got, key=int) == ["0", *numbers(30)] or sorted(got, key=int) == numbers(30)
    assert len(got) == len(set(got))


def test_a_company_that_never_stands_still_can_be_read() -> None:
    with visma(customers(30)) as fake:
        fake.cap = 10

        def new_row(_: int) -> None:
            fake.rows.append(customer(len(fake.rows) + 1, "2026-11-22T11:00:00.1"))

        fake.between = new_row
        got = keys(client())
    assert len(got) == len(set(got))
    assert set(numbers(30)) <= set(got)


def test_a_list_that_shrinks_during_every_reading_is_not_trusted() -> None:
    with visma(customers(100)) as fake:
        fake.cap = 10
        fake.between = lambda page: fake.rows.pop(0) if page == 2 else None
        with pytest.raises(TransientApiError, match="changed during each of 5 readings"):
            keys(client())


def test_a_single_page_is_one_moment_and_needs_no_second_look() -> None:
    with visma(customers(5, modified="2026-11-22T11:00:00")) as fake:
        keys(client())
        assert len(fake.queries) == 1


def test_a_wrong_count_is_believed_after_two_equal_readings_but_said() -> None:
    with visma(customers(25)) as fake:
        fake.cap, fake.total = 10, 27
        reader = client()
        assert keys(reader) == numbers(25)
    assert [(warning.kind, warning.rows) for warning in reader.warnings] == [(WarningKind.COUNT_DIFFERS, 2)]


# --- judging, as a table


def reading(rows: int, *, pages: int = 2, total: int | None = None, **facts: Any) -> Reading:
    entity = ENTITIES["customers"]
    made = Reading(entity, 1000)
    totals = Totals(total, None)
    for page in range(pages):
        part = [row_of(entity, str(n), customer(n)) for n in range(page, rows, pages)]
        made.take(part, totals, NOW)
    for name, value in facts.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("this", "before", "judgement"),
    [
        (reading(10, total=10), None, Judgement.ENOUGH),
        (reading(10, total=None), None, Judgement.ENOUGH),
        (reading(10, pages=1, total=10, touched=True), None, Judgement.ENOUGH),
        (reading(10, total=10, touched=True), None, Judgement.AGAIN),
        (reading(9, total=10), None, Judgement.AGAIN),
        (reading(9, total=9, first_total=10), None, Judgement.AGAIN),
        (reading(10, total=10, torn=True), None, Judgement.AGAIN),
        (reading(10, pages=1, total=10, torn=True), reading(10, total=10, torn=True), Judgement.AGAIN),
        (reading(10, total=10, touched=True), reading(10, total=10, touched=True), Judgement.ENOUGH),
        (reading(10, total=10, touched=True, added_old=1), reading(9, total=10), Judgement.AGAIN),
        (reading(10, total=10, added_old=1), reading(9, total=10), Judgement.ENOUGH),
        (reading(9, total=10), reading(9, total=10), Judgement.STEADY),
        (reading(9, total=10), reading(9, total=11), Judgement.AGAIN),
        (reading(8, total=10), reading(9, total=10), Judgement.AGAIN),
    ],
)
def test_what_follows_from_a_reading(this: Reading, before: Reading | None, judgement: Judgement) -> None:
    assert judge(this, before) is judgement


def test_slack_of_the_clock_is_small() -> None:
    early = (NOW - timedelta(minutes=1)).replace(tzinfo=None)
    with visma(customers(30, modified=early.isoformat())) as fake:
        fake.cap = 10
        keys(client())
        assert len(fake.queries) == 3
