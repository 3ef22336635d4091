"""Who changed a value last, told from its history."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ml_connector.hubspot.history import Entry
from ml_connector.plan.edits import CUT, Edit, Kept, by_person

START = datetime(2026, 11, 1, tzinfo=UTC)
OURS = "Oslo"
WORKFLOWS = [(str(number), "AUTOMATION_PLATFORM") for number in reversed(range(CUT))]


def history(*entries: tuple[str, str]) -> list[Entry]:
    """Return a history, newest first, of values and their writers, a day apart."""
    moments = (START - timedelta(days=days) for days in range(len(entries)))
    return [
        Entry(value, at, source, "", "", "") for (value, source), at in zip(entries, moments, strict=True)
    ]


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([("Bergen", "CRM_UI"), (OURS, "INTEGRATION")], "Bergen"),
        ([("Bergen", "MOBILE_IOS"), (OURS, "INTEGRATION")], "Bergen"),
        ([("Bergen", "SOMETHING_NEW"), (OURS, "INTEGRATION")], "Bergen"),
        ([("Bergen", "AUTOMATION_PLATFORM"), (OURS, "INTEGRATION")], None),
        ([("Bergen", "COMPANY_INSIGHTS"), (OURS, "INTEGRATION")], None),
        ([("Bergen", "DATA_ENRICHMENT"), (OURS, "INTEGRATION")], None),
        ([("Bergen", "AUTOMATION_PLATFORM"), ("Molde", "CRM_UI"), (OURS, "INTEGRATION")], "Molde"),
        ([("Bergen", "INTEGRATION"), ("Bodø", "INTEGRATION"), (OURS, "INTEGRATION")], None),
        ([("Bergen", "AUTOMATION_PLATFORM"), (OURS, "INTEGRATION"), ("Molde", "CRM_UI")], None),
        (
            [("Bergen", "AUTOMATION_PLATFORM"), (OURS, "CRM_UI"), ("Molde", "CRM_UI"), (OURS, "INTEGRATION")],
            None,
        ),
        ([("Bergen", "AUTOMATION_PLATFORM"), (OURS, "CRM_UI")], None),
        ([], None),
        # A history that may be cut: what stood before these values, and whether a person typed it, is not shown.
        ([*WORKFLOWS, (OURS, "INTEGRATION")], None),
        (WORKFLOWS[1:], None),
        (WORKFLOWS, "0"),
    ],
)
def test_the_newest_entry_of_a_person_after_our_own(
    entries: Sequence[tuple[str, str]], found: str | None
) -> None:
    entry = by_person(history(*entries), OURS.__eq__, None)
    assert (entry.value if entry else None) == found


def test_where_our_value_is_not_known_only_what_is_newer_than_our_last_look_counts() -> None:
    entries = history(("Bergen", "CRM_UI"))
    assert by_person(entries, lambda _: False, START - timedelta(hours=1)) == entries[0]
    assert by_person(entries, lambda _: False, START + timedelta(hours=1)) is None
    long = history(*WORKFLOWS)
    assert by_person(long, lambda _: False, long[-1].written_at - timedelta(hours=1)) == long[-1]
    assert by_person(long, lambda _: False, long[-1].written_at) is None


def test_an_edit_is_stored_with_a_plan_as_it_is() -> None:
    edit = Edit("city", OURS, "Bergen", "Bodø", Kept.FLAGGED, "CRM_UI", START)
    assert Edit.from_row(edit.to_row()) == edit
    bare = Edit("city", None, None, "", Kept.OVERWRITTEN)
    assert Edit.from_row(bare.to_row()) == bare
