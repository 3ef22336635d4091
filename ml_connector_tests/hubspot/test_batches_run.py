"""Many batches: order, look-ahead, who is called in which thread, and how a run ends."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import responses

from ml_connector.errors import ConnectorError, CredentialsError, UsageError
from ml_connector.hubspot.batches import WriteInput, write_batches
from ml_connector_tests.hubspot.portal import Reply, client
from ml_connector_tests.hubspot.upserts import CONFIRMED, UNIQUE, UNKNOWN, Portal, of, update, upsert, write


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
