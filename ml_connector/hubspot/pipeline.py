"""Carrying batches out side by side: bounded threads, bounded look-ahead, one orderly end.

It knows nothing of records or links; a worker is a function from a batch to what became of it.
"""

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Generic

from ml_connector.errors import ConnectorError
from ml_connector.hubspot.outcomes import Item, Outcome, Tracked

LOOK_AHEAD = 2
"""Batches handed over per thread: one under way and one ready."""


@dataclass(frozen=True, slots=True)
class Delivered(Generic[Item]):
    """What became of one batch. Without outcomes none of it was carried out; ``error`` ends the run."""

    batch: Sequence[Item]
    outcomes: list[Outcome] = field(default_factory=list)
    error: ConnectorError | None = None


def run_batches(
    batches: Iterable[Sequence[Item]],
    deliver: Callable[[Sequence[Item]], Delivered[Item]],
    *,
    in_flight: int,
    before: Callable[[Sequence[Item]], None],
    identity: Callable[[Item], Hashable],
) -> Iterator[tuple[Sequence[Item], list[Outcome]]]:
    """Deliver batches with several threads and yield each with its outcomes as it ends, in any order.

    ``batches`` is read and ``before`` called in the consumer's thread, at most ``LOOK_AHEAD`` batches per thread ahead.
    A batch that shares an ``identity`` with one under way waits for it, so the later value wins.

    Raises:
        ConnectorError: the first one that ends the run, after the batches under way have been yielded. Batches that
            were handed over but not started by then are not sent and not yielded.
    """
    crew = _Crew(deliver)
    with ThreadPoolExecutor(in_flight, "hubspot-write") as pool:
        try:
            for batch in filter(None, batches):
                identities = frozenset(identity(item) for item in batch)
                while crew.is_full(in_flight * LOOK_AHEAD) or crew.holds_any(identities):
                    yield from crew.finished()
                if crew.stop.is_set():
                    break
                before(batch)
                crew.under_way[pool.submit(crew.work, batch)] = identities
            while crew.under_way:
                yield from crew.finished()
        finally:
            # A consumer that walks away, or a failing `before`, must not leave queued batches to be sent.
            crew.stop.set()
    if crew.errors:
        raise crew.errors[0]


class _Crew(Generic[Item]):
    """The batches under way, and whether to go on."""

    def __init__(self, deliver: Callable[[Sequence[Item]], Delivered[Item]]) -> None:
        self.stop = threading.Event()
        self.under_way: dict[Future[Delivered[Item]], frozenset[Hashable]] = {}
        self.errors: list[ConnectorError] = []
        self._deliver = deliver

    def work(self, batch: Sequence[Item]) -> Delivered[Item]:
        """Deliver one batch in a worker, or nothing after an error."""
        if self.stop.is_set():
            return Delivered(batch)
        delivered = self._deliver(batch)
        if delivered.error is not None:
            self.stop.set()
        return delivered

    def is_full(self, most: int) -> bool:
        """Whether as many batches are handed over as may be."""
        return len(self.under_way) >= most

    def holds_any(self, identities: frozenset[Hashable]) -> bool:
        """Whether a batch under way writes one of the same records."""
        return any(not identities.isdisjoint(others) for others in self.under_way.values())

    def finished(self) -> Iterator[tuple[Sequence[Item], list[Outcome]]]:
        """Wait for the next batches to end and yield those that were carried out."""
        done, _ = wait(self.under_way, return_when=FIRST_COMPLETED)
        for future in done:
            del self.under_way[future]
            delivered = future.result()
            if delivered.error is not None:
                self.errors.append(delivered.error)
            if delivered.outcomes:
                _assert_complete(delivered.batch, delivered.outcomes)
                yield delivered.batch, delivered.outcomes


def _assert_complete(batch: Sequence[Tracked], outcomes: Sequence[Outcome]) -> None:
    """Hold the invariant that everything else counts on: one outcome per input, in their order."""
    if [item.trace_id for item in batch] != [outcome.trace_id for outcome in outcomes]:
        raise AssertionError(f"A batch of {len(batch)} inputs ended with {len(outcomes)} outcomes.")
