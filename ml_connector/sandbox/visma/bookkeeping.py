"""The accountant of the pretended company: hooks with which tests and the demo live through days.

Every hook carries out all effects of one event (balances, statuses, applications, journal) and takes the ``stamp``
that the rows it changes get: naive, the company's local time, the present unless given. Documents are named by key:
``Invoice:100234``, ``Payment:400017``, ``RegularOrder:800003``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from ml_connector.errors import UsageError
from ml_connector.sandbox.books import checking, receipts, receivables
from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.money import ZERO, rate_of
from ml_connector.sandbox.books.partners import ContactPerson, Partner
from ml_connector.sandbox.books.payments import Payment
from ml_connector.sandbox.books.sales import FIRST
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.visma.new_lines import NewLine, made_line, numbered

Kind = Literal["Invoice", "CreditNote", "DebitNote"]


class Bookkeeping:
    """The hooks.

    Args:
        books: what they change.
        now: gives the stamp of a hook that is not told one.
        contact: gives the contact person with an id.
    """

    def __init__(
        self, books: Books, now: Callable[[], datetime], contact: Callable[[int], ContactPerson]
    ) -> None:
        self.books = books
        self._now = now
        self._contact = contact

    def problems(self) -> list[str]:
        """Return what in the books does not add up, each with its record; empty when they are right."""
        return checking.problems(self.books)

    def add_invoice(
        self,
        customer: str,
        lines: Iterable[NewLine] = (),
        *,
        stamp: datetime | None = None,
        kind: Kind = "Invoice",
        stage: str | None = None,
        day: date | None = None,
        due: date | None = None,
        currency: str | None = None,
        rate: Decimal | None = None,
        number: str | None = None,
        reference: str | None = None,
        external: str | None = None,
        contact: int | None = None,
        text: str | None = None,
        discount_percent: Decimal = ZERO,
        rounded: bool = False,
    ) -> str:
        """Enter an invoice, credit note or debit note and return its key.

        Args:
            customer: its number.
            lines: what is on it.
            kind: what it is; amounts of credit notes are positive.
            stage: a status that holds it back (Hold, Balanced, PendingPrint ...); None releases it at once.
            day, due: of the document; the stamp's day, and the customer's terms after it.
            currency, rate: the customer's currency and the day's rate.
            number: the next one unless given.
            reference, external: ``customerRefNumber`` and ``externalReference``.
            contact: id of a contact.
            discount_percent: of the whole document.
            rounded: whether the amount is rounded to whole units, in NOK only.
        """
        when = stamp or self._now()
        partner = self.books.customer(customer)
        chosen = currency or partner.currency
        start = day or when.date()
        document = Document(
            type=kind,
            number=number or self.books.next_number(kind, FIRST[kind]),
            partner=partner,
            day=start,
            due=due or start + timedelta(days=partner.credit_days),
            currency=chosen,
            rate=rate or rate_of(chosen, start, self.books.seed),
            account=partner.ledger_account,
            lines=numbered(lines, *_usual(partner)),
            entered=when,
            changed=when,
            stage=stage,
            discount_percent=discount_percent,
            rounded=rounded,
            reference=reference,
            external=external,
            text=text,
            contact=self._contact(contact) if contact is not None else None,
        )
        return receivables.enter(self.books, document, when).key

    def add_credit_note(self, customer: str, lines: Iterable[NewLine], **how: Any) -> str:
        """Enter a credit note and return its key; arguments as for :meth:`add_invoice`. It is applied separately."""
        return self.add_invoice(customer, lines, kind="CreditNote", **how)

    def release(self, key: str, *, stamp: datetime | None = None) -> None:
        """Release a document that was held back."""
        receivables.release(self.books, self.books.document(key), stamp or self._now())

    def void(self, key: str, *, stamp: datetime | None = None) -> None:
        """Void a customer document to which nothing is applied."""
        receivables.void(self.books, self.books.document(key), stamp or self._now())

    def edit(self, key: str, *, stamp: datetime | None = None, **changes: Any) -> None:
        """Change what has no effect on amounts: ``reference``, ``external``, ``text``, ``note``, ``due``, ``contact``.

        Raises:
            UsageError: another name.
        """
        unknown = changes.keys() - {"reference", "external", "text", "note", "due", "contact"}
        if unknown:
            raise UsageError(f"Documents cannot be edited by {', '.join(sorted(unknown))} here.")
        document = self.books.document(key)
        for name, value in changes.items():
            chosen = self._contact(value) if name == "contact" and value is not None else value
            setattr(document, name, chosen)
        self.books.note_document(document, stamp or self._now())

    def add_line(self, key: str, line: NewLine, *, stamp: datetime | None = None) -> int:
        """Add a line to a document and return its number."""
        document = self.books.document(key)
        number = max((item.number for item in document.lines), default=0) + 1
        made = made_line(number, line, *_usual(document.partner))
        self._change(document, lambda one: one.lines.append(made), stamp)
        return number

    def change_line(self, key: str, number: int, *, stamp: datetime | None = None, **changes: Any) -> None:
        """Change a line: ``quantity``, ``price``, ``percent``, ``text``, ``item``, ``vat``, ``account`` ..."""
        document = self.books.document(key)
        place = _place(document, number)

        def edit(one: Document) -> None:
            one.lines[place] = replace(one.lines[place], **changes)

        self._change(document, edit, stamp)

    def remove_line(self, key: str, number: int, *, stamp: datetime | None = None) -> None:
        """Remove a line; the others keep their numbers."""
        document = self.books.document(key)
        place = _place(document, number)
        self._change(document, lambda one: one.lines.pop(place), stamp)

    def pay(
        self,
        amounts: Mapping[str, Decimal] | str,
        *,
        stamp: datetime | None = None,
        amount: Decimal | None = None,
        reference: str | None = None,
    ) -> str:
        """Register a payment and return its key.

        Args:
            amounts: by key of what is paid, all of one customer and currency; or one key, which is paid in full.
            amount: what came in; more than the sum stays available.
            reference: the bank's.
        """
        chosen = {amounts: self.books.document(amounts).balance} if isinstance(amounts, str) else amounts
        if not chosen:
            raise UsageError("A payment names at least one document; use prepay for one that names none.")
        first = self.books.document(next(iter(chosen)))
        return receipts.receive(
            self.books,
            first.partner,
            first.currency,
            chosen,
            stamp or self._now(),
            amount=amount,
            reference=reference,
        ).key

    def prepay(
        self, customer: str, amount: Decimal, *, currency: str | None = None, stamp: datetime | None = None
    ) -> str:
        """Register a prepayment and return its key."""
        partner = self.books.customer(customer)
        return receipts.receive(
            self.books,
            partner,
            currency or partner.currency,
            {},
            stamp or self._now(),
            amount=amount,
            kind="Prepayment",
        ).key

    def apply(self, key: str, amounts: Mapping[str, Decimal], *, stamp: datetime | None = None) -> None:
        """Use a payment, prepayment or credit note that has something left for documents, by key and amount."""
        payer, when = self.books.payments.get(key), stamp or self._now()
        if isinstance(payer, Document):
            receivables.apply_credit(self.books, payer, amounts, when)
        else:
            receipts.apply(self.books, payer, amounts, when)

    def write_off(self, key: str, *, stamp: datetime | None = None) -> str:
        """Write off what is left of a document and return the key of the write-off."""
        return receipts.write_off(self.books, self.books.document(key), stamp or self._now()).key

    def refund(self, key: str, amount: Decimal | None = None, *, stamp: datetime | None = None) -> str:
        """Pay back what is left (or ``amount``) of a credit note or payment and return the key of the refund."""
        source = self.books.payments.get(key)
        left = source.balance if isinstance(source, Document) else source.available
        return receipts.refund(self.books, source, amount or left, stamp or self._now()).key

    def void_payment(self, key: str, *, stamp: datetime | None = None) -> str:
        """Undo a payment and return the key of the VoidPayment."""
        payment = self.books.payments.get(key)
        if not isinstance(payment, Payment):
            raise UsageError("A credit note is voided as a document.", record=key)
        return receipts.void_payment(self.books, payment, stamp or self._now()).key

    def _change(self, document: Document, edit: Callable[[Document], object], stamp: datetime | None) -> None:
        receivables.change(self.books, document, edit, stamp or self._now())


def _place(document: Document, number: int) -> int:
    found = [place for place, line in enumerate(document.lines) if line.number == number]
    if not found:
        raise UsageError(f"The document has no line {number}.", record=document.key)
    return found[0]


def _usual(partner: Partner) -> tuple[str, str]:
    """Return the income account and the VAT code of a sale to a partner."""
    return ("3000", "3") if partner.domestic else ("3110", "52")
