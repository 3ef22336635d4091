"""A figure asked for, a figure measured, and whether it holds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table of goals; ``holds`` is None for what is only shown."""

    goal: str
    what: str
    asked: str
    measured: str
    holds: bool | None


def at_most(goal: str, what: str, measured: float, limit: float, unit: str = "") -> Figure:
    """Return a figure that must not be larger than its limit."""
    return Figure(goal, what, f"at most {_text(limit)}{unit}", f"{_text(measured)}{unit}", measured <= limit)


def exactly(goal: str, what: str, measured: int, wanted: int) -> Figure:
    """Return a figure that must be met."""
    return Figure(goal, what, _text(wanted), _text(measured), measured == wanted)


def seconds_here(goal: str, what: str, measured: float, asked: str) -> Figure:
    """Return a time, which is of this machine and proves nothing."""
    return Figure(goal, what, asked, f"{measured:.1f} s here", None)


def shown(goal: str, what: str, measured: str) -> Figure:
    """Return a figure that nothing was asked of."""
    return Figure(goal, what, "", measured, None)


def _text(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:,.2f}"
