"""What the line items of a document come to, on either side. Pure.

Net and VAT are ours, the ERP's truth; quantity, price and discount are HubSpot's, which people see and may edit there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from ml_connector.reconciliation.facts import SCALE, Fact, amount_of
from ml_connector.reconciliation.totals import ZERO

NET, VAT = "visma_net_amount", "visma_vat_amount"

PRICING = ("quantity", "price", "hs_discount_percentage")
"""HubSpot's own figures that a sync sends. What it never sends, such as an absolute discount, it could not repair."""

LINE_PROPERTIES = (NET, VAT, *PRICING)

HUNDRED = Decimal(100)


@dataclass(slots=True)
class LineSums:
    """What line items come to.

    Args:
        count: how many there are.
        amount: their net and VAT.
        price: what HubSpot's own figures make of them, without VAT.
        loose: in HubSpot, how many more name the document without being linked with it.
    """

    count: int = 0
    amount: Decimal = ZERO
    price: Decimal = ZERO
    loose: int = 0

    def add(self, values: Mapping[str, str | None]) -> None:
        """Take one more line item; what is no number counts as zero."""
        quantity, price, percent = (_number(values, name) for name in PRICING)
        self.count += 1
        self.amount += _number(values, NET) + _number(values, VAT)
        self.price += quantity * price * (HUNDRED - percent) / HUNDRED

    def on(self, fact: Fact, *, priced: bool) -> Fact:
        """Return a document's fact with its line items; ``priced`` with what HubSpot makes of them."""
        return replace(
            fact,
            lines=self.count,
            line_amount=round(self.amount, SCALE),
            line_price=round(self.price, SCALE) if priced else None,
            loose=self.loose,
        )


def summed(lines: Iterable[Mapping[str, str | None]]) -> LineSums:
    """Return what line items come to."""
    found = LineSums()
    for line in lines:
        found.add(line)
    return found


def _number(values: Mapping[str, str | None], name: str) -> Decimal:
    return amount_of(values.get(name)) or ZERO
