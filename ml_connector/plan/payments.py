"""What is special about planning payments: the portal must be set up for them, and each is linked like its invoice.

Their currencies are handled as those of documents are.
"""

from collections.abc import Sequence
from dataclasses import replace

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import Account
from ml_connector.hubspot.payments_setup import Readiness, payments_ready
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.refusals import Refusals, Subject
from ml_connector.plan.bookings import Booking, Fitted, as_it_is
from ml_connector.plan.links import Ties
from ml_connector.plan.owned import Kind
from ml_connector.records.booking_model import PaymentRecord
from ml_connector.settings.money import InvoiceSettings, PaymentSettings, Switch

OBJECT = "commerce_payments"
CURRENCY = "hs_currency_code"


def _documents(record: PaymentRecord) -> Sequence[str]:
    return record.documents


PAYMENTS = Booking(
    kind=Kind("payments", OBJECT, "visma_payment_id"),
    ties=Ties("payment_links", OBJECT),
    documents=_documents,
    with_contact=True,
)


def payments_in(account: Account, settings: InvoiceSettings) -> Booking[PaymentRecord]:
    """Return how payments are planned for a portal with its currencies."""
    currencies = {None, account.company_currency, *account.additional_currencies}

    def fitted(record: PaymentRecord) -> Fitted:
        currency, wanted = record.properties.get(CURRENCY), {**record.properties, **record.in_base}
        if record.refusal or record.skip or currency in currencies:
            return as_it_is(record)
        if settings.convert_currency and record.in_base and wanted[CURRENCY] in currencies:
            return Fitted(wanted)
        return Fitted(record.properties, f"the portal has no currency {currency}")

    return replace(PAYMENTS, fitted=fitted)


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
