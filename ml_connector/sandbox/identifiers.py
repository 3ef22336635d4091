"""Organisation numbers and VAT numbers with valid check digits, one distinct number for each serial.

Each function maps a serial (0, 1, 2 ...) to its own number; two serials never share one.
"""

from collections.abc import Callable
from dataclasses import dataclass

_NORWAY_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)
_DENMARK_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)
_FINLAND_WEIGHTS = (7, 9, 10, 5, 8, 4, 2)
_STRIDE = 7919
"""Prime step between the numbers of neighbouring serials, so that they do not look like a count."""


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def norway_check_digit(base: str) -> int | None:
    """Return the modulus-11 check digit of eight digits, or None when they cannot carry one."""
    remainder = _weighted(base, _NORWAY_WEIGHTS) % 11
    digit = 0 if remainder == 0 else 11 - remainder
    return None if digit == 10 else digit


def denmark_check_digit(base: str) -> int | None:
    """Return the modulus-11 check digit of seven digits, or None when they cannot carry one."""
    digit = -_weighted(base, _DENMARK_WEIGHTS) % 11
    return None if digit == 10 else digit


def finland_check_digit(base: str) -> int | None:
    """Return the check digit of seven digits of a business id, or None when they cannot carry one."""
    remainder = _weighted(base, _FINLAND_WEIGHTS) % 11
    if remainder == 1:
        return None
    return 0 if remainder == 0 else 11 - remainder


def luhn_digit(base: str) -> int:
    """Return the Luhn digit that follows ``base`` (Swedish organisation numbers)."""
    total = 0
    for place, character in enumerate(reversed(base)):
        doubled = int(character) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def germany_check_digit(base: str) -> int:
    """Return the ISO 7064 modulus 11,10 check digit of eight digits (German VAT numbers)."""
    product = 10
    for character in base:
        total = (int(character) + product) % 10 or 10
        product = 2 * total % 11
    return (11 - product) % 10


def _numbered(serial: int, blocks: int, first: int, check: Callable[[str], int | None]) -> str:
    """Return the digits of a serial: the first base in its own block of ten that can carry a check digit."""
    block = first + serial * _STRIDE % blocks * 10
    for candidate in range(block, block + 10):
        digit = check(str(candidate))
        if digit is not None:
            return f"{candidate}{digit}"
    raise ValueError(f"No number with a check digit in the block from {block}.")


def norwegian_number(serial: int) -> str:
    """Return nine digits that begin with 8 or 9; distinct below two million serials."""
    return _numbered(serial, 2_000_000, 80_000_000, norway_check_digit)


def swedish_number(serial: int) -> str:
    """Return ten digits as ``556123-4567``; distinct below a million serials."""
    base = str(556_000_000 + serial * _STRIDE % 1_000_000)
    return _dashed(f"{base}{luhn_digit(base)}", 6)


def danish_number(serial: int) -> str:
    """Return the eight digits of a CVR number; distinct below 800,000 serials."""
    return _numbered(serial, 800_000, 1_000_000, denmark_check_digit)


def finnish_number(serial: int) -> str:
    """Return a business id as ``2123456-7``; distinct below 250,000 serials."""
    return _dashed(_numbered(serial, 250_000, 1_000_000, finland_check_digit), 7)


def german_vat_digits(serial: int) -> str:
    """Return the nine digits of a German VAT number; distinct below a million serials."""
    return _numbered(serial, 1_000_000, 11_000_000, germany_check_digit)


def german_register_number(serial: int) -> str:
    """Return a commercial register number, which has no check digit; distinct below a million serials."""
    return f"HRB {100_000 + serial * _STRIDE % 1_000_000}"


def _dashed(digits: str, place: int) -> str:
    return f"{digits[:place]}-{digits[place:]}"


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The numbers of one legal entity, as written on its papers."""

    organisation: str
    vat: str


def identifiers(country: str, serial: int) -> Identifiers:
    """Return the numbers of the entity with this serial.

    Args:
        country: ``NO``, ``SE``, ``DK``, ``FI`` or ``DE``.
        serial: distinct for each entity, below 250,000.
    """
    match country:
        case "NO":
            number = norwegian_number(serial)
            return Identifiers(number, f"{number}MVA")
        case "SE":
            number = swedish_number(serial)
            return Identifiers(number, f"SE{number.replace('-', '')}01")
        case "DK":
            number = danish_number(serial)
            return Identifiers(number, f"DK{number}")
        case "FI":
            number = finnish_number(serial)
            return Identifiers(number, f"FI{number.replace('-', '')}")
        case "DE":
            return Identifiers(german_register_number(serial), f"DE{german_vat_digits(serial)}")
    raise ValueError(f"No organisation numbers for country {country}.")
