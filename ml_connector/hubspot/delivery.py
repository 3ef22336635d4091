"""Carrying out one batch to the end, whatever is in it: send, split, read back, send what is missing once more.

What is written and how its answers read is left to the subclasses: :class:`ml_connector.hubspot.batches.RecordDelivery`
and those in :mod:`ml_connector.hubspot.associations`.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Generic

from ml_connector.errors import ConnectorError, TransientApiError
from ml_connector.hubspot.calls import Call, Exchange
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.outcomes import UNCONFIRMED, Again, Item, Outcome, OutcomeStatus
from ml_connector.hubspot.pipeline import Delivered

ALIKE_BEFORE_GIVING_UP = 10
"""Single rows refused for one reason, and none accepted, before the rest of a refused batch is not tried row by row."""

SEARCHES = 3
"""Bad rows looked for one by one in a batch; beyond that halving costs less."""

SILENT_SEARCHES = 2
"""Searches without a single success, in a batch that HubSpot drops in silence, before looking on is pointless."""

_log = logging.getLogger(__name__)


def distinct_parts(items: Sequence[Item], identity: Callable[[Item], Hashable]) -> list[Sequence[Item]]:
    """Cut items into parts in which no identity comes twice; of two the later is in the later part."""
    parts: list[list[Item]] = []
    latest: dict[Hashable, int] = {}
    for item in items:
        place = latest[identity(item)] = latest.get(identity(item), -1) + 1
        if place == len(parts):
            parts.append([])
        parts[place].append(item)
    return list(parts)


def _halves(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    middle = (len(items) + 1) // 2
    return items[:middle], items[middle:]


class Delivery(ABC, Generic[Item]):
    """Delivers one batch; used once, in one thread."""

    def __init__(self, client: HubSpotClient) -> None:
        self.client = client
        self._outcomes: dict[str, Outcome] = {}
        self._searches = 0
        self._untried: set[str] = set()
        self._unreachable: TransientApiError | None = None

    @abstractmethod
    def call_for(self, items: Sequence[Item]) -> Call:
        """Return the call that carries these items out."""

    @abstractmethod
    def interpret(self, exchange: Exchange, items: Sequence[Item]) -> list[Outcome] | Again[Item]:
        """Read the answer: one outcome per item, or what to send again; raise what ends the run."""

    @abstractmethod
    def read_back(self, items: Sequence[Item]) -> Iterable[tuple[Item, str | None, bool | None]]:
        """Return those items that are proven done by reading, with HubSpot id and whether they were created."""

    def distinct(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        """Cut a batch into parts that HubSpot takes in one call each, in order."""
        return [items]

    def run(self, items: Sequence[Item]) -> Delivered[Item]:
        """Carry the batch out; every item gets exactly one outcome, unless nothing of the batch was carried out."""
        try:
            for part in self.distinct(items):
                self._send(part)
                self._settle(part)
        except ConnectorError as error:
            return Delivered(items, self._ordered(items) if self._outcomes else [], error)
        return Delivered(items, self._ordered(items), self._unreachable)

    def _send(self, items: Sequence[Item]) -> None:
        """Send items until each has an outcome, in smaller parts where HubSpot refuses the whole."""
        again = self._try(items)
        if again is None:
            return
        if not again.halve:
            self._send(again.rest)
            return
        _log.info("HubSpot refused a call with %d inputs as a whole; looking for the bad ones", len(items))
        cause = self._common_cause()
        if cause is not None:
            self._keep(self._refused_like(cause, item) for item in again.rest)
        elif self._searches < SEARCHES:
            self._searches += 1
            self._send_if_any(self._search(again.rest))
        else:
            for half in _halves(again.rest):
                self._send(half)

    def _send_if_any(self, items: Sequence[Item]) -> None:
        if items:
            self._send(items)

    def _try(self, items: Sequence[Item]) -> Again[Item] | None:
        """Send items once and keep what becomes known; return what has to be sent again."""
        try:
            exchange = self.client.exchange(self.call_for(items))
        except TransientApiError as error:
            self._keep(self._unknown(item, "NO_ANSWER", error.message, error.status) for item in items)
            return None
        reading = self.interpret(exchange, items)
        if isinstance(reading, Again):
            self._keep(reading.settled)
            return reading
        self._keep(reading)
        return None

    def _search(self, items: Sequence[Item]) -> list[Item]:
        """Find one bad item among several that fail together; return those not sent, as they seem good.

        A half that lands leaves the bad item in the other one, which is then not sent as a whole again; of a half that
        fails the neighbour waits. So one of a hundred is found with seven or eight calls, and one more lands the rest.
        """
        suspects: Sequence[Item] = items
        good: list[Item] = []
        while len(suspects) > 1:
            left, right = _halves(suspects)
            again = self._try(left)
            if again is not None and again.halve:
                suspects = again.rest
                good.extend(right)
                continue
            if again is not None:
                self._send(again.rest)
            dropped = self._silent(left) == list(left)
            if not dropped and not self._any_refused(left):
                suspects = right
                continue
            good.extend(right)
            if not dropped or len(left) == 1:
                return good
            suspects = left
        self._try(suspects)
        return good

    def _common_cause(self) -> Outcome | None:
        """Return one refusal if all rows of this batch so far were refused for the same reason, and there were many.

        A missing required property refuses every row: finding that out for each alone would cost two calls a row. The
        rows not tried alone are due again in the next run like every refused row.
        """
        ended = [one for trace_id, one in self._outcomes.items() if trace_id not in self._untried]
        reasons = {(outcome.category, outcome.message, outcome.status) for outcome in ended}
        if len(ended) < ALIKE_BEFORE_GIVING_UP or len(reasons) > 1:
            return None
        return ended[0] if ended[0].status is OutcomeStatus.REJECTED else None

    def _refused_like(self, cause: Outcome, item: Item) -> Outcome:
        self._untried.add(item.trace_id)
        message = f"Not tried alone, as the rows of its batch that were had one reason: {cause.message}"
        return replace(
            cause,
            trace_id=item.trace_id,
            key=item.key,
            message=message,
            hubspot_id=None,
            existing_id=None,
        )

    def _settle(self, items: Sequence[Item]) -> None:
        """Read unknown items back, send the missing ones once more, and read those back that are still unknown.

        One item can make HubSpot drop a whole call in silence, so items that stay silent together are searched, too.
        """
        unclear = self._unclear(items)
        if not unclear or not self._confirm_by_reading(unclear):
            return
        lost = self._unclear(unclear)
        if not lost:
            return
        _log.info("%d writes could not be found when read back; sending them once more", len(lost))
        self._send(lost)
        silent = self._silent(lost)
        idle = 0
        while len(silent) > 1 and idle < SILENT_SEARCHES:
            before = self._count_confirmed()
            rest = self._search(silent)
            self._send_if_any(rest)
            idle = 0 if self._count_confirmed() > before else idle + 1
            silent = self._silent(rest)
        self._confirm_by_reading(self._unclear(lost))

    def _confirm_by_reading(self, items: Sequence[Item]) -> bool:
        """Confirm the items that HubSpot holds; False when HubSpot cannot be asked."""
        try:
            for item, hubspot_id, created in self.read_back(items) if items else ():
                self._outcomes[item.trace_id] = Outcome(
                    item.trace_id,
                    item.key,
                    OutcomeStatus.CONFIRMED,
                    hubspot_id=hubspot_id,
                    created=created,
                    http_status=self._outcomes[item.trace_id].http_status,
                )
        except TransientApiError as error:
            self._unreachable = error
            return False
        return True

    def _unclear(self, items: Sequence[Item]) -> list[Item]:
        return [item for item in items if self._outcomes[item.trace_id].status is OutcomeStatus.UNKNOWN]

    def _silent(self, items: Sequence[Item]) -> list[Item]:
        """Return the items that a whole answer did not mention."""
        return [
            item for item in self._unclear(items) if self._outcomes[item.trace_id].category == UNCONFIRMED
        ]

    def _any_refused(self, items: Sequence[Item]) -> bool:
        """Whether a whole call was refused because of one of these; an error in a 2xx is about its row alone."""
        ended = (self._outcomes[item.trace_id] for item in items)
        return any(one.status is OutcomeStatus.REJECTED and (one.http_status or 0) >= 400 for one in ended)

    def _count_confirmed(self) -> int:
        return sum(one.status is OutcomeStatus.CONFIRMED for one in self._outcomes.values())

    def _keep(self, outcomes: Iterable[Outcome]) -> None:
        self._outcomes.update((outcome.trace_id, outcome) for outcome in outcomes)

    def _unknown(self, item: Item, category: str, message: str, http_status: int | None = None) -> Outcome:
        status = OutcomeStatus.UNKNOWN
        return Outcome(
            item.trace_id, item.key, status, http_status=http_status, category=category, message=message
        )

    def _ordered(self, items: Sequence[Item]) -> list[Outcome]:
        """Return one outcome per item in their order; what was not reached is unknown."""
        return [
            self._outcomes.get(item.trace_id)
            or self._unknown(item, "NOT_SENT", "The run stopped before this was sent.")
            for item in items
        ]
