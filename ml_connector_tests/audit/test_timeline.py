"""The time line: everything in its order, each with what is known of it, and what says nothing new told once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from ml_connector.audit.differences import Change
from ml_connector.audit.ledger import Done
from ml_connector.audit.present import Present
from ml_connector.audit.timeline import Event, Place, Tone, timeline, values_changed
from ml_connector.audit.versions import Version
from ml_connector.audit.wanted import Planned
from ml_connector.plan.operations import Action, Operation
from ml_connector_tests.audit.made import at, done, version, written


@dataclass(frozen=True)
class Decision:
    """A row of the table of decisions."""

    decided_at: datetime
    record_key: str = "customer:1"
    verdict: str = "link"
    hubspot_id: str | None = "901"
    note: str | None = "It is theirs"


def told(
    *,
    seen: Sequence[Version] = (),
    operations: Sequence[Done] = (),
    planned: Sequence[Planned] = (),
    present: Present | None = None,
    decisions: Sequence[Decision] = (),
) -> list[Event]:
    """The time line of some of these."""
    return timeline(seen, operations, planned, present, decisions)


def test_everything_comes_in_its_order() -> None:
    plan = Operation(
        "companies", "companies", Action.UPDATE, ("customer:1",), "2026-11-22", values={"city": "Oslo"}
    )
    present = Present(
        "there", "901", writes=(written("city", "Bergen", 5), written("city", "Oslo", 2, ours=True))
    )
    events = told(
        seen=[version(0, first=True), version(6, again=2)],
        operations=[done(2, 3), done(1, 0, action="create", created=True)],
        planned=[Planned(plan, "run-9", at(7))],
        present=present,
        decisions=[Decision(at(1))],
    )
    assert [(event.place, event.what) for event in events] == [
        (Place.VISMA, "first version seen"),
        (Place.HUBSPOT, "made"),
        (Place.PEOPLE, "decided: link"),
        (Place.HUBSPOT, "changed"),
        (Place.PEOPLE, "changed in HubSpot"),
        (Place.VISMA, "new version seen"),
        (Place.PLAN, "update planned, not carried out"),
    ]
    assert events[4].changes == (Change("city", "Oslo", "Bergen"),)
    assert (events[4].facts["by"], events[4].tone) == ("a person in HubSpot (user 42)", Tone.THEIRS)
    assert events[5].facts["stored again unchanged"] == "2 times"
    assert (events[6].run_id, events[6].changes) == ("run-9", (Change("city", None, "Oslo"),))


@pytest.mark.parametrize(
    ("changes", "what", "tone"),
    [
        ({"action": "create", "created": True}, "made", Tone.PLAIN),
        ({"action": "create", "created": None}, "made", Tone.PLAIN),
        ({"action": "create", "created": False}, "found by its unique id and changed", Tone.PLAIN),
        ({"action": "create", "status": "rejected"}, "create refused", Tone.BAD),
        ({"status": "unknown"}, "update sent, its end is not known", Tone.BAD),
        (
            {"status": "intended", "finished_at": None},
            "update sent or about to be, its end is not known yet",
            Tone.BAD,
        ),
        ({"action": "link", "status": "pending"}, "link waits", Tone.BAD),
        ({"action": "skip", "status": "done"}, "left out", Tone.PLAIN),
        ({"action": "conflict", "status": "done"}, "in conflict, a person has to choose", Tone.BAD),
        ({"action": "archive"}, "archived", Tone.PLAIN),
    ],
)
def test_an_operation_says_how_it_ended(changes: dict[str, Any], what: str, tone: Tone) -> None:
    (event,) = told(operations=[done(**changes)])
    assert (event.what, event.tone) == (what, tone)


def test_to_empty_what_is_not_known_to_hold_anything_is_no_change() -> None:
    values = {"status": "open", "waits_for": "", "note": ""}
    assert values_changed(values, {"status": "draft", "note": "old"}) == (
        Change("note", "old", ""),
        Change("status", "draft", "open"),
    )


def test_an_operation_brings_all_that_a_support_asks_for() -> None:
    refused = done(
        status="rejected",
        http_status=400,
        category="VALIDATION_ERROR",
        message="The option is missing.",
        correlation_id="c-1",
        reason="Because.",
        stamp=datetime(2026, 11, 20, 10, 0, 0, 120000),
    )
    (event,) = told(operations=[refused])
    assert event.changes == (Change("name", "Fjell", "Fjord"),)
    assert event.facts == {
        "rule": "visma_id",
        "reason": "Because.",
        "message": "The option is missing.",
        "HubSpot id": "901",
        "HTTP status": "400",
        "category": "VALIDATION_ERROR",
        "correlation id": "c-1",
        "trace id": "t-1",
        "window": "2026-11-20",
        "version in Visma": "2026-11-20T10:00:00.12",
        "counted as": "companies",
    }
    assert event.as_dict()["run_id"] == "run-1"


def test_what_says_nothing_new_is_told_once() -> None:
    quiet = {"action": "unchanged", "status": "done", "values": {}, "previous": {}}
    events = told(operations=[done(number, number, **quiet) for number in range(1, 6)] + [done(9, 9)])
    assert [(event.what, event.times, event.until) for event in events] == [
        ("unchanged, nothing was sent", 5, at(5)),
        ("changed", 1, None),
    ]
    other = done(2, 2, **{**quiet, "key": "customer:2"})
    assert len(told(operations=[done(1, 1, **quiet), other])) == 2
    skipped = [
        done(number, number, **{**quiet, "action": "skip", "reason": f"{number}"}) for number in (1, 2)
    ]
    assert len(told(operations=skipped)) == 2


def test_problems_are_each_told() -> None:
    refused = [done(number, number, status="rejected", values={}, previous={}) for number in (1, 2)]
    assert len(told(operations=refused)) == 2


def test_what_one_person_saves_at_once_is_one_event_and_ours_are_none() -> None:
    writes = (
        written("city", "Bergen", 5),
        written("name", "Fjell", 5),
        written("name", "Fjord", 1, ours=True),
        written("phone", "1", 6),
    )
    events = told(present=Present("there", "901", writes=writes))
    assert [event.changes for event in events] == [
        (Change("city", None, "Bergen"), Change("name", "Fjord", "Fjell")),
        (Change("phone", None, "1"),),
    ]


def test_a_link_tells_no_values() -> None:
    linked = done(action="link", key="contact:1>customer:1", values={"from": "contact:1", "to": "customer:1"})
    (event,) = told(operations=[linked])
    assert (event.what, event.changes) == ("linked", ())
