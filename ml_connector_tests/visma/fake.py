"""A small made-up Visma for unit tests: one list behind ``responses``, with knobs for everything lists do wrong."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import responses

from ml_connector.http import RetryPolicy, Transport
from ml_connector.visma import VismaClient, VismaCredentials
from ml_connector.visma.answers import verdict

API = "https://visma.test"
TOKEN = "https://connect.test/connect/token"
SECRET = "canary-secret-8c1f"
NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
DATE = "Sun, 22 Nov 2026 10:00:00 GMT"

Reply = tuple[int, dict[str, str], str]


def customer(number: int, modified: str = "2026-11-20T06:35:22.153", **more: Any) -> dict[str, Any]:
    return {"number": str(number), "name": "Fjord AS", "lastModifiedDateTime": modified, **more}


def batch(
    number: int, lines: list[int], modified: str = "2026-11-20T06:00:00", **more: Any
) -> dict[str, Any]:
    return {
        "module": "ModuleAR",
        "batchNumber": f"{number:06d}",
        "lastModifiedDateTime": modified,
        "debitTotal": 10.50,
        "journalTransactionLines": [{"lineNumber": line, "accountNumber": "3000"} for line in lines],
        **more,
    }


def client(**settings: Any) -> VismaClient:
    """Return a client of the made-up Visma that never sleeps."""
    transport = Transport(
        "Visma",
        policy=RetryPolicy(attempts=3),
        verdict=verdict,
        sleep=lambda _: None,
        random_fraction=lambda: 0.0,
    )
    return VismaClient(
        VismaCredentials("client", SECRET, "tenant"),
        **{"api_url": API, "token_url": TOKEN, "transport": transport, "now": lambda: NOW, **settings},
    )


class FakeVisma:
    """One list in pages.

    ``between`` is called with the number of the page about to be answered and may change ``rows``; ``total`` replaces
    the count the list gives of itself; ``metadata`` False leaves metadata out; ``cap`` is the largest page.
    """

    def __init__(self, mock: responses.RequestsMock, path: str, rows: list[dict[str, Any]]) -> None:
        self.mock = mock
        self.rows = rows
        self.cap = 1000
        self.total: int | None = None
        self.metadata = True
        self.ignores_paging = False
        self.ignores_filter = False
        self.between: Callable[[int], object] = lambda _: None
        self.queries: list[dict[str, str]] = []
        self.urls: list[str] = []
        self.tokens = 0
        mock.add_callback("POST", TOKEN, self._token)
        mock.add_callback("GET", API + path, self._page)

    def _token(self, _: requests.PreparedRequest) -> Reply:
        self.tokens += 1
        return 200, {}, json.dumps({"access_token": f"token-{self.tokens}", "expires_in": 3600})

    def _query(self, request: requests.PreparedRequest) -> dict[str, str]:
        self.urls.append(request.url or "")
        self.queries.append(
            {name: values[0] for name, values in parse_qs(urlsplit(self.urls[-1]).query).items()}
        )
        return self.queries[-1]

    def _page(self, request: requests.PreparedRequest) -> Reply:
        query = self._query(request)
        number, size = int(query.get("pageNumber", 1)), min(int(query.get("pageSize", 100)), self.cap)
        self.between(number)
        since = query.get("lastModifiedDateTime", "").replace(" ", "T")
        rows = [row for row in self.rows if self.ignores_filter or str(row["lastModifiedDateTime"]) >= since]
        page = rows[:size] if self.ignores_paging else rows[(number - 1) * size : number * size]
        if self.metadata:
            total = len(rows) if self.total is None else self.total
            page = [{**row, "metadata": {"totalCount": total, "maxPageSize": self.cap}} for row in page]
        return 200, {"Date": DATE}, json.dumps(page)


class FakeJournal(FakeVisma):
    """The journal list: pages and counts are of lines, and a batch may be split over two pages."""

    def _page(self, request: requests.PreparedRequest) -> Reply:
        query = self._query(request)
        number, size = int(query["pageNumber"]), min(int(query["pageSize"]), self.cap)
        self.between(number)
        lines = [(row, line) for row in self.rows for line in row["journalTransactionLines"]]
        page: list[dict[str, Any]] = []
        for row, line in lines[(number - 1) * size : number * size]:
            if not page or page[-1]["batchNumber"] != row["batchNumber"]:
                metadata = {"totalCount": len(lines), "maxPageSize": self.cap}
                page.append({**row, "journalTransactionLines": [], "metadata": metadata})
            page[-1]["journalTransactionLines"].append(line)
        return 200, {"Date": DATE}, json.dumps(page)


@contextmanager
def visma(
    rows: list[dict[str, Any]], path: str = "/v1/customer", kind: type[FakeVisma] = FakeVisma
) -> Iterator[FakeVisma]:
    """Serve a list for the time of a test."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield kind(mock, path, rows)
