"""Batches of writes: split where refused, read back where unclear, one proven outcome per input."""

from typing import Any

import pytest
import requests
import responses

from ml_connector.errors import TransientApiError
from ml_connector.hubspot.batches import write_batches
from ml_connector_tests.hubspot.portal import Reply, Script, client
from ml_connector_tests.hubspot.upserts import (
    CONFIRMED,
    READ,
    REJECTED,
    UNIQUE,
    UNKNOWN,
    UPSERT,
    Portal,
    of,
    update,
    upsert,
    write,
)


@responses.activate
def test_upserts_carry_key_property_and_trace_id() -> None:
    portal = Portal()
    outcomes = write(client(), [upsert(1), upsert(2)])
    assert portal.upserts.bodies[0]["inputs"][0] == {
        "id": "demo:1",
        "idProperty": UNIQUE,
        "properties": {"name": "Bygg 1"},
        "objectWriteTraceId": "t-1",
    }
    assert [(one.status, one.created, one.key) for one in outcomes] == [
        (CONFIRMED, True, "customer:1"),
        (CONFIRMED, True, "customer:2"),
    ]


@responses.activate
def test_updates_go_by_record_id() -> None:
    portal = Portal()
    outcomes = write(client(), [update(1)])
    assert "idProperty" not in portal.updates.bodies[0]["inputs"][0]
    assert (outcomes[0].hubspot_id, outcomes[0].created) == ("91", False)


@responses.activate
@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("bad", [0, 37, 99])
def test_one_bad_row_in_a_hundred_costs_at_most_fifteen_calls_and_no_neighbour(status: int, bad: int) -> None:
    def refuse(inputs: list[Any]) -> Reply | None:
        hit = any(item["id"] == f"demo:{bad}" for item in inputs)
        return (status, {"category": "VALIDATION_ERROR", "message": f"Bygg {bad} is bad"}) if hit else None

    portal = Portal(refuse)
    outcomes = write(client(), [upsert(number) for number in range(100)])
    assert of(outcomes, REJECTED) == {f"t-{bad}"}
    assert len(of(outcomes, CONFIRMED)) == 99 == len(portal.records)
    assert portal.upserts.calls <= 10
    assert [one.trace_id for one in outcomes] == [f"t-{number}" for number in range(100)]
    assert outcomes[bad].message == "<name> is bad"


@responses.activate
def test_a_batch_refused_row_by_row_for_one_reason_is_not_tried_to_the_end() -> None:
    portal = Portal(lambda inputs: (400, {"category": "VALIDATION_ERROR", "message": "A field is required"}))
    outcomes = write(client(), [upsert(number) for number in range(100)])
    assert len(of(outcomes, REJECTED)) == 100
    assert portal.upserts.calls < 50
    assert {one.category for one in outcomes} == {"VALIDATION_ERROR"}
    assert "Not tried alone" in (outcomes[-1].message or "")


@responses.activate
def test_rows_after_many_bad_ones_still_land() -> None:
    def refuse(inputs: list[Any]) -> Reply | None:
        hit = any(int(item["id"][5:]) < 25 for item in inputs)
        return (400, {"category": "VALIDATION_ERROR", "message": "A field is required"}) if hit else None

    Portal(refuse)
    outcomes = write(client(), [upsert(number) for number in range(100)])
    assert len(of(outcomes, CONFIRMED)) == 75


@responses.activate
def test_several_bad_rows_cost_little_and_no_neighbour() -> None:
    bad = {3, 4, 40, 77, 99}

    def refuse(inputs: list[Any]) -> Reply | None:
        hit = [item["id"] for item in inputs if int(item["id"][5:]) in bad]
        return (400, {"category": "VALIDATION_ERROR", "message": f"{hit[0]} is bad"}) if hit else None

    portal = Portal(refuse)
    outcomes = write(client(), [upsert(number) for number in range(100)])
    assert of(outcomes, REJECTED) == {f"t-{number}" for number in bad}
    assert len(of(outcomes, CONFIRMED)) == 95
    assert portal.upserts.calls <= 15 * len(bad)


@responses.activate
def test_a_row_that_makes_hubspot_drop_the_whole_call_is_found() -> None:
    def refuse(inputs: list[Any]) -> Reply | None:
        return (200, {"results": []}) if any(item["id"] == "demo:37" for item in inputs) else None

    portal = Portal(refuse)
    outcomes = write(client(), [upsert(number) for number in range(100)])
    assert of(outcomes, UNKNOWN) == {"t-37"}
    assert len(portal.records) == 99
    assert portal.upserts.calls + portal.reads.calls <= 1 + 15


@responses.activate
def test_where_everything_is_dropped_in_silence_looking_ends() -> None:
    portal = Portal(lambda inputs: (200, {"results": []}))
    outcomes = write(client(), [upsert(number) for number in range(100)])
    assert len(of(outcomes, UNKNOWN)) == 100
    assert portal.upserts.calls <= 20


@responses.activate
def test_success_without_results_is_read_back() -> None:
    portal = Portal(lambda inputs: (200, {"status": "COMPLETE", "results": []}))
    portal.store(
        [{"id": "demo:1", "idProperty": UNIQUE, "properties": {"name": "Bygg 1"}, "objectWriteTraceId": ""}]
    )
    outcomes = write(client(), [upsert(1)])
    assert [(one.status, one.hubspot_id, one.created) for one in outcomes] == [(CONFIRMED, "70", None)]
    assert portal.upserts.calls == 1
    assert portal.reads.bodies[0]["idProperty"] == UNIQUE


@responses.activate
def test_what_is_not_found_or_different_is_sent_once_more() -> None:
    calls = iter(range(100))

    def refuse(_: list[Any]) -> Reply | None:
        return (200, {"results": []}) if next(calls) == 0 else None

    portal = Portal(refuse)
    portal.store(
        [{"id": "demo:1", "idProperty": UNIQUE, "properties": {"name": "old"}, "objectWriteTraceId": ""}]
    )
    outcomes = write(client(), [upsert(1), upsert(2)])
    assert len(of(outcomes, CONFIRMED)) == 2
    assert [one["id"] for one in portal.upserts.bodies[1]["inputs"]] == ["demo:1", "demo:2"]


@responses.activate
def test_what_never_shows_stays_unknown_after_two_sendings() -> None:
    portal = Portal(lambda inputs: (200, {"results": []}))
    outcomes = write(client(), [upsert(1)])
    assert of(outcomes, UNKNOWN) == {"t-1"}
    assert (portal.upserts.calls, portal.reads.calls) == (2, 2)


@responses.activate
def test_a_lost_answer_is_tried_again_without_doubling() -> None:
    calls = iter(range(100))
    portal: Portal

    def refuse(inputs: list[Any]) -> Reply | None:
        if next(calls) == 0:
            portal.store(inputs)
            return requests.ReadTimeout("lost")
        return None

    portal = Portal(refuse)
    outcomes = write(client(), [upsert(1)])
    assert [(one.status, one.created) for one in outcomes] == [(CONFIRMED, None)]
    assert len(portal.records) == 1


@responses.activate
def test_answers_that_stay_lost_are_read_back() -> None:
    portal: Portal

    def refuse(inputs: list[Any]) -> Reply | None:
        portal.store(inputs)
        return requests.ConnectionError("reset")

    portal = Portal(refuse)
    outcomes = write(client(attempts=2), [upsert(1), upsert(2)])
    assert len(of(outcomes, CONFIRMED)) == 2
    assert portal.upserts.calls == 2


@responses.activate
def test_out_of_reach_yields_the_batch_as_unknown_and_then_raises() -> None:
    Script(UPSERT, [requests.ConnectionError("reset")])
    Script(READ, [requests.ConnectionError("reset")])
    written = write_batches(
        client(attempts=2), "companies", [[upsert(1)], [upsert(2)]], before=lambda batch: None
    )
    _, outcomes = next(written)
    assert (outcomes[0].status, outcomes[0].category) == (UNKNOWN, "NO_ANSWER")
    with pytest.raises(TransientApiError):
        list(written)
