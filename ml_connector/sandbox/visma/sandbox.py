"""The state of the pretended Visma.net company, and the hooks with which tests change it behind a connector's back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from starlette.routing import BaseRoute

from ml_connector.errors import UsageError
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.books.state import Change, Shelf
from ml_connector.sandbox.clock import SandboxClock
from ml_connector.sandbox.company import Company
from ml_connector.sandbox.visma.book_tables import balances_table, book_tables, owed_by_customer
from ml_connector.sandbox.visma.bookkeeping import Bookkeeping
from ml_connector.sandbox.visma.collection import Collection
from ml_connector.sandbox.visma.content import collections
from ml_connector.sandbox.visma.endpoints import visma_routes
from ml_connector.sandbox.visma.ledger import Ledger
from ml_connector.sandbox.visma.limits import FixedWindow
from ml_connector.sandbox.visma.opening import contact_person, customers_of, open_books
from ml_connector.sandbox.visma.purchasing import Purchasing
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector.sandbox.visma.table import Table
from ml_connector.sandbox.visma.tables import TABLES
from ml_connector.sandbox.visma.tokens import TokenDesk


@dataclass(frozen=True, slots=True)
class ServedPage:
    """A page that is about to leave: the entity, the query as received, and the keys on it."""

    entity: str
    params: Mapping[str, str]
    keys: tuple[str, ...]


class VismaSandbox:
    """One Visma.net company.

    ``on_page`` holds functions called with each :class:`ServedPage` after its rows are fixed and before the client has
    it, so a change made there happens between two pages. ``refused_writes`` lists (method, path) of every call that
    would have written: a connector that only reads leaves it empty.

    ``books``, ``purchasing`` and ``ledger`` are the hooks that let days pass in the bookkeeping.

    Args:
        settings: credentials, limits, habits.
        company: whose customers and suppliers these are.
        clock: for stamps, tokens and the rate window.
        bookkeeping: how much of it there is; None for empty books.
    """

    def __init__(
        self,
        settings: VismaSandboxSettings,
        company: Company,
        clock: SandboxClock | None = None,
        bookkeeping: BooksSettings | None = None,
    ) -> None:
        self.settings = settings
        self._bookkeeping = bookkeeping
        self.company = company
        self.clock = clock or SandboxClock()
        self.zone = ZoneInfo(settings.timezone)
        self.tables = {table.name: table for table in TABLES}
        self.tokens = TokenDesk(settings, self.clock)
        self.window = FixedWindow(settings.hourly_limit, settings.limit_seconds, self.clock)
        self.on_page: list[Callable[[ServedPage], None]] = []
        self.refused_writes: list[tuple[str, str]] = []
        self._collections = self._fresh()

    def routes(self) -> list[BaseRoute]:
        """Return everything this API answers: the token endpoint, the lists and the details."""
        return visma_routes(self)

    def reset(self) -> None:
        """Forget every change, call and token: the company is as the seed has it."""
        self._collections = self._fresh()
        self.tokens = TokenDesk(self.settings, self.clock)
        self.window.reset()
        self.refused_writes.clear()

    def now(self) -> datetime:
        """Return the present as a stamp: naive, the company's local time, whole milliseconds."""
        moment = self.clock.local(self.zone)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def collection(self, entity: str) -> Collection:
        """Return the rows of an entity.

        Raises:
            UsageError: there is no such entity.
        """
        if entity not in self._collections:
            raise UsageError(
                f"The sandbox has no entity {entity}.", remedy=f"It has {', '.join(self._collections)}."
            )
        return self._collections[entity]

    def keys(self, entity: str) -> list[str]:
        """Return all keys, oldest row first."""
        return [row.key for row in self.collection(entity).ordered(by_change=False)]

    def row(self, entity: str, key: str) -> dict[str, Any]:
        """Return the content of a row.

        Raises:
            UsageError: there is no such row.
        """
        collection = self.collection(entity)
        stored = collection.find(key)
        if stored is None:
            raise UsageError(f"{entity} has no such row.", record=key)
        return collection.values(stored)

    def add(self, entity: str, row: Mapping[str, Any], *, stamp: datetime | None = None) -> str:
        """Enter a row; fields left out are null. ``stamp`` (naive local, default now) is its creation and last change.

        A contact without ``contactId`` gets the next free one. Returns the row's key.

        Raises:
            UsageError: the key is taken or a part of it is missing.
        """
        table = self._table(entity)
        content = dict(row)
        if entity == "contacts":
            content.setdefault("contactId", 1 + max((int(key) for key in self.keys(entity)), default=0))
        try:
            key = table.key(content)
        except KeyError as error:
            raise UsageError(f"A row of {entity} needs the field {error.args[0]}.") from error
        self.collection(entity).add(key, content, stamp or self.now())
        return key

    def update(
        self,
        entity: str,
        key: str,
        changes: Mapping[str, Any],
        *,
        stamp: datetime | None = None,
        touch: bool = True,
    ) -> None:
        """Change a row; objects in it are merged key by key.

        ``stamp`` (naive local, default now) becomes its last change; with ``touch`` False the old one stays, as where
        a change does not bump the parent's stamp.

        Raises:
            UsageError: there is no such row.
        """
        self.collection(entity).update(key, changes, (stamp or self.now()) if touch else None)

    def delete(self, entity: str, key: str) -> None:
        """Remove a row without a trace.

        Raises:
            UsageError: there is no such row.
        """
        self.collection(entity).delete(key)

    def restamp(self, entity: str, stamp: datetime | None = None, keys: Iterable[str] | None = None) -> int:
        """Give all rows, or those named, one last change without changing them, as upgrades of Visma do."""
        return self.collection(entity).restamp(stamp or self.now(), keys)

    def page_cap(self, table: Table) -> int:
        """Return the largest page of a list."""
        return self.settings.page_caps.get(table.name, table.cap)

    def served(self, entity: str, params: Mapping[str, str], keys: Iterable[str]) -> None:
        """Tell the hooks that a page is about to leave."""
        if self.on_page:
            page = ServedPage(entity, dict(params), tuple(keys))
            for hook in list(self.on_page):
                hook(page)

    def _table(self, entity: str) -> Table:
        self.collection(entity)
        return self.tables[entity]

    def _fresh(self) -> dict[str, Collection]:
        """Return all rows as the seed has them, and put new hooks in place of the old ones."""
        as_of = self.settings.as_of or self.now().replace(hour=0, minute=0, second=0, microsecond=0)
        books = open_books(self.company, self._bookkeeping, as_of, self.row)
        self.books = Bookkeeping(books, self.now, lambda number: contact_person(self.row, number))
        self.purchasing = Purchasing(books, self.now)
        self.ledger = Ledger(books, self.now)
        self._owed: dict[str, Decimal] | None = None
        codes = self._bookkeeping is not None and self._bookkeeping.transaction_types == "codes"
        kept = book_tables(books, codes=codes)
        if self._bookkeeping is not None:
            kept["customer_balances"] = balances_table(customers_of(self.company), self._owes, as_of)
        fresh = collections(self.company, as_of, kept)
        books.listener = self._changed
        return fresh

    def _owes(self) -> Mapping[str, Decimal]:
        """Return what each customer owes, worked out again after each change of the books."""
        if self._owed is None:
            self._owed = owed_by_customer(self.books.books)
        return self._owed

    def _changed(self, change: Change) -> None:
        """Show a change of the books in its table."""
        self._owed = None
        collection, books = self.collection(change.entity), self.books.books
        if not change.new:
            collection.touch(change.key, change.stamp)
            return
        if change.entity == "journal_transactions":
            place = books.journal.by_key[change.key]
        else:
            shelves: dict[str, Shelf[Any]] = {
                "customer_invoices": books.invoices,
                "customer_credit_notes": books.credit_notes,
                "customer_debit_notes": books.debit_notes,
                "customer_payments": books.payments,
                "supplier_invoices": books.supplier_invoices,
                "purchase_orders": books.orders,
            }
            place = shelves[change.entity].place(change.key)
        collection.enter(change.key, place, change.stamp or self.now())
