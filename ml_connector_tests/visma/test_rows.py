"""Rows keep their exact text and exact numbers, whatever the pieces a body arrives in."""

import io
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.visma.entities import ENTITIES
from ml_connector.visma.rows import (
    JsonRows,
    MalformedBodyError,
    Row,
    Totals,
    fields_of,
    items_of,
    parse_row,
    row_of,
    totals_of,
)

CUSTOMERS = ENTITIES["customers"]


def read(body: bytes, piece: int = 256 * 1024) -> list[tuple[str, object]]:
    return list(JsonRows(io.BytesIO(body), piece=piece))


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 100_000])
def test_the_text_of_each_row_is_exact(piece: int) -> None:
    texts = [
        '{"number": "1", "amount": 1234.7700, "empty" :null}',
        '{"number":"Ø","emoji":"🐟","escaped":"\\ud83d\\ude00\\u00e6 \\"]}"}',
        '{ "nested" : { "list":[1, 2.50,{}] } ,"x":-0.10e1 }',
        "7.50",
        "true",
        "-120.25e-10",
    ]
    body = ("\ufeff [\n" + " ,\r\n\t".join(texts) + "\n] \n").encode()
    assert [raw for raw, _ in read(body, piece)] == texts
    values = [value for _, value in read(body, piece)]
    assert values[0] == {"number": "1", "amount": Decimal("1234.7700"), "empty": None}
    assert str(values[0]["amount"]) == "1234.7700"
    assert values[3] == Decimal("7.50")


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(
        st.dictionaries(st.text(max_size=5), st.text() | st.integers() | st.none() | st.lists(st.text())),
        max_size=6,
    ),
    piece=st.integers(1, 40),
    ascii_only=st.booleans(),
)
def test_any_rows_survive_any_pieces(rows: list[dict[str, object]], piece: int, ascii_only: bool) -> None:
    texts = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    body = f"[{','.join(texts)}]".encode("utf-8", "surrogatepass" if ascii_only else "replace")
    if all(text.isprintable() or ascii_only for text in texts):
        assert [raw for raw, _ in read(body, piece)] == texts


@pytest.mark.parametrize("body", [b"[]", b" [ ] ", b'{"records": []}'])
def test_empty_lists(body: bytes) -> None:
    assert read(body) == []


@pytest.mark.parametrize("piece", [1, 5, 1000])
def test_wrapped_rows(piece: int) -> None:
    rows = JsonRows(
        io.BytesIO(b'{"pageNumber":1,"records":[{"a":1.50},{"a":2}],"pageSize":500,"totalCount":2}'),
        piece=piece,
    )
    assert [raw for raw, _ in rows] == ['{"a":1.50}', '{"a":2}']
    assert rows.totals == Totals(2, 500)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"<html>",
        b'"text"',
        b"[1, 2",
        b"[1 2]",
        b"[1,]",
        b'[{"a": 1}, {"a": ',
        b'[{"a": tru}]',
        b'[{"a": NaN}]',
        b'[{"a": -Infinity}]',
        b"[1] [2]",
        b'{"message": "secret words"}',
        b'{"records": 7}',
        b"{}",
        b"[" + b"9" * 5000 + b"]",
        b"[" * 100_000,
    ],
    ids=lambda body: body[:20].decode(),
)
def test_what_is_no_list_of_rows_is_refused_without_quoting_it(body: bytes) -> None:
    with pytest.raises(MalformedBodyError) as caught:
        read(body)
    assert "secret" not in str(caught.value)


def test_rows_before_the_cut_are_read_first() -> None:
    rows = iter(JsonRows(io.BytesIO(b'[{"a":1},{"a":2},{"a"')))
    assert [next(rows)[0], next(rows)[0]] == ['{"a":1}', '{"a":2}']
    with pytest.raises(MalformedBodyError, match="character 21"):
        next(rows)


def test_a_body_is_not_held_in_memory() -> None:
    class Endless:
        """Gives rows for ever, and counts how far it was read."""

        given = 0

        def read(self, size: int, /) -> bytes:
            self.given += size
            return (b"[" if self.given == size else b"") + b'{"n":12},' * (size // 9)

    source = Endless()
    rows = iter(JsonRows(source, piece=900))
    for _ in range(1000):
        next(rows)
    assert source.given <= 10_800


def test_a_row_knows_its_key_and_stamp() -> None:
    raw = '{"number": "10023", "lastModifiedDateTime": "2026-11-20T06:35:22.1"}'
    row = parse_row(CUSTOMERS, f" {raw}\n")
    assert row == Row("10023", "2026-11-20T06:35:22.1", raw, json.loads(raw))
    assert row_of(CUSTOMERS, "null", None) == Row("", None, "null", {})


@pytest.mark.parametrize("text", ["", "{", "{} {}", "<html>"])
def test_one_row_must_be_one_value(text: str) -> None:
    with pytest.raises(MalformedBodyError):
        parse_row(CUSTOMERS, text)


def test_versions() -> None:
    def version(**values: object) -> bytes:
        return parse_row(CUSTOMERS, json.dumps(values)).version

    first = version(number="1", lastModifiedDateTime="a", timeStamp="x")
    assert first == version(number="1", lastModifiedDateTime="a", timeStamp="x", metadata={"totalCount": 9})
    assert first != version(number="2", lastModifiedDateTime="a", timeStamp="x")
    assert first != version(number="1", lastModifiedDateTime="b", timeStamp="x")
    assert first != version(number="1", lastModifiedDateTime="a", timeStamp="y")
    assert version(number="1", name="a") != version(number="1", name="b")


@pytest.mark.parametrize(
    ("metadata", "totals"),
    [
        ('{"totalCount": 2500, "maxPageSize": 1000}', Totals(2500, 1000)),
        ('{"totalCount": 0, "maxPageSize": null}', Totals()),
        ("null", Totals()),
        ('"x"', Totals()),
    ],
)
def test_metadata_of_a_row(metadata: str, totals: Totals) -> None:
    assert totals_of(parse_row(CUSTOMERS, f'{{"number": "1", "metadata": {metadata}}}')) == totals
    assert totals_of(None) == Totals()


def test_fields_and_items_in_their_exact_text() -> None:
    raw = '{"a" : 1.500 , "b":[ {"c": 2.0}, 3 ],"d":{}}'
    assert list(fields_of(raw)) == [("a", "1.500"), ("b", '[ {"c": 2.0}, 3 ]'), ("d", "{}")]
    assert [text for text, _ in items_of('[ {"c": 2.0}, 3 ]')] == ['{"c": 2.0}', "3"]
