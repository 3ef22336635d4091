"""The check-up of a connection: can both systems be reached, is everything there, and what would stop a sync.

Plain Python over the two clients; reads only. Each finding is a sentence a finance-systems person understands.
"""

from collections.abc import Callable, Iterator

from ml_connector.errors import ApiError, ConnectorError, CredentialsError, UsageError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ping.findings import Finding, Level
from ml_connector.ping.hubspot import ping_hubspot
from ml_connector.ping.visma import ping_visma
from ml_connector.settings import ConnectionSettings
from ml_connector.visma.client import VismaClient

__all__ = ["Finding", "Level", "ping"]


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
