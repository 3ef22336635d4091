"""The Dagster resource of a connection's HubSpot portal: hands out the plain client, makes a run the one writer."""

from collections.abc import Sequence
from contextlib import ExitStack

import dagster as dg
from pydantic import Field, PrivateAttr

from ml_connector.credentials import credentials_of
from ml_connector.database import AdvisoryLock, advisory_lock, engine
from ml_connector.errors import UsageError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.inventory import Inventory, contact_inventory
from ml_connector.hubspot.models import Account
from ml_connector.ledger.bindings import Side, bind, require_bound
from ml_connector.settings.hosts import api_hosts

WRITER_WAIT_SECONDS = 900.0
"""How long a run waits for another that writes to the same portal before it gives up."""


class HubSpotResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Reads and writes one portal. The token comes from the vault or the environment, never from config."""

    connection: str = Field(description="Name of the connection whose credentials are used.")
    portal_id: int | None = Field(
        default=None, description="The only portal it may touch; None for the token's own."
    )
    requests_in_flight: int = Field(default=8, description="Requests sent side by side.")

    _client: HubSpotClient | None = PrivateAttr(default=None)
    _account: Account | None = PrivateAttr(default=None)
    _contacts: Inventory | None = PrivateAttr(default=None)
    _writing: ExitStack = PrivateAttr(default_factory=ExitStack)
    _lock: AdvisoryLock | None = PrivateAttr(default=None)

    def get_client(self) -> HubSpotClient:
        """Return the client of this run: one limiter and one count of requests for all its steps.

        Raises:
            UsageError: the token belongs to another portal than the settings name, or than the connection was synced
                into before.
        """
        if self._client is None:
            token = credentials_of(self.connection).hubspot()
            client = HubSpotClient(token, base_url=api_hosts().hubspot_api, in_flight=self.requests_in_flight)
            account = client.account()
            if self.portal_id not in (None, account.portal_id):
                raise UsageError(
                    f"The token of connection {self.connection} belongs to portal {account.portal_id}, "
                    f"not to {self.portal_id} as its settings say.",
                    remedy="Set the token of the right portal, or correct portal_id in defs.yaml.",
                )
            require_bound(engine(), self.connection, Side.PORTAL, str(account.portal_id))
            self._client, self._account = client, account
        return self._client

    def get_account(self) -> Account:
        """Return the portal the token belongs to."""
        self.get_client()
        if self._account is None:
            raise AssertionError("get_client reads the account")
        return self._account

    def get_contacts(self, mapped: Sequence[str] = ()) -> Inventory:
        """Return the portal's contacts as a plan of this run reads them: at most once for all of its plans.

        ``mapped`` names the properties that the connection's own mapping fills; it is the same for all plans.
        """
        if self._contacts is None:
            self._contacts = contact_inventory(self.get_client(), mapped)
        return self._contacts

    def begin_writing(self, run_id: str) -> None:
        """Make a run the portal's one writer until it ends; again where the database has lost the lock meanwhile.

        From the first such run on, the connection stays with this portal.

        Raises:
            BusyError: another run has been writing for all of :data:`WRITER_WAIT_SECONDS`; it is named.
        """
        if self._lock is not None and self._lock.held():
            return
        self._writing.close()
        name = f"hubspot portal {self.get_account().portal_id}"
        lock = advisory_lock(name, wait_seconds=WRITER_WAIT_SECONDS, note=f"run {run_id}")
        self._lock = self._writing.enter_context(lock)
        bind(engine(), self.connection, Side.PORTAL, str(self.get_account().portal_id))

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Let the next writer go on."""
        self._writing.close()
