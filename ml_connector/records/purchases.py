"""What a supplier's company shows of buying from it, so that sales can avoid conflicts. Pure.

Sums are over the rows of the snapshots, which hold all open orders and this and last year's invoices of every supplier
they name. Amounts are in base currency; of purchase orders that is the field with ``InBaseCurrency`` (reference: visma
4.1).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ml_connector.records.amounts import ZERO, decimal, money_text
from ml_connector.records.booking_model import PurchasesRecord
from ml_connector.records.days import day, iso
from ml_connector.records.fields import part, trouble
from ml_connector.records.model import Properties
from ml_connector.records.normal_forms import text
from ml_connector.visma.snapshots import SnapshotRows, Values, Version, newest

OPEN_ORDERS = frozenset({"Open", "PendingEmail", "PendingPrint", "Printed"})
"""Statuses of purchase orders that still bring something (reference: visma 4.4)."""

COUNTED_INVOICES = frozenset({"Open", "Closed", "Printed", "Prebooked"})
"""Statuses of supplier documents that count as bought (reference: visma 4.2)."""

SIGNS = {"Invoice": 1, "CreditAdj": 1, "DebitAdj": -1}
"""Supplier documents that make or raise a purchase, and the one that takes it back; all amounts are positive."""


def purchases(orders: SnapshotRows, supplier_invoices: SnapshotRows, year: int) -> Iterator[PurchasesRecord]:
    """Yield what was bought from each supplier that the snapshots of purchases name.

    Args:
        orders: rows of ``purchase_orders``.
        supplier_invoices: rows of ``supplier_invoices``.
        year: the year that is "this year".
    """
    found: dict[str, Purchases] = defaultdict(Purchases)
    for version in newest(orders):
        _count(found, version, Purchases.add_order)
    for version in newest(supplier_invoices):
        _count(found, version, Purchases.add_invoice)
    for number, bought in found.items():
        yield PurchasesRecord(number, bought.partition, bought.properties(year), bought.refusal)


@dataclass(slots=True)
class Purchases:
    """What was bought from one supplier: open orders, and invoices by year without VAT.

    ``partition`` is the newest window with one of its rows, ``refusal`` why a row could not be counted.
    """

    open_orders: int = 0
    open_amount: Decimal = ZERO
    newest_order: date | None = None
    by_year: dict[int, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    partition: str = ""
    refusal: str | None = None

    def add_order(self, row: Values) -> None:
        """Count a purchase order, with its whole amount, while anything of it is still to come.

        The lines say that better than quantities do (reference: visma 4.1).
        """
        lines = row.get("lines") or ()
        waiting = [line for line in lines if not line.get("completed") and not line.get("canceled")]
        if row.get("status") not in OPEN_ORDERS or (lines and not waiting):
            return
        ordered = day(row.get("date"))
        self.open_amount += decimal(row.get("orderTotalInBaseCurrency"))
        self.open_orders += 1
        self.newest_order = max((found for found in (self.newest_order, ordered) if found), default=None)

    def add_invoice(self, row: Values) -> None:
        """Count a supplier's document in its year, without VAT."""
        sign, invoiced = SIGNS.get(str(row.get("documentType"))), day(row.get("date"))
        if sign is None or invoiced is None or row.get("status") not in COUNTED_INVOICES:
            return
        self.by_year[invoiced.year] += sign * (decimal(row.get("amount")) - decimal(row.get("vatTotal")))

    def properties(self, year: int) -> Properties:
        """Return what the company shall hold."""
        return {
            "visma_open_po_count": str(self.open_orders),
            "visma_open_po_amount": money_text(self.open_amount),
            "visma_newest_po_date": iso(self.newest_order),
            "visma_purchases_this_year": money_text(self.by_year.get(year, ZERO)),
            "visma_purchases_last_year": money_text(self.by_year.get(year - 1, ZERO)),
        }


def _count(found: dict[str, Purchases], version: Version, add: Callable[[Purchases, Values], None]) -> None:
    """Add a row to its supplier's purchases; one that cannot be read spoils their sums, and no others."""
    try:
        number = text(part(version.values, "supplier", "number"))
    except ValueError:
        return
    if number is None:
        return
    bought = found[number]
    bought.partition = max(bought.partition, version.partition)
    try:
        add(bought, version.values)
    except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
        bought.refusal = f"purchase {version.key}: {trouble(error)}"
