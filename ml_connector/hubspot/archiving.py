"""Archiving one batch of records: HubSpot moves them to its recycle bin, from where a person can restore them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ml_connector.causes.of_hubspot import NOT_ARCHIVED, VALUE_REFUSED
from ml_connector.http import Answer
from ml_connector.hubspot import paths
from ml_connector.hubspot.answers import Problem, cause_told, problems_in
from ml_connector.hubspot.calls import Call, Exchange
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.delivery import Delivery, distinct_parts
from ml_connector.hubspot.interpretation import interpret
from ml_connector.hubspot.outcomes import Again, Outcome, OutcomeStatus, WriteInput

NOT_FOUND = "OBJECT_NOT_FOUND"
"""The category that says that a record is not there, which is what archiving is for."""


class ArchiveDelivery(Delivery[WriteInput]):
    """Delivers one batch of records to archive. Archiving again is harmless, so a lost answer is tried again."""

    def __init__(self, client: HubSpotClient, object_type: str) -> None:
        super().__init__(client)
        self._object_type = object_type
        self._path = paths.object_batch(object_type, "archive")

    def call_for(self, items: Sequence[WriteInput]) -> Call:
        """Return the batch archive: record ids only, no trace ids (reference: hubspot 3)."""
        return Call("POST", self._path, {"inputs": [{"id": item.id} for item in items]}, write=True)

    def interpret(self, exchange: Exchange, items: Sequence[WriteInput]) -> list[Outcome] | Again[WriteInput]:
        """Read the answer: 204 without a body where all went well (reference: hubspot 3)."""
        return interpret_archive(exchange.answer, items, self._path)

    def read_back(self, items: Sequence[WriteInput]) -> Iterable[tuple[WriteInput, str | None, bool | None]]:
        """Return the records that HubSpot does not have in use any more."""
        held = self.client.batch_read(self._object_type, [item.id for item in items], ["hs_object_id"])
        return [(item, item.id, False) for item in items if item.id not in held]

    def distinct(self, items: Sequence[WriteInput]) -> list[Sequence[WriteInput]]:
        """Cut the batch into parts with unique ids: HubSpot refuses one id twice in a call."""
        return distinct_parts(items, lambda item: item.id)


def interpret_archive(
    answer: Answer, items: Sequence[WriteInput], label: str
) -> list[Outcome] | Again[WriteInput]:
    """Read the answer to a batch of archives: one outcome per record, or what has to be sent again.

    Raises:
        CredentialsError, PermanentApiError: a refusal that concerns the whole run.
    """
    if not answer.ok:
        reading = interpret(answer, items, label)
        if isinstance(reading, Again):
            return replace(reading, settled=[_of_archive(outcome) for outcome in reading.settled])
        return [_of_archive(outcome) for outcome in reading]
    problems = problems_in(answer.json())
    wrong = {item.id: problem for problem in problems for item in items if item.id in problem.ids}
    if len(items) == 1 and problems:
        wrong.setdefault(items[0].id, problems[0])
    nameless = any(problem.ids.isdisjoint(wrong) for problem in problems)
    rest = [item for item in items if item.id not in wrong] if nameless else []
    settled = [
        _of_archive(_outcome(item, wrong.get(item.id), answer))
        for item in items
        if item.id in wrong or not nameless
    ]
    return Again(settled, rest, halve=len(rest) == len(items)) if rest else settled


def _outcome(item: WriteInput, problem: Problem | None, answer: Answer) -> Outcome:
    status = OutcomeStatus.CONFIRMED if problem is None else OutcomeStatus.REJECTED
    return Outcome(
        item.trace_id,
        item.key,
        status,
        hubspot_id=item.id,
        created=False,
        http_status=answer.status,
        category=None if problem is None else problem.category or "UNSPECIFIED",
        message=None if problem is None else problem.plain(keep=(item.key, item.id)),
        told=None if problem is None else cause_told(problem),
    )


def _of_archive(outcome: Outcome) -> Outcome:
    """Return an outcome as it is meant: confirmed where the record is not there, and never about a value."""
    if outcome.category == NOT_FOUND:
        return replace(outcome, status=OutcomeStatus.CONFIRMED, category=None, message=None, told=None)
    return replace(outcome, told=NOT_ARCHIVED.name) if outcome.told == VALUE_REFUSED.name else outcome
