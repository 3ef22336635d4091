"""Batches of writes: split where refused, read back where unclear, one proven outcome per input."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import requests
import responses

from ml_connector.errors import ConnectorError, CredentialsError, TransientApiError, UsageError
from ml_connector.hubspot import paths
from ml_connector.hubspot.batches import Outcome, OutcomeStatus, WriteInput, write_batches
from ml_connector.hubspot.client import HubSpotClient
from ml_connector_tests.hubspot.portal import Reply, Script, client

UNIQUE = "visma_customer_id"
UPSERT = paths.object_batch("companies", "upsert")
UPDATE = paths.object_batch("companies", "update")
READ = paths.object_batch("companies", "read")
CONFIRMED, REJECTED, UNKNOWN = OutcomeStatus.CONFIRMED, OutcomeStatus.REJECTED, OutcomeStatus.UNKNOWN


def upsert(number: int, name: str = "") -> WriteInput:
    return WriteInput(
        f"t-{number}", f"customer:{number}", {"name": name or f"Bygg {number}"}, f"demo:{number}", UNIQUE
    )


def update(number: int) -> WriteInput:
    return WriteInput(f"t-{number}", f"customer:{number}", {"name": f"Bygg {number}"}, f"9{number}", None)


class Portal:
    """Keeps what is upserted, and reads it back; ``refuse`` may answer in its place."""

    def __init__(self, refuse: Callable[[list[Any]], Reply | None] = lambda inputs: None) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self._refuse = refuse
        self.lock = threading.Lock()
        Script(paths.properties("companies"), [(200, {"results": []})], "GET")
        self.upserts = Script(UPSERT, self._upsert)
        self.updates = Script(UPDATE, self._upsert)
        self.reads = Script(READ, self._read)

    def store(self, inputs: list[Any]) -> list[dict[str, Any]]:
        results = []
        for item in inputs:
            new = item["id"] not in self.records
            record = self.records.setdefault(item["id"], {"id": f"7{len(self.records)}", "properties": {}})
            if "idProperty" not in item:
                record["id"] = item["id"]
            record["properties"] |= item["properties"] | {item.get("idProperty", "x"): item["id"]}
            results.append({**record, "new": new, "objectWriteTraceId": item["objectWriteTraceId"]})
        return results

    def _upsert(self, body: Any) -> Reply:
        refusal = self._refuse(body["inputs"])
        return refusal or (200, {"status": "COMPLETE", "results": self.store(body["inputs"])[::-1]})

    def _read(self, body: Any) -> Reply:
        ids = [item["id"] for item in body["inputs"]]
        missing = [one for one in ids if one not in self.records]
        errors = [{"category": "OBJECT_NOT_FOUND", "context": {"ids": missing}}] if missing else []
        return 207, {"results": [self.records[one] for one in ids if one in self.records], "errors": errors}


def write(
    one: HubSpotClient, *batches: Sequence[WriteInput], before: Callable[[Any], None] = lambda batch: None
) -> list[Outcome]:
    written = write_batches(one, "companies", batches, before=before)
    return [outcome for _, outcomes in written for outcome in outcomes]


def of(outcomes: Sequence[Outcome], status: OutcomeStatus) -> set[str]:
    return {outcome.trace_id for outcome in outcomes if outcome.status is status}


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


@responses.activate
def test_an_id_twice_in_a_batch_is_sent_in_two_calls_and_the_later_wins() -> None:
    portal = Portal()
    twice = [
        upsert(1, "first"),
        upsert(2),
        WriteInput("t-3", "customer:1", {"name": "last"}, "DEMO:1", UNIQUE),
    ]
    outcomes = write(client(), twice)
    assert [len(body["inputs"]) for body in portal.upserts.bodies] == [2, 1]
    assert [one.trace_id for one in outcomes] == ["t-1", "t-2", "t-3"]
    assert len(of(outcomes, CONFIRMED)) == 3


@pytest.mark.parametrize(
    "batch",
    [
        [upsert(number) for number in range(101)],
        [upsert(1), update(2)],
        [upsert(1), upsert(1)],
    ],
)
def test_batches_hubspot_cannot_take_are_refused_here(batch: list[WriteInput]) -> None:
    with pytest.raises(UsageError):
        write(client(), batch)


@responses.activate
def test_before_runs_in_the_consumers_thread_before_its_batch_is_sent() -> None:
    portal = Portal()
    order: list[tuple[str, int]] = []

    def before(batch: Sequence[WriteInput]) -> None:
        assert threading.current_thread() is threading.main_thread()
        with portal.lock:
            sent = {item["id"] for body in portal.upserts.bodies for item in body["inputs"]}
        assert not sent & {item.id for item in batch}
        order.append(("before", len(batch)))

    outcomes = write(client(in_flight=4), *([upsert(number)] for number in range(20)), before=before)
    assert len(of(outcomes, CONFIRMED)) == 20 == len(order)


@responses.activate
def test_batches_are_read_only_a_little_ahead() -> None:
    Portal()
    taken = 0

    def batches() -> Iterator[list[WriteInput]]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield [upsert(number)]

    written = write_batches(client(in_flight=2), "companies", batches(), before=lambda batch: None)
    next(written)
    assert taken <= 2 * 2 + 1
    assert len(list(written)) == 99


@responses.activate
def test_several_calls_are_in_flight_but_never_two_with_one_record() -> None:
    meeting = threading.Barrier(2, timeout=5)
    active: set[str] = set()
    portal: Portal

    def refuse(inputs: list[Any]) -> Reply | None:
        ids = {item["id"] for item in inputs}
        assert not active & ids
        active.update(ids)
        if "demo:9" not in ids:
            # Both batches without the shared record have to be here at once, or the barrier breaks.
            portal_lock.release()
            try:
                meeting.wait()
            finally:
                portal_lock.acquire()
        active.difference_update(ids)
        return None

    portal = Portal(refuse)
    portal_lock = portal.upserts._lock
    batches = [
        [upsert(1)],
        [upsert(2)],
        [upsert(9, "a")],
        [WriteInput("t-x", "k", {"name": "b"}, "demo:9", UNIQUE)],
    ]
    outcomes = write(client(in_flight=4), *batches)
    assert len(of(outcomes, CONFIRMED)) == 4
    assert portal.records["demo:9"]["properties"]["name"] == "b"


@responses.activate
def test_a_refused_run_yields_what_is_under_way_and_raises_at_the_end() -> None:
    def refuse(inputs: list[Any]) -> Reply | None:
        return (401, {"category": "INVALID_AUTHENTICATION"}) if inputs[0]["id"] == "demo:2" else None

    portal = Portal(refuse)
    handed: list[str] = []
    written = write_batches(
        client(),
        "companies",
        ([upsert(number)] for number in range(50)),
        before=lambda batch: handed.append(batch[0].id),
    )
    landed: list[str] = []
    with pytest.raises(CredentialsError):
        landed.extend(batch[0].id for batch, _ in written)
    assert landed == ["demo:0", "demo:1"]
    assert portal.upserts.calls == 3
    assert len(handed) <= 5


@responses.activate
def test_a_batch_that_stops_half_way_is_yielded_with_the_rest_unknown() -> None:
    def refuse(inputs: list[Any]) -> Reply | None:
        if len(inputs) == 4:
            return 400, {"message": "No."}
        return (403, {"category": "MISSING_SCOPES"}) if inputs[0]["id"] == "demo:2" else None

    Portal(refuse)
    written = write_batches(
        client(), "companies", [[upsert(number) for number in range(4)]], before=lambda batch: None
    )
    _, outcomes = next(written)
    assert [one.status for one in outcomes] == [CONFIRMED, CONFIRMED, UNKNOWN, UNKNOWN]
    assert outcomes[2].category == "NOT_SENT"
    with pytest.raises(ConnectorError):
        next(written)


@responses.activate
def test_a_consumer_that_walks_away_leaves_nothing_being_sent() -> None:
    portal = Portal()
    written = write_batches(
        client(in_flight=2),
        "companies",
        ([upsert(number)] for number in range(100)),
        before=lambda batch: None,
    )
    next(written)
    written.close()  # type: ignore[attr-defined]
    sent = portal.upserts.calls
    assert sent <= 6
    assert threading.active_count() < 20
    assert portal.upserts.calls == sent


@responses.activate
def test_a_failing_before_sends_nothing_of_its_batch() -> None:
    portal = Portal()

    def before(batch: Sequence[WriteInput]) -> None:
        raise UsageError("The ledger is full.")

    with pytest.raises(UsageError):
        write(client(), [upsert(1)], before=before)
    assert portal.upserts.calls == 0


@responses.activate
def test_no_message_of_an_outcome_repeats_what_was_sent() -> None:
    secret = "Kari Nordmann"

    def refuse(inputs: list[Any]) -> Reply | None:
        return 400, {
            "category": "VALIDATION_ERROR",
            "message": f"{secret} kari@bygg.no +47 900 12 345 is bad",
        }

    Portal(refuse)
    (outcome,) = write(client(), [upsert(1, secret)])
    assert outcome.message == "<name> <e-mail> <phone> is bad"
