"""What every call passes on its way in and out: who it is, planted faults, limits, and the form of an answer."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import Response

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.calls import Call, Reply
from ml_connector.sandbox.hubspot.label_calls import label_cap
from ml_connector.sandbox.hubspot.problems import RefusedError, invalid_authentication
from ml_connector.sandbox.hubspot.rates import Kind, Rates
from ml_connector.sandbox.hubspot.settings import Fault

Handler = Callable[[Call], Reply]
NUMBERED = frozenset({"v1", "v3", "v4"})
"""Path parts of the old versions; the token information lives under v2 in every version."""

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class CallCounts:
    """How often the account was called.

    ``writes`` are calls that were let through and change data, ``throttled`` were answered 429, ``v3_v4`` used a path
    of the old numbered versions. ``operations`` counts by operation, such as ``companies batch upsert``.
    """

    calls: int = 0
    writes: int = 0
    throttled: int = 0
    v3_v4: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)


class Gateway:
    """Turns handlers into endpoints of one account."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.forget()

    def forget(self) -> None:
        """Set the counts and the rate windows to zero."""
        self.rates = Rates()
        self.counts = CallCounts()

    def endpoint(
        self, operation: str, handler: Handler, *, kind: Kind = Kind.GENERAL, writes: bool = False
    ) -> Endpoint:
        """Return the endpoint of a handler.

        Args:
            operation: its name in the counts, after the object type.
            handler: what carries it out.
            kind: the limit it counts against.
            writes: whether it changes data.
        """

        async def answer(request: Request) -> Response:
            raw = await request.body()
            reply = self._handle(request, raw, operation, handler, kind, writes=writes)
            content = b"" if reply.body is None else json.dumps(reply.body, ensure_ascii=False).encode()
            self.counts.statuses[reply.status] += 1
            media_type = None if reply.body is None else "application/json;charset=utf-8"
            return Response(content, reply.status, dict(reply.headers), media_type)

        return answer

    def _handle(
        self, request: Request, raw: bytes, operation: str, handler: Handler, kind: Kind, *, writes: bool
    ) -> Reply:
        headers: dict[str, str] = {}
        self._count(request, operation)
        try:
            token = self._token(request)
            headers = self.rates.admit(kind, token, self.account.clock(), self.account.settings)
            self._planted(request)
            self.counts.writes += int(writes)
            version = request.path_params.get("version", "")
            reply = handler(Call(self.account, version, request.path_params, request.query_params, raw))
        except RefusedError as problem:
            self.counts.throttled += int(problem.status == 429)
            body = problem.body(self.account.correlation_id())
            reply = Reply(problem.status, body, problem.headers)
        return replace(reply, headers={**headers, **reply.headers})

    def _count(self, request: Request, operation: str) -> None:
        path = request.path_params
        subject = path.get("object_type") or path.get("from_type") or ""
        other = path.get("to_type")
        names = [self._name(part) for part in (subject, other) if part]
        self.counts.calls += 1
        self.counts.operations[" ".join(["-".join(names), operation]).strip()] += 1
        self.counts.v3_v4 += int(not NUMBERED.isdisjoint(request.url.path.split("/")))

    def _name(self, part: str) -> str:
        """Return the plural name of an object type, so that counts do not depend on how a path spells it."""
        try:
            return self.account.types.find(part).name
        except RefusedError:
            return "unknown"

    def _token(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.account.settings.access_tokens:
            raise invalid_authentication()
        return token

    def _planted(self, request: Request) -> None:
        """Answer with a planted fault that fits this call, if there is one."""
        for position, fault in enumerate(self.account.faults):
            if fault.method not in (None, request.method) or fault.path_contains not in request.url.path:
                continue
            if fault.times > 1:
                self.account.faults[position] = replace(fault, times=fault.times - 1)
            else:
                del self.account.faults[position]
            raise _fault_problem(fault)


def _fault_problem(fault: Fault) -> RefusedError:
    """Return the answer of a planted fault, in the words HubSpot uses for that status."""
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.status == 437:
        return label_cap(50)
    texts = {
        423: ("The record is locked by another request.", "LOCKED"),
        477: ("This account is being migrated. Try again later.", "MIGRATION_IN_PROGRESS"),
    }
    message, category = texts.get(fault.status, ("An error occurred while handling the request.", None))
    return RefusedError(fault.status, message, category, headers=headers)
