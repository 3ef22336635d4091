"""Whatever the answer to a batch looks like: one outcome per input, matched by name and never by position."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.errors import CredentialsError, PermanentApiError
from ml_connector.hubspot.batches import Outcome, OutcomeStatus, WriteInput, interpret
from ml_connector.hubspot.outcomes import Again
from ml_connector_tests.hubspot.portal import answer

UNIQUE = "visma_customer_id"
CONFIRMED, REJECTED, UNKNOWN = OutcomeStatus.CONFIRMED, OutcomeStatus.REJECTED, OutcomeStatus.UNKNOWN


def upsert(number: int, **properties: str) -> WriteInput:
    return WriteInput(
        f"t-{number}",
        f"customer:{number}",
        {"name": f"Bygg {number} AS", **properties},
        f"demo:{number}",
        UNIQUE,
    )


def update(number: int) -> WriteInput:
    return WriteInput(f"t-{number}", f"customer:{number}", {"name": "Bygg AS"}, f"90{number}", None)


def result(item: WriteInput, *, trace: bool = True, key: bool = True, new: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {"id": f"7{item.trace_id[2:]}", "properties": {"name": "x"}, "new": new}
    if item.id_property is None:
        found["id"] = item.id if key else "1"
        del found["new"]
    elif key:
        found["properties"][UNIQUE] = item.id
    if trace:
        found["objectWriteTraceId"] = item.trace_id
    return found


def read(status: int, body: Any, items: list[WriteInput], **more: bool) -> list[Outcome]:
    reading = interpret(answer(status, body), items, "/batch", **more)
    assert isinstance(reading, list)
    return reading


def again(status: int, body: Any, items: list[WriteInput]) -> Again[WriteInput]:
    reading = interpret(answer(status, body), items, "/batch")
    assert isinstance(reading, Again)
    return reading


def statuses(outcomes: list[Outcome]) -> list[OutcomeStatus]:
    return [outcome.status for outcome in outcomes]


@pytest.mark.parametrize(("trace", "key"), [(True, True), (True, False), (False, True)])
def test_results_are_matched_by_trace_id_or_unique_value_in_any_order(trace: bool, key: bool) -> None:
    items = [upsert(1), upsert(2), upsert(3)]
    body = {"results": [result(item, trace=trace, key=key) for item in reversed(items)]}
    outcomes = read(200, body, items)
    assert [(one.trace_id, one.hubspot_id, one.created) for one in outcomes] == [
        ("t-1", "71", True),
        ("t-2", "72", True),
        ("t-3", "73", True),
    ]


def test_a_key_goes_before_the_trace_id_it_comes_with() -> None:
    """One customer must never be taken for another because an answer mixes up what it repeats."""
    items = [upsert(1), upsert(2), upsert(3)]
    mixed = [
        result(item) | {"objectWriteTraceId": items[place - 1].trace_id} for place, item in enumerate(items)
    ]
    outcomes = read(200, {"results": mixed}, items)
    assert [(one.key, one.hubspot_id) for one in outcomes] == [(f"customer:{n}", f"7{n}") for n in (1, 2, 3)]
    foreign = result(items[0])
    foreign["properties"][UNIQUE] = "demo:99"
    assert statuses(read(200, {"results": [foreign]}, items)) == [UNKNOWN] * 3
    for odd in (None, ["x"], "x"):
        assert statuses(read(200, {"results": [{"id": "71", "properties": odd}]}, items)) == [UNKNOWN] * 3


def test_a_unique_value_in_another_case_is_the_same() -> None:
    item = upsert(1)
    found = result(item, trace=False)
    found["properties"][UNIQUE] = "DEMO:1"
    assert statuses(read(200, {"results": [found]}, [item])) == [CONFIRMED]


def test_updates_are_matched_by_record_id_and_create_nothing() -> None:
    items = [update(1), update(2)]
    outcomes = read(200, {"results": [result(items[1], trace=False), result(items[0], trace=False)]}, items)
    assert [(one.hubspot_id, one.created) for one in outcomes] == [("901", False), ("902", False)]


@pytest.mark.parametrize(
    ("new", "before", "created"),
    [
        (True, False, True),
        (False, False, False),
        (True, True, True),
        (False, True, None),
        (None, False, None),
    ],
)
def test_created_is_told_only_where_it_is_known(new: bool | None, before: bool, created: bool | None) -> None:
    item = upsert(1)
    found = {**result(item), "new": new}
    assert read(200, {"results": [found]}, [item], maybe_done_before=before)[0].created is created


@pytest.mark.parametrize(
    "body",
    [
        {"status": "COMPLETE", "results": []},
        {"results": None},
        {},
        [],
        "",
        {"results": [{"id": "5", "properties": {}}, "text", {"properties": {UNIQUE: "demo:1"}}]},
    ],
)
def test_success_that_names_nobody_proves_nothing(body: Any) -> None:
    outcomes = read(200, body, [upsert(1), upsert(2)])
    assert statuses(outcomes) == [UNKNOWN, UNKNOWN]
    assert {one.category for one in outcomes} == {"UNCONFIRMED"}


ERROR = {"status": "error", "category": "VALIDATION_ERROR", "message": "Bygg 2 AS is refused"}


@pytest.mark.parametrize(
    "error",
    [
        {**ERROR, "context": {"objectWriteTraceId": ["t-2"]}},
        {**ERROR, "context": {"objectWriteTraceId": "t-2"}},
        {**ERROR, "context": {"ids": ["demo:2"]}},
        {**ERROR, "message": "Bygg 2 AS is refused: demo:2."},
        {**ERROR, "message": "No customer:2, Bygg 2 AS is refused"},
    ],
)
@pytest.mark.parametrize("status", [200, 207])
def test_errors_in_a_success_reject_the_rows_they_name(status: int, error: dict[str, Any]) -> None:
    items = [upsert(1), upsert(2), upsert(3)]
    body = {"results": [result(items[0]), result(items[2])], "errors": [error], "correlationId": "c-9"}
    outcomes = read(status, body, items)
    assert statuses(outcomes) == [CONFIRMED, REJECTED, CONFIRMED]
    refused = outcomes[1]
    assert (refused.category, refused.correlation_id, refused.http_status) == (
        "VALIDATION_ERROR",
        "c-9",
        status,
    )
    assert refused.message is not None
    assert "Bygg" not in refused.message


def test_a_row_left_out_beside_named_errors_is_unknown() -> None:
    items = [upsert(1), upsert(2), upsert(3)]
    body = {"results": [result(items[0])], "errors": [{**ERROR, "context": {"ids": ["demo:2"]}}]}
    assert statuses(read(207, body, items)) == [CONFIRMED, REJECTED, UNKNOWN]


def test_a_row_both_confirmed_and_refused_is_unknown() -> None:
    items = [upsert(1)]
    body = {"results": [result(items[0])], "errors": [{**ERROR, "context": {"ids": ["demo:1"]}}]}
    assert statuses(read(207, body, items)) == [UNKNOWN]


def test_errors_that_name_nobody_send_the_unconfirmed_again() -> None:
    items = [upsert(number) for number in range(5)]
    body = {"results": [result(items[0])], "errors": [{"category": "VALIDATION_ERROR", "message": "No."}]}
    reading = again(207, body, items)
    assert statuses(reading.settled) == [CONFIRMED]
    assert (reading.rest, reading.halve) == (items[1:], False)
    nothing = again(207, {**body, "results": []}, items)
    assert (nothing.rest, nothing.halve) == (items, True)


def test_the_only_row_owns_every_error() -> None:
    outcomes = read(207, {"errors": [{"category": "VALIDATION_ERROR", "message": "No."}]}, [upsert(1)])
    assert statuses(outcomes) == [REJECTED]


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_refused_batch_goes_again_and_a_refused_row_is_rejected(status: int) -> None:
    items = [upsert(number) for number in range(5)]
    reading = again(status, {"category": "VALIDATION_ERROR", "message": "No."}, items)
    assert (reading.settled, reading.rest, reading.halve) == ([], items, True)
    outcomes = read(status, {"category": "VALIDATION_ERROR", "message": "No."}, items[:1])
    assert (outcomes[0].status, outcomes[0].http_status) == (REJECTED, status)


def test_rows_that_a_refusal_names_are_rejected_and_the_rest_goes_whole() -> None:
    items = [upsert(1), upsert(2), upsert(3)]
    body = {"message": "No.", "errors": [{"message": "x", "context": {"objectWriteTraceId": ["t-2"]}}]}
    reading = again(400, body, items)
    assert [one.trace_id for one in reading.settled] == ["t-2"]
    assert (reading.rest, reading.halve) == ([items[0], items[2]], False)


def test_rows_with_a_property_the_portal_lacks_are_all_named() -> None:
    items = [upsert(1, visma_x="1"), upsert(2), upsert(3, visma_x="2")]
    listed = json.dumps([{"isValid": False, "error": "PROPERTY_DOESNT_EXIST", "name": "visma_x"}])
    body = {"category": "VALIDATION_ERROR", "message": f"Property values were not valid: {listed}"}
    reading = again(400, body, items)
    assert [one.trace_id for one in reading.settled] == ["t-1", "t-3"]
    assert reading.settled[0].message == "visma_x is not a property of this portal."
    assert statuses(read(400, body, [items[0], items[2]])) == [REJECTED, REJECTED]


def test_a_conflict_names_the_existing_record() -> None:
    body = {
        "category": "CONFLICT",
        "message": "Contact already exists. Existing ID: 4711",
        "correlationId": "c",
    }
    (outcome,) = read(409, body, [upsert(1)])
    assert (outcome.category, outcome.existing_id, outcome.correlation_id) == ("CONFLICT", "4711", "c")
    partial = {"errors": [{**body, "context": {"objectWriteTraceId": ["t-1"]}}]}
    assert read(207, partial, [upsert(1)])[0].existing_id == "4711"


def test_a_missing_record_named_in_a_404_is_one_rows_trouble() -> None:
    items = [update(1), update(2)]
    body = {"category": "OBJECT_NOT_FOUND", "message": "Not found", "context": {"ids": ["901"]}}
    assert [one.key for one in again(404, body, items).settled] == ["customer:1"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {}, CredentialsError),
        (403, {"category": "MISSING_SCOPES"}, PermanentApiError),
        (404, {"message": "Unknown object type"}, PermanentApiError),
        (400, {"message": "Unable to infer object type from: x"}, PermanentApiError),
        (
            400,
            {"message": "Unable to perform update/upsert by non-unique 0-2 property x in portal ID 1"},
            PermanentApiError,
        ),
        (400, {"message": "Invalid input JSON on line 1, column 1"}, PermanentApiError),
        (400, {"message": "Cannot upsert a CONTACT when idProperty is set to email."}, PermanentApiError),
    ],
)
def test_refusals_of_the_whole_run_raise(status: int, body: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        interpret(answer(status, body), [upsert(1), upsert(2)], "/batch")
    with pytest.raises(error):
        interpret(answer(status, body), [upsert(1)], "/batch")


fates = st.lists(
    st.sampled_from(["trace", "key", "error trace", "error id", "silent", "both"]), min_size=1, max_size=30
)


@settings(max_examples=150, deadline=None)
@given(fates, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_every_input_has_one_outcome_whatever_is_left_out_or_shuffled(
    fate: list[str], updates: bool, stray: bool, chance: random.Random
) -> None:
    items = [update(number) if updates else upsert(number) for number in range(len(fate))]
    results, errors = [], []
    for item, what in zip(items, fate, strict=True):
        if what in ("trace", "key", "both"):
            results.append(result(item, trace=what != "key", key=what == "key" or updates))
        if what in ("error trace", "both"):
            errors.append({**ERROR, "message": "x", "context": {"objectWriteTraceId": [item.trace_id]}})
        if what == "error id":
            errors.append({**ERROR, "message": "x", "context": {"ids": [item.id]}})
    if stray:
        results.append({"id": "4", "properties": {UNIQUE: "other:1"}})
        errors.append({**ERROR, "message": "x"})
    chance.shuffle(results)
    chance.shuffle(errors)
    reading = interpret(answer(207, {"results": results, "errors": errors}), items, "/batch")
    outcomes = reading.settled if isinstance(reading, Again) else reading
    rest = reading.rest if isinstance(reading, Again) else []
    named = sorted([one.trace_id for one in outcomes] + [item.trace_id for item in rest])
    assert named == sorted(item.trace_id for item in items)
    expected = {"trace": CONFIRMED, "key": CONFIRMED, "error trace": REJECTED, "error id": REJECTED}
    ended = {one.trace_id: one.status for one in outcomes}
    for item, what in zip(items, fate, strict=True):
        if item.trace_id in ended and not (stray and len(items) == 1):
            assert ended[item.trace_id] is expected.get(what, UNKNOWN)
