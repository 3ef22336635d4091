"""What is special about planning payments: the portal must be set up for them, and each is linked like its invoice."""

from collections.abc import Sequence

from ml_connector.plan.bookings import Booking
from ml_connector.plan.links import Ties
from ml_connector.plan.owned import Kind
from ml_connector.records.booking_model import PaymentRecord

OBJECT = "commerce_payments"


def _documents(record: PaymentRecord) -> Sequence[str]:
    return record.documents


PAYMENTS = Booking(
    kind=Kind("payments", OBJECT, "visma_payment_id"),
    ties=Ties("payment_links", OBJECT),
    documents=_documents,
    with_contact=True,
)
