"""What can be set on the sandbox as a whole; each half has settings of its own."""

from dataclasses import dataclass, field
from typing import Literal

from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.faults import FaultRule
from ml_connector.sandbox.hubspot.settings import HubSpotSandboxSettings
from ml_connector.sandbox.visma.settings import VismaSandboxSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """One sandbox.

    Args:
        seed: the same seed gives the same company, the same portal and the same chance in faults.
        customers, suppliers: how many the Visma company has.
        contacts_per_customer: mean count; suppliers have half as many.
        latency_ms: added to every call of either API; ``visma_latency_ms`` and ``hubspot_latency_ms`` go before it.
        portal_seed: ``demo`` fills the portal with what sales knew before, ``none`` leaves it empty.
        books: the bookkeeping of the Visma company; None for empty books, which hooks can fill.
        faults: rules in force from the start.
        visma, hubspot: the settings of each half.
    """

    seed: int = 2026
    customers: int = 120
    suppliers: int = 40
    contacts_per_customer: float = 1.6
    latency_ms: int = 0
    visma_latency_ms: int | None = None
    hubspot_latency_ms: int | None = None
    portal_seed: Literal["none", "demo"] = "none"
    books: BooksSettings | None = None
    faults: tuple[FaultRule, ...] = ()
    visma: VismaSandboxSettings = field(default_factory=VismaSandboxSettings)
    hubspot: HubSpotSandboxSettings = field(default_factory=HubSpotSandboxSettings)

    def latency_seconds(self, api: str) -> float:
        """Return what is added to a call of ``visma`` or ``hubspot``; nothing for other calls."""
        own = {"visma": self.visma_latency_ms, "hubspot": self.hubspot_latency_ms}
        if api not in own:
            return 0.0
        chosen = own[api]
        return (self.latency_ms if chosen is None else chosen) / 1000.0
