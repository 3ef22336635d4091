"""Batches side by side: what must not overlap does not, and what is not started when the run ends is never sent."""

import threading
from collections.abc import Callable, Sequence

import pytest

from ml_connector.errors import UsageError
from ml_connector.hubspot import pipeline
from ml_connector.hubspot.outcomes import Outcome, OutcomeStatus, WriteInput
from ml_connector.hubspot.pipeline import Delivered, run_batches

Batch = Sequence[WriteInput]


def batch(name: str, record: str) -> list[WriteInput]:
    return [WriteInput(name, name, {}, record, None)]


def done(items: Batch) -> Delivered[WriteInput]:
    return Delivered(items, [Outcome(one.trace_id, one.key, OutcomeStatus.CONFIRMED) for one in items])


def test_a_batch_waits_for_one_under_way_that_writes_the_same_record() -> None:
    handed, finished = threading.Event(), threading.Event()

    def deliver(items: Batch) -> Delivered[WriteInput]:
        if items[0].key == "first":
            handed.wait(0.2)
            finished.set()
        return done(items)

    def before(items: Batch) -> None:
        if items[0].key == "second":
            assert finished.is_set()
            handed.set()

    parts = [batch("first", "9"), batch("other", "1"), batch("second", "9")]
    written = run_batches(parts, deliver, in_flight=4, before=before, identity=lambda item: item.id)
    assert {items[0].key for items, _ in written} == {"first", "other", "second"}


def test_what_is_queued_when_the_run_ends_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, real = threading.Event(), pipeline._Crew[WriteInput]

    class Stop(threading.Event):
        def set(self) -> None:
            super().set()
            ended.set()

    delivered: list[str] = []

    def deliver(items: Batch) -> Delivered[WriteInput]:
        delivered.append(items[0].key)
        assert ended.wait(5)
        return done(items)

    def before(items: Batch) -> None:
        if items[0].key == "3":
            raise UsageError("The ledger is full.")

    def crew(work: Callable[[Batch], Delivered[WriteInput]]) -> "pipeline._Crew[WriteInput]":
        made = real(work)
        made.stop = Stop()
        return made

    monkeypatch.setattr(pipeline, "_Crew", crew)
    parts = [batch(str(number), str(number)) for number in range(10)]
    with pytest.raises(UsageError):
        list(run_batches(parts, deliver, in_flight=2, before=before, identity=lambda item: item.id))
    assert set(delivered) <= {"0", "1"}


def test_a_batch_without_an_outcome_for_each_input_is_a_bug_that_shows() -> None:
    items = [*batch("1", "1"), *batch("2", "2")]
    one = done(items).outcomes[:1]
    with pytest.raises(AssertionError, match="2 inputs ended with 1"):
        list(
            run_batches(
                [items],
                lambda part: Delivered(part, one),
                in_flight=1,
                before=lambda part: None,
                identity=lambda item: item.id,
            )
        )


def test_empty_batches_are_passed_over() -> None:
    seen: list[Batch] = []
    parts: list[list[WriteInput]] = [[], batch("1", "1"), []]
    written = run_batches(parts, done, in_flight=1, before=seen.append, identity=lambda item: item.id)
    assert len(list(written)) == len(seen) == 1
