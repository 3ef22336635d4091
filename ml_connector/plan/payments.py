"""What is special about planning payments: the portal must be set up for them, and each is linked like its invoice."""

from collections.abc import Sequence

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.payments_setup import Readiness, payments_ready
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.refusals import Refusals, Subject
from ml_connector.plan.bookings import Booking
from ml_connector.plan.links import Ties
from ml_connector.plan.owned import Kind
from ml_connector.records.booking_model import PaymentRecord
from ml_connector.settings import PaymentSettings, Switch

OBJECT = "commerce_payments"


def _documents(record: PaymentRecord) -> Sequence[str]:
    return record.documents


PAYMENTS = Booking(
    kind=Kind("payments", OBJECT, "visma_payment_id"),
    ties=Ties("payment_links", OBJECT),
    documents=_documents,
    with_contact=True,
)


def readiness(
    ledger: LedgerReader, refusals: Refusals, client: HubSpotClient, settings: PaymentSettings
) -> Readiness:
    """Return whether the portal takes payments; one that took or refused some before is not asked again.

    Raises:
        UsageError: it does not, and the settings say that it must.
    """
    if settings.records is not Switch.OFF and ledger.knows(OBJECT):
        return Readiness(True, "The portal has taken payments before.")
    if settings.records is Switch.AUTO and (refused := refusals.known(Subject.PAYMENTS)):
        return Readiness(False, str(refused))
    return payments_ready(client, settings)
