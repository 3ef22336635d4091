"""The year on the side of customers: invoices and what becomes of them, payments good and bad, credit notes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from ml_connector.sandbox.books import receipts, receivables
from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.drawing import credit_day, draw_credit, draw_invoice
from ml_connector.sandbox.books.items import CREDIT_REASONS
from ml_connector.sandbox.books.money import ZERO, cents
from ml_connector.sandbox.books.partners import Partner
from ml_connector.sandbox.books.payments import Payment
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.draws import fraction, mix, source

FIRST = {"Invoice": 100_001, "CreditNote": 200_001, "DebitNote": 300_001}
_INVOICE, _PLAN, _CREDIT, _CUSTOMER, _REFERENCE = 51, 52, 53, 56, 57
_HELD = ("Hold", "Balanced", "PendingPrint", "PendingEmail", "CreditHold", "Reserved", "Scheduled")
_HELD_FROM_END = {2: 0, 4: 1, 7: 2, 9: 3, 12: 4, 15: 5, 18: 6}
"""Places, counted from the newest invoice, that always are in a status of their own."""
_SHOWN_FROM_END = {22: "cancelled", 26: "voided"}

Plan = Callable[[date, Callable[[datetime], None]], None]


@dataclass(slots=True)
class _Bill:
    """A payment that will be made: which documents, by key and part of what is then left."""

    partner: Partner
    currency: str
    parts: dict[str, Decimal]


class Sales:
    """What happens with customers in a year.

    Args:
        books: where it is entered.
        settings: how much.
        customers: the partners.
        last: the last day.
        referenced: by customer number and a draw, what tells the deal behind an invoice.
        plan: lets something happen on a later day.
        stamp: gives a moment of a day.
    """

    def __init__(
        self,
        books: Books,
        settings: BooksSettings,
        customers: Sequence[Partner],
        last: date,
        referenced: Callable[[str, int], str | None],
        plan: Plan,
        stamp: Callable[[date, int], datetime],
    ) -> None:
        self._books = books
        self._settings = settings
        self._customers = customers
        self._last = last
        self._referenced = referenced
        self._plan = plan
        self._stamp = stamp
        self._seed = books.seed
        self._runs: dict[tuple[date, str, str], _Bill] = {}
        self._made = 0

    def live(self, place: int, day: date, days: int) -> None:
        """Let one day pass."""
        if not self._customers:
            return
        for serial in _share(self._settings.invoices, place, days):
            self._sell(serial, day)
        for serial in _share(self._settings.debit_notes, place, days):
            self._charge(serial, day)

    def _customer(self, serial: int) -> Partner:
        """Return whose invoice this is: a few customers buy much, those that are inactive nothing lately."""
        count = len(self._customers)
        for turn in range(4):
            part = fraction(self._seed, _CUSTOMER, serial * 4 + turn)
            partner = self._customers[int(count * part ** (1.6 if turn < 3 else 1)) * 7919 % count]
            if partner.status != "Inactive" or serial < self._settings.invoices // 2:
                return partner
        return partner

    def _sell(self, serial: int, day: date) -> None:
        settings, books = self._settings, self._books
        partner = self._customer(serial)
        stamp = self._stamp(day, serial)
        drawn = mix(self._seed, _REFERENCE, serial)
        invoice = draw_invoice(
            source(self._seed, _INVOICE, serial),
            serial,
            partner,
            stamp,
            seed=self._seed,
            mean_lines=settings.lines_per_invoice,
            number=books.next_number("Invoice", FIRST["Invoice"]),
            reference=self._referenced(partner.number, drawn),
        )
        from_end = settings.invoices - 1 - serial
        fate = self._fate(serial, from_end, day)
        invoice.stage = fate if fate in _HELD else "Hold" if fate == "cancelled" else None
        receivables.enter(books, invoice, stamp)
        if fate in ("cancelled", "voided"):
            later = min(day + timedelta(days=1), self._last)
            self._plan(later, lambda when: receivables.void(books, invoice, max(when, stamp)))
        elif invoice.released and invoice.balance:
            self._expect(serial, invoice)

    def _fate(self, serial: int, from_end: int, day: date) -> str:
        """Return what becomes of an invoice: a status that holds it back, cancelled, voided, or nothing special."""
        if self._settings.invoices >= 40 and from_end in _HELD_FROM_END:
            return _HELD[_HELD_FROM_END[from_end]]
        if self._settings.invoices >= 40 and from_end in _SHOWN_FROM_END:
            return _SHOWN_FROM_END[from_end]
        drawn = mix(self._seed, _PLAN, serial) >> 20
        if day > self._last - timedelta(days=7) and drawn % 7 == 0:
            return _HELD[drawn // 7 % len(_HELD)]
        return {11: "cancelled", 12: "voided"}.get(drawn % 90, "")

    def _charge(self, serial: int, day: date) -> None:
        books = self._books
        partner = self._customer(7 * serial + 3)
        stamp = self._stamp(day, 700_000 + serial)
        note = draw_invoice(
            source(self._seed, _INVOICE, 9_000_000 + serial),
            serial * 97 + 1,
            partner,
            stamp,
            seed=self._seed,
            mean_lines=1,
            number=books.next_number("DebitNote", FIRST["DebitNote"]),
            kind="DebitNote",
        )
        receivables.enter(books, note, stamp)
        if serial % 3:
            self._bill(note.day + timedelta(days=30), note, Decimal(1))

    def _expect(self, serial: int, invoice: Document) -> None:
        """Plan what the customer will do: pay on time, late, in parts, too little, too much; complain; never pay."""
        settings = self._settings
        every = max(1, settings.invoices // max(settings.credit_notes, 1))
        if settings.credit_notes and serial % every == every // 2:
            chance = source(self._seed, _CREDIT, serial)
            self._plan(credit_day(chance, invoice.day), lambda when: self._credit(serial, invoice, when))
        willing = min(0.97, settings.payments / max(settings.invoices, 1) * 1.18)
        if fraction(self._seed, _PLAN, serial) >= willing:
            return
        chance = source(self._seed, _PLAN, serial)
        late = chance.choice((-3, -1, 0, 0, 0, 1, 2, 4, 9, 16, 38))
        first = invoice.due + timedelta(days=late)
        if first <= invoice.day:
            first = invoice.day + timedelta(days=1)
        if chance.random() < 0.08:
            self._bill(first, invoice, Decimal("0.5"))
            self._bill(first + timedelta(days=21), invoice, Decimal(1))
        else:
            self._bill(first, invoice, Decimal(1))

    def _bill(self, day: date, document: Document, part: Decimal) -> None:
        """Plan a payment; those of one customer that fall into the same week, for a third of them, become one."""
        number = document.partner.number
        habit = mix(self._seed, _PLAN, sum(map(ord, number)) * 31)
        if habit % 3 == 0:
            day += timedelta(days=(4 - day.weekday()) % 7)
        slot = (day, number, document.currency)
        known = self._runs.get(slot)
        if known is not None:
            known.parts[document.key] = part
            return
        bill = _Bill(document.partner, document.currency, {document.key: part})
        self._runs[slot] = bill
        self._plan(day, lambda when: self._pay(slot, bill, when))

    def _pay(self, slot: tuple[date, str, str], bill: _Bill, stamp: datetime) -> None:
        self._runs.pop(slot, None)
        if self._made >= self._settings.payments:
            return
        books = self._books
        drawn = mix(self._seed, _PLAN, 77_000_000 + self._made) >> 16
        amounts: dict[str, Decimal] = {}
        for key, part in bill.parts.items():
            document = books.document(key)
            amount = cents(document.balance * part)
            if amount > 0 and document.stage is None:
                amounts[key] = amount
        if not amounts:
            return
        self._made += 1
        total = sum(amounts.values(), ZERO)
        short = drawn % 47 == 5 and len(amounts) == 1 and total > 100
        if short:
            amounts = {key: amount - Decimal("7.35") for key, amount in amounts.items()}
            total -= Decimal("7.35")
        over = Decimal("250.00") if drawn % 61 == 9 else ZERO
        early = drawn % 53 == 11
        payment = receipts.receive(
            books,
            bill.partner,
            bill.currency,
            {} if early else amounts,
            stamp,
            amount=total + over,
            kind="Prepayment" if early else "Payment",
            reference=f"{drawn % 10**7:07d}" if drawn % 3 else None,
        )
        self._afterwards(payment, amounts, drawn, short=short, over=over, early=early, stamp=stamp)

    def _afterwards(
        self,
        payment: Payment,
        amounts: dict[str, Decimal],
        drawn: int,
        *,
        short: bool,
        over: Decimal,
        early: bool,
        stamp: datetime,
    ) -> None:
        """Plan what follows a payment: use of a prepayment, a write-off, money back, or a bounced payment."""
        books, soon = self._books, stamp.date() + timedelta(days=1 + drawn % 9)
        if early:
            self._plan(soon, lambda when: self._use(payment, amounts, when))
        if short:
            document = books.document(next(iter(amounts)))
            self._plan(soon, lambda when: self._forgive(document, when))
        if over and drawn % 2:
            self._plan(soon, lambda when: self._give_back(payment, when))
        if drawn % 67 == 13 and not (early or short or over):
            self._plan(soon, lambda when: self._bounce(payment, when))

    def _use(self, payment: Payment, amounts: dict[str, Decimal], stamp: datetime) -> None:
        left = {
            key: amount
            for key, amount in amounts.items()
            if self._books.document(key).balance >= amount and self._books.document(key).stage is None
        }
        if left and not payment.voided:
            receipts.apply(self._books, payment, left, stamp)

    def _forgive(self, document: Document, stamp: datetime) -> None:
        if ZERO < document.balance < 50 and document.stage is None and self._room_left():
            receipts.write_off(self._books, document, stamp)

    def _give_back(self, payment: Payment, stamp: datetime) -> None:
        if payment.available and not payment.voided and self._room_left():
            receipts.refund(self._books, payment, payment.available, stamp)

    def _bounce(self, payment: Payment, stamp: datetime) -> None:
        if payment.voided or not self._room_left():
            return
        documents = [line.target for line in payment.lines if isinstance(line.target, Document)]
        receipts.void_payment(self._books, payment, stamp)
        for document in documents[:1]:
            self._bill(stamp.date() + timedelta(days=12), document, Decimal(1))

    def _room_left(self) -> bool:
        self._made += 1
        return self._made <= self._settings.payments

    def _credit(self, serial: int, invoice: Document, stamp: datetime) -> None:
        """Write a credit note and apply what the invoice still owes; the rest stays open or is paid back."""
        if invoice.stage is not None or not invoice.totals.amount:
            return
        books, chance = self._books, source(self._seed, _CREDIT, 5_000_000 + serial)
        note = draw_credit(
            chance,
            invoice,
            stamp,
            number=books.next_number("CreditNote", FIRST["CreditNote"]),
            whole=chance.random() < 0.5,
        )
        note.stage = "Hold" if chance.random() < 0.05 else None
        note.text = chance.choice(CREDIT_REASONS)
        receivables.enter(books, note, stamp)
        usable = min(note.balance, invoice.balance)
        if note.released and usable > 0 and chance.random() < 0.9:
            receivables.apply_credit(books, note, {invoice.key: usable}, stamp)
        if note.released and note.balance > 0 and chance.random() < 0.5 and self._room_left():
            receipts.refund(books, note, note.balance, stamp)


def _share(count: int, place: int, days: int) -> range:
    """Return which of ``count`` serials fall on the day at ``place``."""
    return range(count * place // days, count * (place + 1) // days)
