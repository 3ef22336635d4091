"""What a property held before a run wrote it, by the history that HubSpot keeps."""

from datetime import UTC, datetime, timedelta

from ml_connector.hubspot.history import Entry
from ml_connector.undo.portal import value_before
from ml_connector.undo.removed import parent_of

BEGAN = datetime(2026, 11, 20, 6, tzinfo=UTC)


def entry(value: str, minutes: int = 1) -> Entry:
    """Return a value that was written so many minutes after the run began."""
    return Entry(value, BEGAN + timedelta(minutes=minutes), "INTEGRATION", "1", "", "")


def test_the_value_under_those_of_the_run() -> None:
    assert value_before([entry("b"), entry("a", -60)], ["b"], BEGAN) == "a"
    assert value_before([entry("c"), entry("b"), entry("a", -60)], ["b", "c"], BEGAN) == "a"
    assert value_before([entry("b")], ["b"], BEGAN) == ""
    assert value_before([], ["b"], BEGAN) == ""


def test_a_value_that_was_there_already_has_left_no_entry() -> None:
    assert value_before([entry("b", -60), entry("a", -90)], ["b"], BEGAN) == "b"
    assert value_before([entry("c"), entry("b", -60)], ["b", "c"], BEGAN) == "b"


def test_clocks_may_differ_by_minutes() -> None:
    assert value_before([entry("b", -5), entry("a", -60)], ["b"], BEGAN) == "a"


def test_the_document_of_a_line() -> None:
    assert parent_of("line:Invoice:100234:3") == "invoice:100234"
    assert parent_of("line:CreditNote:A:1:rounding") == "creditnote:A:1"
