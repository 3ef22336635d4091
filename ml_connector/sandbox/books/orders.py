"""Purchase orders: what was ordered, what came, what is still open."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from ml_connector.sandbox.books.money import ZERO, cents
from ml_connector.sandbox.books.partners import Partner


@dataclass(slots=True)
class OrderLine:
    """One line of an order. ``completed`` is the flag that says it is done, whatever the quantities say."""

    number: int
    item: str | None
    text: str
    uom: str
    quantity: Decimal
    cost: Decimal
    account: str
    subaccount: str
    received: Decimal = ZERO
    completed: bool = False
    canceled: bool = False

    @property
    def amount(self) -> Decimal:
        """Quantity times cost, in the order's currency."""
        return cents(self.quantity * self.cost)

    @property
    def received_amount(self) -> Decimal:
        """What came, in the order's currency."""
        return cents(self.received * self.cost)

    @property
    def open_quantity(self) -> Decimal:
        """What is still to come; nothing when the line is done."""
        done = self.completed or self.canceled
        return ZERO if done else max(self.quantity - self.received, ZERO)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One delivery."""

    number: str
    quantity: Decimal
    amount: Decimal


@dataclass(slots=True)
class PurchaseOrder:
    """One order to a supplier; ``stage`` is its status while it is not simply open or done."""

    type: str
    number: str
    partner: Partner
    day: date
    promised: date
    currency: str
    rate: Decimal
    lines: list[OrderLine]
    entered: datetime
    changed: datetime
    stage: str | None = None
    reference: str | None = None
    text: str | None = None
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Type and number, as hooks name an order."""
        return f"{self.type}:{self.number}"

    @property
    def status(self) -> str:
        """The status as Visma names it: closed once every line is done."""
        if self.stage is not None:
            return self.stage
        done = self.lines and all(line.completed or line.canceled for line in self.lines)
        return "Closed" if done else "Open"

    @property
    def total(self) -> Decimal:
        """The sum of the lines, without VAT, in the order's currency."""
        return sum((line.amount for line in self.lines if not line.canceled), ZERO)
