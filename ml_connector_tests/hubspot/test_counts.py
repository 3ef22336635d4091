"""The counts of a load: every operation in exactly one of them, and the reasons of those that ended badly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.hubspot.counts import SAMPLES, Blamed, LoadCounts
from ml_connector.hubspot.outcomes import Outcome, OutcomeStatus
from ml_connector.plan.operations import Action, Operation


def operation(action: Action, number: int = 1, reason: str | None = None) -> Operation:
    return Operation("companies", "companies", action, (f"customer:{number}",), "2026-11-20", reason=reason)


def outcome(status: OutcomeStatus, category: str = "VALIDATION_ERROR") -> Outcome:
    return Outcome("t-1", "customer:1", status, category=category)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (Action.CREATE, "created"),
        (Action.LINK, "created"),
        (Action.UPDATE, "updated"),
        (Action.OPEN, "updated"),
        (Action.ARCHIVE, "archived"),
        (Action.UNLINK, "archived"),
        (Action.UNCHANGED, "unchanged"),
        (Action.SKIP, "skipped"),
        (Action.CONFLICT, "conflicts"),
        (Action.REJECT, "rejected"),
    ],
)
def test_each_action_counts_once(action: Action, name: str) -> None:
    counts = LoadCounts(read=1)
    counts.done(operation(action))
    assert {key for key, many in counts.as_dict().items() if many} == {"read", name}
    assert counts.adds_up


def test_a_create_that_met_its_record_is_an_update() -> None:
    counts = LoadCounts()
    for action in (Action.CREATE, Action.LINK):
        counts.done(operation(action), "901", existed=True)
    assert (counts.updated, counts.created) == (1, 1)


def test_every_action_has_a_count() -> None:
    for action in Action:
        LoadCounts().done(operation(action))


@given(st.lists(st.sampled_from([*Action, "refused", "waiting"]), max_size=20), st.integers(-1, 1))
def test_they_add_up_exactly_when_all_are_accounted_for(ends: list[str], missing: int) -> None:
    counts = LoadCounts(read=len(ends) + missing)
    for end in ends:
        if end == "refused":
            counts.ended_badly(outcome(OutcomeStatus.REJECTED), "customer:1")
        elif end == "waiting":
            counts.waiting("its company is not linked yet", "customer:1")
        else:
            counts.done(operation(Action(end)))
    assert counts.adds_up is (missing == 0)


def test_what_ended_badly_is_grouped_by_cause_with_the_first_keys() -> None:
    counts = LoadCounts()
    for number in range(SAMPLES + 3):
        reason = f"{number + 2} HubSpot companies fit by domain; a person has to choose one"
        counts.done(operation(Action.CONFLICT, number, reason))
    for number in (77, 78):
        counts.ended_badly(outcome(OutcomeStatus.REJECTED), f"customer:{number}")
    counts.ended_badly(outcome(OutcomeStatus.UNKNOWN, "NO_ANSWER"), "customer:79")
    counts.waiting("the other record is not in HubSpot yet", "contact:1>customer:79")
    counts.done(operation(Action.SKIP, reason="it is inactive"))
    assert counts.causes == {
        "several-fit": Blamed(SAMPLES + 3, [f"customer:{number}" for number in range(SAMPLES)]),
        "value-refused": Blamed(2, ["customer:77", "customer:78"]),
        "no-answer": Blamed(1, ["customer:79"]),
        "link-waits": Blamed(1, ["contact:1>customer:79"]),
    }
    assert (counts.rejected, counts.pending) == (2, 2)


def test_samples_are_a_few_that_were_written() -> None:
    counts = LoadCounts()
    for number in range(SAMPLES + 3):
        counts.done(operation(Action.CREATE, number), f"90{number}")
    counts.done(operation(Action.UNCHANGED, 99))
    assert counts.samples == {f"customer:{number}": f"90{number}" for number in range(SAMPLES)}


def test_the_equation_for_a_person() -> None:
    counts = LoadCounts(read=3, created=2, rejected=1)
    assert counts.sentence() == (
        "3 read = 2 created + 0 updated + 0 archived + 0 unchanged + 0 skipped + 1 rejected + 0 pending + 0 conflicts"
    )
