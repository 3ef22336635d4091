"""The one retrying transport under both API clients.

The decisions (is this answer worth another try, how long to wait) are pure functions; the loop around them only sends
and sleeps. A client turns a final :class:`Answer` into its own results and errors.
"""

import email.utils
import io
import json
import os
import random
import re
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import IO, Any
from urllib.parse import urlsplit

import requests

from ml_connector.errors import CredentialsError, TransientApiError, UsageError
from ml_connector.http_session import new_session
from ml_connector.reachability import Hosts, why_no_answer

RETRIED_STATUSES = frozenset({408, 423, 429, 477, 500, 502, 503, 504, 521, 522, 523, 524, 525, 526})
"""Statuses that pass by themselves (reference: hubspot 10, visma 5)."""

LOCKED_SECONDS = 2.0
"""HubSpot keeps a record locked (423) for two seconds (reference: hubspot 10)."""

SPOOL_BYTES = 8 * 1024 * 1024
"""A spooled body beyond this size waits in an unnamed temporary file instead of in memory."""

_READ_BYTES = 256 * 1024
_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. ``body`` is sent as is; ``label`` is the path without ids or secrets, for errors."""

    method: str
    url: str
    label: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole HTTP answer: status, headers (case-insensitive) and the full body.

    Of an answer that was asked for with ``spool`` the body of a 2xx is in ``file`` and ``body`` is empty.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    file: IO[bytes] | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is any 2xx: both APIs have changed 201 to 200 before (reference: peers 3)."""
        return 200 <= self.status < 300

    def open(self) -> IO[bytes]:
        """Return the body as a stream that stands at its beginning; good for one reader at a time."""
        if self.file is None:
            return io.BytesIO(self.body)
        self.file.seek(0)
        return self.file

    def tail(self, size: int = 64) -> bytes:
        """Return the last bytes of the body, up to ``size``: they tell a cut body from a whole one."""
        if self.file is None:
            return self.body[-size:]
        end = self.file.seek(0, os.SEEK_END)
        self.file.seek(max(0, end - size))
        return self.file.read()

    def close(self) -> None:
        """Give back the temporary file of a spooled body."""
        if self.file is not None:
            self.file.close()

    def text(self) -> str:
        """Return the body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Return the parsed body, with numbers that have a fraction as Decimal; None when it is not JSON."""
        try:
            return json.loads(self.body, parse_float=Decimal)
        except ValueError:
            return None


class NoUsableAnswerError(TransientApiError):
    """The tries or the time for one request are used up; ``answer`` is the last one, or None when there was none."""

    def __init__(self, message: str, *, answer: Answer | None, remedy: str) -> None:
        self.answer = answer
        super().__init__(message, status=answer.status if answer is not None else None, remedy=remedy)


class Verdict(Enum):
    """What to do with an answer."""

    FINAL = "final"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to try one request.

    ``attempts`` counts all tries; delays are seconds; ``longest_wait`` bounds a single wait, a ``Retry-After``
    included; ``budget`` bounds the sum of all waits of one request. ``read_timeout`` bounds a silence, ``body_timeout``
    the reading of a whole body, which may drip.
    """

    attempts: int = 8
    first_delay: float = 0.5
    longest_wait: float = 900.0
    budget: float = 1800.0
    connect_timeout: float = 10.0
    read_timeout: float = 250.0
    body_timeout: float = 1800.0


def verdict_of(answer: Answer) -> Verdict:
    """Decide on an answer by its status alone; the default for both APIs."""
    return Verdict.RETRY if answer.status in RETRIED_STATUSES else Verdict.FINAL


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for (a number or an HTTP date), or None without a usable one."""
    value = headers.get("Retry-After", "").strip()
    if _NUMBER.fullmatch(value):
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def backoff(attempt: int, policy: RetryPolicy, jitter: float) -> float:
    """Return the wait in seconds before try ``attempt + 1``: doubling from ``first_delay``, plus up to half in jitter.

    ``attempt`` is 1 after the first try; ``jitter`` is in [0, 1).
    """
    base = min(policy.first_delay * 2.0 ** (attempt - 1), 60.0)
    return float(base * (1.0 + jitter / 2.0))


def wait_before_retry(
    answer: Answer | None, attempt: int, policy: RetryPolicy, jitter: float, now: datetime
) -> float:
    """Return the seconds to wait after a failed try; ``answer`` is None when there was none."""
    wait = backoff(attempt, policy, jitter)
    if answer is not None:
        asked = retry_after(answer.headers, now)
        if asked is not None:
            return asked + jitter
        if answer.status == 423:
            return max(wait, LOCKED_SECONDS)
    return wait


@dataclass(slots=True)
class RequestCounts:
    """How many requests a client sent: ``calls`` in all, ``writes`` that change data, ``throttled`` answered 429."""

    calls: int = 0
    writes: int = 0
    throttled: int = 0
    retried: int = 0
    waited_seconds: float = 0.0
    _reported: tuple[int, int, int] = field(default=(0, 0, 0), repr=False, compare=False)

    def unreported(self) -> dict[str, int]:
        """Return calls, writes and throttled answers since this was asked last, so that a sum of reports is whole."""
        now = (self.calls, self.writes, self.throttled)
        before, self._reported = self._reported, now
        names = ("calls", "writes", "throttled")
        return {name: new - old for name, new, old in zip(names, now, before, strict=True)}


class Transport:
    """Sends requests over one pooled session, again where an answer says so. Safe to share between threads.

    Args:
        system: the name used in errors, ``Visma`` or ``HubSpot``.
        policy: how often and how long to try.
        verdict: the decision on an answer; a client may know better than :func:`verdict_of`.
        delay: the seconds before the next try; a client may know better than :func:`wait_before_retry`.
        pool_size: connections kept open.
        sleep: the sleeper, replaced in tests.
        random_fraction: the source of jitter in [0, 1), replaced in tests.
        clock: seconds that only go forward, replaced in tests.
    """

    def __init__(
        self,
        system: str,
        *,
        policy: RetryPolicy | None = None,
        verdict: Callable[[Answer], Verdict] = verdict_of,
        delay: Callable[[Answer | None, int, RetryPolicy, float, datetime], float] = wait_before_retry,
        pool_size: int = 16,
        sleep: Callable[[float], None] = time.sleep,
        random_fraction: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.system = system
        self.policy = policy or RetryPolicy()
        self.counts = RequestCounts()
        self._verdict = verdict
        self._delay = delay
        self._sleep = sleep
        self._random = random_fraction
        self._lock = threading.Lock()
        self._session = new_session(pool_size)
        self._hosts = Hosts(clock)

    def close(self) -> None:
        """Close the connections kept open; a later request opens new ones."""
        self._session.close()

    def send(
        self,
        request: Request,
        *,
        write: bool = False,
        repeatable: bool = True,
        spool: bool = False,
        before: Callable[[], None] | None = None,
        after: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """Send a request until it is answered for good and return that answer, whatever its status.

        Args:
            request: what to send.
            write: whether it changes data, for the counts only.
            repeatable: False where a second sending could double an effect: then only an answer that proves the
                request was not carried out (429) is tried again.
            spool: whether the body of a 2xx may be huge and is wanted as a file (:meth:`Answer.open`).
            before: called before every try (a limiter waits here).
            after: called with every answer (a limiter learns here).

        Raises:
            NoUsableAnswerError: no whole answer within the policy's attempts and budget, or the last answer of a
                request that ran out of tries is still one to retry (its status is on the error). A host that has
                never answered this transport is given up sooner (:mod:`ml_connector.reachability`).
            UsageError: the address is not a URL.
            CredentialsError: a credential holds a character that no HTTP header can carry.
        """
        waited = 0.0
        host = urlsplit(request.url).netloc
        for attempt in range(1, self.policy.attempts + 1):
            if before is not None:
                before()
            if silent := self._hosts.begin(host):
                raise self._unreachable(host, silent)
            answer, failure = self._try(request, write, spool)
            if answer is not None:
                self._hosts.answered(host)
                if after is not None:
                    after(answer)
                if self._verdict(answer) is Verdict.FINAL:
                    return answer
                answer.close()
            wait = self._delay(answer, attempt, self.policy, self._random(), datetime.now(UTC))
            proves_undone = answer is not None and answer.status == 429
            if attempt == self.policy.attempts or not (repeatable or proves_undone):
                break
            if wait > self.policy.longest_wait or waited + wait > self.policy.budget:
                failure = f"{failure}; the next try would have to wait {wait:.0f} s"
                break
            if self._hosts.out_of_patience(host, wait, failure):
                break
            with self._lock:
                self.counts.retried += 1
                self.counts.waited_seconds += wait
            waited += wait
            self._sleep(wait)
        raise self._exhausted(request, answer, failure)

    def _try(self, request: Request, write: bool, spool: bool) -> tuple[Answer | None, str]:
        """Send once; return the answer, or None and why there is none."""
        with self._lock:
            self.counts.calls += 1
            self.counts.writes += int(write)
        try:
            with self._session.request(
                request.method,
                request.url,
                params=dict(request.params) or None,
                headers=dict(request.headers),
                data=request.body,
                timeout=(self.policy.connect_timeout, self.policy.read_timeout),
                # A redirected POST arrives as a GET without its body and could answer 200.
                allow_redirects=request.method == "GET",
                stream=True,
            ) as response:
                answer = _whole_within(self.policy.body_timeout, response, spool)
        except (requests.exceptions.InvalidHeader, UnicodeError):
            # Neither text is passed on: both quote the header, and with it the token.
            raise self._unsendable() from None
        except (
            requests.exceptions.InvalidURL,
            requests.exceptions.MissingSchema,
            requests.exceptions.InvalidSchema,
        ):
            raise UsageError(
                f"The address of {self.system} is not a URL: {request.url.partition('?')[0]!r}.",
                remedy="It starts with https:// and a host name.",
            ) from None
        except requests.RequestException as error:
            return None, why_no_answer(error)
        if answer.status == 429:
            with self._lock:
                self.counts.throttled += 1
        return answer, f"HTTP {answer.status}"

    def _unsendable(self) -> CredentialsError:
        return CredentialsError(
            f"The credential for {self.system} holds a character that cannot be sent.",
            remedy="Store it again without line breaks and without letters outside A-Z.",
        )

    def _unreachable(self, host: str, reason: str) -> NoUsableAnswerError:
        return NoUsableAnswerError(
            f"{self.system} cannot be reached at {host}: {reason}.",
            answer=None,
            remedy="Check the address, and this machine's network and proxy; the next run tries again.",
        )

    def _exhausted(self, request: Request, answer: Answer | None, failure: str) -> NoUsableAnswerError:
        host = urlsplit(request.url).netloc
        if not self._hosts.known(host):
            return self._unreachable(host, failure)
        return NoUsableAnswerError(
            f"{self.system} gave no usable answer to {request.method} {request.label} at {host} ({failure}).",
            answer=answer,
            remedy="Check that the host is reachable and its status page; the next run tries again.",
        )


def _whole_within(seconds: float, response: requests.Response, spool: bool) -> Answer:
    """Read a response to its end as :func:`_whole` does; one that drips for longer than this counts as broken."""
    late = threading.Event()

    def give_up() -> None:
        late.set()
        response.raw.shutdown()

    patience = threading.Timer(seconds, give_up)
    # Ctrl-C may come before the block that cancels it; the process must not then wait for it at its end.
    patience.daemon = True
    patience.start()
    try:
        answer = _whole(response, spool)
    finally:
        patience.cancel()
    if late.is_set():
        answer.close()
        raise requests.ReadTimeout(f"the body did not end within {seconds:.0f} s")
    return answer


def _whole(response: requests.Response, spool: bool) -> Answer:
    """Read a response to its end, a spooled one into a file.

    Raises:
        requests.RequestException: the connection broke or fell silent before the end.
    """
    if not (spool and response.ok):
        return Answer(response.status_code, response.headers, response.content)
    file = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - the answer's owner closes it
    try:
        for piece in response.iter_content(_READ_BYTES):
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return Answer(response.status_code, response.headers, b"", file)
