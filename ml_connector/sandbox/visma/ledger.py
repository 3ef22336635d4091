"""The hooks of ``bookkeeping.py`` for the ledger itself: batches somebody types in, and their reversal."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from ml_connector.errors import UsageError
from ml_connector.sandbox.books.journal import Batch, Entry
from ml_connector.sandbox.books.money import ONE, ZERO
from ml_connector.sandbox.books.state import Books


class Ledger:
    """The hooks.

    Args:
        books: what they change.
        now: gives the stamp of a hook that is not told one.
    """

    def __init__(self, books: Books, now: Callable[[], datetime]) -> None:
        self.books = books
        self._now = now

    def post(
        self,
        sides: Iterable[tuple[str, str, Decimal]],
        *,
        module: str = "GL",
        ledger: str = "ACTUAL",
        text: str = "Bilag",
        status: str = "Posted",
        stamp: datetime | None = None,
    ) -> str:
        """Enter a batch of (account, subaccount, debit; negative is credit) in NOK and return its key.

        Raises:
            UsageError: it does not balance in the actual ledger.
        """
        when = stamp or self._now()
        entries = [Entry(account, sub, value, value, text) for account, sub, value in sides]
        if ledger == "ACTUAL" and sum((entry.base for entry in entries), ZERO):
            raise UsageError("A batch of the actual ledger must balance.")
        made = Batch(module, "", when.date(), "NOK", ONE, entries, text, when, when, ledger, status)
        self.books.note_batch(self.books.journal.add(made), new=True)
        return made.key

    def reverse(self, key: str, *, stamp: datetime | None = None) -> str:
        """Enter the batch that undoes another one and return its key."""
        when, batch = stamp or self._now(), self.books.journal.find(key)
        if batch is None:
            raise UsageError("The books have no such batch.", record=key)
        made = replace(
            batch,
            number="",
            day=when.date(),
            entries=[entry.reversed("Reversering") for entry in batch.entries],
            text=f"Reversering av {batch.number}",
            entered=when,
            changed=when,
            reversing=True,
            auto_reversing=False,
            original=batch.number,
        )
        self.books.note_batch(self.books.journal.add(made), new=True)
        return made.key

    def reclassify(self, key: str, place: int, account: str, *, stamp: datetime | None = None) -> None:
        """Put the line at a place of a batch, from 0, on another account, as when a posting is corrected.

        Visma itself locks posted batches; a connector still has to believe what it reads.
        """
        batch = self.books.journal.find(key)
        if batch is None:
            raise UsageError("The books have no such batch.", record=key)
        batch.entries[place] = replace(batch.entries[place], account=account)
        batch.changed = stamp or self._now()
        self.books.note_batch(batch, new=False)

    def set_batch_status(self, key: str, status: str, *, stamp: datetime | None = None) -> None:
        """Give a batch another status, such as Posted for one that was Unposted."""
        batch = self.books.journal.find(key)
        if batch is None:
            raise UsageError("The books have no such batch.", record=key)
        batch.status, batch.changed = status, stamp or self._now()
        self.books.note_batch(batch, new=False)
