"""Journal batches over page edges: put together exactly, or not handed on at all."""

import json
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.visma.entities import ENTITIES
from ml_connector.visma.journal import Seams, joined, line_numbers
from ml_connector.visma.rows import Row, parse_row
from ml_connector_tests.visma.fake import FakeJournal, batch, client, visma

JOURNAL = ENTITIES["journal_transactions"]


def part(number: int, lines: list[int], **more: object) -> Row:
    return parse_row(JOURNAL, json.dumps(batch(number, lines, **more)))  # type: ignore[arg-type]


def lines_of(row: Row) -> list[int]:
    return [line["lineNumber"] for line in row.values["journalTransactionLines"]]


def test_a_whole_batch_stays_as_received() -> None:
    row = part(1, [1, 2])
    assert joined(JOURNAL, [row]) is row


def test_parts_become_one_batch_in_exact_text() -> None:
    first = parse_row(
        JOURNAL,
        '{"module":"ModuleGL", "batchNumber":"7","debitTotal": 100.500,'
        ' "journalTransactionLines":[{"lineNumber":2,"debitAmount":1.10},'
        '{"lineNumber":1,"debitAmount": 2.00}],"x":null}',
    )
    second = parse_row(
        JOURNAL,
        '{"module":"ModuleGL","batchNumber":"7","journalTransactionLines":'
        '[{"lineNumber":2,"debitAmount":1.10},{"lineNumber":3,"debitAmount":97.4000},{"text":"no number"}]}',
    )
    whole = joined(JOURNAL, [first, second])
    assert whole.key == "GL:7"
    assert whole.raw == (
        '{"module":"ModuleGL","batchNumber":"7","debitTotal":100.500,"x":null,"journalTransactionLines":['
        '{"lineNumber":1,"debitAmount": 2.00},{"lineNumber":2,"debitAmount":1.10},'
        '{"lineNumber":3,"debitAmount":97.4000},'
        f'{{"text":"no number"}}],"receivedParts":[{first.raw},{second.raw}]}}'
    )
    assert whole.values == json.loads(whole.raw, parse_float=Decimal)
    assert sum(line["debitAmount"] for line in whole.values["journalTransactionLines"][:3]) == Decimal(
        "100.5000"
    )


@pytest.mark.parametrize("lines", ["null", '"x"', "[]"])
def test_a_part_without_lines(lines: str) -> None:
    empty = parse_row(JOURNAL, f'{{"module":"GL","batchNumber":"000007","journalTransactionLines":{lines}}}')
    assert line_numbers(JOURNAL, empty) == []
    assert lines_of(joined(JOURNAL, [empty, part(7, [1])])) == [1]


def test_only_the_edges_wait() -> None:
    seams = Seams(JOURNAL)
    assert [row.key for row in seams.whole([part(1, [1]), part(2, [1]), part(3, [1])])] == [
        "AR:000001",
        "AR:000002",
    ]
    assert [row.key for row in seams.whole([part(3, [2]), part(4, [1]), part(5, [1])])] == ["AR:000004"]
    assert [(row.key, lines_of(row)) for row in seams.rest()] == [("AR:000003", [1, 2]), ("AR:000005", [1])]
    assert not seams.torn


def test_a_batch_over_three_pages() -> None:
    seams = Seams(JOURNAL)
    for lines in ([1, 2], [3, 4], [5]):
        assert seams.whole([part(1, lines)]) == []
    assert [lines_of(row) for row in seams.rest()] == [[1, 2, 3, 4, 5]]


def test_parts_moved_apart_by_a_new_batch_still_meet() -> None:
    seams = Seams(JOURNAL)
    seams.whole([part(1, [1, 2]), part(2, [1])])
    assert seams.whole([part(1, [2]), part(2, [1, 2, 3]), part(3, [1])]) == []
    assert [(row.key, lines_of(row)) for row in seams.rest()] == [
        ("AR:000002", [1, 2, 3]),
        ("AR:000003", [1]),
    ]
    assert not seams.torn


@pytest.mark.parametrize(
    "page", [[part(1, [2], modified="later"), part(3, [1])], [part(2, [2], timeStamp="new")]]
)
def test_a_batch_changed_between_its_parts_spoils_the_reading(page: list[Row]) -> None:
    seams = Seams(JOURNAL)
    seams.whole([part(1, [1, 2]), part(2, [1])])
    seams.whole(page)
    assert seams.torn


def test_batches_over_page_edges_arrive_whole() -> None:
    rows = [batch(number, list(range(1, 8))) for number in range(1, 31)]
    with visma(rows, "/v2/journaltransaction", FakeJournal) as fake:
        fake.cap = 10
        reader = client()
        got = [row for page in reader.changed("journal_transactions") for row in page]
    assert sorted(row.key for row in got) == [f"AR:{number:06d}" for number in range(1, 31)]
    assert all(lines_of(row) == list(range(1, 8)) for row in got)
    assert reader.warnings == ()
    assert len(fake.queries) == 21
    assert fake.queries[0]["lastModifiedDateTime"] == "1900-01-01 00:00:00.000"
    assert "lastModifiedDateTimeCondition" not in fake.queries[0]


def test_a_batch_larger_than_a_page() -> None:
    with visma([batch(1, list(range(1, 36)))], "/v2/journaltransaction", FakeJournal) as fake:
        fake.cap = 10
        pages = list(client().changed("journal_transactions"))
    assert [lines_of(row) for page in pages for row in page] == [list(range(1, 36))]


def test_a_batch_that_changes_between_its_pages_comes_whole_in_its_new_version() -> None:
    rows = [batch(1, [1, 2, 3]), batch(2, [1, 2, 3]), batch(3, [1, 2, 3])]
    with visma(rows, "/v2/journaltransaction", FakeJournal) as fake:
        fake.cap = 4

        def change(page: int) -> None:
            if page == 2 and rows[1]["lastModifiedDateTime"] != "2026-11-21T10:00:00":
                rows[1] = batch(2, [1, 2, 3, 4], "2026-11-21T10:00:00")

        fake.between = change
        got = [row for page in client().changed("journal_transactions") for row in page]
    assert sorted((row.key, tuple(lines_of(row))) for row in got) == [
        ("AR:000001", (1, 2, 3)),
        ("AR:000002", (1, 2, 3, 4)),
        ("AR:000003", (1, 2, 3)),
    ]


def test_lines_removed_between_pages_lose_no_batch_and_leave_none_half() -> None:
    rows = [batch(number, [1, 2, 3]) for number in range(1, 7)]
    with visma(rows, "/v2/journaltransaction", FakeJournal) as fake:
        fake.cap = 4

        def remove(page: int) -> None:
            if page == 2 and len(rows) == 6:
                del rows[0]

        fake.between = remove
        got = [row for page in client().changed("journal_transactions") for row in page]
    assert {row.key for row in got} >= {f"AR:{number:06d}" for number in range(2, 7)}
    assert all(lines_of(row) == [1, 2, 3] for row in got)


def test_a_batch_without_lines_does_not_end_the_list() -> None:
    rows = [batch(1, []), batch(2, list(range(1, 10))), batch(3, [1, 2, 3])]

    class WithEmpty(FakeJournal):
        """Shows the batch without lines on the first page, on top of its ten lines, and does not count it."""

        def _page(self, request: Any) -> Any:
            status, headers, body = super()._page(request)
            page = json.loads(body)
            if self.queries[-1]["pageNumber"] == "1":
                page.insert(0, {**rows[0], "metadata": {"totalCount": 12, "maxPageSize": 11}})
            return status, headers, json.dumps(page)

    with visma(rows, "/v2/journaltransaction", WithEmpty) as fake:
        fake.cap = 11
        got = {row.key: lines_of(row) for page in client().changed("journal_transactions") for row in page}
    assert got == {"AR:000001": [], "AR:000002": list(range(1, 10)), "AR:000003": [1, 2, 3]}
