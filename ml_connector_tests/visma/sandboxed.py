"""What the tests against the sandbox share: a small company served over HTTP, and changes between two pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from ml_connector.http import RetryPolicy, Transport
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.sandbox import ServedPage
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector.visma import (
    ENTITIES,
    Row,
    VismaClient,
    VismaCredentials,
)
from ml_connector.visma.answers import verdict

OLD = datetime(2026, 3, 1, 12, 0, 0)
RECENT = datetime(2026, 11, 20, 6, 35, 22, 153_000)

FILLED: dict[str, list[dict[str, Any]]] = {
    "customer_invoices": [{"documentType": "Invoice", "referenceNumber": f"{n:06d}"} for n in range(25)],
    "customer_credit_notes": [{"documentType": "CreditNote", "referenceNumber": "A/1"}],
    "customer_debit_notes": [{"documentType": "DebitNote", "referenceNumber": "7"}],
    "customer_payments": [{"type": kind, "refNbr": "77"} for kind in ("Payment", "VoidPayment")],
    "journal_transactions": [
        {
            "module": "ModuleAR",
            "batchNumber": f"{n:06d}",
            "journalTransactionLines": [{"lineNumber": line, "debitAmount": 10} for line in range(1, 8)],
        }
        for n in range(30)
    ],
    "supplier_invoices": [
        {"documentType": kind, "referenceNumber": "5"} for kind in ("Invoice", "CreditAdj")
    ],
    "purchase_orders": [{"orderType": "RegularOrder", "orderNbr": "P 1"}],
}
"""Rows for the entities that the sandbox's company begins without."""


def settings(**visma: Any) -> SandboxSettings:
    """Return settings of a small company whose lists come in pages of ten."""
    caps = dict.fromkeys(ENTITIES, 10)
    return SandboxSettings(customers=35, suppliers=12, visma=VismaSandboxSettings(page_caps=caps, **visma))


def fill(sandbox: Sandbox) -> None:
    """Enter the rows that the company begins without."""
    for entity, rows in FILLED.items():
        for row in rows:
            sandbox.visma.add(entity, row, stamp=OLD)


@contextmanager
def serving(made: SandboxSettings) -> Iterator[Sandbox]:
    """Serve a sandbox with settings of its own."""
    with Sandbox(made) as running:
        fill(running)
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """One running sandbox for the tests of a module."""
    with Sandbox(settings()) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    """The sandbox as its company begins, with the filled rows and without troubles."""
    server.visma.on_page.clear()
    server.faults.clear()
    server.clock.run()
    server.visma.reset()
    fill(server)
    return server


def client(sandbox: Sandbox, tenant: str | None = None, **changes: Any) -> VismaClient:
    """Return a client of the sandbox's company that never sleeps."""
    own = sandbox.settings.visma
    transport = Transport(
        "Visma",
        policy=RetryPolicy(attempts=5),
        verdict=verdict,
        sleep=lambda _: None,
        random_fraction=lambda: 0.0,
    )
    defaults = {"transport": transport, "api_url": sandbox.url, "token_url": f"{sandbox.url}/connect/token"}
    credentials = VismaCredentials(own.client_id, own.client_secret, tenant or own.tenant_id)
    return VismaClient(credentials, **{**defaults, **changes})


def read(reader: VismaClient, entity: str, since: datetime | None = None) -> list[Row]:
    """Read a list to its end."""
    return [row for page in reader.changed(entity, since) for row in page]


@contextmanager
def before_page(
    sandbox: Sandbox, entity: str, page: int, change: Callable[[], object], *, always: bool = False
) -> Iterator[None]:
    """Let something happen between the page before this one and this one, once or each time."""
    done: list[bool] = []

    def hook(served: ServedPage) -> None:
        number = int(served.params.get("pageNumber", "1"))
        if served.entity == entity and number == page - 1 and (always or not done):
            done.append(True)
            change()

    sandbox.visma.on_page.append(hook)
    yield
    assert done
