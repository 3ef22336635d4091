"""Asking a list for less than everything: the rows of one customer or supplier, and those dated from a day on.

Visma ignores a filter it does not know, so what comes back is held against what was asked (reference: visma 3.2).
"""

from dataclasses import dataclass
from datetime import date

from ml_connector.errors import UsageError
from ml_connector.visma.entities import Entity, Values


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a list is asked for besides changes.

    Args:
        party: number of a customer or supplier, whichever the entity belongs to; None for all.
        dated_from: the earliest date of a document; None for any.
    """

    party: str | None = None
    dated_from: date | None = None


WHOLE = Narrowing()
"""A list without any narrowing."""


def narrowed(entity: Entity, narrowing: Narrowing) -> dict[str, str]:
    """Return the parameters that ask for it.

    Raises:
        UsageError: the entity's list has no such filter.
    """
    params: dict[str, str] = {}
    if narrowing.party is not None:
        if entity.party is None:
            raise UsageError(f"{entity.name} cannot be asked for by customer or supplier.")
        params[entity.party] = narrowing.party
    if narrowing.dated_from is not None:
        if entity.dated is None:
            raise UsageError(f"{entity.name} cannot be asked for by date.")
        # A date without its condition is ignored, as with the filter for changes (reference: visma 3.2).
        params |= {
            entity.dated[0]: narrowing.dated_from.isoformat(),
            f"{entity.dated[0]}Condition": ">=",
        }
    return params


def fits(entity: Entity, row: Values, narrowing: Narrowing) -> bool:
    """Return whether a row is one that was asked for; one that does not say whose or of when it is does fit."""
    party = row.get(entity.party) if entity.party else None
    number = party.get("number") if isinstance(party, dict) else None
    if narrowing.party is not None and number is not None and not _same(number, narrowing.party):
        return False
    dated = row.get(entity.dated[1]) if entity.dated else None
    if narrowing.dated_from is None or not isinstance(dated, str) or not dated:
        return True
    return dated[:10] >= narrowing.dated_from.isoformat()


def _same(number: object, wanted: str) -> bool:
    """Whether two numbers are one: Visma compares without case and trailing blanks."""
    return str(number).strip().casefold() == wanted.strip().casefold()
