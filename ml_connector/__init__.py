"""ml-connector: Visma.net ERP into HubSpot, as a Dagster project.

``ml_connector.VismaHubSpotConnection`` is the component; it is imported when asked for, so that the plain clients can
be used without Dagster.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ml_connector.connection import VismaHubSpotConnection

__all__ = ["VismaHubSpotConnection"]


def __getattr__(name: str) -> Any:
    """Import the component on first use."""
    if name in __all__:
        from ml_connector.connection import VismaHubSpotConnection

        return VismaHubSpotConnection
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the component among the names, for tools that look for components."""
    return sorted([*globals(), *__all__])
