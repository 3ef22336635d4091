"""A small chart for the statement: what both systems have per month, side by side, as SVG. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ml_connector.reconciliation.totals import Pair

MOST_MONTHS = 18
"""Months a chart has room for, the newest ones."""

WIDTH, HEIGHT = 460, 170
TOP, BOTTOM, LEFT = 10, 24, 46
"""Room for the labels, in the units of the drawing."""

SHORT = ("k", Decimal(1_000)), ("M", Decimal(1_000_000)), ("bn", Decimal(1_000_000_000))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def chart(months: Mapping[str, Pair], currency: str) -> str:
    """Return bars of Visma and HubSpot per month as an ``<svg>``; empty for no dated month at all.

    Args:
        months: sums by ``YYYY-MM``, oldest first; sums without a date are left out.
        currency: for the title.
    """
    dated = [(month, pair) for month, pair in months.items() if month][-MOST_MONTHS:]
    if not dated:
        return ""
    scale = _Scale([value for _, pair in dated for value in (pair.visma.amount, pair.hubspot.amount)])
    step = Decimal(WIDTH - LEFT) / len(dated)
    bars = "".join(
        _month(month, pair, LEFT + step * place, step, scale) for place, (month, pair) in enumerate(dated)
    )
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{currency} per month">'
        f"<title>Invoiced per month in {currency}, Visma beside HubSpot</title>{scale.lines()}{bars}</svg>"
    )


class _Scale:
    """Amounts as heights."""

    def __init__(self, values: Sequence[Decimal]) -> None:
        self._high = max(*values, Decimal(0))
        self._low = min(*values, Decimal(0))
        self._span = (self._high - self._low) or Decimal(1)

    def at(self, value: Decimal) -> Decimal:
        """Return how far below the top an amount is."""
        return TOP + (self._high - value) / self._span * (HEIGHT - TOP - BOTTOM)

    def lines(self) -> str:
        """Return the lines of zero and of the largest amounts, with what they are."""
        marks = dict.fromkeys([self._high, Decimal(0), self._low])
        return "".join(
            f'<line class="axis" x1="{LEFT}" x2="{WIDTH}" y1="{_n(self.at(value))}" y2="{_n(self.at(value))}"/>'
            f'<text class="mark" x="{LEFT - 5}" y="{_n(self.at(value) + 3)}">{short(value)}</text>'
            for value in marks
        )


def short(value: Decimal) -> str:
    """Return a large amount in few characters: ``1.2M``."""
    for letter, unit in reversed(SHORT):
        if abs(value) >= unit:
            return f"{value / unit:.1f}{letter}"
    return f"{value:.0f}"


def _month(month: str, pair: Pair, left: Decimal, step: Decimal, scale: _Scale) -> str:
    width = step * Decimal("0.36")
    off = " off" if pair.amount_difference else ""
    middle = left + step / 2
    return (
        _bar("visma", pair.visma.amount, middle - width, width, scale)
        + _bar(f"hubspot{off}", pair.hubspot.amount, middle, width, scale)
        + f'<text class="month" x="{_n(middle)}" y="{HEIGHT - 8}">{MONTHS[int(month[5:]) - 1]}</text>'
    )


def _bar(kind: str, value: Decimal, left: Decimal, width: Decimal, scale: _Scale) -> str:
    top, end = sorted((scale.at(value), scale.at(Decimal(0))))
    height = max(end - top, Decimal("0.5")) if value else Decimal(0)
    return f'<rect class="{kind}" x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}"/>'


def _n(value: Decimal) -> str:
    return f"{value:.1f}"
