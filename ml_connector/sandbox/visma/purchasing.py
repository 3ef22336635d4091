"""The hooks of ``bookkeeping.py`` for the other side: orders, deliveries, suppliers' invoices and their payment."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from ml_connector.sandbox.books import payables
from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.money import rate_of
from ml_connector.sandbox.books.orders import OrderLine, PurchaseOrder
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.books.supply import FIRST_BILL, FIRST_ORDER
from ml_connector.sandbox.visma.new_lines import NewLine, numbered


class Purchasing:
    """The hooks.

    Args:
        books: what they change.
        now: gives the stamp of a hook that is not told one.
    """

    def __init__(self, books: Books, now: Callable[[], datetime]) -> None:
        self.books = books
        self._now = now

    def order(
        self,
        supplier: str,
        lines: Iterable[NewLine],
        *,
        stamp: datetime | None = None,
        kind: str = "RegularOrder",
        stage: str | None = None,
        promised: date | None = None,
        currency: str | None = None,
    ) -> str:
        """Enter a purchase order and return its key; ``stage`` is such as Hold, None for an open one."""
        when = stamp or self._now()
        partner = self.books.supplier(supplier)
        chosen = currency or partner.currency
        order = PurchaseOrder(
            type=kind,
            number=self.books.next_number("order", FIRST_ORDER),
            partner=partner,
            day=when.date(),
            promised=promised or when.date() + timedelta(days=14),
            currency=chosen,
            rate=rate_of(chosen, when.date(), self.books.seed),
            lines=[
                OrderLine(
                    number, line.item, line.text or "", line.uom or "STK", line.quantity, line.price,
                    line.account or "4300", line.subaccount,
                )
                for number, line in enumerate(lines, 1)
            ],
            entered=when,
            changed=when,
            stage=stage,
        )  # fmt: skip
        return payables.enter_order(self.books, order, when).key

    def receive(
        self, key: str, quantities: Mapping[int, Decimal] | None = None, *, stamp: datetime | None = None
    ) -> str:
        """Take in goods, by line number or all that is open, and return the number of the receipt."""
        order = self.books.orders.get(key)
        return payables.take_delivery(self.books, order, quantities, stamp or self._now()).number

    def close_line(self, key: str, number: int, *, stamp: datetime | None = None) -> None:
        """Complete a line of an order of which the rest will never come."""
        payables.close_line(self.books, self.books.orders.get(key), number, stamp or self._now())

    def cancel(self, key: str, *, stamp: datetime | None = None) -> None:
        """Cancel an order."""
        payables.cancel_order(self.books, self.books.orders.get(key), stamp or self._now())

    def add_invoice(
        self,
        supplier: str,
        lines: Iterable[NewLine],
        *,
        stamp: datetime | None = None,
        kind: str = "Invoice",
        stage: str | None = None,
        day: date | None = None,
        currency: str | None = None,
    ) -> str:
        """Enter an invoice (or CreditAdj, DebitAdj) of a supplier and return its key."""
        when = stamp or self._now()
        partner = self.books.supplier(supplier)
        start, chosen = day or when.date(), currency or partner.currency
        document = Document(
            type=kind,
            number=self.books.next_number("bill", FIRST_BILL),
            partner=partner,
            day=start,
            due=start + timedelta(days=partner.credit_days),
            currency=chosen,
            rate=rate_of(chosen, start, self.books.seed),
            account=partner.supplier_account,
            lines=numbered(lines, "4300", "1" if partner.domestic else "0"),
            entered=when,
            changed=when,
            stage=stage,
        )
        return payables.enter_supplier_document(self.books, document, when).key

    def release(self, key: str, *, stamp: datetime | None = None) -> None:
        """Release a supplier's document that was held back."""
        document = self.books.supplier_invoices.get(key)
        payables.release_supplier_document(self.books, document, stamp or self._now())

    def pay(self, key: str, amount: Decimal | None = None, *, stamp: datetime | None = None) -> None:
        """Pay a supplier's invoice, in full unless an amount is given."""
        document = self.books.supplier_invoices.get(key)
        payables.pay_supplier(self.books, document, amount or document.balance, stamp or self._now())
