"""Where the two APIs live: the only thing that is asked of the environment, so that a sandbox can stand in."""

import os
from dataclasses import dataclass

VISMA_API_URL = "https://api.finance.visma.net"
VISMA_TOKEN_URL = "https://connect.visma.com/connect/token"  # noqa: S105 - an address, not a secret
HUBSPOT_API_URL = "https://api.hubapi.com"


@dataclass(frozen=True, slots=True)
class ApiHosts:
    """Where the APIs live: base URLs without a trailing slash."""

    visma_api: str
    visma_token: str
    hubspot_api: str


def api_hosts() -> ApiHosts:
    """Return the API addresses: the real ones unless the environment names others (a sandbox, a proxy)."""
    return ApiHosts(
        visma_api=(os.environ.get("VISMA_API_URL") or VISMA_API_URL).rstrip("/"),
        visma_token=os.environ.get("VISMA_TOKEN_URL") or VISMA_TOKEN_URL,
        hubspot_api=(os.environ.get("HUBSPOT_API_URL") or HUBSPOT_API_URL).rstrip("/"),
    )
