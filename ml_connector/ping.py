"""The check-up of a connection: can both systems be reached, is everything there, and what would stop a sync.

Plain Python over the two clients; reads only. Each finding is a sentence a finance-systems person understands.
"""

from collections.abc import Callable, Iterator

from ml_connector.errors import ApiError, ConnectorError, CredentialsError, UsageError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ping_findings import Finding, Level
from ml_connector.ping_hubspot import ping_hubspot
from ml_connector.settings import ConnectionSettings
from ml_connector.visma.client import VismaClient
from ml_connector.visma.stamps import ClockVerdict, judge_clock

__all__ = ["Finding", "Level", "ping", "ping_hubspot", "ping_visma"]

COUNTED = ("customers", "suppliers")
"""Entities whose totals are shown: one small request each; the contact list is unpaged and would be read whole."""


CLOCK_LEVELS = {ClockVerdict.FITS: Level.OK, ClockVerdict.UNDECIDED: Level.NOTE}
CLOCK_ADVICE = {
    Level.STOP: " Set visma_timezone in defs.yaml.",
    Level.NOTE: " Change some customer in Visma and ping again.",
}


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
    except UsageError as error:
        yield Finding(system, "settings", Level.STOP, str(error))
    except ConnectorError as error:
        used_up = isinstance(error, ApiError) and error.category == "DAILY"
        yield Finding(system, "limits" if used_up else "reachable", Level.STOP, str(error))


def ping_visma(settings: ConnectionSettings, client: VismaClient) -> Iterator[Finding]:
    """Yield what Visma says: token and tenant, how much there is, and whether its clock is the one in the settings."""
    for entity in COUNTED:
        yield Finding("Visma", entity, Level.OK, f"{client.count(entity):,} {entity} can be read.")
    opinion = judge_clock(client.clock_probe(), settings.stamp_zone, str(settings.stamp_zone))
    level = CLOCK_LEVELS.get(opinion.verdict, Level.STOP)
    advice = CLOCK_ADVICE.get(level, "")
    yield Finding("Visma", "clock", level, opinion.message + advice)
    if client.limits.remaining is not None:
        message = f"{client.limits.remaining:,} calls are left in this hour."
        yield Finding("Visma", "limits", Level.OK, message)
