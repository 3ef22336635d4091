"""The addresses of the portal's pages."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.pages.frame import STYLE, page
from ml_connector.sandbox.hubspot.pages.lists import record_list
from ml_connector.sandbox.hubspot.pages.markup import Markup, joined, tag
from ml_connector.sandbox.hubspot.pages.record import record_page
from ml_connector.sandbox.hubspot.pages.values import title_of
from ml_connector.sandbox.hubspot.problems import RefusedError

POLICY = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'"


def page_routes(account: Account) -> list[BaseRoute]:
    """Return the routes of the pages: ``/`` lists companies, ``/portal/...`` everything else."""

    def listing(request: Request) -> Response:
        kind = _kind(account, request.path_params.get("object_type", "companies"))
        if kind is None:
            return _missing(account)
        query = request.query_params.get("q", "").strip()
        asked = request.query_params.get("page", "1")
        content = record_list(account, kind, query, int(asked) if asked.isdecimal() and len(asked) < 9 else 1)
        return _answer(page(account, kind.plural_label, content, kind))

    def single(request: Request) -> Response:
        kind = _kind(account, request.path_params["object_type"])
        record = (
            account.store(kind).records.get(request.path_params["record_id"]) if kind is not None else None
        )
        if kind is None or record is None:
            return _missing(account)
        return _answer(page(account, title_of(kind, record), record_page(account, kind, record), kind))

    def style(_: Request) -> Response:
        return Response(STYLE, media_type="text/css")

    return [
        Route("/", _at_once(listing)),
        Route("/portal/style.css", _at_once(style)),
        Route("/portal/{object_type}", _at_once(listing)),
        Route("/portal/{object_type}/{record_id}", _at_once(single)),
    ]


def _at_once(view: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Return a view that runs on the event loop, where the account may be read without a lock."""

    async def answer(request: Request) -> Response:
        return view(request)

    return answer


def _kind(account: Account, name: str) -> ObjectType | None:
    try:
        return account.types.find(name)
    except RefusedError:
        return None


def _missing(account: Account) -> Response:
    content: Markup = joined(
        tag("h1", "Not here"),
        tag("div", tag("p", "There is no such record in this portal."), class_="card nothing"),
    )
    return _answer(page(account, "Not here", content), status=404)


def _answer(content: str, status: int = 200) -> Response:
    return HTMLResponse(content, status, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})
