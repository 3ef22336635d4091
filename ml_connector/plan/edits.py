"""Whether a person changed a value in HubSpot after our last write, told from the property's history. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from ml_connector.hubspot.history import BY_ITSELF, Entry

PROGRAMS = BY_ITSELF | frozenset(
    {
        "API",
        "AUTOMATION_PLATFORM",
        "INTEGRATION",
        "INTERNAL_PROCESSING",
        "MIGRATION",
        "PROPERTY_SETTINGS",
        "WORKFLOWS",
    }
)
"""HubSpot's words for writers that are no people. An unknown word counts as a person: better kept than lost."""


CUT = 20
"""Values of a history that may be all that HubSpot shows of a longer one; how many it shows is not documented."""


class Kept(StrEnum):
    """What a rule made of an edit."""

    KEPT = "kept"
    FLAGGED = "flagged"
    OVERWRITTEN = "overwritten"


@dataclass(frozen=True, slots=True)
class Edit:
    """A value that was changed in HubSpot after our last write, where Visma says something else.

    Args:
        name: the property.
        ours: the value we wrote last, or saw confirmed; None where the ledger does not know it.
        theirs: the value HubSpot holds since; None for none.
        wanted: the value Visma has now; empty text for none.
        outcome: what the rule made of it.
        source: HubSpot's word for what changed it, where its history was read.
        edited_at: when, where its history was read.
    """

    name: str
    ours: str | None
    theirs: str | None
    wanted: str
    outcome: Kept
    source: str | None = None
    edited_at: datetime | None = None

    def to_row(self) -> dict[str, str | None]:
        """Return it as it is stored with a plan."""
        moment = self.edited_at.isoformat() if self.edited_at else None
        return {**asdict(self), "outcome": str(self.outcome), "edited_at": moment}

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "Edit":
        """Return the edit of a row made by :meth:`to_row`."""
        moment = datetime.fromisoformat(row["edited_at"]) if row["edited_at"] else None
        return Edit(**{**row, "outcome": Kept(row["outcome"]), "edited_at": moment})


def by_person(
    history: Sequence[Entry], is_ours: Callable[[str], bool], since: datetime | None
) -> Entry | None:
    """Return the newest entry that a person made after our last write, or None.

    Where programs have written so often since that the history does not reach back to our write, nobody can tell, and
    the oldest entry counts as a person's: better kept than lost.

    Args:
        history: of one property, newest first.
        is_ours: whether a value is the one that we wrote last.
        since: where the ledger does not know our value, when we last looked at the record; None where it does.
    """
    for entry in history:
        is_program = entry.source_type in PROGRAMS
        # Whoever wrote it: with our value everybody was of one mind, and what came before is no edit of it. Where ours
        # is not known, an empty value looks like it, and a person may have emptied it.
        if (is_program or since is None) and is_ours(entry.value):
            return None
        if not is_program and (since is None or entry.written_at > since):
            return entry
    reaches_back = len(history) < CUT or (since is not None and history[-1].written_at <= since)
    return None if reaches_back else history[-1]
