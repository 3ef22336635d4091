"""One year of bookkeeping, lived through day by day with the same functions that hooks use afterwards."""

import heapq
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import count

from ml_connector.sandbox.books.general import GeneralLedger
from ml_connector.sandbox.books.partners import Partner
from ml_connector.sandbox.books.sales import Sales
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.books.supply import Supply
from ml_connector.sandbox.draws import fraction, mix

_TIME, _ROOM = 54, 55


class Year:
    """Lives through a year.

    Args:
        books: empty ones.
        settings: how much happens.
        customers, suppliers: the partners, in the order of their numbers.
        until: naive midnight; everything happens in the 365 days before it.
        referenced: by customer number, what tells the deal behind an invoice, for customers with deals.
    """

    def __init__(
        self,
        books: Books,
        settings: BooksSettings,
        customers: Sequence[Partner],
        suppliers: Sequence[Partner],
        until: datetime,
        referenced: Callable[[str, int], str | None],
    ) -> None:
        self._books = books
        self._settings = settings
        self._seed = books.seed
        self._days = _business_days(until.date())
        self._last = self._days[-1]
        self._due: list[tuple[date, int, Callable[[datetime], None]]] = []
        self._order = 0
        self._sales = Sales(books, settings, customers, self._last, referenced, self._plan, self.stamp)
        self._supply = Supply(books, settings, suppliers, self._plan, self.stamp)
        self._general = GeneralLedger(books, settings)

    def live(self) -> None:
        """Let the year pass."""
        days = self._days
        self._books.journal.room = self._room()
        self._general.open(self.stamp(days[0], 0))
        for place, day in enumerate(days):
            self._sales.live(place, day, len(days))
            self._supply.live(place, day, len(days))
            self._general.live(place, day, len(days), self.stamp(day, 900_000 + place))
            self._happen(day)
        self._books.journal.close()
        self._general.finish(self._last)

    def stamp(self, day: date, serial: int) -> datetime:
        """Return a moment of the day: office hours, or 23 o'clock for what a job did."""
        drawn = mix(self._seed, _TIME, day.toordinal() * 1_000_003 + serial)
        hour = 23 if drawn % 25 == 0 else 7 + drawn // 25 % 10
        micro = 0 if drawn % 16 == 0 else drawn // 911 % 1000 * 1000
        return datetime.combine(day, time(hour, drawn // 300 % 60, drawn // 20_000 % 60, micro))

    def _plan(self, day: date, action: Callable[[datetime], None]) -> None:
        """Let something happen on a day, or on the first working day after it."""
        self._order += 1
        heapq.heappush(self._due, (day, self._order, action))

    def _happen(self, day: date) -> None:
        while self._due and self._due[0][0] <= day:
            _, order, action = heapq.heappop(self._due)
            action(self.stamp(day, 5_000_000 + order))

    def _room(self) -> Callable[[], int]:
        """Return how many postings each next batch takes, so that there will be about as many as wished."""
        settings = self._settings
        postings = settings.invoices + settings.credit_notes + settings.debit_notes + settings.payments
        postings += int(settings.supplier_invoices * 1.8)
        wished = (settings.journal_batches or 0) - settings.gl_batches
        mean = postings / wished * 1.12 if wished > 0 else 1.25
        seed, serials = self._seed, count()

        def room() -> int:
            serial = next(serials)
            more = 2 * (mean - 1) * fraction(seed, _ROOM, 2 * serial)
            return 1 + int(more + fraction(seed, _ROOM, 2 * serial + 1))

        return room


def _business_days(until: date) -> list[date]:
    """Return the working days of the year before ``until``; its very last day always works."""
    first = until - timedelta(days=365)
    days = [first + timedelta(days=place) for place in range(365)]
    return [day for day in days if day.weekday() < 5 or day == days[-1]]
