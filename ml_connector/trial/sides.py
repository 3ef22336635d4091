"""What some settings make of all records: by their rules alone, as if we had never been, and as records are linked."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ledger.queries import Identity, KnownLink, LedgerReader
from ml_connector.ledger.synced import SyncedReader
from ml_connector.ledger.taking import TakingReader
from ml_connector.plan.companies import CompanyPlanner
from ml_connector.plan.contacts import ContactPlanner
from ml_connector.plan.decided import ignored_companies
from ml_connector.plan.operations import Operation
from ml_connector.plan.shield import Shield
from ml_connector.plan.taken import NotTaken
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.settings import ConnectionSettings
from ml_connector.trial.mapping import companies_of, contacts_of
from ml_connector.trial.portal import PortalAsItIs, PortalWithoutUs
from ml_connector.visma.snapshots import SnapshotRows

CHUNK = 2000
"""Records looked at together."""

Record = CompanyRecord | ContactRecord
Planner = CompanyPlanner | ContactPlanner


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The newest stored rows of all windows."""

    customers: SnapshotRows
    suppliers: SnapshotRows
    contacts: SnapshotRows


class _AsNew(LedgerReader):
    """A ledger that knows nobody."""

    def identities(self, object_type: str, keys: Iterable[str]) -> dict[str, Identity]:
        return {}

    def identities_by_email(self, object_type: str, addresses: Iterable[str]) -> dict[str, Identity]:
        return {}

    def links_of(self, from_type: str, from_keys: Sequence[str]) -> dict[tuple[str, str], KnownLink]:
        return {}


class _AsChanged(LedgerReader):
    """A ledger by which every linked record has changed, so that all values are compared."""

    def identities(self, object_type: str, keys: Iterable[str]) -> dict[str, Identity]:
        found = super().identities(object_type, keys)
        return {key: replace(one, fingerprint="", stamp="") for key, one in found.items()}


Take = Callable[[Sequence[Operation]], None]
"""Takes operations, some at a time."""


class Side:
    """What one of the two settings make of all records."""

    def __init__(
        self,
        engine: sa.Engine,
        settings: ConnectionSettings,
        as_it_is: PortalAsItIs,
        without_us: PortalWithoutUs,
        snapshots: Snapshots,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._as_it_is = as_it_is
        self._without_us = without_us
        self._snapshots = snapshots
        self._ledger = LedgerReader(engine, settings.name)
        self._not_taken = NotTaken(
            settings.take, TakingReader(engine, settings.name), ignored_companies(self._ledger)
        )

    def run(self, object_type: str, fates: Take, values: Take) -> None:
        """Plan all records of an object; ``fates`` takes what the rules alone make of them, ``values`` as linked."""
        fresh = self._planner(object_type, _AsNew(self._engine, self._settings.name), self._without_us)
        linked = self._planner(object_type, _AsChanged(self._engine, self._settings.name), self._as_it_is)
        shield = Shield(
            object_type,
            self._settings.merging.policies(object_type),
            self._as_it_is,
            SyncedReader(self._engine, self._settings.name),
        )

        def records() -> Iterator[Any]:
            for some in chunks(self._records(object_type), CHUNK):
                known = self._ledger.identities(object_type, (key for one in some for key in one.keys))
                mine: list[Any] = [one for one in some if any(key in known for key in one.keys)]
                planned = linked.plan(mine, 0)
                values([one for one in shield.hold(planned) if one.entity == object_type])
                yield from some

        operations = (one for one in fresh.plan(records(), 1) if one.entity == object_type)
        for some in chunks(self._not_taken.noting(operations), CHUNK):
            fates(list(some))

    def _planner(self, object_type: str, ledger: LedgerReader, client: HubSpotClient) -> Planner:
        if object_type == "companies":
            return CompanyPlanner(self._settings, ledger, client)
        return ContactPlanner(self._settings, ledger, client, not_taken=self._not_taken)

    def _records(self, object_type: str) -> Iterator[Record]:
        rows = self._snapshots
        if object_type == "companies":
            return companies_of(self._settings, rows.customers, rows.suppliers, rows.contacts)
        return contacts_of(self._settings, rows.contacts, rows.customers)
