"""Sending calls to HubSpot: one token, its limits, the retrying transport, and nothing about what the calls mean.

:class:`ml_connector.hubspot.client.HubSpotClient` adds the calls that read; the writers use ``exchange``.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ml_connector.errors import CredentialsError, TransientApiError, UsageError
from ml_connector.http import Answer, Request, RequestCounts, RetryPolicy, Transport
from ml_connector.hubspot import answers
from ml_connector.hubspot.limits import Bucket, PortalLimits, limits_for
from ml_connector.hubspot.search import encoded

MOST_IN_FLIGHT = 16

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API. ``body`` becomes JSON; ``repeatable`` False means a lost answer is not tried again."""

    method: str
    path: str
    body: Any = field(default=None, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    bucket: Bucket = Bucket.GENERAL
    write: bool = False
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Exchange:
    """The final answer to a call. ``maybe_done_before``: an earlier try of it may have been carried out."""

    answer: Answer
    maybe_done_before: bool


def chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Cut a sequence into parts of at most ``size``."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def hubspot_transport(
    policy: RetryPolicy | None = None, *, sleep: Callable[[float], None] = time.sleep
) -> Transport:
    """Return a transport that knows which of HubSpot's answers pass by themselves, and when."""
    return Transport("HubSpot", policy=policy, verdict=answers.verdict, delay=answers.delay, sleep=sleep)


class Caller:
    """Sends calls with one token; many threads may share it, and all callers of one token share its limits.

    Args:
        token: a private app's or service key's token, ``pat-…``.
        base_url: the host, another one in tests and the sandbox.
        in_flight: calls under way at once where a method sends several, 1 to 16.
        transport: the retrying transport; by default :func:`hubspot_transport`.
        limits: the limiter; by default the one this process keeps for the token.

    Raises:
        CredentialsError: the token is empty or cannot be sent in a header.
        UsageError: ``in_flight`` is out of bounds.

    Every method raises CredentialsError (401), PermanentApiError (403 with the missing scopes, 400, 404,
    daily limit) or TransientApiError (no usable answer within the retry budget).
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = "https://api.hubapi.com",
        in_flight: int = 8,
        transport: Transport | None = None,
        limits: PortalLimits | None = None,
    ) -> None:
        token = token.strip()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise CredentialsError(
                "The HubSpot access token is empty or has characters that no token has.",
                remedy="Copy the token of the private app or service key again and store it.",
            )
        if not 1 <= in_flight <= MOST_IN_FLIGHT:
            raise UsageError(f"in_flight is {in_flight}; it must be 1 to {MOST_IN_FLIGHT}.")
        self.base_url = base_url.rstrip("/")
        self.in_flight = in_flight
        self.limits = limits or limits_for(token, self.base_url)
        self._token = token
        self._transport = transport or hubspot_transport()

    @property
    def token_mark(self) -> str:
        """What stands for the token in the ledger: the same for the same token, and useless elsewhere."""
        return hashlib.sha256(f"hubspot token {self._token}".encode()).hexdigest()[:32]

    @property
    def requests(self) -> RequestCounts:
        """How many calls went out, how many wrote, how many were throttled; read it for a run's summary."""
        return self._transport.counts

    def parallel(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return the function's results in order, with up to ``in_flight`` calls under way at once."""
        if len(items) <= 1 or self.in_flight == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(min(self.in_flight, len(items)), "hubspot-read") as pool:
            try:
                return list(pool.map(function, items))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def call(self, call: Call, *, sensitive: Iterable[str] = ()) -> dict[str, Any]:
        """Send a call and return its JSON object; an ``errors`` list in a 2xx body is a failure like any other.

        ``sensitive`` are texts that must not be repeated in an error. Calls that may answer with partial
        errors use :meth:`call_partial`.
        """
        answer = self.exchange(call).answer
        body = self._usable(call, answer, sensitive)
        if answers.problems_in(body):
            raise answers.error_of(answer, call.path, _masked(sensitive), partial=True)
        return body

    def call_partial(self, call: Call) -> dict[str, Any]:
        """Send a call and return its JSON object; the caller reads the ``errors`` list in it."""
        return self._usable(call, self.exchange(call).answer, ())

    def exchange(self, call: Call) -> Exchange:
        """Send a call within the limits and return its final answer, whatever its status.

        Raises:
            TransientApiError: no usable answer within the retry budget; the call may have been carried out.
            PermanentApiError: the daily budget is used up.
        """
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        body = None
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            body = encoded(call.body)
        request = Request(call.method, self.base_url + call.path, call.path, call.params, headers, body)
        turn = _Turn(self.limits, call.bucket)
        try:
            answer = self._transport.send(
                request, write=call.write, repeatable=call.repeatable, before=turn.begin, after=turn.end
            )
        finally:
            turn.close()
        if answers.is_daily_limit(answer):
            correlation = answers.refusal_of(answer).correlation_id
            raise self.limits.daily_error(status=answer.status, correlation_id=correlation)
        return Exchange(answer, turn.maybe_done_before)

    def _usable(self, call: Call, answer: Answer, sensitive: Iterable[str]) -> dict[str, Any]:
        body = answer.json() if answer.ok else None
        if not isinstance(body, dict):
            raise answers.error_of(answer, call.path, _masked(sensitive))
        return body


class _Turn:
    """The limiter's side of one call: a slot for every try, and whether an earlier try may have been carried out."""

    def __init__(self, limits: PortalLimits, bucket: Bucket) -> None:
        self.maybe_done_before = False
        self._limits = limits
        self._bucket = bucket
        self._open = False
        self._last: Answer | None = None
        self._tries = 0

    def begin(self) -> None:
        """Wait for a slot before a try."""
        if self._tries and (self._last is None or self._last.ok or self._last.status >= 500):
            self.maybe_done_before = True
        self.close()
        self._limits.acquire(self._bucket)
        self._open, self._last = True, None
        self._tries += 1

    def end(self, answer: Answer) -> None:
        """Give the slot back with the answer."""
        self._open, self._last = False, answer
        self._limits.release(self._bucket, answer)

    def close(self) -> None:
        """Give back the slot of a try that got no answer."""
        if self._open:
            self._open = False
            self._limits.release(self._bucket, None)


def _masked(sensitive: Iterable[str]) -> dict[str, str]:
    return {f"value {number}": text for number, text in enumerate(sensitive, start=1)}


def results_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the results of an answer; without such a list of objects the answer is not one that can be trusted."""
    results = body.get("results")
    if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
        raise TransientApiError("HubSpot answered without a list of results.")
    return results
