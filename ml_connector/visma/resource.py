"""The Dagster resource of a connection's Visma company: it holds settings and hands out the plain client."""

import dagster as dg
from pydantic import Field, PrivateAttr

from ml_connector.credentials import credentials_of
from ml_connector.settings import api_hosts
from ml_connector.visma.client import VismaClient


class VismaResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Reads one Visma company. Credentials come from the vault or the environment, never from config."""

    connection: str = Field(description="Name of the connection whose credentials are used.")

    _client: VismaClient | None = PrivateAttr(default=None)

    def get_client(self) -> VismaClient:
        """Return the client of this run: one token and one count of requests for all its steps."""
        if self._client is None:
            hosts = api_hosts()
            credentials = credentials_of(self.connection).visma()
            self._client = VismaClient(credentials, api_url=hosts.visma_api, token_url=hosts.visma_token)
        return self._client
