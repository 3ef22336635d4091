"""An old plan, brought up to date: what depends on HubSpot's values is planned again from the records it carries.

Between plan and load people work in the portal: they fill a field, make the company themselves, merge or archive one.
A plan is never forced over that. What follows the books alone (documents, lines, payments) needs no second look, links
are read before they are made, and what was not to be sent stays unsent until its window or its reject comes by.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.synced import SyncedReader
from ml_connector.plan.companies import CompanyPlanner
from ml_connector.plan.contacts import ContactPlanner
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.shield import Shield
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.settings import ConnectionSettings

FRESH = timedelta(minutes=10)
"""How long a plan is carried out as it stands; a usual run plans and loads within it."""

DEPENDENT = frozenset({Action.CREATE, Action.UPDATE, Action.CONFLICT})
"""What another state of the portal may make something else."""

Read = Callable[[], Iterator[Operation]]
"""Reads the operations of one entity of a plan, as often as asked."""

Record = TypeVar("Record", CompanyRecord, ContactRecord)


class Replanner:
    """Plans companies and contacts again.

    Args:
        settings: matching, merging and creating rules.
        ledger: who is who so far.
        client: reads the portal.
        synced: what was written last.
    """

    def __init__(
        self, settings: ConnectionSettings, ledger: LedgerReader, client: HubSpotClient, synced: SyncedReader
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._client = client
        self._synced = synced

    def companies(self, operations: Read) -> Iterator[Operation]:
        """Yield the operations on companies as they should be now."""
        planner = CompanyPlanner(self._settings, self._ledger, self._client)
        again = _refreshed(operations, planner.plan, CompanyRecord.from_row)
        return self._held("companies", (one for one in again if one.entity == "companies"))

    def contacts(self, operations: Read) -> Iterator[Operation]:
        """Yield the operations on contacts as they should be now; their links are read before they are made anyway."""
        planner = ContactPlanner(self._settings, self._ledger, self._client)
        again = _refreshed(operations, planner.plan, ContactRecord.from_row)
        return self._held("contacts", (operation for operation in again if operation.entity == "contacts"))

    def _held(self, object_type: str, operations: Iterator[Operation]) -> Iterator[Operation]:
        policies = self._settings.merging.policies(object_type)
        return Shield(object_type, policies, self._client, self._synced).hold(operations)


def _refreshed(
    operations: Read,
    plan: Callable[[Iterable[Record], int], Iterator[Operation]],
    record_of: Callable[[Mapping[str, Any]], Record],
) -> Iterator[Operation]:
    unknown = 0
    for operation in operations():
        if _depends(operation):
            unknown += operation.hubspot_id is None
        else:
            yield operation
    yield from plan(
        (record_of(json.loads(str(one.record))) for one in operations() if _depends(one)),
        unknown,
    )


def _depends(operation: Operation) -> bool:
    return operation.action in DEPENDENT and operation.record is not None
