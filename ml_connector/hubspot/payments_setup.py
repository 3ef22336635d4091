"""Whether a portal takes payment records: asked, not assumed.

Payments need an account that is set up for HubSpot payments or Stripe (reference: hubspot 6). No read says so for sure;
where the portal has no payment yet, the first one that is sent tells: see ``trial`` of
:meth:`ml_connector.hubspot.loading.RecordLoader.load`.
"""

from dataclasses import dataclass

from ml_connector.errors import PermanentApiError, UsageError
from ml_connector.hubspot.answers import is_about_portal
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.settings.money import PaymentSettings, Switch

OBJECT = "commerce_payments"

SCOPES = (
    "crm.objects.commercepayments.read",
    "crm.objects.commercepayments.write",
    "crm.schemas.commercepayments.write",
)
"""What a token needs for payment records (reference: hubspot 12)."""

ELSEWHERE = "balance, status and paid date are on the invoices all the same"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether payments become records, and why in plain words.

    ``on_trial``: nothing speaks against it but only the first payment will tell; where it is refused the others are
    skipped.
    """

    ready: bool
    reason: str
    on_trial: bool = False


def payments_ready(client: HubSpotClient, settings: PaymentSettings) -> Readiness:
    """Return whether a portal takes payment records. Only reads.

    Raises:
        UsageError: it does not, and the settings say that it must.
    """
    if settings.records is Switch.OFF:
        return Readiness(False, f"By the setting payments.records there are no payment records; {ELSEWHERE}.")
    obstacle = _obstacle(client)
    if obstacle and settings.records is Switch.ON:
        raise UsageError(
            f"The setting payments.records wants payment records. {obstacle}",
            remedy="Set the portal up for payments, add the scopes, or set payments.records to auto or off.",
        )
    if obstacle:
        return Readiness(False, f"{obstacle} There are no payment records; {ELSEWHERE}.")
    if client.count(OBJECT):
        return Readiness(True, "The portal has payments, so it takes payment records.")
    if settings.records is Switch.ON:
        return Readiness(True, "By the setting payments.records payments become records.")
    return Readiness(
        True,
        "The portal has no payment yet; the first one that is sent tells whether it is set up to collect payments. If "
        f"not, there are no payment records; {ELSEWHERE}.",
        on_trial=True,
    )


def _obstacle(client: HubSpotClient) -> str | None:
    """Return what keeps payments from being written, in a sentence, as far as the portal says without a write."""
    lacking = client.token_info().lacking(SCOPES)
    if lacking:
        return f"The token lacks {', '.join(lacking)}."
    try:
        client.properties(OBJECT)
    except PermanentApiError as error:
        if not is_about_portal(error):
            raise
        return error.message
    return None
