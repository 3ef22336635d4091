"""Which credentials a connection has, and where they come from: the vault first, else the environment."""

import os
from dataclasses import dataclass

from ml_connector.database import engine
from ml_connector.errors import CredentialsError
from ml_connector.vault import Vault
from ml_connector.visma.auth import VismaCredentials

ENVIRONMENT = {
    "visma_client_id": "VISMA_CLIENT_ID",
    "visma_client_secret": "VISMA_CLIENT_SECRET",
    "visma_tenant_id": "VISMA_TENANT_ID",
    "hubspot_access_token": "HUBSPOT_ACCESS_TOKEN",
}
"""The credentials of a connection, and the variable each is read from in an unattended set-up."""


def credentials_of(connection: str) -> "Credentials":
    """Return the credentials of a connection, from this machine's vault or environment."""
    return Credentials(Vault(engine()), connection)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of one connection. Reading one that is missing says how to set it."""

    vault: Vault
    connection: str

    def read(self, name: str) -> str:
        """Return a credential by its name in :data:`ENVIRONMENT`.

        Raises:
            CredentialsError: it is neither in the vault nor in the environment.
        """
        stored = {entry.name for entry in self.vault.list(self.connection)}
        value = self.vault.get(self.connection, name) if name in stored else os.environ.get(ENVIRONMENT[name])
        if not value:
            raise CredentialsError(
                f"The credential {name} of connection {self.connection} is not set.",
                remedy=f"Run `ml-connector credentials set {self.connection} {name}`, or set {ENVIRONMENT[name]}.",
            )
        return value

    def visma(self) -> VismaCredentials:
        """Return what Visma's token endpoint asks for."""
        return VismaCredentials(
            client_id=self.read("visma_client_id"),
            client_secret=self.read("visma_client_secret"),
            tenant_id=self.read("visma_tenant_id"),
        )

    def hubspot(self) -> str:
        """Return HubSpot's bearer token: a service key or a private app's."""
        return self.read("hubspot_access_token")
