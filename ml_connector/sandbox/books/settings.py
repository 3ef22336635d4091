"""How much bookkeeping the pretended company has, and two habits of Visma that nobody has established."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksSettings:
    """One year of bookkeeping, which ends on the day before the sandbox's ``as_of``.

    Counts of invoices and orders are exact, those of payments and batches aimed at. ``YEAR`` below is a mid-size
    company.

    Args:
        invoices, credit_notes, debit_notes: customer documents.
        lines_per_invoice: the mean; single invoices have none, one or a hundred.
        payments: of customers, of all types but CreditNote.
        supplier_invoices, purchase_orders: on the other side.
        gl_batches: manual entries of the ledger, of accruals and reversals, of budget and statistics.
        journal_batches: aimed at in all; documents released together share one. None gives most a batch of their own.
        payments_touch_invoices: whether an application bumps the ``lastModifiedDateTime`` of the document it pays;
            not established for Visma (reference: visma 3.2), so the hard case is the default.
        transaction_types: how a journal line names its document's type: the API's own words (``Invoice``) or the short
            codes of the screens (``INV``); not established either.
    """

    invoices: int = 300
    credit_notes: int = 24
    debit_notes: int = 6
    lines_per_invoice: float = 4.0
    payments: int = 230
    supplier_invoices: int = 90
    purchase_orders: int = 40
    gl_batches: int = 60
    journal_batches: int | None = None
    payments_touch_invoices: bool = False
    transaction_types: Literal["words", "codes"] = "words"


YEAR = BooksSettings(
    invoices=40_000,
    credit_notes=2_000,
    debit_notes=200,
    payments=30_000,
    supplier_invoices=6_000,
    purchase_orders=2_500,
    gl_batches=1_200,
    journal_batches=20_000,
)
"""A year of a mid-size company; it goes with about 5,000 customers and 800 suppliers."""

NONE = BooksSettings(
    invoices=0,
    credit_notes=0,
    debit_notes=0,
    payments=0,
    supplier_invoices=0,
    purchase_orders=0,
    gl_batches=0,
)
"""No history at all: only what hooks enter."""
