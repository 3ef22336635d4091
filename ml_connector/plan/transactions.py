"""What is special about planning sales transactions: which HubSpot object keeps them differs between portals."""

from collections.abc import Sequence

from ml_connector.plan.bookings import Booking
from ml_connector.plan.links import Ties
from ml_connector.plan.owned import Kind
from ml_connector.records.booking_model import TransactionRecord


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
