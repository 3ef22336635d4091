"""Nested values become short paths, and what differs is told field by field."""

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.audit.differences import Change, changes, flat


def test_leaves_are_named_by_their_path() -> None:
    row = {
        "number": "10023",
        "creditLimit": Decimal("1000.50"),
        "active": True,
        "phone": "",
        "mainAddress": {"city": "Oslo", "zip": None},
        "lastModifiedDateTime": "2026-11-20T10:00:00",
        "timeStamp": "AAA=",
        "metadata": {"totalCount": 7},
    }
    assert flat(row) == {
        "number": "10023",
        "creditLimit": "1000.50",
        "active": "true",
        "mainAddress.city": "Oslo",
    }


@pytest.mark.parametrize(
    ("items", "paths"),
    [
        (
            [{"lineNumber": 3, "text": "a"}, {"lineNumber": 1, "text": "b"}],
            {"lines[3].text", "lines[1].text"},
        ),
        ([{"id": "x", "text": "a"}, {"id": "x", "text": "b"}], {"lines[1].text", "lines[2].text"}),
        (["a", "b"], {"lines[1]", "lines[2]"}),
    ],
)
def test_items_are_named_by_what_tells_them_apart(items: list[Any], paths: set[str]) -> None:
    assert paths <= flat({"lines": items}).keys()


def test_one_more_line_does_not_shift_the_others() -> None:
    before = {"lines": [{"lineNumber": 1, "text": "a"}, {"lineNumber": 2, "text": "b"}]}
    after = {"lines": [{"lineNumber": 5, "text": "new"}, *before["lines"]]}
    assert {change.name for change in changes(flat(before), flat(after))} == {
        "lines[5].lineNumber",
        "lines[5].text",
    }


def test_nothing_and_empty_are_the_same() -> None:
    assert changes({"a": None, "b": "1", "c": "x"}, {"a": "", "b": "2", "d": "y"}) == (
        Change("b", "1", "2"),
        Change("c", "x", None),
        Change("d", None, "y"),
    )
