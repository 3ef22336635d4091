"""Phone numbers and the many ways people type them into an accounting system."""

import random
from dataclasses import dataclass

from ml_connector.sandbox.names import Country


@dataclass(frozen=True, slots=True)
class Phone:
    """One number: the country it belongs to, its area (or mobile lead) and the digits that follow."""

    country: Country
    area: str
    digits: str

    @property
    def e164(self) -> str:
        """The number as ``+4722334455``."""
        return f"+{self.country.dial}{self.area}{self.digits}"

    @property
    def national(self) -> str:
        """The number as dialled inside its country, digits only."""
        return f"{self.country.trunk}{self.area}{self.digits}"

    def _spaced(self) -> str:
        if len(self.area) + len(self.digits) == 8 and not self.country.trunk:
            return _groups(self.area + self.digits, 2)
        return f"{self.area} {_groups(self.digits, 3)}"

    def written(self, style: int) -> str:
        """Return the number in one of eight styles people use; ``style`` is any whole number."""
        international = f"+{self.country.dial} {self._spaced()}"
        styles = (
            international,
            self.national,
            f"00{self.country.dial} {self.area}{self.digits}",
            f"{self.country.trunk}{self._spaced()}",
            self.e164,
            f"(+{self.country.dial}) {self._spaced()}",
            f"+{self.country.dial} (0){self._spaced()}" if self.country.trunk else international,
            f"{self.country.trunk}{self.area}-{self.digits}",
        )
        return styles[style % len(styles)]


def _groups(digits: str, size: int) -> str:
    return " ".join(digits[start : start + size] for start in range(0, len(digits), size))


def draw_phone(chance: random.Random, country: Country, *, mobile: bool) -> Phone:
    """Draw a number of the country; the first digit after the area is never 0 or 1."""
    area, count = chance.choice(country.mobiles if mobile else country.areas)
    first = chance.randint(2, 9)
    rest = chance.randrange(10 ** (count - 1))
    return Phone(country, area, f"{first}{rest:0{count - 1}d}")
