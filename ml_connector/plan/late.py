"""Days overdue of open invoices, which grow although nothing changes in Visma: brought up to date by every run."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ml_connector.ledger.document_queries import Late
from ml_connector.plan.operations import Action, Operation

DAYS_OVERDUE = "visma_days_overdue"


class LateInvoices:
    """The invoices whose days overdue in HubSpot are not today's, by key; each is planned once.

    Args:
        late: what the ledger knows, empty where days overdue are not brought up to date.
    """

    def __init__(self, late: Mapping[str, Late]) -> None:
        self._late = dict(late)

    def applied(self, operation: Operation) -> Operation:
        """Return the operation on an invoice of the window; where nothing else changes, its days overdue may."""
        late = self._late.pop(operation.key, None) if operation.action is not Action.SKIP else None
        if late is None or operation.action is not Action.UNCHANGED or operation.rule:
            return operation
        return replace(
            operation,
            action=Action.UPDATE,
            values={DAYS_OVERDUE: str(late.days)},
            previous={DAYS_OVERDUE: late.shown},
            fingerprint="",
            reason=REASON,
        )

    def rest(self, partition: str) -> Iterator[Operation]:
        """Yield the updates of invoices that are not in the window.

        They carry no stamp and no fingerprint: the version that was synced stays what it is.
        """
        for late in self._late.values():
            yield Operation(
                entity="invoices",
                object_type="invoices",
                action=Action.UPDATE,
                keys=(late.key,),
                partition=partition,
                hubspot_id=late.hubspot_id,
                values={DAYS_OVERDUE: str(late.days)},
                previous={DAYS_OVERDUE: late.shown},
                reason=REASON,
            )


REASON = "it is overdue by another day"
