"""The check-up of a HubSpot portal: what the token may do, whether the properties fit, and what the portal can keep."""

from collections.abc import Iterator

from ml_connector.errors import PermanentApiError, UsageError
from ml_connector.hubspot.answers import is_about_portal
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.limits import Bucket
from ml_connector.hubspot.mapped_properties import all_problems, names_properties
from ml_connector.hubspot.models import Account
from ml_connector.hubspot.money_group import (
    INVOICE_PROPERTIES,
    LINE_PROPERTIES,
    PAYMENT_PROPERTIES,
    STANDARD_INVOICE_PROPERTIES,
    STANDARD_LINE_PROPERTIES,
    STANDARD_PAYMENT_PROPERTIES,
    transaction_properties,
)
from ml_connector.hubspot.payments_setup import OBJECT as PAYMENTS
from ml_connector.hubspot.payments_setup import payments_ready
from ml_connector.hubspot.properties import MOST_UNIQUE, PropertySpec, preflight
from ml_connector.hubspot.transaction_object import AUTO, transaction_object
from ml_connector.hubspot.visma_group import (
    COMPANY_PROPERTIES,
    CONTACT_PROPERTIES,
    STANDARD_COMPANY_PROPERTIES,
    STANDARD_CONTACT_PROPERTIES,
)
from ml_connector.hubspot.writable import writable
from ml_connector.ping.findings import Finding, Level
from ml_connector.settings import ConnectionSettings, RecordKind
from ml_connector.settings.money import Switch

SCOPES = (
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.companies.write",
    "crm.schemas.contacts.write",
)
"""What every token must be allowed (reference: hubspot 12)."""

INVOICE_SCOPES = (
    "crm.objects.invoices.read",
    "crm.objects.invoices.write",
    "crm.objects.line_items.read",
    "crm.objects.line_items.write",
    "crm.schemas.invoices.write",
    "e-commerce",
)
"""What it needs besides where invoices travel; properties of line items have no scope of their own."""

DEAL_SCOPES = ("crm.objects.deals.read", "crm.objects.deals.write")
"""What it needs besides to link invoices with deals."""

OBJECTS = (
    ("companies", COMPANY_PROPERTIES, STANDARD_COMPANY_PROPERTIES, None),
    ("contacts", CONTACT_PROPERTIES, STANDARD_CONTACT_PROPERTIES, None),
    ("invoices", INVOICE_PROPERTIES, STANDARD_INVOICE_PROPERTIES, RecordKind.INVOICES),
    ("line_items", LINE_PROPERTIES, STANDARD_LINE_PROPERTIES, RecordKind.INVOICES),
)
"""The objects that a connection writes, with the records they are for; None for those that always travel."""

LITTLE = 0.2
"""The share of HubSpot's daily budget below which what is left deserves a note."""

AUTOMATIC_COMPANIES = (
    "If HubSpot's setting 'Create and associate companies with contacts' is on, it makes companies of its own from "
    "e-mail domains. Switch it off under Settings > Objects > Companies; the API cannot tell whether it is on."
)


def ping_hubspot(settings: ConnectionSettings, client: HubSpotClient) -> Iterator[Finding]:
    """Yield what HubSpot says: the portal, what the token may do, limits, and whether the properties fit."""
    account = client.account()
    yield _portal(settings, account)
    yield _scopes(settings, client)
    for object_type, own, standard, kind in OBJECTS:
        if settings.carries(kind):
            yield from _properties(client, object_type, own, standard)
            yield from _named_by_settings(settings, client, object_type)
    if settings.carries(RecordKind.INVOICES):
        yield _currencies(settings, account)
    if settings.carries(RecordKind.PAYMENTS):
        yield from _payments(settings, client)
    if settings.carries(RecordKind.TRANSACTIONS):
        yield from _transactions(settings, client)
    yield from _limits(client)
    yield Finding("HubSpot", "automatic companies", Level.NOTE, AUTOMATIC_COMPANIES)


def scopes_needed(settings: ConnectionSettings) -> tuple[str, ...]:
    """Return what the token of a connection must be allowed, by what travels."""
    if not settings.carries(RecordKind.INVOICES):
        return SCOPES
    return (*SCOPES, *INVOICE_SCOPES, *(DEAL_SCOPES if settings.deals.rules else ()))


def _named_by_settings(
    settings: ConnectionSettings, client: HubSpotClient, object_type: str
) -> Iterator[Finding]:
    """Say whether the properties and options are there that the settings of mapping and matching name."""
    if not names_properties(settings, object_type):
        return
    found = all_problems(settings, object_type, client.properties(object_type))
    subject = f"{object_type} mapping"
    for problem in found:
        yield Finding("HubSpot", subject, Level.STOP, problem)
    if not found:
        many = len(settings.mapping.of_object(object_type))
        fields = "1 mapped field" if many == 1 else f"{many} mapped fields"
        yield Finding("HubSpot", subject, Level.OK, f"What the settings name is there and fits: {fields}.")


def _scopes(settings: ConnectionSettings, client: HubSpotClient) -> Finding:
    needed = scopes_needed(settings)
    lacking = client.token_info().lacking(needed)
    if lacking:
        message = f"The token lacks {', '.join(lacking)}. Add them to the service key in HubSpot."
        return Finding("HubSpot", "scopes", Level.STOP, message)
    return Finding("HubSpot", "scopes", Level.OK, f"The token has all {len(needed)} scopes it needs.")


def _currencies(settings: ConnectionSettings, account: Account) -> Finding:
    """Say which documents can travel as they are: the portal has to have their currency (reference: hubspot 5)."""
    known = ", ".join(sorted(account.currencies))
    others = "travels in the company's base currency" if settings.invoices.convert_currency else "is refused"
    message = f"The portal has {known}; a document in another currency {others}."
    return Finding("HubSpot", "currencies", Level.OK, message)


def _payments(settings: ConnectionSettings, client: HubSpotClient) -> Iterator[Finding]:
    """Say whether payments become records, as far as the portal tells without a write."""
    try:
        found = payments_ready(client, settings.payments)
    except UsageError as error:
        yield Finding("HubSpot", "payments", Level.STOP, str(error))
        return
    settled = (found.ready and not found.on_trial) or settings.payments.records is Switch.OFF
    yield Finding("HubSpot", "payments", Level.OK if settled else Level.NOTE, found.reason)
    if found.ready:
        standard = STANDARD_PAYMENT_PROPERTIES
        yield from _properties(client, PAYMENTS, PAYMENT_PROPERTIES, standard, called="payments")


def _transactions(settings: ConnectionSettings, client: HubSpotClient) -> Iterator[Finding]:
    """Say where sales transactions are kept."""
    try:
        where = transaction_object(client, settings.transactions)
    except UsageError as error:
        yield Finding("HubSpot", "transactions", Level.STOP, str(error))
        return
    settled = settings.transactions.object != AUTO or (where.name is not None and where.exists)
    yield Finding("HubSpot", "transactions", Level.OK if settled else Level.NOTE, where.reason)
    if where.name and where.exists:
        own = transaction_properties(where.name)
        yield from _properties(client, where.name, own, (), called="transactions")


def _limits(client: HubSpotClient) -> Iterator[Finding]:
    """Say how many calls HubSpot allows, as the headers of the answers so far have it."""
    window = client.limits.windows[Bucket.GENERAL]
    pace = f"{window.maximum} calls are allowed per {window.seconds:.0f} s"
    day = client.limits.daily
    if day is None:
        message = f"{pace}; HubSpot does not say how many are left today."
        yield Finding("HubSpot", "limits", Level.OK, message)
        return
    low = day.remaining < day.limit * LITTLE
    advice = " That is little: other apps use the same budget, and a sync stops before they have none." * low
    message = f"{pace}; {day.remaining:,} of {day.limit:,} are left today.{advice}"
    yield Finding("HubSpot", "limits", Level.NOTE if low else Level.OK, message)


def _portal(settings: ConnectionSettings, account: Account) -> Finding:
    if settings.portal_id not in (None, account.portal_id):
        message = (
            f"The token is of portal {account.portal_id}, not of {settings.portal_id} as defs.yaml says."
        )
        return Finding("HubSpot", "portal", Level.STOP, message)
    message = (
        f"Portal {account.portal_id} ({account.account_type.lower()}), currency {account.company_currency}."
    )
    return Finding("HubSpot", "portal", Level.OK, message)


def _properties(
    client: HubSpotClient,
    object_type: str,
    own: tuple[PropertySpec, ...],
    standard: tuple[str, ...],
    *,
    called: str | None = None,
) -> Iterator[Finding]:
    """Compare the portal's properties with those needed; what is only missing is made by the first sync.

    ``called`` is what a person calls the object, where that is not its name in calls.
    """
    called = called or object_type
    try:
        definitions = client.properties(object_type)
    except PermanentApiError as error:
        if not is_about_portal(error):
            raise
        yield Finding("HubSpot", f"{called} properties", Level.STOP, str(error))
        return
    report = preflight(own, definitions)
    standing = (*report.wrong_type, *report.not_unique, *report.read_only, *report.no_room)
    if standing:
        fatal = [text for text in report.problems() if any(name in text for name in standing)]
        yield Finding("HubSpot", f"{called} properties", Level.STOP, " ".join(fatal))
    elif report.missing:
        message = f"{len(report.missing)} properties are missing; the first sync makes them."
        yield Finding("HubSpot", f"{called} properties", Level.NOTE, message)
    else:
        yield Finding("HubSpot", f"{called} properties", Level.OK, f"All {len(own)} properties fit.")
    unique = [item for item in definitions.values() if item.unique and not item.hubspot_defined]
    room = f"{len(unique)} of the {MOST_UNIQUE} unique properties of {called} are taken."
    yield Finding("HubSpot", f"{called} keys", Level.OK, room)
    locked = writable(standard, definitions).dropped
    if locked:
        message = f"HubSpot does not let {', '.join(locked)} be written; these values will not travel."
        yield Finding("HubSpot", f"{called} fields", Level.NOTE, message)
