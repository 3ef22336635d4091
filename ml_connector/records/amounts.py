"""Money arithmetic: exact decimals from Visma's rows to HubSpot's text, and shares that add up to the cent. Pure."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from ml_connector.records.normal_forms import OddValueError

ZERO = Decimal(0)
CENT = Decimal("0.01")
"""The unit of sharing and rounding: the currencies that the two systems share here have two decimals."""


def decimal(value: object) -> Decimal:
    """Return a Visma number as Decimal; null or absent is zero.

    Raises:
        OddValueError: it is no number.
    """
    if value is None:
        return ZERO
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise OddValueError(f"a value of type {type(value).__name__} stands where a number should")
    return Decimal(value)


def cents(value: Decimal) -> Decimal:
    """Return an amount rounded to cents, half away from zero as invoices are."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def rounded_as(amount: Decimal, value: Decimal) -> Decimal:
    """Return a value rounded to the decimals that an amount has, at least two: some currencies have three."""
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def number_text(value: Decimal) -> str:
    """Return a number as HubSpot takes it: plain digits, no exponent, no zeros at the end (reference: hubspot 8)."""
    plain = f"{value:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain == "-0" else plain


def money_text(value: Decimal) -> str:
    """Return an amount as HubSpot takes it, with two decimals, or more where Visma has more."""
    whole, _, fraction = number_text(value).partition(".")
    return f"{whole}.{fraction:0<2}"


def shares(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split a total over weights in whole cents so that the shares add up to it exactly.

    Each share is its part rounded down to a cent; the cents that are left go to the largest remainders, the first among
    equals. What a total has beyond whole cents goes to the first share.

    Args:
        total: of any sign.
        weights: of any sign; one share comes back for each.

    Raises:
        ZeroDivisionError: the weights add up to nothing.
    """
    whole = sum(weights, ZERO)
    exact = [total * weight / whole for weight in weights]
    found = [part.quantize(CENT, rounding=ROUND_FLOOR) for part in exact]
    left = total - sum(found, ZERO)
    by_remainder = sorted(range(len(weights)), key=lambda place: found[place] - exact[place])
    for place in by_remainder[: int(left / CENT)]:
        found[place] += CENT
    found[0] += left % CENT
    return found
