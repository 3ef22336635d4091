"""Everything the books hold, and the one place that is told when something in them changes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from ml_connector.errors import UsageError
from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.journal import Batch, Journal
from ml_connector.sandbox.books.orders import PurchaseOrder
from ml_connector.sandbox.books.partners import Partner
from ml_connector.sandbox.books.payments import Payment


class Keyed(Protocol):
    """Whatever a shelf holds."""

    @property
    def key(self) -> str:
        """Its key."""
        ...


Item = TypeVar("Item", bound=Keyed)


class Shelf(Generic[Item]):
    """Things of one kind in the order they were entered, found by key or position."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def put(self, item: Item) -> None:
        """Keep something new.

        Raises:
            UsageError: its key is taken.
        """
        if item.key in self._places:
            raise UsageError("The books already have this.", record=item.key)
        self._places[item.key] = len(self.items)
        self.items.append(item)

    def place(self, key: str) -> int:
        """Return the position of what has this key.

        Raises:
            UsageError: there is none.
        """
        if key not in self._places:
            raise UsageError("The books have no such record.", record=key)
        return self._places[key]

    def get(self, key: str) -> Item:
        """Return what has this key. Raises UsageError where there is none."""
        return self.items[self.place(key)]


@dataclass(slots=True)
class Change:
    """Something in the books changed; ``stamp`` None leaves the last change of the row as it was."""

    entity: str
    key: str
    stamp: datetime | None
    new: bool


SHELVES = {
    "Invoice": "customer_invoices",
    "CreditNote": "customer_credit_notes",
    "DebitNote": "customer_debit_notes",
}
"""Type of a customer document to the entity that lists it."""


@dataclass(slots=True)
class Books:
    """The books.

    Args:
        seed: as for the company.
        customer, supplier: give the partner with a number; they raise UsageError for an unknown one.
        touch: whether an application bumps the stamp of the document it pays.
        listener: told of every change once the first year is written; None while it is made up.
    """

    seed: int
    customer: Callable[[str], Partner]
    supplier: Callable[[str], Partner]
    touch: bool = False
    listener: Callable[[Change], None] | None = None
    invoices: Shelf[Document] = field(default_factory=Shelf)
    credit_notes: Shelf[Document] = field(default_factory=Shelf)
    debit_notes: Shelf[Document] = field(default_factory=Shelf)
    payments: Shelf[Document | Payment] = field(default_factory=Shelf)
    supplier_invoices: Shelf[Document] = field(default_factory=Shelf)
    orders: Shelf[PurchaseOrder] = field(default_factory=Shelf)
    journal: Journal = field(default_factory=Journal)
    numbers: dict[str, int] = field(default_factory=dict)
    _listed: set[str] = field(default_factory=set)

    def shelf(self, kind: str) -> Shelf[Document]:
        """Return where customer documents of a type are kept. Raises UsageError for another type."""
        shelves = {
            "Invoice": self.invoices,
            "CreditNote": self.credit_notes,
            "DebitNote": self.debit_notes,
        }
        if kind not in shelves:
            raise UsageError(f"The books have no documents of type {kind}.")
        return shelves[kind]

    def document(self, key: str) -> Document:
        """Return the customer document ``<type>:<number>``. Raises UsageError where there is none."""
        return self.shelf(key.partition(":")[0]).get(key)

    def next_number(self, kind: str, first: int) -> str:
        """Return the next number of a series that begins at ``first``."""
        number = self.numbers.get(kind, first)
        self.numbers[kind] = number + 1
        return str(number)

    def note(self, entity: str, key: str, stamp: datetime | None, *, new: bool = False) -> None:
        """Tell the listener of a change."""
        if self.listener is not None:
            self.listener(Change(entity, key, stamp, new))

    def note_document(self, document: Document, stamp: datetime | None, *, new: bool = False) -> None:
        """Tell of a changed customer document; a credit note is among the payments too."""
        if stamp is not None:
            document.changed = stamp
        self.note(SHELVES[document.type], document.key, stamp, new=new)
        if document.type == "CreditNote" and document.released:
            # It enters the list of payments when it is released, not before.
            listed = document.key in self._listed
            if not listed:
                self._listed.add(document.key)
                self.payments.put(document)
            self.note("customer_payments", document.key, stamp, new=not listed)

    def note_batch(self, batch: Batch, *, new: bool) -> None:
        """Tell of a new or changed batch."""
        self.note("journal_transactions", batch.key, batch.changed, new=new)
