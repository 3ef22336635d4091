"""Lines as hooks are given them, and the lines of a document they become."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.sandbox.books.documents import Line
from ml_connector.sandbox.books.money import ONE, ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to be entered. ``price`` is the unit price in the document's currency, ``percent`` a discount.

    ``vat`` and ``account`` follow from the customer's country unless given. Without quantity and price it is a text.
    """

    text: str | None = None
    item: str | None = None
    quantity: Decimal = ONE
    price: Decimal = ZERO
    percent: Decimal = ZERO
    vat: str | None = None
    account: str | None = None
    subaccount: str = "10-1"
    uom: str | None = "STK"
    order: str | None = None
    order_line: int | None = None


def numbered(lines: Iterable[NewLine], account: str, vat: str) -> list[Line]:
    """Return the lines of a document, numbered from 1; account and VAT code are for lines that name none."""
    return [made_line(number, line, account, vat) for number, line in enumerate(lines, 1)]


def made_line(number: int, line: NewLine, account: str, vat: str) -> Line:
    """Return one line of a document."""
    return Line(
        number=number,
        item=line.item,
        text=line.text,
        quantity=line.quantity,
        price=line.price,
        account=line.account or account,
        subaccount=line.subaccount,
        vat=line.vat or vat,
        uom=line.uom,
        percent=line.percent,
        order=line.order,
        order_line=line.order_line,
    )
