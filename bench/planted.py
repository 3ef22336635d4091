"""The trouble that a portal makes for a load: a kill at a certain call, answers that get lost, errors at random."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from ml_connector.sandbox.faults import ErrorBody, FaultKind, FaultRule
from ml_connector.sandbox.request_log import DROPPED, LoggedCall
from ml_connector.sandbox.server import Sandbox

OBJECTS = "/crm/objects/2026-09"
LINKS = "/crm/associations/2026-09"

SHARE = 0.05
"""Of all calls to either API, for errors and for resets each."""

WRITES = {
    "drafts": f"{OBJECTS}/invoices/batch/upsert",
    "lines": f"{OBJECTS}/line_items/batch/upsert",
    "links to lines": f"{LINKS}/invoices/line_items",
    "links to companies": f"{LINKS}/invoices/companies",
    "links to contacts": f"{LINKS}/invoices/contacts",
    "links to deals": f"{LINKS}/invoices/deals",
    "openings": f"{OBJECTS}/invoices/batch/update",
    "payments": f"{OBJECTS}/commerce_payments/batch/upsert",
    "links of payments": f"{LINKS}/commerce_payments/invoices",
}
"""How the paths begin of the calls that write invoices and what belongs to them."""


@dataclass(frozen=True, slots=True)
class Point:
    """A call at which a run is killed.

    Args:
        write: one of ``WRITES``.
        nth: counts its calls from 1.
        carried_out: whether HubSpot does what the call asks.
    """

    write: str
    nth: int
    carried_out: bool

    def __str__(self) -> str:
        return f"{'after' if self.carried_out else 'before'} call {self.nth} for {self.write}"


POINTS = tuple(
    Point(write, nth, carried_out)
    for write, nth in (
        ("drafts", 1),
        ("drafts", 3),
        ("lines", 1),
        ("lines", 12),
        ("links to lines", 1),
        ("links to companies", 1),
        ("links to deals", 1),
        ("openings", 2),
        ("payments", 2),
        ("links of payments", 1),
    )
    for carried_out in (True, False)
)
"""Twenty of them, in the order of a load."""


def kill_at(sandbox: Sandbox, process: int, point: Point) -> None:
    """Let the portal kill a process when one of its calls gets no answer, whether that is carried out or not."""
    ended = sandbox.log.end

    def end(call: LoggedCall) -> None:
        ended(call)
        if call.status == DROPPED:
            sandbox.log.end = ended  # type: ignore[method-assign]
            os.kill(process, signal.SIGKILL)

    sandbox.log.end = end  # type: ignore[method-assign]
    kind = FaultKind.DROP_AFTER if point.carried_out else FaultKind.DROP_BEFORE
    sandbox.faults.restart([FaultRule(kind=kind, path=WRITES[point.write], skip=point.nth - 1, times=1)])


def lost_answers() -> Iterator[FaultRule]:
    """Yield what loses answers of each kind of write in each way there is, once HubSpot has carried the call out."""
    for path in WRITES.values():
        yield FaultRule(kind=FaultKind.DROP_AFTER, path=path, times=1)
        yield FaultRule(kind=FaultKind.CUT_BODY, path=path, times=1)
        yield FaultRule(
            kind=FaultKind.ANSWER,
            path=path,
            times=1,
            handled=True,
            statuses=(502, 504),
            body=ErrorBody.HTML,
        )


def at_random() -> Iterator[FaultRule]:
    """Yield what lets calls of either API fail by chance; of the resets, half come when the call is carried out."""
    yield FaultRule(
        kind=FaultKind.ANSWER, statuses=(500, 502, 503, 504), body=ErrorBody.HTML, probability=SHARE
    )
    yield FaultRule(kind=FaultKind.DROP_BEFORE, probability=SHARE / 2)
    yield FaultRule(kind=FaultKind.DROP_AFTER, probability=SHARE / 2)
