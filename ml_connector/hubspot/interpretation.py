"""How an answer to a batch of records is read: pure functions, one outcome per input whatever the answer looks like.

Inputs are matched by trace id, unique value, record id or key, never by position, and no 2xx is taken for granted.
Sending, splitting and reading back are in :mod:`ml_connector.hubspot.delivery`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ml_connector.http import Answer
from ml_connector.hubspot.answers import Problem, Refusal, cause_told, error_of, problems_in, refusal_of
from ml_connector.hubspot.messages import existing_id
from ml_connector.hubspot.outcomes import UNCONFIRMED, Again, Outcome, OutcomeStatus, WriteInput

ROW_STATUSES = frozenset({400, 409, 413, 422})
"""Refusals of a whole batch that one of its rows may have caused."""

DEFINITION_CODES = frozenset({"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"})
"""Codes that hold for a property whatever its value: every row that sends the property is refused alike."""

_WHOLE_BATCH = re.compile(
    r"non-unique|infer object type|invalid input json|maximum number of inputs|cannot upsert a ",
    re.IGNORECASE,
)
"""Refusals that no split can cure (reference: hubspot 2, 3, 10)."""


def interpret(
    answer: Answer, inputs: Sequence[WriteInput], label: str, *, maybe_done_before: bool = False
) -> list[Outcome] | Again[WriteInput]:
    """Read the answer to one batch: one outcome per input, or what has to be sent again.

    Args:
        answer: the final answer.
        inputs: what was sent, with unique ids and trace ids.
        label: the path, for errors.
        maybe_done_before: an earlier try may have been carried out, so "not new" does not mean "not ours".

    Raises:
        CredentialsError: 401.
        PermanentApiError: a refusal that concerns the whole run: 403, 404 of the object type, a non-unique
            key.
    """
    if answer.ok:
        return _read_results(answer, inputs, maybe_done_before)
    refusal = refusal_of(answer)
    named = _named_rows(refusal, inputs)
    per_row = answer.status in ROW_STATUSES and not _WHOLE_BATCH.search(refusal.problem.text)
    if not per_row and not (answer.status == 404 and named):
        raise error_of(answer, label)
    if len(inputs) == 1:
        return [refused(inputs[0], refusal)]
    if named:
        settled = [refused(item, refusal) for item in inputs if item.trace_id in named]
        rest = [item for item in inputs if item.trace_id not in named]
        return Again(settled, rest, halve=False) if rest else settled
    return Again([], list(inputs), halve=True)


def refused(item: WriteInput, refusal: Refusal) -> Outcome:
    """Return the outcome of a row that a whole-answer refusal is about."""
    everything = " ".join(part.text for part in (refusal.problem, *refusal.details))
    return Outcome(
        item.trace_id,
        item.key,
        OutcomeStatus.REJECTED,
        hubspot_id=_own_id(item),
        http_status=refusal.status,
        category=refusal.category,
        message=refusal.plain(item.properties, (item.key, item.id)),
        correlation_id=refusal.correlation_id,
        existing_id=existing_id(everything),
        names_property=any(part.properties for part in (refusal.problem, *refusal.details)),
        told=cause_told(refusal.problem, *refusal.details),
    )


def _own_id(item: WriteInput) -> str | None:
    return item.id if item.id_property is None else None


def _read_results(
    answer: Answer, inputs: Sequence[WriteInput], maybe_done_before: bool
) -> list[Outcome] | Again[WriteInput]:
    body = answer.json()
    results = _confirmations(body, inputs)
    problems, unnamed = _attributed(problems_in(body), inputs, results)
    correlation = body.get("correlationId") if isinstance(body, dict) else None
    outcomes: list[Outcome] = []
    rest: list[WriteInput] = []
    for item in inputs:
        problem, result = problems.get(item.trace_id), results.get(item.trace_id)
        if problem is not None and result is None:
            outcomes.append(_rejected(item, problem, answer.status, correlation))
        elif problem is not None:
            outcomes.append(_silent(item, answer.status, "HubSpot both confirmed and refused this record."))
        elif result is not None:
            created = _created(item, result, maybe_done_before)
            outcomes.append(_confirmed(item, str(result["id"]), created, answer.status))
        elif unnamed and len(inputs) > 1:
            rest.append(item)
        else:
            outcomes.append(_silent(item, answer.status, "HubSpot's answer does not mention this record."))
    return Again(outcomes, rest, halve=len(rest) == len(inputs)) if rest else outcomes


def _confirmed(item: WriteInput, hubspot_id: str, created: bool | None, http_status: int) -> Outcome:
    return Outcome(
        item.trace_id,
        item.key,
        OutcomeStatus.CONFIRMED,
        hubspot_id=hubspot_id,
        created=created,
        http_status=http_status,
    )


def _silent(item: WriteInput, http_status: int, message: str) -> Outcome:
    return Outcome(
        item.trace_id,
        item.key,
        OutcomeStatus.UNKNOWN,
        hubspot_id=_own_id(item),
        http_status=http_status,
        category=UNCONFIRMED,
        message=message,
    )


def _rejected(item: WriteInput, problem: Problem, http_status: int, correlation: Any) -> Outcome:
    return Outcome(
        item.trace_id,
        item.key,
        OutcomeStatus.REJECTED,
        hubspot_id=_own_id(item),
        http_status=http_status,
        category=problem.category or "UNSPECIFIED",
        message=problem.plain(item.properties, (item.key, item.id)),
        correlation_id=str(correlation) if correlation else None,
        existing_id=existing_id(problem.text),
        names_property=bool(problem.properties),
        told=cause_told(problem),
    )


def _created(item: WriteInput, result: Mapping[str, Any], maybe_done_before: bool) -> bool | None:
    """Tell whether the record is new: only an upsert creates, and a repeated one may find its own first try."""
    if item.id_property is None:
        return False
    new = result.get("new")
    if not isinstance(new, bool) or (maybe_done_before and not new):
        return None
    return new


def _confirmations(body: Any, inputs: Sequence[WriteInput]) -> dict[str, Mapping[str, Any]]:
    """Return the result of each input that has one, by trace id.

    What a result says about itself, its key or id, goes before the trace id that it carries: taking the record of one
    Visma key for that of another would write one customer's values over another's.
    """
    results = body.get("results") if isinstance(body, dict) else None
    traces = {item.trace_id for item in inputs}
    by_id = {item.id: item.trace_id for item in inputs}
    folded = {item.id.casefold(): item.trace_id for item in inputs}
    id_property = inputs[0].id_property if inputs else None
    found: dict[str, Mapping[str, Any]] = {}
    for result in results if isinstance(results, list) else ():
        if not isinstance(result, dict) or not result.get("id"):
            continue
        value = _property(result, id_property) if id_property else result["id"]
        trace = by_id.get(str(value), folded.get(str(value).casefold()))
        if trace is None and (not id_property or value is None):
            trace = result.get("objectWriteTraceId")
        if trace in traces:
            found.setdefault(trace, result)
    return found


def _property(result: Mapping[str, Any], name: str) -> Any:
    properties = result.get("properties")
    return properties.get(name) if isinstance(properties, dict) else None


def _attributed(
    problems: Sequence[Problem], inputs: Sequence[WriteInput], results: Mapping[str, Any]
) -> tuple[dict[str, Problem], bool]:
    """Return the problem of each input that one names, by trace id, and whether some problem names none.

    The only input of a call owns every problem in its answer.
    """
    found: dict[str, Problem] = {}
    unnamed = False
    for problem in problems:
        traces = _traces_of(problem, inputs) or _traces_in_text(problem.text, inputs, results)
        if not traces and len(inputs) == 1:
            traces = {inputs[0].trace_id}
        unnamed = unnamed or not traces
        for trace in traces:
            found.setdefault(trace, problem)
    return found, unnamed


def _traces_of(problem: Problem, inputs: Iterable[WriteInput]) -> set[str]:
    """Return the trace ids of the inputs that a problem's context names by trace id or by id."""
    return {item.trace_id for item in inputs if item.trace_id in problem.trace_ids or item.id in problem.ids}


def _traces_in_text(text: str, inputs: Iterable[WriteInput], results: Mapping[str, Any]) -> set[str]:
    """Return the trace ids of unconfirmed inputs whose id or key stands in the message as a word of its own."""
    if not text:
        return set()
    words = set(re.findall(r"[\w:@.+-]+", text))
    words |= {word.rstrip(".:,") for word in words}
    return {
        item.trace_id
        for item in inputs
        if item.trace_id not in results and (item.id in words or item.key in words)
    }


def _named_rows(refusal: Refusal, inputs: Sequence[WriteInput]) -> set[str]:
    """Return the trace ids of the rows that a whole-batch refusal surely is about; empty when it does not say.

    A row is named by trace id or id in a context, or by a property that no row may send. Texts are not enough
    here: a message may quote a key for another reason, and a neighbour must not be lost.
    """
    problems = (refusal.problem, *refusal.details)
    named = {trace for problem in problems for trace in _traces_of(problem, inputs)}
    codes = [item for problem in problems for item in problem.properties if item.code in DEFINITION_CODES]
    return named | {
        item.trace_id for item in inputs if any(problem.name in item.properties for problem in codes)
    }
