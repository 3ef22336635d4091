"""What a cause is: a short name, a sentence, what a person can do about it and where."""

import re
from dataclasses import dataclass
from enum import StrEnum

SEPARATOR = ":"
"""Between the name of a cause and its detail, such as the property it is about."""

_DETAIL = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""A detail is a word of an API or of ours: the name of a property or a code. Anything else may be a person's value."""


class Where(StrEnum):
    """Where a cause is put right."""

    VISMA = "visma"
    HUBSPOT = "hubspot"
    SETTINGS = "settings"
    NOWHERE = "wait"


@dataclass(frozen=True, slots=True)
class Cause:
    """One kind of problem, the same for all records that have it.

    Args:
        name: short and stable; with a detail behind it (``option-missing:industry``) where it is about a property.
        title: one sentence; ``{detail}`` stands for the detail.
        remedy: what a person can do, one or two sentences.
        where: where that is done.
        whatever: what stands for the detail where there is none.
        words: HubSpot's words for it: codes of properties, ends of sub-categories, categories.
        said: our own words for it, as regular expressions; a group ``detail`` gives the detail.
    """

    name: str
    title: str
    remedy: str
    where: Where
    whatever: str = ""
    words: frozenset[str] = frozenset()
    said: tuple[str, ...] = ()

    def about(self, detail: str | None) -> "Cause":
        """Return the cause with its detail put in; one that has no place for a detail as it is."""
        if "{detail}" not in self.title:
            return self
        known = detail if detail and _DETAIL.fullmatch(detail) else None
        return Cause(
            f"{self.name}{SEPARATOR}{known}" if known else self.name,
            self.title.format(detail=known or self.whatever),
            self.remedy,
            self.where,
        )
