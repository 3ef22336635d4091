"""A portal in which sales knows half of Visma's customers already, each by one thing only and in another spelling."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.portal import Known
from bench.works import Row, companies


@dataclass(frozen=True, slots=True)
class Pair:
    """A company of the portal, and the key of the customer it is; None for a stranger."""

    known: Known
    customer: str | None


def customers(count: int) -> list[Row]:
    """Return customers that have an organisation number, a domain, a telephone number and an e-mail address each."""
    return [
        replace(
            row,
            properties=row.properties
            | {
                "visma_organisation_number": organisation_number(number),
                "phone": f"+47{telephone(number)}",
                "email": f"post@c{number}.example",
            },
        )
        for number, row in enumerate(companies(count))
    ]


def organisation_number(number: int) -> str:
    """Return nine digits, different for each customer."""
    return str(900_000_000 + number)


def telephone(number: int) -> str:
    """Return eight digits, different for each customer."""
    return str(40_000_000 + number)


def _by_organisation_number(number: int) -> Known:
    digits = organisation_number(number)
    return Known({"name": "By number", "organisation_number": f"{digits[:3]} {digits[3:6]} {digits[6:]}"})


def _by_domain(number: int) -> Known:
    return Known({"name": "By domain", "domain": f"c{number}.example"})


def _by_phone(number: int) -> Known:
    digits = telephone(number)
    return Known({"name": "By telephone", "phone": f"{digits[:2]} {digits[2:4]} {digits[4:6]} {digits[6:]}"})


def _by_email(number: int) -> Known:
    return Known({"name": "By e-mail"}, f"post@c{number}.example")


CLUES: tuple[Callable[[int], Known], ...] = (_by_organisation_number, _by_domain, _by_phone, _by_email)


def pairs(count: int) -> list[Pair]:
    """Return ``count`` companies: each second one is a customer, by each clue in turn; all have a contact."""
    keys = [row.key for row in companies(count)]
    return [
        _customer(number, keys[number]) if number % 2 == 0 else _stranger(number) for number in range(count)
    ]


def _customer(number: int, key: str) -> Pair:
    known = CLUES[number // 2 % len(CLUES)](number)
    return Pair(known if known.email else replace(known, email=f"buyer{number}@sales.example"), key)


def _stranger(number: int) -> Pair:
    properties = {"name": f"Stranger {number}", "domain": f"s{number}.example", "phone": f"+4721{number:06d}"}
    return Pair(Known(properties, f"post@s{number}.example"), None)
