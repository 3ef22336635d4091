"""The journal: batches of balanced entries, and how postings of one day are put together into batches."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from ml_connector.sandbox.books.money import ONE, ZERO

ACTUAL, BUDGET, STATISTICS = "ACTUAL", "BUDSJETT", "STATISTIKK"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal. Amounts are debit; a credit is negative. ``amount`` is in the batch's currency.

    ``kind`` and ``reference`` name the document it came from, ``partner`` the customer's or supplier's number.
    """

    account: str
    subaccount: str
    amount: Decimal
    base: Decimal
    text: str
    kind: str | None = None
    reference: str | None = None
    partner: str | None = None
    vat: str | None = None
    quantity: Decimal = ZERO

    def reversed(self, text: str) -> "Entry":
        """Return the entry that undoes this one: a debit becomes a credit."""
        return Entry(
            self.account,
            self.subaccount,
            -self.amount,
            -self.base,
            text,
            self.kind,
            self.reference,
            self.partner,
            self.vat,
            -self.quantity,
        )


@dataclass(slots=True)
class Batch:
    """One batch. ``status`` Posted and Unposted are in the ledger; Balanced, Hold and Voided are not."""

    module: str
    number: str
    day: date
    currency: str
    rate: Decimal
    entries: list[Entry]
    text: str
    entered: datetime
    changed: datetime
    ledger: str = ACTUAL
    status: str = "Posted"
    auto_reversing: bool = False
    reversing: bool = False
    original: str | None = None

    @property
    def key(self) -> str:
        """Module and number, as hooks name a batch."""
        return f"{self.module}:{self.number}"

    @property
    def released(self) -> bool:
        """Whether it counts."""
        return self.status in ("Posted", "Unposted")

    @property
    def period(self) -> str:
        """The financial period, YYYYMM."""
        return f"{self.day:%Y%m}"


@dataclass(slots=True)
class Journal:
    """All batches, numbered per module from 1.

    ``room`` tells how many postings the next batch takes; while a year is made up, documents of one day, module and
    currency share a batch, afterwards each posting has its own.
    """

    room: Callable[[], int] = lambda: 1
    batches: list[Batch] = field(default_factory=list)
    by_key: dict[str, int] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _open: dict[tuple[str, str, Decimal], tuple[Batch, int]] = field(default_factory=dict)

    def post(
        self,
        module: str,
        entries: Sequence[Entry],
        day: date,
        stamp: datetime,
        text: str,
        currency: str = "NOK",
        rate: Decimal = ONE,
    ) -> Batch:
        """Put the entries of one document into a batch, of its own or shared, and return it."""
        slot = (module, currency, rate)
        shared, left = self._open.get(slot, (None, 0))
        if shared is not None and left > 0 and shared.day == day:
            shared.entries.extend(entries)
            shared.changed = shared.entered = max(shared.changed, stamp)
            self._open[slot] = (shared, left - 1)
            return shared
        batch = self.add(Batch(module, "", day, currency, rate, list(entries), text, stamp, stamp))
        self._open[slot] = (batch, self.room() - 1)
        return batch

    def add(self, batch: Batch) -> Batch:
        """Number a batch and keep it."""
        number = self._numbers.get(batch.module, 0) + 1
        self._numbers[batch.module] = number
        batch.number = f"{number:06d}"
        self.by_key[batch.key] = len(self.batches)
        self.batches.append(batch)
        return batch

    def close(self) -> None:
        """Let no later posting into the batches there are."""
        self._open.clear()
        self.room = lambda: 1

    def find(self, key: str) -> Batch | None:
        """Return the batch with this key."""
        position = self.by_key.get(key)
        return None if position is None else self.batches[position]


def unbalanced(entries: Iterable[Entry]) -> tuple[Decimal, Decimal]:
    """Return by how much debit exceeds credit, in currency and in base currency."""
    amount = base = ZERO
    for entry in entries:
        amount += entry.amount
        base += entry.base
    return amount, base
