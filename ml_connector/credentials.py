"""Which credentials a connection has, where they come from (the vault first, else the environment) and where they go.

A stored credential remembers the hosts of its day and goes to no others: what was stored for the sandbox never reaches
the real systems, and a real token never reaches an address that somebody put into the environment later.
"""

import ipaddress
import os
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from ml_connector.database import engine
from ml_connector.errors import CredentialsError
from ml_connector.settings.hosts import api_hosts
from ml_connector.vault import Vault
from ml_connector.visma.auth import VismaCredentials

ENVIRONMENT = {
    "visma_client_id": "VISMA_CLIENT_ID",
    "visma_client_secret": "VISMA_CLIENT_SECRET",
    "visma_tenant_id": "VISMA_TENANT_ID",
    "hubspot_access_token": "HUBSPOT_ACCESS_TOKEN",
}
"""The credentials of a connection, and the variable each is read from in an unattended set-up."""


HERE = "this machine"
"""What all addresses of the loopback interface are called: a sandbox may come back on another port."""


def hosts_of(credential: str) -> str:
    """Return the hosts that a credential is sent to in this environment, such as ``api.hubapi.com``."""
    addresses = api_hosts()
    if credential.startswith("hubspot"):
        return _host(addresses.hubspot_api)
    return " and ".join(dict.fromkeys((_host(addresses.visma_token), _host(addresses.visma_api))))


def _host(address: str) -> str:
    place = urlsplit(address)
    with suppress(ValueError):
        if place.hostname == "localhost" or ipaddress.ip_address(place.hostname or "").is_loopback:
            return HERE
    return place.netloc or address


def store(vault: Vault, connection: str, credential: str, value: str) -> None:
    """Store a credential for the hosts of this environment."""
    vault.set(connection, credential, value, hosts=hosts_of(credential))


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
            CredentialsError: it is neither in the vault nor in the environment, or was stored for other hosts.
        """
        stored = {entry.name: entry.hosts for entry in self.vault.list(self.connection)}
        if (hosts := stored.get(name)) and hosts != hosts_of(name):
            raise CredentialsError(
                f"The credential {name} of connection {self.connection} was stored for {hosts}; in this environment "
                f"it would go to {hosts_of(name)}. It was not sent.",
                remedy="Set VISMA_API_URL, VISMA_TOKEN_URL and HUBSPOT_API_URL as they were then (for the sandbox, as "
                "it prints them), or store the credential of the other system: "
                f"ml-connector credentials set {self.connection} {name}",
            )
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
