"""The year on the side of suppliers: orders, deliveries, invoices, payments."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from ml_connector.sandbox.books import payables
from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.drawing import draw_order, draw_supplier_document
from ml_connector.sandbox.books.money import cents
from ml_connector.sandbox.books.orders import PurchaseOrder
from ml_connector.sandbox.books.partners import Partner
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.draws import fraction, mix, source

FIRST_BILL, FIRST_ORDER = 500_001, 800_001
_BILL, _ORDER, _WHO = 61, 62, 63
_STAGES = {3: "Hold", 17: "Balanced", 29: "Voided"}
_ORDER_STAGES = {5: "Hold", 13: "Cancelled", 21: "PendingPrint"}

Plan = Callable[[date, Callable[[datetime], None]], None]


class Supply:
    """What happens with suppliers in a year.

    Args:
        books: where it is entered.
        settings: how much.
        suppliers: the partners.
        plan: lets something happen on a later day.
        stamp: gives a moment of a day.
    """

    def __init__(
        self,
        books: Books,
        settings: BooksSettings,
        suppliers: Sequence[Partner],
        plan: Plan,
        stamp: Callable[[date, int], datetime],
    ) -> None:
        self._books = books
        self._settings = settings
        self._suppliers = suppliers
        self._plan = plan
        self._stamp = stamp

    def live(self, place: int, day: date, days: int) -> None:
        """Let one day pass."""
        if not self._suppliers:
            return
        for kind, count in (
            (_BILL, self._settings.supplier_invoices),
            (_ORDER, self._settings.purchase_orders),
        ):
            for serial in range(count * place // days, count * (place + 1) // days):
                if kind == _BILL:
                    self._bill(serial, day)
                else:
                    self._order(serial, day)

    def _supplier(self, kind: int, serial: int) -> Partner:
        count = len(self._suppliers)
        part = fraction(self._books.seed, _WHO, kind * 10_000_000 + serial)
        return self._suppliers[int(count * part**1.5) * 7919 % count]

    def _bill(self, serial: int, day: date) -> None:
        books, chance = self._books, source(self._books.seed, _BILL, serial)
        stamp = self._stamp(day, 300_000 + serial)
        kind = {8: "CreditAdj", 19: "DebitAdj"}.get(serial % 31, "Invoice")
        number = books.next_number("bill", FIRST_BILL)
        document = draw_supplier_document(
            chance, self._supplier(_BILL, serial), stamp, seed=books.seed, number=number, kind=kind
        )
        document.stage = _STAGES.get(serial % 40)
        payables.enter_supplier_document(books, document, stamp)
        if document.stage == "Voided":
            document.balance = document.balance_base = Decimal(0)
        if document.released and kind == "Invoice" and chance.random() < 0.85:
            late = timedelta(days=chance.choice((0, 0, 0, 1, 5)))
            part = Decimal("0.4") if chance.random() < 0.06 else Decimal(1)
            self._plan(document.due + late, lambda when: self._pay(document, part, when))

    def _pay(self, document: Document, part: Decimal, stamp: datetime) -> None:
        amount = cents(document.balance * part)
        if amount > 0:
            payables.pay_supplier(self._books, document, amount, stamp)

    def _order(self, serial: int, day: date) -> None:
        books, chance = self._books, source(self._books.seed, _ORDER, serial)
        stamp = self._stamp(day, 400_000 + serial)
        order = draw_order(
            chance,
            self._supplier(_ORDER, serial),
            stamp,
            seed=books.seed,
            number=books.next_number("order", FIRST_ORDER),
        )
        order.stage = _ORDER_STAGES.get(serial % 25)
        if order.stage == "Cancelled":
            for line in order.lines:
                line.canceled = True
        payables.enter_order(books, order, stamp)
        if order.stage is None and chance.random() < 0.85:
            share = Decimal("0.5") if chance.random() < 0.3 else Decimal(1)
            self._plan(order.promised, lambda when: self._arrive(order, share, when))
            if share < 1 and chance.random() < 0.6:
                later = order.promised + timedelta(days=20)
                self._plan(later, lambda when: self._arrive(order, Decimal(1), when))

    def _arrive(self, order: PurchaseOrder, share: Decimal, stamp: datetime) -> None:
        """Take in a part of what is open, whole pieces at least one; its invoice follows in a week."""
        if order.status != "Open":
            return
        books = self._books
        quantities = {
            line.number: max(Decimal(1), Decimal(int(line.open_quantity * share)))
            for line in order.lines
            if line.open_quantity
        }
        payables.take_delivery(books, order, quantities, stamp)
        if mix(books.seed, _ORDER, int(order.number)) % 9 == 0 and len(order.lines) > 1:
            payables.close_line(books, order, order.lines[-1].number, stamp)
