"""The known words nearest to one that is unknown, for the sentences about mistyped names. Pure."""

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest(word: str, known: Iterable[str], most: int = 1) -> tuple[str, ...]:
    """Return the known words nearest to a word, the nearest first; none where nothing is known.

    A word that begins like the other counts more than one that merely shares letters: who writes COMPUTERS looks for a
    name that begins with COMPUTER.

    >>> nearest("phnoe", ["phone", "name", "zip"])
    ('phone',)
    """
    ranked = sorted(known, key=lambda one: (-_likeness(word.casefold(), one.casefold()), one))
    return tuple(ranked[:most])


def _likeness(left: str, right: str) -> float:
    """Return how alike two words are, from 0 to 2: the letters they share in order, and how far they begin alike."""
    shared = next(
        (place for place, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]),
        min(len(left), len(right)),
    )
    whole = SequenceMatcher(None, left, right, autojunk=False).ratio()
    return whole + shared / max(len(left), len(right), 1)
