"""Trouble on the way: connections that drop, answers that get lost or cut, delays, and errors of a gateway.

A rule says which calls it hits and how often; every hit is counted, and chance comes from a seed, so that a test can be
repeated. Faults that belong to one API's own behaviour live with that API.
"""

import json
import random
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class FaultKind(StrEnum):
    """What happens to a call that a rule hits."""

    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    CUT_BODY = "cut_body"
    DELAY = "delay"
    ANSWER = "answer"


class ErrorBody(StrEnum):
    """The body of an injected answer: Visma's two shapes, HubSpot's, a gateway's page, plain text, or nothing."""

    VISMA_EXCEPTION = "visma_exception"
    VISMA_MESSAGE = "visma_message"
    HUBSPOT = "hubspot"
    HTML = "html"
    TEXT = "text"
    EMPTY = "empty"


class FaultRule(BaseModel):
    """One kind of trouble for the calls it selects.

    Calls are selected by ``method`` (None for any) and a ``path`` prefix in any case. Of these the first ``skip`` pass,
    then the next ``times`` (None for all to come) are hit, each with ``probability``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    method: str | None = None
    path: str = Field(default="/", description="Prefix of the path.")
    times: int | None = Field(default=None, ge=1)
    skip: int = Field(default=0, ge=0)
    probability: float = Field(default=1.0, gt=0.0, le=1.0)
    seconds: float = Field(
        default=0.0, ge=0.0, description="delay: how long the call waits before it is handled."
    )
    kept: float = Field(
        default=0.5, ge=0.0, lt=1.0, description="cut_body: the share of the body that arrives."
    )
    statuses: tuple[int, ...] = Field(
        default=(503,), min_length=1, description="answer: one of these, by chance."
    )
    body: ErrorBody = ErrorBody.VISMA_MESSAGE
    retry_after: int | None = Field(
        default=None, ge=0, description="answer: seconds of the Retry-After header."
    )
    handled: bool = Field(
        default=False, description="answer: the call is carried out before it is answered so."
    )

    def selects(self, method: str, path: str) -> bool:
        """Whether a call is one this rule is about."""
        return (self.method is None or self.method.upper() == method) and path.lower().startswith(
            self.path.lower()
        )


@dataclass(slots=True)
class _Armed:
    """A rule at work and what it has met so far."""

    rule: FaultRule
    matched: int = 0
    fired: int = 0

    def exhausted(self) -> bool:
        return self.rule.times is not None and self.fired >= self.rule.times


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that befalls one call; ``status`` is drawn from the rule's."""

    rule: FaultRule
    status: int


class Faults:
    """The rules in force. The first rule that hits a call is the one it suffers.

    Args:
        seed: of the chance in rules with a probability or several statuses.
        rules: in force from the start.
    """

    def __init__(self, seed: int = 0, rules: Sequence[FaultRule] = ()) -> None:
        self._lock = threading.Lock()
        self._seed = seed
        self.restart(rules)

    def restart(self, rules: Sequence[FaultRule]) -> None:
        """Put exactly these rules in force, counts at zero and chance from the start of the seed."""
        with self._lock:
            self._chance = random.Random(self._seed)
            self._armed = {number: _Armed(rule) for number, rule in enumerate(rules, 1)}
            self._next = len(rules) + 1

    def add(self, rule: FaultRule) -> int:
        """Put a rule in force and return its number, under which its hits are counted."""
        with self._lock:
            number = self._next
            self._next += 1
            self._armed[number] = _Armed(rule)
            return number

    def remove(self, number: int) -> None:
        """End a rule; its count is gone too. Nothing happens when there is none."""
        with self._lock:
            self._armed.pop(number, None)

    def clear(self) -> None:
        """End all rules."""
        with self._lock:
            self._armed.clear()

    def fired(self, number: int) -> int:
        """Return how many calls a rule has hit."""
        with self._lock:
            armed = self._armed.get(number)
            return armed.fired if armed else 0

    def report(self) -> list[dict[str, object]]:
        """Return each rule with its number and how many calls it has hit."""
        with self._lock:
            return [
                {"id": number, "fired": armed.fired, "rule": armed.rule.model_dump(mode="json")}
                for number, armed in self._armed.items()
            ]

    def pick(self, method: str, path: str) -> Hit | None:
        """Return what befalls this call, or None."""
        with self._lock:
            for armed in self._armed.values():
                rule = armed.rule
                if armed.exhausted() or not rule.selects(method, path):
                    continue
                armed.matched += 1
                if armed.matched <= rule.skip:
                    continue
                if rule.probability < 1.0 and self._chance.random() >= rule.probability:
                    continue
                armed.fired += 1
                return Hit(rule, self._chance.choice(rule.statuses))
        return None


def error_body(shape: ErrorBody, status: int) -> tuple[str, bytes]:
    """Return the content type and the bytes of an injected answer."""
    match shape:
        case ErrorBody.VISMA_EXCEPTION:
            return "application/json", _json(
                ExceptionType="IPPException",
                ExceptionMessage="The sandbox was told to fail.",
                ExceptionFaultCode="10001",
                ExceptionMessageID=f"10001_{uuid.uuid4()}",
                ExceptionDetails="",
            )
        case ErrorBody.VISMA_MESSAGE:
            return "application/json", _json(
                message=f"VismaId: {uuid.uuid4()}. The sandbox was told to fail."
            )
        case ErrorBody.HUBSPOT:
            return "application/json", _json(
                status="error", message="The sandbox was told to fail.", correlationId=str(uuid.uuid4())
            )
        case ErrorBody.HTML:
            page = (
                f"<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>gateway</body></html>"
            )
            return "text/html", page.encode()
        case ErrorBody.TEXT:
            return "text/plain", b"upstream connect error or disconnect before headers"
        case ErrorBody.EMPTY:
            return "text/plain", b""


def _json(**fields: str) -> bytes:
    return json.dumps(fields).encode()
