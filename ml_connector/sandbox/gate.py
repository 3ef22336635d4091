"""What every call to the sandbox passes before and after its API: the count, the latency, and planted faults."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.routing import BaseRoute, Router
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ml_connector.sandbox.faults import FaultKind, Faults, Hit, error_body
from ml_connector.sandbox.request_log import DROPPED, LoggedCall, PathTemplates, RequestLog

_TRANSPORT = "sandbox.transport"


class SandboxProtocol(HttpToolsProtocol):
    """An HTTP connection that shows its transport to the gate, which is the only way to drop it as a network would."""

    def on_message_begin(self) -> None:
        """Begin a request, as the server does, with the transport among its extensions."""
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = {_TRANSPORT: self.transport}


class Gate:
    """The outermost application.

    Args:
        routes: by API; those under ``control`` are neither counted nor disturbed.
        log: where calls are counted.
        faults: the rules in force.
        latency: seconds by API.
        sleep: how latency and delays are waited for.
    """

    def __init__(
        self,
        routes: dict[str, Sequence[BaseRoute]],
        log: RequestLog,
        faults: Faults,
        latency: Callable[[str], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._log = log
        self._faults = faults
        self._latency = latency
        self._sleep = sleep
        self._router = Router([route for own in routes.values() for route in own], redirect_slashes=False)
        self._templates = PathTemplates(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        api, template = self._templates.find(scope)
        if api == "control":
            await self._router(scope, receive, send)
            return
        await self._counted(api, template, scope, receive, send)

    async def _counted(self, api: str, template: str, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        status = DROPPED

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        self._log.begin(api, method, template)
        try:
            await self._sleep(self._latency(api))
            whole = await self._through(self._faults.pick(method, path), scope, receive, noting)
            status = status if whole else DROPPED
        finally:
            query = scope["query_string"].decode("latin-1")
            self._log.end(LoggedCall(api, method, template, path, query, status))

    async def _through(self, hit: Hit | None, scope: Scope, receive: Receive, send: Send) -> bool:
        """Let the call through, or make it suffer; return whether a whole answer went out."""
        if hit is not None and hit.rule.kind is FaultKind.DELAY:
            await self._sleep(hit.rule.seconds)
            hit = None
        if hit is None:
            await self._router(scope, receive, send)
            return True
        if hit.rule.kind is FaultKind.ANSWER:
            if hit.rule.handled:
                await self._captured(scope, receive)
            await _answer(hit, send)
            return True
        messages = [] if hit.rule.kind is FaultKind.DROP_BEFORE else await self._captured(scope, receive)
        if hit.rule.kind is FaultKind.CUT_BODY:
            await _send_part(messages, hit.rule.kept, send)
            scope["extensions"][_TRANSPORT].close()
        else:
            scope["extensions"][_TRANSPORT].abort()
        await _gone(receive)
        return False

    async def _captured(self, scope: Scope, receive: Receive) -> list[Message]:
        """Carry the call out and return its answer instead of sending it."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._router(scope, receive, keep)
        return messages


async def _answer(hit: Hit, send: Send) -> None:
    content_type, body = error_body(hit.rule.body, hit.status)
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    if hit.rule.retry_after is not None:
        headers.append((b"retry-after", str(hit.rule.retry_after).encode()))
    await send({"type": "http.response.start", "status": hit.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_part(messages: list[Message], share: float, send: Send) -> None:
    """Send the head of an answer and the first part of its body, leaving the rest promised."""
    body = b"".join(message.get("body", b"") for message in messages)
    await send(messages[0])
    await send({"type": "http.response.body", "body": body[: int(len(body) * share)], "more_body": True})


async def _gone(receive: Receive) -> None:
    """Wait until the server has noticed that the connection is closed, or it would try to answer."""
    message = await receive()
    while message["type"] != "http.disconnect":
        message = await receive()
