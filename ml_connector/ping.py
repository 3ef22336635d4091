"""The check-up of a connection: can both systems be reached, is everything there, and what would stop a sync.

Plain Python over the two clients; reads only. Each finding is a sentence a finance-systems person understands.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ml_connector.errors import ApiError, ConnectorError, CredentialsError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.limits import Bucket
from ml_connector.hubspot.models import Account
from ml_connector.hubspot.properties import MOST_UNIQUE, PropertySpec, preflight
from ml_connector.hubspot.visma_group import (
    COMPANY_PROPERTIES,
    CONTACT_PROPERTIES,
    STANDARD_COMPANY_PROPERTIES,
    STANDARD_CONTACT_PROPERTIES,
)
from ml_connector.settings import ConnectionSettings
from ml_connector.visma.client import VismaClient
from ml_connector.visma.stamps import ClockVerdict, judge_clock

COUNTED = ("customers", "suppliers")
"""Entities whose totals are shown: one small request each; the contact list is unpaged and would be read whole."""

SCOPES = (
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.companies.write",
    "crm.schemas.contacts.write",
)
"""What the token must be allowed (reference: hubspot 12)."""

LITTLE = 0.2
"""The share of HubSpot's daily budget below which what is left deserves a note."""

AUTOMATIC_COMPANIES = (
    "If HubSpot's setting 'Create and associate companies with contacts' is on, it makes companies of its own from "
    "e-mail domains. Switch it off under Settings > Objects > Companies; the API cannot tell whether it is on."
)


class Level(StrEnum):
    """How bad a finding is: ``stop`` means that a sync would fail."""

    OK = "ok"
    NOTE = "note"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check-up: the system, what was looked at, how it stands, and a sentence."""

    system: str
    subject: str
    level: Level
    message: str


def ping(
    settings: ConnectionSettings, visma: Callable[[], VismaClient], hubspot: Callable[[], HubSpotClient]
) -> Iterator[Finding]:
    """Yield the findings of both systems as they come; one that is out of reach does not hide the other.

    Args:
        settings: the connection.
        visma, hubspot: make the clients; a missing credential is a finding too.
    """
    yield from _guarded("Visma", lambda: ping_visma(settings, visma()))
    yield from _guarded("HubSpot", lambda: ping_hubspot(settings, hubspot()))


def _guarded(system: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except CredentialsError as error:
        yield Finding(system, "credentials", Level.STOP, str(error))
    except ConnectorError as error:
        used_up = isinstance(error, ApiError) and error.category == "DAILY"
        yield Finding(system, "limits" if used_up else "reachable", Level.STOP, str(error))


def ping_visma(settings: ConnectionSettings, client: VismaClient) -> Iterator[Finding]:
    """Yield what Visma says: token and tenant, how much there is, and whether its clock is the one in the settings."""
    for entity in COUNTED:
        yield Finding("Visma", entity, Level.OK, f"{client.count(entity):,} {entity} can be read.")
    opinion = judge_clock(client.clock_probe(), settings.stamp_zone, str(settings.stamp_zone))
    wrong = opinion.verdict in (ClockVerdict.LOOKS_LIKE_UTC, ClockVerdict.AHEAD)
    advice = " Set visma_timezone in defs.yaml." if wrong else ""
    yield Finding("Visma", "clock", Level.STOP if wrong else Level.OK, opinion.message + advice)
    if client.limits.remaining is not None:
        message = f"{client.limits.remaining:,} calls are left in this hour."
        yield Finding("Visma", "limits", Level.OK, message)


def ping_hubspot(settings: ConnectionSettings, client: HubSpotClient) -> Iterator[Finding]:
    """Yield what HubSpot says: the portal, what the token may do, limits, and whether the properties fit."""
    account = client.account()
    yield _portal(settings, account)
    missing = [scope for scope in SCOPES if scope not in client.token_info().scopes]
    if missing:
        message = f"The token lacks {', '.join(missing)}. Add them to the service key in HubSpot."
        yield Finding("HubSpot", "scopes", Level.STOP, message)
    else:
        yield Finding("HubSpot", "scopes", Level.OK, f"The token has all {len(SCOPES)} scopes it needs.")
    yield from _properties(client, "companies", COMPANY_PROPERTIES, STANDARD_COMPANY_PROPERTIES)
    yield from _properties(client, "contacts", CONTACT_PROPERTIES, STANDARD_CONTACT_PROPERTIES)
    yield from _limits(client)
    yield Finding("HubSpot", "automatic companies", Level.NOTE, AUTOMATIC_COMPANIES)


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
    client: HubSpotClient, object_type: str, own: tuple[PropertySpec, ...], standard: tuple[str, ...]
) -> Iterator[Finding]:
    """Compare the portal's properties with those needed; what is only missing is made by the first sync."""
    definitions = client.properties(object_type)
    report = preflight(own, definitions)
    standing = (*report.wrong_type, *report.not_unique, *report.read_only, *report.no_room)
    if standing:
        fatal = [text for text in report.problems() if any(name in text for name in standing)]
        yield Finding("HubSpot", f"{object_type} properties", Level.STOP, " ".join(fatal))
    elif report.missing:
        message = f"{len(report.missing)} properties are missing; the first sync makes them."
        yield Finding("HubSpot", f"{object_type} properties", Level.NOTE, message)
    else:
        yield Finding("HubSpot", f"{object_type} properties", Level.OK, f"All {len(own)} properties fit.")
    unique = [item for item in definitions.values() if item.unique and not item.hubspot_defined]
    room = f"{len(unique)} of the {MOST_UNIQUE} unique properties of {object_type} are taken."
    yield Finding("HubSpot", f"{object_type} keys", Level.OK, room)
    locked = [name for name in standard if name not in definitions or definitions[name].read_only]
    if locked:
        message = f"HubSpot does not let {', '.join(locked)} be written; these values will not travel."
        yield Finding("HubSpot", f"{object_type} fields", Level.NOTE, message)
