"""The HTTP face of the Visma half: routes, the checks every call passes, and how lists and details are written."""

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ml_connector.sandbox.visma.answers import JSON, exception_body, message_body, refusal
from ml_connector.sandbox.visma.collection import Collection, Stored
from ml_connector.sandbox.visma.listing import BadRequestError, Cut, cut_of, line_page, select
from ml_connector.sandbox.visma.rendering import json_text, with_metadata
from ml_connector.sandbox.visma.table import Paging, Table
from ml_connector.sandbox.visma.tables import TABLES
from ml_connector.sandbox.visma.tokens import READ_SCOPE, TokenRefusedError

if TYPE_CHECKING:
    from ml_connector.sandbox.visma.sandbox import VismaSandbox

_STREAMED_FROM = 2_000
"""Rows from which a list that does not page is sent as it is built."""
_CHUNK = 500
_ENCODED_KEY = re.compile(r"b64\((.*)\)", re.IGNORECASE | re.DOTALL)

Handler = Callable[["VismaSandbox", Request], Response]


class AnyCaseRoute(Route):
    """A route whose path matches in any case, as Visma's do (reference: visma 2)."""

    def __init__(self, path: str, endpoint: Callable[..., object]) -> None:
        super().__init__(path, endpoint)
        self.methods = None
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)


def visma_routes(sandbox: "VismaSandbox") -> list[BaseRoute]:
    """Return the routes of the token endpoint, every table, and everything else below ``/v1`` and ``/v2``."""
    routes: list[BaseRoute] = [AnyCaseRoute("/connect/token", _token_endpoint(sandbox))]
    for table in TABLES:
        routes.append(AnyCaseRoute(table.path, _guarded(sandbox, _list_handler(table))))
        if table.detail_prefixes:
            detail = _guarded(sandbox, _detail_handler(table))
            routes.append(AnyCaseRoute(f"{table.path}/{{number}}", detail))
    documents = {table.name: table for table in TABLES}["supplier_invoices"]
    typed = _guarded(sandbox, _detail_handler(documents))
    routes.append(AnyCaseRoute(f"{documents.path}/{{type}}/{{number}}", typed))
    nothing = _guarded(sandbox, _nothing_here)
    return [*routes, AnyCaseRoute("/v1/{rest:path}", nothing), AnyCaseRoute("/v2/{rest:path}", nothing)]


def _token_endpoint(sandbox: "VismaSandbox") -> Callable[..., object]:
    async def endpoint(request: Request) -> Response:
        if request.method != "POST":
            return refusal(405, json_text({"error": "invalid_request"}), {"Allow": "POST"})
        headers = request.headers
        body = await request.body()
        try:
            issued = sandbox.tokens.issue(
                headers.get("Content-Type", ""), headers.get("Authorization", ""), body
            )
        except TokenRefusedError as error:
            return refusal(error.status, json_text({"error": error.code}))
        return Response(json_text(issued), headers={"Cache-Control": "no-store"}, media_type=JSON)

    return endpoint


def _guarded(sandbox: "VismaSandbox", handler: Handler) -> Callable[..., object]:
    """Return an endpoint that runs the handler for a caller with a valid token, within the limit, who only reads.

    It is a plain function, so that rows are built in a worker thread and other calls are answered meanwhile.
    """

    def endpoint(request: Request) -> Response:
        refused, headers = _refused(sandbox, request)
        response = refused
        if response is None:
            try:
                response = handler(sandbox, request)
            except BadRequestError as error:
                response = refusal(400, message_body(str(error)))
        for name, value in headers.items():
            response.headers[name] = value
        response.headers["Ipp-Request-Id"] = str(uuid.uuid4())
        return response

    return endpoint


def _refused(sandbox: "VismaSandbox", request: Request) -> tuple[Response | None, Mapping[str, str]]:
    """Return the answer to a call that may not pass, or None, and the headers of the rate limit."""
    writes = request.method not in ("GET", "HEAD")
    if writes:
        sandbox.refused_writes.append((request.method, request.url.path))
    grant = sandbox.tokens.grant_of(request.headers.get("Authorization", ""))
    if grant is None:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        return refusal(401, message_body("The access token is missing, unknown or expired."), challenge), {}
    if not sandbox.tokens.opens_api(grant):
        return refusal(401, exception_body("12027", "No license for this company.")), {}
    if writes and not grant.scopes - {READ_SCOPE}:
        return refusal(403, message_body("The token's scope does not allow this operation.")), {}
    if not writes and READ_SCOPE not in grant.scopes:
        return refusal(403, message_body("The token's scope does not allow reading.")), {}
    ticket = sandbox.window.take()
    if not ticket.allowed:
        return refusal(429, message_body("The limit of calls per hour is reached.")), ticket.headers
    if writes:
        return refusal(405, message_body("This sandbox only answers GET."), {"Allow": "GET"}), ticket.headers
    return None, ticket.headers


def _nothing_here(_sandbox: "VismaSandbox", _request: Request) -> Response:
    return refusal(404, message_body("No such resource."))


def _list_handler(table: Table) -> Handler:
    def handler(sandbox: "VismaSandbox", request: Request) -> Response:
        params = dict(request.query_params)
        if table.needs_one_of and not any(params.get(name) for name in table.needs_one_of):
            raise BadRequestError(f"One of {', '.join(table.needs_one_of)} is mandatory.")
        collection = sandbox.collection(table.name)
        rows = select(table, collection, params, by_change=sandbox.settings.order == "modified")
        cut = cut_of(params, table, sandbox.page_cap(table), sandbox.settings.default_page)
        if table.paging is Paging.LINES:
            return _page_of_lines(sandbox, table, rows, cut, params)
        page = rows[cut.start :] if cut.size is None else rows[cut.start : cut.start + cut.size]
        response = _written(sandbox, table, page, len(rows), cut, params)
        sandbox.served(table.name, params, (row.key for row in page))
        return response

    return handler


def _written(
    sandbox: "VismaSandbox",
    table: Table,
    page: Sequence[Stored],
    total: int,
    cut: Cut,
    params: Mapping[str, str],
) -> Response:
    """Return the page in the shape of its kind of list. A page's rows carry the metadata, so an empty one has none."""
    collection, hidden = sandbox.collection(table.name), _hidden(table, params)
    if table.paging is Paging.KEYS:
        return Response(json_text([row.key for row in page]), media_type=JSON)
    if table.paging is Paging.UNPAGED and len(page) >= _STREAMED_FROM:
        return StreamingResponse(_chunks(collection, page, hidden), media_type=JSON)
    texts = [collection.text(row, hidden) for row in page]
    if table.paging is Paging.PAGED:
        cap = sandbox.page_cap(table)
        texts = [with_metadata(text, total, cap) for text in texts]
    array = f"[{','.join(texts)}]"
    if table.paging is Paging.WRAPPED:
        size = cut.size or total
        number = cut.start // size + 1 if size else 1
        array = f'{{"pageNumber":{number},"pageSize":{size},"totalCount":{total},"records":{array}}}'
    return Response(array, media_type=JSON)


def _chunks(collection: Collection, page: Sequence[Stored], hidden: frozenset[str]) -> Iterator[str]:
    """Yield the array of a long list in parts, so that 100,000 rows are never in memory at once."""
    for start in range(0, len(page), _CHUNK):
        texts = ",".join(collection.text(row, hidden) for row in page[start : start + _CHUNK])
        yield f"{'[' if start == 0 else ','}{texts}"
    yield "]"


def _page_of_lines(
    sandbox: "VismaSandbox", table: Table, rows: Sequence[Stored], cut: Cut, params: Mapping[str, str]
) -> Response:
    collection, hidden = sandbox.collection(table.name), _hidden(table, params)
    lines = table.lines or ""
    total, page = line_page((collection.line_count(row, lines) for row in rows), cut)
    texts = []
    for place, start, stop in page:
        row = collection.values(rows[place])
        shown = {name: None if name in hidden else value for name, value in row.items()}
        shown[lines] = row[lines][start:stop]
        texts.append(with_metadata(json_text(shown), total, sandbox.page_cap(table)))
    sandbox.served(table.name, params, (rows[place].key for place, _, _ in page))
    return Response(f"[{','.join(texts)}]", media_type=JSON)


def _hidden(table: Table, params: Mapping[str, str]) -> frozenset[str]:
    """Return the fields that stay null because the request does not expand them."""
    return frozenset(
        name for parameter, name in table.expansions.items() if params.get(parameter, "").lower() != "true"
    )


def _detail_handler(table: Table) -> Handler:
    def handler(sandbox: "VismaSandbox", request: Request) -> Response:
        number = _key(request.path_params["number"])
        kind = request.path_params.get("type")
        prefixes = table.detail_prefixes if kind is None else (f"{kind}:",)
        collection = sandbox.collection(table.name)
        for prefix in prefixes:
            stored = collection.find(f"{prefix}{number}")
            if stored is not None:
                row = collection.values(stored)
                version = {"ETag": f'"{row["timeStamp"]}"'} if row.get("timeStamp") else {}
                return Response(json_text(row), headers=version, media_type=JSON)
        return refusal(404, message_body("There is no record with this number."))

    return handler


def _key(text: str) -> str:
    """Return the number a path segment names; ``b64(...)`` holds one with reserved characters (reference: visma 2).

    Raises:
        BadRequestError: what is in the parentheses is not base64url.
    """
    match = _ENCODED_KEY.fullmatch(text)
    if match is None:
        return text
    encoded = match.group(1)
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadRequestError("The encoded key is not valid base64url.") from error
