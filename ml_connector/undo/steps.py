"""What was done with a link over time, by all runs, and what of it still counts. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.plan.operations import Action


@dataclass(frozen=True, slots=True)
class LinkRow:
    """An association as the ledger knows it now: both ends by key and, where known, by HubSpot id."""

    from_type: str
    from_key: str
    to_type: str
    to_key: str
    from_id: str | None
    to_id: str | None
    status: str

    @property
    def key(self) -> str:
        """Its name in the ledger's operations."""
        return f"{self.from_key}>{self.to_key}"


@dataclass(frozen=True, slots=True)
class LinkStep:
    """One operation on a link, of any run: ``undoes`` as in :class:`Write`."""

    key: str
    run_id: str
    undoes: str | None
    entity: str
    from_type: str
    action: str
    status: str
    ends: Mapping[str, str]
    partition: str

    @property
    def confirmed(self) -> bool:
        """Whether it changed what HubSpot holds."""
        return self.status == "confirmed"


def effective(run_id: str, story: Iterable[LinkStep]) -> LinkStep | None:
    """Return the last step of a link that still counts: not those that undos took back, nor the undos themselves.

    What undos of this very run did counts, so that one that was broken off goes on.
    """
    standing: list[LinkStep] = []
    for step in story:
        taken_back = next((one for one in reversed(standing) if one.run_id == step.undoes), None)
        if step.undoes not in (None, run_id) and taken_back is not None and step.confirmed:
            standing.remove(taken_back)
        elif step.confirmed:
            standing.append(step)
    return standing[-1] if standing else None


def owed_before(run_id: str, story: Sequence[LinkStep]) -> bool:
    """Return whether a link was still to be made when a run began: another run had tried before."""
    earlier: list[LinkStep] = []
    for step in story:
        if step.run_id == run_id:
            break
        earlier.append(step)
    tried = bool(earlier) and earlier[-1].action == Action.LINK
    return tried and earlier[-1].status not in ("confirmed", "done")
