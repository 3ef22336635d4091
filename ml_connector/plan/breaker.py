"""The breaker: whether a plan changes so much more than recent runs that a person should look first. Pure.

A mapping mistake touches every record at once, a wrong decimal point every amount. What is usual is told by the recent
runs of the same connection, what is much by the records known, and both only above a floor.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.plan.changes import Changes, Figures, shown
from ml_connector.settings.connection import LimitSettings

KNOWN = "known"

AMOUNT_RUNS = 5
"""Recent runs with amounts before amounts are compared: one quiet day says nothing about the next."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is known about an entity: the records synced so far and the figures of recent runs, in any order.

    Each run's figures hold, under :data:`KNOWN`, how many records were known before it.
    """

    known: int
    recent: Sequence[Figures]

    def most(self, figure: str) -> int:
        """Return the largest of a figure in the recent runs; the first load was no usual one."""
        return max((run.get(figure, 0) for run in self.recent if run.get(KNOWN)), default=0)

    def with_known(self, changes: Changes) -> Figures:
        """Return a plan's figures as later runs compare theirs with."""
        return {**changes.as_dict(), KNOWN: self.known}


def alarms(entity: str, changes: Changes, usual: Usual, limits: LimitSettings) -> list[str]:
    """Return one sentence for each figure that is over its limit; empty where the plan is usual.

    A first load is usual whatever its size, unless a hard limit forbids it; until a run has ended well it is not over.
    So is the first of an entity that HubSpot has none of, such as payments in a portal that takes them since today.
    """
    return [
        f"{entity}: {shown(figure, many)}, {why}"
        for figure, many in changes.as_dict().items()
        if (why := _trouble(figure, many, usual, limits)) is not None
    ]


def _trouble(figure: str, many: int, usual: Usual, limits: LimitSettings) -> str | None:
    """Return why a figure is too much, or None."""
    hard = _hard_limits(limits).get(figure)
    if hard is not None and many > hard:
        return f"and the connection allows {hard:,}"
    if not usual.recent or not usual.known:
        return None
    most = usual.most(figure)
    if figure == "amount":
        compared = sum(run.get(figure, 0) > 0 for run in usual.recent) >= AMOUNT_RUNS
        over = compared and many > most * limits.amount_times
        return (
            f"where recent runs had at most {shown(figure, most).removesuffix(' in all')}" if over else None
        )
    if many <= max(limits.floor, most * limits.times, usual.known * limits.share_percent // 100):
        return None
    return f"of {usual.known:,} known; recent runs had at most {most:,}"


def _hard_limits(limits: LimitSettings) -> Mapping[str, int | None]:
    return {
        "creates": limits.most_creates,
        "updates": limits.most_updates,
        "archives": limits.most_archives,
    }


def sentence(found: Iterable[str]) -> str:
    """Return what a person is told: what is too much, and how to go on."""
    return (
        f"Far more would change than usual: {'; '.join(found)}. Nothing is written until a person says yes. "
        "Look at the plan; if it is right, sync with `--yes`, or launch the run in the UI with accept_mass_change in "
        "the config of the resource ml_connector_options."
    )
