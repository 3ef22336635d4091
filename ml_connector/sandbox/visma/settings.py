"""What can be set on the Visma half of the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class VismaSandboxSettings:
    """Credentials, limits and habits of the pretended Visma.net company. The credentials open nothing real.

    Args:
        tenant_id: the Company Tenant ID, the right one.
        customer_tenant_id: the Customer Tenant ID: a token is issued for it, but the API answers 401
            (reference: visma 1).
        token_seconds: lifetime of a token.
        page_caps: ``maxPageSize`` by entity name, where it should differ from the usual 1000.
        default_page: rows of a page when the request names no ``pageSize``.
        hourly_limit: calls per window of ``limit_seconds``; None for no limit.
        timezone: zone of the naive stamps.
        order: of lists: ``key`` is oldest row first; ``modified`` is by last change, where a row that changes while
            pages are read moves to the end and shifts the others.
        as_of: naive midnight before which everything happened; None for the current day's.
    """

    client_id: str = "isv_fjordlys_sandbox"
    client_secret: str = field(default="sandbox-visma-secret", repr=False)
    tenant_id: str = "6b1f0c1e-5d0a-11ee-9c3b-0242ac120002"
    customer_tenant_id: str = "7c2a9d44-5d0a-11ee-9c3b-0242ac120002"
    token_seconds: int = 3600
    page_caps: Mapping[str, int] = field(default_factory=dict)
    default_page: int = 100
    hourly_limit: int | None = 15_000
    limit_seconds: int = 3600
    timezone: str = "Europe/Oslo"
    order: Literal["key", "modified"] = "key"
    as_of: datetime | None = None
