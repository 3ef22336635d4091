"""What a check-up finds in Visma."""

from collections.abc import Iterator

from ml_connector.ping.findings import Finding, Level
from ml_connector.settings import ConnectionSettings
from ml_connector.visma.client import VismaClient
from ml_connector.visma.stamps import ClockVerdict, judge_clock

COUNTED = ("customers", "suppliers")
"""Entities whose totals are shown: one small request each; the contact list is unpaged and would be read whole."""


CLOCK_LEVELS = {ClockVerdict.FITS: Level.OK, ClockVerdict.UNDECIDED: Level.NOTE}
CLOCK_ADVICE = {
    Level.STOP: " Set visma_timezone in defs.yaml.",
    Level.NOTE: " Change some customer in Visma and ping again.",
}


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
