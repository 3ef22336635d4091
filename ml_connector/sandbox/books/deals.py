"""Deals that sales had typed into the portal, and which invoices came of them: facts, in no API's shape.

Each says how it could be recognised, so that a test can tell a right link from a lucky one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.money import ZERO, cents
from ml_connector.sandbox.draws import mix

_TOPIC = 81
_WON, _OPEN, _LOST = "closedwon", "contractsent", "closedlost"


class DealClue(StrEnum):
    """What connects a deal to its invoices."""

    REFERENCE = "reference"
    """The invoices carry the deal's reference."""
    TWO_WITH_REFERENCE = "two with reference"
    """Two deals carry it: a person must decide."""
    AMOUNT = "amount"
    """The customer's only deal, and amount and date fit."""
    TWO_OF_AMOUNT = "two of amount"
    """Two deals of the customer fit: a person must decide."""
    NONE = "none"
    """Nothing: lost, or far off."""


@dataclass(frozen=True, slots=True)
class DealFact:
    """One deal. ``invoices`` are the keys of the invoices that belong to it and can be told to."""

    customer: str
    name: str
    stage: str
    amount: Decimal
    currency: str
    close: date
    clue: DealClue
    reference: str | None = None
    invoices: tuple[str, ...] = ()


class DealPlan:
    """Which customers have deals, and of what kind.

    Args:
        seed: as for the company.
        known: numbers of the customers that sales knew before, in order.
    """

    def __init__(self, seed: int, known: Sequence[str]) -> None:
        self._seed = seed
        self._clues = {number: self._clue(place) for place, number in enumerate(known)}

    def reference(self, customer: str, drawn: int) -> str | None:
        """Return the reference an invoice of this customer carries, or None; two of three do, three deals in turn."""
        clue = self._clues.get(customer)
        if clue not in (DealClue.REFERENCE, DealClue.TWO_WITH_REFERENCE) or drawn % 3 == 0:
            return None
        return f"T-26-{customer.strip('0').replace('/', '')}-{1 + drawn // 3 % 3}"

    def deals(self, invoices: Iterable[Document]) -> list[DealFact]:
        """Return the deals behind the released invoices of these customers."""
        own: dict[str, list[Document]] = {}
        for invoice in invoices:
            if invoice.released and invoice.stage is None and invoice.totals.amount > 0:
                own.setdefault(invoice.partner.number, []).append(invoice)
        found: list[DealFact] = []
        for customer, clue in self._clues.items():
            theirs = own.get(customer, [])
            if clue is not None and theirs:
                found.extend(self._of(customer, clue, theirs))
        return found

    @staticmethod
    def _clue(place: int) -> DealClue | None:
        order = (DealClue.REFERENCE, DealClue.AMOUNT, DealClue.TWO_OF_AMOUNT, DealClue.NONE, None)
        if place % 20 == 10:
            return DealClue.TWO_WITH_REFERENCE
        return order[place % len(order)]

    def _of(self, customer: str, clue: DealClue, invoices: Sequence[Document]) -> Iterator[DealFact]:
        if clue in (DealClue.REFERENCE, DealClue.TWO_WITH_REFERENCE):
            yield from self._referenced(customer, clue, invoices)
            return
        newest = invoices[-1]
        drawn = mix(self._seed, _TOPIC, int(newest.number))
        amount, name = newest.totals.detail, newest.partner.name
        close = newest.day - timedelta(days=1 + drawn % 9)
        if clue is DealClue.NONE:
            yield DealFact(customer, f"{name}: anbud", _LOST, amount, newest.currency, close, clue)
            later = newest.day + timedelta(days=200)
            yield DealFact(
                customer, f"{name}: ramme neste år", _OPEN, amount * 7 + 1000, newest.currency, later, clue
            )
            return
        count = 2 if clue is DealClue.TWO_OF_AMOUNT else 1
        for place in range(count):
            near = cents(amount * (Decimal(1000 + drawn % 9) / 1000)) if drawn % 2 else amount
            yield DealFact(
                customer,
                f"{name}: leveranse {place + 1}",
                _WON if (drawn + place) % 3 else _OPEN,
                near,
                newest.currency,
                close - timedelta(days=place),
                clue,
                invoices=(newest.key,) if count == 1 else (),
            )

    def _referenced(self, customer: str, clue: DealClue, invoices: Sequence[Document]) -> Iterator[DealFact]:
        by_reference: dict[str, list[Document]] = {}
        for invoice in invoices:
            for value in (invoice.reference, invoice.external):
                if value is not None and value.startswith("T-26-"):
                    by_reference.setdefault(value, []).append(invoice)
        for reference, theirs in by_reference.items():
            first = theirs[0]
            amount = sum((one.totals.detail for one in theirs if one.currency == first.currency), ZERO)
            for place in range(2 if clue is DealClue.TWO_WITH_REFERENCE else 1):
                yield DealFact(
                    customer,
                    f"{first.partner.name}: tilbud {reference}{' (kopi)' if place else ''}",
                    _WON,
                    amount,
                    first.currency,
                    first.day - timedelta(days=4 + place),
                    clue,
                    reference,
                    () if clue is DealClue.TWO_WITH_REFERENCE else tuple(one.key for one in theirs),
                )
