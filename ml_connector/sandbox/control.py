"""The sandbox's own paths below ``/sandbox``: what was asked of it, planted faults, and starting anew."""

import json
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector.sandbox.faults import FaultRule, Faults

_RULES = TypeAdapter(list[FaultRule])


def control_routes(
    report: Callable[[], dict[str, Any]],
    faults: Faults,
    forget: Callable[[], None],
    reset: Callable[[], None],
) -> list[BaseRoute]:
    """Return the control paths.

    Args:
        report: what ``GET /sandbox/stats`` answers.
        faults: the rules that ``/sandbox/faults`` lists, adds to and clears.
        forget: what ``DELETE /sandbox/stats`` does.
        reset: what ``POST /sandbox/reset`` does; it runs in the event loop, between two calls of the portal.
    """

    def stats(request: Request) -> Response:
        if request.method == "DELETE":
            forget()
        return JSONResponse(report())

    async def rules(request: Request) -> Response:
        if request.method == "POST":
            return _add(faults, await request.body())
        if request.method == "DELETE":
            faults.clear()
        return JSONResponse({"faults": faults.report()})

    async def again(_request: Request) -> Response:
        reset()
        return JSONResponse({"reset": True})

    return [
        Route("/sandbox/stats", stats, methods=["GET", "DELETE"]),
        Route("/sandbox/faults", rules, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/reset", again, methods=["POST"]),
    ]


def _add(faults: Faults, body: bytes) -> Response:
    """Put one rule or a list of rules in force; answer their numbers, or 400 with what is wrong."""
    try:
        posted = json.loads(body)
        rules = _RULES.validate_python(posted if isinstance(posted, list) else [posted])
    except ValidationError as error:
        return JSONResponse({"errors": error.errors(include_url=False, include_input=False)}, 400)
    except ValueError:
        return JSONResponse({"errors": [{"msg": "The body is not JSON."}]}, 400)
    return JSONResponse({"ids": [faults.add(rule) for rule in rules]}, 201)


def front_page() -> BaseRoute:
    """Return a plain page at ``/`` for a sandbox whose portal has none of its own."""
    page = (
        "<!doctype html><title>ml-connector sandbox</title><h1>ml-connector sandbox</h1>"
        "<p>Visma.net below <code>/v1</code> and <code>/v2</code>, HubSpot below <code>/crm</code>. "
        '<a href="/sandbox/stats">What was asked so far</a>.</p>'
    )
    return Route("/", lambda _request: HTMLResponse(page), methods=["GET"])
