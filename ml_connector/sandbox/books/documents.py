"""Documents of customers and suppliers with their lines, VAT and totals: the arithmetic of one document, no ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector.sandbox.books.money import CENT, ONE, VAT_CODES, ZERO, cents
from ml_connector.sandbox.books.partners import ContactPerson, Partner

if TYPE_CHECKING:
    from ml_connector.sandbox.books.journal import Entry

RELEASED = frozenset({"Open", "Closed"})
"""Statuses of a document that is in the ledger; one that is Voided may or may not have been (``released`` knows)."""


@dataclass(slots=True)
class Line:
    """One line. ``price`` is in the document's currency; a ``text_only`` line has no item, quantity or amount.

    What follows from these is filled in by :meth:`work_out`: ``extended`` is quantity times price, ``net`` what is
    left after the line's own discount.
    """

    number: int
    item: str | None
    text: str | None
    quantity: Decimal
    price: Decimal
    account: str
    subaccount: str
    vat: str
    uom: str | None = None
    percent: Decimal = ZERO
    note: str | None = None
    order: str | None = None
    order_line: int | None = None
    extended: Decimal = ZERO
    discount: Decimal = ZERO
    net: Decimal = ZERO
    net_base: Decimal = ZERO
    discount_base: Decimal = ZERO

    def work_out(self, rate: Decimal) -> None:
        """Fill in the amounts."""
        self.extended = cents(self.quantity * self.price)
        self.discount = cents(self.extended * self.percent / 100) if self.percent else ZERO
        self.net = self.extended - self.discount
        if rate == ONE:
            self.net_base, self.discount_base = self.net, self.discount
        else:
            self.net_base, self.discount_base = cents(self.net * rate), cents(self.discount * rate)


@dataclass(frozen=True, slots=True)
class Tax:
    """What one VAT code comes to in a document: in its currency and in base currency."""

    code: str
    percent: Decimal
    taxable: Decimal
    vat: Decimal
    taxable_base: Decimal
    vat_base: Decimal


@dataclass(slots=True)
class Totals:
    """The sums of a document in one currency: ``amount = detail - discount + vat + rounding``."""

    detail: Decimal = ZERO
    discount: Decimal = ZERO
    taxable: Decimal = ZERO
    exempt: Decimal = ZERO
    vat: Decimal = ZERO
    rounding: Decimal = ZERO
    amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Application:
    """What a payment or a credit note did to a document, in the document's currency and in base currency.

    A reversed one stays, ``voided``, and is followed by one of type VoidPayment with the negative amount.
    """

    type: str
    number: str
    customer: str
    amount: Decimal
    amount_base: Decimal
    day: date
    voided: bool = False
    reference: str | None = None


@dataclass(slots=True)
class Document:
    """One document of a customer or a supplier.

    ``released`` says whether it is in the ledger. ``entries`` are its lines in the journal. ``stage`` is the status
    while it is neither open nor closed.
    """

    type: str
    number: str
    partner: Partner
    day: date
    due: date
    currency: str
    rate: Decimal
    account: str
    lines: list[Line]
    entered: datetime
    changed: datetime
    stage: str | None = None
    discount_percent: Decimal = ZERO
    rounded: bool = False
    reference: str | None = None
    external: str | None = None
    text: str | None = None
    note: str | None = None
    contact: ContactPerson | None = None
    seller: str | None = None
    released: bool = False
    totals: Totals = field(default_factory=Totals)
    base: Totals = field(default_factory=Totals)
    taxes: Sequence[Tax] = ()
    balance: Decimal = ZERO
    balance_base: Decimal = ZERO
    applications: list[Application] = field(default_factory=list)
    entries: list["Entry"] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Type and number, as the sandbox's hooks name a document."""
        return f"{self.type}:{self.number}"

    @property
    def status(self) -> str:
        """The status as Visma names it: a released document is open until nothing is left of it."""
        if self.stage is not None:
            return self.stage
        return "Closed" if self.balance == 0 else "Open"

    @property
    def period(self) -> str:
        """The financial period, YYYYMM."""
        return f"{self.day:%Y%m}"

    def work_out(self) -> None:
        """Fill in the totals and VAT from the lines, and the balance as if nothing had been applied."""
        for line in self.lines:
            line.work_out(self.rate)
        detail = sum((line.net for line in self.lines), ZERO)
        detail_base = sum((line.net_base for line in self.lines), ZERO)
        discount = cents(detail * self.discount_percent / 100) if self.discount_percent else ZERO
        discount_base = discount if self.rate == ONE else cents(discount * self.rate)
        self.taxes = _taxes(self.lines, discount, discount_base, self.rate)
        self.totals = _totals(detail, discount, [(tax.code, tax.taxable, tax.vat) for tax in self.taxes])
        self.base = _totals(
            detail_base, discount_base, [(tax.code, tax.taxable_base, tax.vat_base) for tax in self.taxes]
        )
        if self.rounded:
            _round_to_unit(self.totals)
            self.base = self.totals
        self.balance, self.balance_base = self.totals.amount, self.base.amount


def _taxes(lines: Iterable[Line], discount: Decimal, discount_base: Decimal, rate: Decimal) -> list[Tax]:
    """Return the VAT per code; the document's discount is shared out by the codes' part of the net."""
    nets: dict[str, Decimal] = {}
    bases: dict[str, Decimal] = {}
    for line in lines:
        if line.net or line.item is not None:
            nets[line.vat] = nets.get(line.vat, ZERO) + line.net
            bases[line.vat] = bases.get(line.vat, ZERO) + line.net_base
    shares = shared(discount, nets)
    shares_base = shared(discount_base, bases) if rate != ONE else shares
    taxes = []
    for code in sorted(nets):
        percent = VAT_CODES[code].percent
        taxable, taxable_base = nets[code] - shares[code], bases[code] - shares_base[code]
        vat = cents(taxable * percent / 100)
        vat_base = vat if rate == ONE else cents(vat * rate)
        taxes.append(Tax(code, percent, taxable, vat, taxable_base, vat_base))
    return taxes


def shared(total: Decimal, parts: dict[str, Decimal]) -> dict[str, Decimal]:
    """Return ``total`` divided in proportion to the parts, to the cent; the last part takes what rounding leaves."""
    whole = sum(parts.values(), ZERO)
    if not total or not whole:
        return dict.fromkeys(parts, ZERO)
    shares = {name: cents(total * part / whole) for name, part in parts.items()}
    last = max(parts)
    shares[last] += total - sum(shares.values(), ZERO)
    return shares


def _totals(detail: Decimal, discount: Decimal, taxes: Iterable[tuple[str, Decimal, Decimal]]) -> Totals:
    totals = Totals(detail=detail, discount=discount)
    for code, taxable, vat in taxes:
        if VAT_CODES[code].exempt:
            totals.exempt += taxable
        else:
            totals.taxable += taxable
        totals.vat += vat
    totals.amount = detail - discount + totals.vat
    return totals


def _round_to_unit(totals: Totals) -> None:
    """Round the amount to whole units, as for payment in cash; the difference goes its own way in the ledger."""
    whole = totals.amount.quantize(ONE).quantize(CENT)
    totals.rounding = whole - totals.amount
    totals.amount = whole
