"""The token endpoint and what a token is good for (reference: visma 1)."""

import base64
import binascii
import json
import secrets
import threading
import urllib.parse
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ml_connector.sandbox.clock import SandboxClock
from ml_connector.sandbox.visma.settings import VismaSandboxSettings

READ_SCOPE = "vismanet_erp_service_api:read"
SCOPES = frozenset(f"vismanet_erp_service_api:{right}" for right in ("create", "read", "update", "delete"))


class TokenRefusedError(Exception):
    """An OAuth2 error; ``code`` is what the body's ``error`` says."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for."""

    tenant_id: str
    scopes: frozenset[str]
    expires: datetime


def _segment(value: Mapping[str, Any]) -> str:
    raw = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _basic_credentials(header: str) -> tuple[str, str] | None:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TokenRefusedError(400, "invalid_client") from error
    client_id, _, secret = text.partition(":")
    return urllib.parse.unquote_plus(client_id), urllib.parse.unquote_plus(secret)


class TokenDesk:
    """Issues and checks tokens.

    Args:
        settings: the one client and its tenants.
        clock: decides what has expired.
    """

    def __init__(self, settings: VismaSandboxSettings, clock: SandboxClock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self.requests = 0
        self.issued = 0

    def issue(self, content_type: str, authorization: str, body: bytes) -> dict[str, Any]:
        """Answer a token request with the body of a success.

        Raises:
            TokenRefusedError: with the OAuth2 error; a JSON body is ``invalid_request``.
        """
        with self._lock:
            self.requests += 1
        fields = self._form(content_type, body)
        client_id, secret = _basic_credentials(authorization) or (
            fields.get("client_id", ""),
            fields.get("client_secret", ""),
        )
        scopes = self._checked(fields, client_id, secret)
        tenant = self._tenant(fields)
        token = self._token(tenant, scopes)
        return {
            "access_token": token,
            "expires_in": self._settings.token_seconds,
            "token_type": "Bearer",
            "scope": " ".join(sorted(scopes)),
        }

    def _form(self, content_type: str, body: bytes) -> dict[str, str]:
        if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            raise TokenRefusedError(400, "invalid_request")
        return dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))

    def _checked(self, fields: Mapping[str, str], client_id: str, secret: str) -> frozenset[str]:
        known = secrets.compare_digest(client_id.encode(), self._settings.client_id.encode())
        proven = secrets.compare_digest(secret.encode(), self._settings.client_secret.encode())
        if not (known and proven):
            raise TokenRefusedError(400, "invalid_client")
        grant_type = fields.get("grant_type")
        if grant_type != "client_credentials":
            raise TokenRefusedError(400, "unsupported_grant_type" if grant_type else "invalid_request")
        scopes = frozenset(fields.get("scope", "").split())
        if not scopes or not scopes <= SCOPES:
            raise TokenRefusedError(400, "invalid_scope")
        return scopes

    def _tenant(self, fields: Mapping[str, str]) -> str:
        tenant = fields.get("tenant_id", "")
        try:
            uuid.UUID(tenant)
        except ValueError as error:
            raise TokenRefusedError(400, "invalid_tenant" if tenant else "invalid_request") from error
        if tenant.lower() not in (
            self._settings.tenant_id.lower(),
            self._settings.customer_tenant_id.lower(),
        ):
            raise TokenRefusedError(400, "unauthorized_client")
        return tenant.lower()

    def _token(self, tenant: str, scopes: frozenset[str]) -> str:
        now = self._clock.now()
        expires = now + timedelta(seconds=self._settings.token_seconds)
        header = {"alg": "RS256", "kid": "6F1C0A77E4D2RS256", "typ": "at+jwt"}
        payload = {
            "iss": "https://connect.visma.com",
            "nbf": int(now.timestamp()),
            "iat": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "aud": "https://api.finance.visma.net/erp/service",
            "scope": sorted(scopes),
            "client_id": self._settings.client_id,
            "tenant_id": tenant,
            "jti": secrets.token_hex(16).upper(),
        }
        token = f"{_segment(header)}.{_segment(payload)}.{secrets.token_urlsafe(256)}"
        with self._lock:
            self.issued += 1
            self._grants[token] = Grant(tenant, scopes, expires)
        return token

    def grant_of(self, authorization: str) -> Grant | None:
        """Return what the bearer of an Authorization header may do; None for a token that is unknown or expired."""
        kind, _, token = authorization.partition(" ")
        with self._lock:
            grant = self._grants.get(token.strip()) if kind.lower() == "bearer" else None
        return grant if grant is not None and grant.expires > self._clock.now() else None

    def opens_api(self, grant: Grant) -> bool:
        """Whether the grant is for the company; one for the Customer Tenant ID is not."""
        return grant.tenant_id == self._settings.tenant_id.lower()

    def expire_all(self) -> None:
        """Make every token so far useless, as a revocation or a restart of the identity server would."""
        with self._lock:
            self._grants = {
                token: Grant(grant.tenant_id, grant.scopes, datetime.min.replace(tzinfo=UTC))
                for token, grant in self._grants.items()
            }
