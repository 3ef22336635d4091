"""Payments of customers: money in, money back, write-offs, and what undoes them. Facts only; effects are elsewhere."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.journal import Entry
from ml_connector.sandbox.books.money import ZERO
from ml_connector.sandbox.books.partners import Partner


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """What a payment was used for. ``base`` is how much it took off the target's balance in base currency."""

    target: "Document | Payment"
    amount: Decimal
    base: Decimal
    day: date


@dataclass(slots=True)
class Payment:
    """One payment.

    ``type`` is one of Payment, Prepayment, Refund, VoidPayment, SmallBalanceWo (reference: visma 4.4); credit notes,
    which Visma lists among the payments, are documents. ``available`` is what has not been used yet.
    """

    type: str
    number: str
    partner: Partner
    day: date
    currency: str
    rate: Decimal
    amount: Decimal
    base: Decimal
    entered: datetime
    changed: datetime
    lines: list[PaymentLine] = field(default_factory=list)
    available: Decimal = ZERO
    available_base: Decimal = ZERO
    refunded: Decimal = ZERO
    voided: bool = False
    reference: str | None = None
    text: str | None = None
    entries: list[Entry] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Type and number, as hooks name a payment."""
        return f"{self.type}:{self.number}"

    @property
    def status(self) -> str:
        """The status as Visma names it."""
        if self.voided:
            return "Voided"
        return "Open" if self.available else "Closed"

    @property
    def period(self) -> str:
        """The financial period, YYYYMM."""
        return f"{self.day:%Y%m}"
