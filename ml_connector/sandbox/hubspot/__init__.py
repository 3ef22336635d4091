"""A HubSpot account in memory, as strict as the real one where that is known (reference: hubspot).

``settings.py`` says what can be set, ``sandbox.py`` is the face to Python, ``routes.py`` the face to HTTP.
"""

from ml_connector.sandbox.hubspot.sandbox import HubSpotSandbox
from ml_connector.sandbox.hubspot.settings import (
    DEFAULT_TOKEN,
    Fault,
    HubSpotSandboxSettings,
    PoisonMode,
    PoisonRule,
)

__all__ = [
    "DEFAULT_TOKEN",
    "Fault",
    "HubSpotSandbox",
    "HubSpotSandboxSettings",
    "PoisonMode",
    "PoisonRule",
]
