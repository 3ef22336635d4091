"""The Dagster resource of a connection's Visma company: it holds settings and hands out the plain client."""

import dagster as dg
from pydantic import Field, PrivateAttr

from ml_connector.credentials import credentials_of
from ml_connector.database import engine
from ml_connector.ledger.bindings import Side, bind, bound_to, company_mark, require_bound
from ml_connector.settings.hosts import api_hosts
from ml_connector.visma.client import VismaClient


class VismaResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Reads one Visma company. Credentials come from the vault or the environment, never from config."""

    connection: str = Field(description="Name of the connection whose credentials are used.")

    _client: VismaClient | None = PrivateAttr(default=None)

    def get_client(self) -> VismaClient:
        """Return the client of this run: one token and one count of requests for all its steps.

        Raises:
            UsageError: the connection was synced from another company before.
        """
        if self._client is None:
            hosts = api_hosts()
            credentials = credentials_of(self.connection).visma()
            require_bound(engine(), self.connection, Side.COMPANY, company_mark(credentials.tenant_id))
            self._client = VismaClient(credentials, api_url=hosts.visma_api, token_url=hosts.visma_token)
        return self._client

    def bind(self) -> None:
        """Let the connection stay with this company from here on: what a run writes comes from it.

        Raises:
            ConnectorError: the company does not answer; a wrong tenant id, which gets a token too, is not bound.
        """
        mark = company_mark(credentials_of(self.connection).visma().tenant_id)
        if bound_to(engine(), self.connection, Side.COMPANY) is None:
            self.get_client().count("customers")
        bind(engine(), self.connection, Side.COMPANY, mark)
