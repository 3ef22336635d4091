"""A bare Visma caller for tests of the sandbox: no retries, no paging, nothing clever."""

from decimal import Decimal
from typing import Any

import requests

from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.visma.tokens import READ_SCOPE


class VismaCaller:
    """Calls one sandbox with a token of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.token = self.ask_token().json()["access_token"]

    def ask_token(self, **changes: str | None) -> requests.Response:
        """Ask for a token with the right fields, changed as told; None leaves a field out."""
        return self.session.post(f"{self.sandbox.url}/connect/token", data=self.token_fields(**changes))

    def token_fields(self, **changes: str | None) -> dict[str, str]:
        """Return the fields of a token request, changed as told; None leaves a field out."""
        settings = self.sandbox.settings.visma
        fields: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
            "tenant_id": settings.tenant_id,
            "scope": READ_SCOPE,
            **changes,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def call(self, path: str, **params: str | int) -> requests.Response:
        """Read one path with the caller's own token."""
        return self.send("GET", path, self.token, params)

    def send(
        self, method: str, path: str, token: str, params: dict[str, str | int] | None = None
    ) -> requests.Response:
        """Send one call of any method with any token."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.session.request(method, f"{self.sandbox.url}{path}", params=params, headers=headers)

    def rows(self, path: str, **params: str | int) -> list[Any]:
        """Return the rows of one list call that must succeed, with Decimal numbers."""
        response = self.call(path, **params)
        assert response.status_code == 200, response.text
        parsed: list[Any] = response.json(parse_float=Decimal)
        return parsed
