"""What is special about planning sales transactions: which object keeps them differs between portals, and they may end.

A batch is a sale by the accounts its lines stand on. When they are corrected it may be one no more, and its record in
HubSpot would show money that was never earned.
"""

from collections.abc import Iterable, Iterator, Sequence

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.transaction_object import (
    AUTO,
    CUSTOM_OBJECT,
    LEDGER,
    TransactionObject,
    transaction_object,
)
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.refusals import Refusals, Subject
from ml_connector.plan.bookings import Booking
from ml_connector.plan.known import is_older
from ml_connector.plan.links import Ties
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.owned import Kind
from ml_connector.records.booking_model import TransactionRecord
from ml_connector.settings.money import TransactionRules

ENTITY = "transactions"


def _documents(record: TransactionRecord) -> Sequence[str]:
    return (record.document,) if record.document else ()


def transactions(object_type: str) -> Booking[TransactionRecord]:
    """Return how transactions are planned in the object that keeps them, such as ``p139876543_visma_transaction``."""
    return Booking(
        kind=Kind(ENTITY, object_type, "visma_transaction_id"),
        ties=Ties("transaction_links", object_type),
        documents=_documents,
        with_contact=False,
    )


def object_named(rules: TransactionRules, portal_id: int) -> str:
    """Return the name of the object that keeps transactions by the settings, whether it is there or not."""
    return f"p{portal_id}_{CUSTOM_OBJECT}" if rules.object == AUTO else rules.object


def kept_in(
    ledger: LedgerReader,
    refusals: Refusals,
    client: HubSpotClient,
    rules: TransactionRules,
    portal_id: int,
) -> TransactionObject:
    """Return the object that keeps transactions; one that took some, or was refused, before is not asked for again.

    Raises:
        UsageError: the object that the settings name is not there, or the token may not see it.
    """
    named = object_named(rules, portal_id)
    if rules.object != LEDGER and ledger.knows(named):
        return TransactionObject(named, "It has taken sales transactions before.")
    if rules.object == AUTO and (refused := refusals.known(Subject.TRANSACTIONS)):
        return TransactionObject(None, str(refused))
    return transaction_object(client, rules)


class Sales:
    """The sales among the records of a run, and the end of those that are none any more.

    Args:
        records: of all batches, each once; read to its end by iterating, before the end of others is asked for.
    """

    def __init__(self, records: Iterable[TransactionRecord]) -> None:
        self._records = records
        self._others: dict[str, TransactionRecord] = {}

    def __iter__(self) -> Iterator[TransactionRecord]:
        """Yield the sales."""
        for record in self._records:
            if record.no_sale:
                self._others[record.key] = record
            else:
                yield record

    def ended(
        self, due: Iterable[TransactionRecord], ledger: LedgerReader, object_type: str
    ) -> Iterator[Operation]:
        """Yield the end of transactions whose batches are no sales any more.

        Args:
            due: transactions that were refused before and would be tried again.
            ledger: what was sent before; the batch of an old window says nothing of a newer one.
            object_type: the object that keeps transactions.
        """
        known = ledger.identities(object_type, self._others)
        refused = self._others.keys() & {record.key for record in due}
        for key in sorted(known.keys() | refused):
            batch, mine = self._others[key], known.get(key)
            if mine is None or not is_older(batch.stamp, [mine]):
                yield Operation(
                    entity=ENTITY,
                    object_type=object_type,
                    action=Action.ARCHIVE if mine is not None else Action.SKIP,
                    keys=(key,),
                    partition=batch.partition,
                    hubspot_id=mine.hubspot_id if mine is not None else None,
                    stamp=batch.stamp,
                    reason=batch.skip,
                )
