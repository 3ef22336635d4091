"""Visma Connect: credentials of an application for one company, and the tokens they buy.

One token is good for one company (reference: visma 1). Neither the secret nor a token is ever part of a text, a
``repr`` or an exception.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from ml_connector.errors import ConnectorError, CredentialsError, TransientApiError
from ml_connector.http import Answer, Request, Transport

READ_SCOPE = "vismanet_erp_service_api:read"
"""The only scope ever asked for: reading."""

EARLY_SECONDS = 60.0
FALLBACK_LIFETIME = 3600.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}

_REASONS = {
    "invalid_client": (
        "Visma Connect does not know this client id, or the secret is not its secret",
        "Copy both again from the application in the Visma Developer Portal; secrets there can expire.",
    ),
    "invalid_scope": (
        "the application may not ask for the scope {scope}",
        "Add the scope to the application in the Visma Developer Portal, under its integration with Visma.net ERP.",
    ),
    "unauthorized_client": (
        "the application may not ask for tokens by itself, or this company has not approved it",
        "It must be of the type service, and the company's administrator must approve it in the Visma App Store.",
    ),
    "invalid_tenant": (
        "the tenant id belongs to no company that has approved the application",
        "Store the Company Tenant ID from the Visma App Store; the company's administrator must approve it.",
    ),
    "invalid_grant": (
        "the application is not granted for this tenant",
        "The company's administrator must approve it in the Visma App Store; check the Company Tenant ID as well.",
    ),
    "invalid_request": (
        "the request was not understood: the tenant id is probably not a UUID",
        "Store the Company Tenant ID as the Visma App Store shows it, such as 6b1f0c1e-….",
    ),
    "unsupported_grant_type": (
        "the application cannot use client credentials",
        "Make the application one of the type service in the Visma Developer Portal.",
    ),
}


@dataclass(frozen=True, slots=True)
class VismaCredentials:
    """What an application needs to read one company.

    Args:
        client_id: of the application in the Visma Developer Portal.
        client_secret: its secret.
        tenant_id: the Company Tenant ID, not the Customer Tenant ID.
    """

    client_id: str
    client_secret: str = field(repr=False)
    tenant_id: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "VismaCredentials":
        """Read ``VISMA_CLIENT_ID``, ``VISMA_CLIENT_SECRET`` and ``VISMA_TENANT_ID``.

        Raises:
            CredentialsError: one of them is missing or empty.
        """
        names = ("VISMA_CLIENT_ID", "VISMA_CLIENT_SECRET", "VISMA_TENANT_ID")
        if missing := [name for name in names if not environment.get(name, "").strip()]:
            raise CredentialsError(
                f"The environment lacks {', '.join(missing)}.", remedy="Set it and try again."
            )
        client_id, client_secret, tenant_id = (environment[name].strip() for name in names)
        return cls(client_id, client_secret, tenant_id)


@dataclass(frozen=True, slots=True)
class VismaToken:
    """A bearer token, and the moment on the monotonic clock from which on it is renewed."""

    value: str = field(repr=False)
    renew_at: float


class TokenSource:
    """Hands out one token until it is about to expire. Safe to share between threads.

    Args:
        token_url: of Visma Connect.
        client_id: see :class:`VismaCredentials`, as for the next two.
        client_secret: never shown.
        tenant_id: the Company Tenant ID.
        scope: what the token may do.
        transport: sends the token request, again where Visma Connect has a passing trouble.
        clock: seconds that only go forward, replaced in tests.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        tenant_id: str,
        scope: str = READ_SCOPE,
        *,
        transport: Transport,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = token_url
        self._form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_id": client_id,
            "client_secret": client_secret,
            "tenant_id": tenant_id,
        }
        self._transport = transport
        self._clock = clock
        self._lock = threading.Lock()
        self._token: VismaToken | None = None
        self.requested = 0

    def token(self) -> str:
        """Return a token that is good for at least a minute; ask for one only when needed.

        Raises:
            CredentialsError: Visma Connect refuses the credentials.
            TransientApiError: Visma Connect gives no usable answer.
        """
        token = self._token
        if token is not None and self._clock() < token.renew_at:
            return token.value
        with self._lock:
            return self._current(stale=None)

    def renew(self, stale: str) -> str:
        """Return a token other than ``stale``, which the API has refused.

        Many threads that come with the same stale token cause one request.

        Raises:
            CredentialsError: as for :meth:`token`.
            TransientApiError: as for :meth:`token`.
        """
        with self._lock:
            return self._current(stale=stale)

    def _current(self, stale: str | None) -> str:
        """Return the token at hand or a new one; the lock is held."""
        token = self._token
        if token is None or token.value == stale or self._clock() >= token.renew_at:
            token = self._token = self._ask()
        return token.value

    def _ask(self) -> VismaToken:
        self.requested += 1
        body = urlencode(self._form).encode("ascii")
        began = self._clock()
        answer = self._transport.send(
            Request("POST", self._url, "the token endpoint", headers=_FORM, body=body)
        )
        fields = answer.json()
        value = fields.get("access_token") if answer.ok and isinstance(fields, dict) else None
        if not isinstance(value, str) or not value:
            raise token_error(answer, self._form["scope"])
        lifetime = _seconds(fields.get("expires_in"))
        return VismaToken(value, began + lifetime - min(EARLY_SECONDS, lifetime / 2))


def token_error(answer: Answer, scope: str = READ_SCOPE) -> ConnectorError:
    """Return the error for an answer of the token endpoint without a token, in plain words.

    Of the body only the OAuth error word is used: descriptions may repeat what was sent.
    """
    fields = answer.json()
    word = fields.get("error") if isinstance(fields, dict) else None
    if answer.ok:
        return TransientApiError("Visma Connect answered without a token.", status=answer.status)
    if isinstance(word, str) and re.fullmatch(r"[a-z_]{3,40}", word):
        reason, remedy = _REASONS.get(
            word, ("the credentials were refused", "Check client id, secret and tenant id.")
        )
        return CredentialsError(
            f"No token from Visma Connect ({word}, HTTP {answer.status}): {reason.format(scope=scope)}.",
            remedy=remedy,
        )
    return CredentialsError(
        f"No token from Visma Connect (HTTP {answer.status}).",
        remedy="Check VISMA_TOKEN_URL (https://connect.visma.com/connect/token), client id, secret and tenant id.",
    )


def _seconds(value: Any) -> float:
    """Return the lifetime an answer names, or an hour (reference: visma 1)."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return FALLBACK_LIFETIME
    return seconds if 0 < seconds < float("inf") else FALLBACK_LIFETIME
