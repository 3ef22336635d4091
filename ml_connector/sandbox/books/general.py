"""The year's manual entries: opening, wages, rent, sales without an invoice, accruals and their reversal, budget."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from ml_connector.sandbox.books.journal import BUDGET, STATISTICS, Batch, Entry
from ml_connector.sandbox.books.money import ONE, ZERO, cents
from ml_connector.sandbox.books.posting import BANK, COMMON
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.draws import source

_TOPIC = 71
_KINDS = ("shop", "wages", "accrual", "rent", "bank", "budget", "shop", "interest", "people", "shop")
_SUBACCOUNTS = ("10-1", "20-2", "30-3", "40-1")


class GeneralLedger:
    """What somebody types into the ledger itself."""

    def __init__(self, books: Books, settings: BooksSettings) -> None:
        self._books = books
        self._count = settings.gl_batches
        self._made = 0
        self._reversals: list[tuple[date, Batch]] = []

    def open(self, stamp: datetime) -> None:
        """Enter the opening balance."""
        if self._count:
            entries = _entries("Åpningsbalanse", [("1920", COMMON, "2500000"), ("2050", COMMON, "-2500000")])
            self._add("GL", entries, stamp.date(), stamp, "Åpningsbalanse")

    def live(self, place: int, day: date, days: int, stamp: datetime) -> None:
        """Let one day pass: what is due to be turned back, and the day's share of entries."""
        while self._reversals and self._reversals[0][0] <= day:
            self._turn_back(self._reversals.pop(0)[1], day, stamp)
        upto = self._count * (place + 1) // days
        for serial in range(self._count * place // days, upto):
            if self._made < upto:
                self._enter(serial, day, stamp)

    def finish(self, last: date) -> None:
        """Leave some batches of the last days unposted, and one each balanced and on hold."""
        recent = [batch for batch in self._books.journal.batches if batch.day > last - timedelta(days=4)]
        for place, batch in enumerate(recent):
            if place % 4 == 0:
                batch.status = "Unposted"
        if self._count >= 5:
            stamp = datetime.combine(last, datetime.min.time()) + timedelta(hours=15, minutes=20)
            for status in ("Balanced", "Hold"):
                entries = _entries("Ikke frigitt", [("1530", COMMON, "12000"), ("3010", "10-1", "-12000")])
                self._add("GL", entries, last, stamp, "Periodisering under arbeid").status = status

    def _enter(self, serial: int, day: date, stamp: datetime) -> None:
        chance = source(self._books.seed, _TOPIC, serial)
        amount = Decimal(chance.randrange(4_000, 190_000)) + Decimal(chance.randrange(100)) / 100
        sub = chance.choice(_SUBACCOUNTS)
        kind = _KINDS[serial % len(_KINDS)]
        if kind == "budget":
            entries = _entries("Budsjett", [("1500", COMMON, amount), ("3000", sub, -amount)])
            self._add("GL", entries, day, stamp, f"Budsjett {day:%m.%Y}", BUDGET)
        elif kind == "people":
            people = Entry(
                "5000", sub, ZERO, Decimal(chance.randrange(3, 40)), "Antall årsverk", quantity=ONE
            )
            self._add("GL", [people], day, stamp, "Årsverk", STATISTICS)
        elif kind == "accrual":
            entries = _entries("Opptjent", [("1530", COMMON, amount), ("3010", sub, -amount)])
            batch = self._add("GL", entries, day, stamp, "Opptjent, ikke fakturert")
            batch.auto_reversing = True
            self._reversals.append((_next_month(day), batch))
            self._reversals.sort(key=lambda item: item[0])
        elif kind == "bank":
            entries = _entries("Bankgebyr", [("7770", sub, amount / 100), (BANK, COMMON, -amount / 100)])
            self._add("CA", entries, day, stamp, "Bankgebyrer")
        else:
            self._add("GL", _plain(kind, amount, sub), day, stamp, _TEXTS[kind])

    def _turn_back(self, batch: Batch, day: date, stamp: datetime) -> None:
        entries = [entry.reversed("Reversering") for entry in batch.entries]
        made = self._add("GL", entries, day, stamp, f"Reversering av {batch.number}")
        made.reversing, made.original = True, batch.number

    def _add(
        self,
        module: str,
        entries: Sequence[Entry],
        day: date,
        stamp: datetime,
        text: str,
        ledger: str = "ACTUAL",
    ) -> Batch:
        self._made += 1
        batch = Batch(module, "", day, "NOK", ONE, list(entries), text, stamp, stamp, ledger)
        return self._books.journal.add(batch)


_TEXTS = {"shop": "Kontantsalg butikk", "wages": "Lønn", "rent": "Husleie", "interest": "Renter"}


def _plain(kind: str, amount: Decimal, sub: str) -> list[Entry]:
    net = cents(amount / Decimal("1.25"))
    sides: dict[str, list[tuple[str, str, Decimal]]] = {
        "shop": [(BANK, COMMON, amount), ("3000", sub, -net), ("2700", COMMON, net - amount)],
        "wages": [("5000", sub, amount), ("5400", sub, cents(amount / 7)), (BANK, COMMON, -amount)],
        "rent": [("6300", sub, amount), (BANK, COMMON, -amount)],
        "interest": [(BANK, COMMON, cents(amount / 90)), ("8050", COMMON, -cents(amount / 90))],
    }
    lines = sides[kind]
    left = sum((value for _, _, value in lines), ZERO)
    if left:
        lines.append(("2740", COMMON, -left))
    return _entries(_TEXTS[kind], lines)


def _entries(text: str, sides: Sequence[tuple[str, str, Decimal | str]]) -> list[Entry]:
    found = []
    for account, sub, value in sides:
        amount = cents(Decimal(value))
        found.append(Entry(account, sub, amount, amount, text))
    return found


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
