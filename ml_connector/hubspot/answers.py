"""What an answer of HubSpot means: worth another try, how long to wait, what is refused and why.

Pure functions on :class:`ml_connector.http.Answer`; every field of an error body is optional, and bodies may
be empty or HTML (reference: hubspot 10, 11).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from ml_connector.causes.catalogue import cause_of_refusal
from ml_connector.errors import ConnectorError, CredentialsError, PermanentApiError, TransientApiError
from ml_connector.http import (
    RETRIED_STATUSES,
    Answer,
    RetryPolicy,
    Verdict,
    retry_after,
    verdict_of,
    wait_before_retry,
)
from ml_connector.hubspot.messages import PropertyProblem, plain_message, property_problems

Context = Mapping[str, tuple[str, ...]]
"""What a problem is about: lists of ids, trace ids, scopes or names."""

WINDOW_SECONDS = 10.0
"""The length of HubSpot's burst window: what a 429 without more to say asks to wait."""


_ID_NAMES = ("ids", "id", "objectIds", "objectId")


class _Facts(TypedDict):
    """What every error of an answer carries."""

    status: int
    category: str | None
    correlation_id: str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """An item of an ``errors`` list, or a whole error body. ``text`` may hold personal data: never show it."""

    category: str | None
    sub_category: str | None
    text: str = field(repr=False)
    trace_ids: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    context: Context = field(default_factory=dict, repr=False)
    properties: tuple[PropertyProblem, ...] = ()

    def plain(self, values: Mapping[str, str] | None = None, keep: Collection[str] = ()) -> str:
        """Return what is wrong in plain words; ``values`` and ``keep`` as for :func:`plain_message`."""
        if self.properties:
            return "; ".join(dict.fromkeys(str(problem) for problem in self.properties)) + "."
        return plain_message(self.text, values, keep=keep) or "HubSpot gave no reason."


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not 2xx: the body's own problem, and those of its ``errors`` list."""

    status: int
    correlation_id: str | None
    problem: Problem
    details: tuple[Problem, ...]

    @property
    def category(self) -> str | None:
        """HubSpot's category, or that of the first detail which has one."""
        return next((item.category for item in (self.problem, *self.details) if item.category), None)

    def plain(self, values: Mapping[str, str] | None = None, keep: Collection[str] = ()) -> str:
        """Return the refusal in plain words: the refused properties if named, else the masked message."""
        properties = [problem for item in (self.problem, *self.details) for problem in item.properties]
        if properties:
            return "; ".join(dict.fromkeys(str(problem) for problem in properties)) + "."
        worded = next((item for item in (self.problem, *self.details) if item.text), self.problem)
        return worded.plain(values, keep)


def is_daily_limit(answer: Answer) -> bool:
    """Tell whether a 429 is about the day's budget, by policy name or by text: not every body has both."""
    if answer.status != 429:
        return False
    body = answer.json()
    policy = body.get("policyName") if isinstance(body, dict) else None
    return policy == "DAILY" or "daily limit" in answer.text().lower()


def window_pause(answer: Answer) -> float:
    """Return the seconds to wait after a 429 without ``Retry-After``: 1 for "secondly", else 10."""
    text = answer.text().lower()
    secondly = "secondly" in text.replace("ten_secondly", "").replace("ten-secondly", "")
    return 1.0 if secondly else WINDOW_SECONDS


def verdict(answer: Answer) -> Verdict:
    """Decide whether an answer is worth another try: a daily limit is not, a cut 2xx body is."""
    if is_daily_limit(answer):
        return Verdict.FINAL
    if answer.ok and answer.body and not answer.body.rstrip().endswith((b"}", b"]")):
        return Verdict.RETRY
    return verdict_of(answer)


def delay(answer: Answer | None, attempt: int, policy: RetryPolicy, jitter: float, now: datetime) -> float:
    """Return the seconds before the next try: a 429 without ``Retry-After`` waits for its window."""
    if answer is not None and answer.status == 429 and retry_after(answer.headers, now) is None:
        return window_pause(answer) + jitter
    return wait_before_retry(answer, attempt, policy, jitter, now)


def problems_in(body: Any) -> tuple[Problem, ...]:
    """Return the problems in the ``errors`` list of any body; empty for every other shape."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list):
        return ()
    return tuple(_problem(item) for item in errors if isinstance(item, dict))


def refusal_of(answer: Answer) -> Refusal:
    """Read an answer that is not 2xx; a body without JSON gives a refusal without a reason."""
    body = answer.json()
    fields = body if isinstance(body, dict) else {}
    correlation = fields.get("correlationId") or answer.headers.get("X-HubSpot-Correlation-Id")
    return Refusal(
        status=answer.status,
        correlation_id=str(correlation) if correlation else None,
        problem=_problem(fields),
        details=problems_in(body),
    )


def cause_told(*problems: Problem) -> str:
    """Return the name in the catalogue of what an answer refuses: given are its own problem, then its details."""
    finest_first = problems[::-1]
    return cause_of_refusal(
        [
            *(problem.sub_category for problem in finest_first),
            *(problem.category for problem in finest_first),
        ],
        [(named.name, named.code) for problem in problems for named in problem.properties],
        " ".join(problem.text for problem in problems),
    )


def missing_scopes(refusal: Refusal) -> tuple[str, ...]:
    """Return the scopes a 403 asks for, sorted; empty when it names none."""
    names = ("requiredGranularScopes", "requiredScopes")
    contexts = [item.context for item in (refusal.problem, *refusal.details)]
    return tuple(sorted({scope for context in contexts for name in names for scope in context.get(name, ())}))


def error_of(
    answer: Answer, label: str, values: Mapping[str, str] | None = None, *, partial: bool = False
) -> ConnectorError:
    """Return the error for an answer that ends a call.

    Args:
        answer: the final answer, not a usable one.
        label: the path of the request.
        values: what was sent, by name; masked where the message repeats it.
        partial: a 2xx body whose ``errors`` list is the failure, not one that could not be read.
    """
    refusal = refusal_of(answer)
    facts: _Facts = {
        "status": answer.status,
        "category": refusal.category,
        "correlation_id": refusal.correlation_id,
    }
    if answer.status == 401:
        return CredentialsError(
            "HubSpot refused the access token (HTTP 401).",
            remedy="Store a current token of this portal: it may have been rotated, revoked or mistyped.",
        )
    if answer.status == 403:
        return _forbidden(refusal, label, facts)
    if (answer.ok and not partial) or answer.status in RETRIED_STATUSES:
        unreadable = f"HubSpot's answer to {label} could not be read (HTTP {answer.status})."
        return TransientApiError(unreadable, **facts)
    reason = refusal.plain(values)
    return PermanentApiError(f"HubSpot refused {label} (HTTP {answer.status}): {reason}", **facts)


def is_about_portal(error: PermanentApiError) -> bool:
    """Return whether an error says what a portal or its token cannot do; that the day is used up says nothing of it."""
    return error.category != "DAILY"


def _forbidden(refusal: Refusal, label: str, facts: _Facts) -> PermanentApiError:
    scopes = missing_scopes(refusal)
    if not scopes and refusal.category != "MISSING_SCOPES":
        return PermanentApiError(f"HubSpot forbids {label} (HTTP 403): {refusal.plain()}", **facts)
    named = ", ".join(scopes) if scopes else "one that HubSpot did not name"
    return PermanentApiError(
        f"The HubSpot token may not call {label}: it lacks the scope {named}.",
        remedy="Add the scope to the private app or service key in HubSpot and store the token again.",
        **facts,
    )


def _problem(item: Mapping[str, Any]) -> Problem:
    text = str(item.get("message") or "")
    context = _context(item.get("context"))
    return Problem(
        category=_word(item.get("category")) or _word(item.get("errorType")) or _word(item.get("code")),
        sub_category=_word(item.get("subCategory")),
        text=text,
        trace_ids=frozenset(context.get("objectWriteTraceId", ())),
        ids=frozenset(value for name in _ID_NAMES for value in context.get(name, ())),
        context=context,
        properties=property_problems(text) or _named_property(item, context),
    )


def _named_property(item: Mapping[str, Any], context: Context) -> tuple[PropertyProblem, ...]:
    """Return the property that a detail names beside its text, in ``in`` or its context, with its code."""
    code, place = _word(item.get("code")), _word(item.get("in"))
    names = context.get("propertyName", ()) or ((place,) if place else ())
    return tuple(PropertyProblem(name, code) for name in names) if code else ()


def _context(context: Any) -> Context:
    """Return a context with every value as a tuple of strings; some bodies hold single values."""
    if not isinstance(context, dict):
        return {}
    return {
        str(name): tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
        for name, value in context.items()
        if value is not None
    }


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
