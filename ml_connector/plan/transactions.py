"""What is special about planning sales transactions: which HubSpot object keeps them differs between portals."""

from collections.abc import Sequence

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
from ml_connector.plan.links import Ties
from ml_connector.plan.owned import Kind
from ml_connector.records.booking_model import TransactionRecord
from ml_connector.settings import TransactionRules


def _documents(record: TransactionRecord) -> Sequence[str]:
    return (record.document,) if record.document else ()


def transactions(object_type: str) -> Booking[TransactionRecord]:
    """Return how transactions are planned in the object that keeps them, such as ``p139876543_visma_transaction``."""
    return Booking(
        kind=Kind("transactions", object_type, "visma_transaction_id"),
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
