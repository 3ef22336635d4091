"""How amounts are written for a person. Pure."""

from decimal import Decimal


def shown(value: Decimal) -> str:
    """Return an amount for a person: thousands apart, two decimals or more where there are more."""
    if not value:
        return "0.00"
    return f"{value:,.2f}" if value == round(value, 2) else f"{value:,f}".rstrip("0")


def signed(value: Decimal) -> str:
    """Return a difference for a person: with its sign, or zero."""
    return f"+{shown(value)}" if value > 0 else shown(value)
