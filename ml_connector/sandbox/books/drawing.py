"""Making up documents: which lines, prices, references and dates, all from the seed and a serial."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from ml_connector.sandbox.books.documents import Document, Line
from ml_connector.sandbox.books.items import (
    BOUGHT,
    LONG_TEXT,
    REMARKS,
    SELLERS,
    SHARES,
    SOLD,
    TEXT_LINES,
    Item,
)
from ml_connector.sandbox.books.money import BASE, FOUR, ONE, ZERO, rate_of
from ml_connector.sandbox.books.orders import OrderLine, PurchaseOrder
from ml_connector.sandbox.books.partners import Partner

_SUBACCOUNTS = ("10-1", "20-1", "20-2", "30-3", "40-1", "40-2", "20-4", "00-0")
_SPREAD = (0.25, 0.25, 0.5, 0.5, 0.75, 1.0, 1.0, 1.25, 1.75, 2.75)
"""Counts of lines as parts of the mean; their own mean is 1."""
_CUMULATED = tuple(sum(SHARES[: place + 1]) for place in range(len(SHARES)))
_EMPTY, _LONG, _LONG_EVERY = 50, 57, 2_000
_FEW = Decimal("0.0001")


def line_count(chance: random.Random, serial: int, mean: float) -> int:
    """Return how many lines an invoice has: now and then none or a hundred."""
    if serial % 97 == _EMPTY:
        return 0
    if serial % _LONG_EVERY == _LONG:
        return 100
    return max(1, round(mean * chance.choice(_SPREAD)))


def draw_invoice(
    chance: random.Random,
    serial: int,
    partner: Partner,
    stamp: datetime,
    *,
    seed: int,
    mean_lines: float,
    number: str,
    kind: str = "Invoice",
    reference: str | None = None,
) -> Document:
    """Return an invoice or a debit note to a customer, not yet entered."""
    currency = "USD" if serial % 61 == 7 and not partner.domestic else partner.currency
    day = stamp.date()
    lines = draw_lines(chance, partner, currency, line_count(chance, serial, mean_lines))
    own = f"PO-{chance.randrange(10_000, 99_999)}" if chance.random() < 0.4 else None
    person = chance.choice(partner.contacts) if partner.contacts and chance.random() < 0.7 else None
    if own is None and person is not None and chance.random() < 0.5:
        own = person.name
    behind = reference is not None and chance.random() < 0.3
    return Document(
        type=kind,
        number=number,
        partner=partner,
        day=day,
        due=day + timedelta(days=partner.credit_days),
        currency=currency,
        rate=rate_of(currency, day, seed),
        account=partner.ledger_account,
        lines=lines,
        entered=stamp,
        changed=stamp,
        discount_percent=Decimal(chance.choice((2, 3, 5))) if serial % 23 == 4 and len(lines) > 1 else ZERO,
        rounded=currency == BASE and serial % 11 == 3 and bool(lines),
        reference=own if behind or reference is None else reference,
        external=reference if behind else None,
        text=chance.choice(REMARKS) if chance.random() < 0.3 else None,
        note="Ring før purring." if serial % 37 == 2 else None,
        contact=person,
        seller=chance.choice(tuple(SELLERS)) if chance.random() < 0.8 else None,
    )


def draw_lines(chance: random.Random, partner: Partner, currency: str, count: int) -> list[Line]:
    """Return the lines of a sale: goods and hours, now and then a text, something free, something taken back."""
    subaccount = chance.choice(_SUBACCOUNTS)
    usual = _usual_rate(currency)
    lines: list[Line] = []
    for number in range(1, count + 1):
        kind = chance.random()
        if kind < 0.04 and number > 1:
            lines.append(_text_line(chance, number, subaccount))
            continue
        item = SOLD[_drawn(chance)]
        line = _sold(chance, item, number, partner, usual, subaccount)
        if kind < 0.06 and number > 1:
            line.price = ZERO
        elif kind < 0.09 and number > 1 and _worth(lines) > 2 * line.quantity * line.price:
            line.quantity = -line.quantity
        lines.append(line)
    return lines


def _drawn(chance: random.Random) -> int:
    drawn = chance.randrange(_CUMULATED[-1])
    return next(place for place, limit in enumerate(_CUMULATED) if drawn < limit)


def _usual_rate(currency: str) -> Decimal:
    return {"SEK": Decimal("1.02"), "EUR": Decimal("11.6"), "DKK": Decimal("1.56"), BASE: ONE}.get(
        currency, Decimal("10.4")
    )


def _worth(lines: Sequence[Line]) -> Decimal:
    return sum((line.quantity * line.price * (100 - line.percent) / 100 for line in lines), ZERO)


def _text_line(chance: random.Random, number: int, subaccount: str) -> Line:
    text = LONG_TEXT if chance.random() < 0.1 else chance.choice(TEXT_LINES)
    return Line(number, None, text, ZERO, ZERO, "3000", subaccount, "3")


def _sold(
    chance: random.Random, item: Item, number: int, partner: Partner, usual: Decimal, subaccount: str
) -> Line:
    price = (item.price * chance.choice((95, 98, 100, 100, 100, 104)) / 100 / usual).quantize(
        FOUR, ROUND_HALF_UP
    )
    return Line(
        number=number,
        item=item.number if chance.random() >= 0.08 else None,
        text=item.name,
        quantity=_quantity(chance, item),
        price=price,
        account=item.account if partner.domestic else "3110",
        subaccount=subaccount if chance.random() < 0.9 else chance.choice(_SUBACCOUNTS),
        vat=item.vat if partner.domestic else "52",
        uom=item.uom,
        percent=Decimal(chance.choice((5, 10, 15, 100))) if chance.random() < 0.1 else ZERO,
        note="Se vedlegg." if chance.random() < 0.02 else None,
    )


def _quantity(chance: random.Random, item: Item) -> Decimal:
    if item.uom == "M":
        return Decimal(chance.randrange(10, 400)) + Decimal(chance.choice((0, 0, 5, 25))) / 10
    if item.uom == "TIME":
        return Decimal(chance.randrange(1, 160)) / 4
    if item.price < 10:
        return Decimal(chance.randrange(100, 5_000))
    if item.price > 10_000:
        return Decimal(chance.choice((1, 1, 1, 2)))
    return Decimal(chance.randrange(1, 13)) + (Decimal("0.3333") if chance.random() < 0.05 else ZERO)


def draw_credit(
    chance: random.Random, invoice: Document, stamp: datetime, *, number: str, whole: bool
) -> Document:
    """Return a credit note for an invoice, at its rate: all of it, or one of its lines."""
    lines = [_copied(line) for line in invoice.lines]
    if not whole:
        worth = [line for line in lines if line.net > 0]
        lines = [chance.choice(worth)] if worth else lines
        lines[0].number = 1
    return Document(
        type="CreditNote",
        number=number,
        partner=invoice.partner,
        day=stamp.date(),
        due=stamp.date(),
        currency=invoice.currency,
        rate=invoice.rate,
        account=invoice.account,
        lines=lines,
        entered=stamp,
        changed=stamp,
        discount_percent=invoice.discount_percent if whole else ZERO,
        rounded=invoice.rounded if whole else False,
        reference=invoice.number,
        contact=invoice.contact,
        seller=invoice.seller,
    )


def _copied(line: Line) -> Line:
    return Line(
        number=line.number,
        item=line.item,
        text=line.text,
        quantity=line.quantity,
        price=line.price,
        account=line.account,
        subaccount=line.subaccount,
        vat=line.vat,
        uom=line.uom,
        percent=line.percent,
        net=line.net,
    )


def draw_supplier_document(
    chance: random.Random, partner: Partner, stamp: datetime, *, seed: int, number: str, kind: str
) -> Document:
    """Return an invoice or a credit of a supplier."""
    day = stamp.date()
    currency = partner.currency
    usual = _usual_rate(currency)
    lines = []
    for place in range(1, chance.choice((1, 1, 1, 2, 3)) + 1):
        item = chance.choice(BOUGHT)
        lines.append(
            Line(
                number=place,
                item=item.number if item.account == "4300" else None,
                text=item.name,
                quantity=Decimal(chance.randrange(1, 12)),
                price=(item.price / usual).quantize(FOUR, ROUND_HALF_UP),
                account=item.account,
                subaccount=chance.choice(_SUBACCOUNTS),
                vat=item.vat if partner.domestic else "0",
                uom=item.uom,
            )
        )
    return Document(
        type=kind,
        number=number,
        partner=partner,
        day=day,
        due=day + timedelta(days=partner.credit_days),
        currency=currency,
        rate=rate_of(currency, day, seed),
        account=partner.supplier_account,
        lines=lines,
        entered=stamp,
        changed=stamp,
        external=str(chance.randrange(10_000, 9_999_999)),
        text=lines[0].text,
    )


def draw_order(
    chance: random.Random, partner: Partner, stamp: datetime, *, seed: int, number: str
) -> PurchaseOrder:
    """Return a purchase order."""
    day = stamp.date()
    currency = partner.currency
    usual = _usual_rate(currency)
    goods = [item for item in BOUGHT if item.account == "4300"]
    lines = []
    for place in range(1, chance.randrange(1, 6) + 1):
        item = chance.choice(goods)
        cost = (item.price / usual).quantize(FOUR, ROUND_HALF_UP)
        quantity = Decimal(chance.randrange(1, 40))
        lines.append(OrderLine(place, item.number, item.name, item.uom, quantity, cost, item.account, "00-0"))
    return PurchaseOrder(
        type="DropShip" if chance.random() < 0.06 else "RegularOrder",
        number=number,
        partner=partner,
        day=day,
        promised=day + timedelta(days=chance.randrange(5, 60)),
        currency=currency,
        rate=rate_of(currency, day, seed),
        lines=lines,
        entered=stamp,
        changed=stamp,
        reference=f"A{chance.randrange(1000, 99_999)}" if chance.random() < 0.5 else None,
        text=lines[0].text,
    )


def credit_day(chance: random.Random, day: date) -> date:
    """Return when a credit note for a document of this day is written."""
    return day + timedelta(days=chance.randrange(2, 35))
