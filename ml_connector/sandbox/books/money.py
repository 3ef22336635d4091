"""Amounts, rates and the VAT codes: exact decimals, rounded half up to the cent."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from ml_connector.sandbox.draws import mix

ZERO = Decimal(0)
CENT = Decimal("0.01")
FOUR = Decimal("0.0001")
ONE = Decimal(1)
BASE = "NOK"

_RATES = {"SEK": "1.0215", "EUR": "11.6240", "DKK": "1.5587", "USD": "10.4380"}
_RATE_TOPIC = 40


def cents(value: Decimal) -> Decimal:
    """Return the amount to the cent."""
    return value.quantize(CENT, ROUND_HALF_UP)


def rate_of(currency: str, day: date, seed: int) -> Decimal:
    """Return NOK for one unit of a currency on a day, within three percent of its usual rate.

    A currency the company does not trade in usually costs ten.
    """
    if currency == BASE:
        return ONE
    usual = Decimal(_RATES.get(currency, "10"))
    topic = _RATE_TOPIC + sum(map(ord, currency))
    week = mix(seed, topic, day.toordinal() // 7) % 500
    wobble = mix(seed, topic, day.toordinal()) % 100
    return (usual * (Decimal(9700 + week + wobble) / 10_000)).quantize(FOUR, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class VatCode:
    """One VAT code: its percentage, the account of what is owed, and whether it lies outside the VAT act."""

    code: str
    percent: Decimal
    description: str
    account: str
    exempt: bool = False


VAT_CODES = {
    vat.code: vat
    for vat in (
        VatCode("3", Decimal(25), "Utgående mva, høy sats", "2700"),
        VatCode("31", Decimal(15), "Utgående mva, middels sats", "2701"),
        VatCode("33", Decimal(12), "Utgående mva, lav sats", "2702"),
        VatCode("5", ZERO, "Innenlands omsetning med fritak for mva", "2700"),
        VatCode("52", ZERO, "Utførsel av varer og tjenester", "2700"),
        VatCode("6", ZERO, "Omsetning utenfor mva-loven", "2700", exempt=True),
        VatCode("1", Decimal(25), "Inngående mva, høy sats", "2710"),
        VatCode("0", ZERO, "Ingen mva-behandling", "2710", exempt=True),
    )
}
"""The codes of sales, and two of purchases (1 and 0)."""
