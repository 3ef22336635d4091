"""What happens when money moves: payments, prepayments, refunds, small write-offs, and their undoing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from ml_connector.errors import UsageError
from ml_connector.sandbox.books.documents import Application, Document
from ml_connector.sandbox.books.journal import Entry
from ml_connector.sandbox.books.money import ZERO, cents, rate_of
from ml_connector.sandbox.books.partners import Partner
from ml_connector.sandbox.books.payments import Payment, PaymentLine
from ml_connector.sandbox.books.posting import application_entries, netted, payment_entries
from ml_connector.sandbox.books.receivables import check_use, checked_uses, settle, take
from ml_connector.sandbox.books.state import Books

FIRST_PAYMENT = 400_001


def receive(
    books: Books,
    partner: Partner,
    currency: str,
    amounts: Mapping[str, Decimal],
    stamp: datetime,
    *,
    amount: Decimal | None = None,
    kind: str = "Payment",
    number: str | None = None,
    reference: str | None = None,
) -> Payment:
    """Enter money a customer paid for documents, by key and amount; more than their sum stays available.

    Args:
        kind: Payment or Prepayment.
        amount: what came in, the sum of ``amounts`` unless given.

    Raises:
        UsageError: a document cannot take the amount, or the amounts are more than what came in.
    """
    total = sum(amounts.values(), ZERO)
    paid = total if amount is None else amount
    if paid <= 0 or total > paid:
        raise UsageError(f"A {kind} of {paid} cannot pay {total}.")
    payment = _new(books, kind, partner, currency, paid, stamp, number)
    payment.reference = reference
    for target, part in checked_uses(books, payment, paid, amounts):
        base = settle(books, target, kind, payment.number, part, stamp)
        payment.lines.append(PaymentLine(target, part, base, stamp.date()))
    payment.available = paid - total
    payment.available_base = cents(payment.available * payment.rate)
    return _finish(books, payment, payment_entries(payment), stamp)


def apply(books: Books, payment: Payment, amounts: Mapping[str, Decimal], stamp: datetime) -> None:
    """Use what is available of an earlier payment or prepayment for documents.

    Raises:
        UsageError: it has not that much, or a document cannot take it.
    """
    entries: list[Entry] = []
    for target, amount in checked_uses(books, payment, payment.available, amounts):
        given = _draw(payment, amount)
        taken = settle(books, target, payment.type, payment.number, amount, stamp)
        payment.lines.append(PaymentLine(target, amount, taken, stamp.date()))
        entries += application_entries(payment, target, amount, given, taken)
    payment.entries.extend(entries)
    _post(books, payment, entries, stamp, f"Utligning {payment.number}")
    payment.changed = stamp
    books.note("customer_payments", payment.key, stamp)


def write_off(books: Books, document: Document, stamp: datetime) -> Payment:
    """Write off the rest of a document as a small balance. Raises UsageError where nothing is left."""
    rest = document.balance
    payment = _new(books, "SmallBalanceWo", document.partner, document.currency, rest, stamp, None)
    check_use(payment, rest, document, rest)
    payment.rate = document.rate
    base = settle(books, document, payment.type, payment.number, rest, stamp)
    payment.base = base
    payment.lines.append(PaymentLine(document, rest, base, stamp.date()))
    payment.text = "Avskrevet småbeløp"
    return _finish(books, payment, payment_entries(payment), stamp)


def refund(books: Books, source: Document | Payment, amount: Decimal, stamp: datetime) -> Payment:
    """Pay back what is left of a credit note or of an overpayment.

    Raises:
        UsageError: there is not that much.
    """
    left = source.balance if isinstance(source, Document) else source.available
    if isinstance(source, Document) and source.type != "CreditNote":
        raise UsageError("Only a credit note or a payment can be paid back.", record=source.key)
    if not 0 < amount <= left:
        raise UsageError(f"Only {left} can be paid back.", record=source.key)
    payment = _new(books, "Refund", source.partner, source.currency, amount, stamp, None)
    if isinstance(source, Document):
        base = take(source, amount)
        source.applications.append(
            Application("Refund", payment.number, source.partner.number, amount, base, stamp.date())
        )
        books.note_document(source, stamp if books.touch else None)
    else:
        base = _draw(source, amount)
        source.refunded += amount
        books.note("customer_payments", source.key, stamp if books.touch else None)
    payment.lines.append(PaymentLine(source, amount, base, stamp.date()))
    payment.text = f"Tilbakebetaling {source.number}"
    return _finish(books, payment, payment_entries(payment), stamp)


def void_payment(books: Books, payment: Payment, stamp: datetime) -> Payment:
    """Undo a payment: a VoidPayment with its number, its documents owe the money again.

    Raises:
        UsageError: it is void already, of a type that cannot be undone, or partly paid back.
    """
    if payment.voided or payment.type not in ("Payment", "Prepayment") or payment.refunded:
        raise UsageError(f"The payment is {payment.status} and cannot be voided.", record=payment.key)
    void = _new(
        books, "VoidPayment", payment.partner, payment.currency, -payment.amount, stamp, payment.number
    )
    void.base, void.rate = -payment.base, payment.rate
    for line in payment.lines:
        _owe_again(books, line, payment, stamp)
        void.lines.append(PaymentLine(line.target, line.amount, line.base, stamp.date()))
        void.lines.append(PaymentLine(line.target, -line.amount, -line.base, stamp.date()))
    payment.voided = True
    payment.available = payment.available_base = ZERO
    payment.changed = stamp
    books.note("customer_payments", payment.key, stamp)
    entries = [_as_void(entry, void) for entry in netted(payment.entries)]
    return _finish(books, void, entries, stamp)


def _owe_again(books: Books, line: PaymentLine, payment: Payment, stamp: datetime) -> None:
    target = line.target
    if not isinstance(target, Document):
        raise UsageError("Only payments of documents can be voided.", record=payment.key)
    target.balance += line.amount
    target.balance_base += line.base
    kept = []
    for item in target.applications:
        mine = (item.type, item.number) == (payment.type, payment.number) and not item.voided
        kept.append(_voided(item) if mine else item)
    undone = Application(
        "VoidPayment", payment.number, target.partner.number, -line.amount, -line.base, stamp.date()
    )
    target.applications = [*kept, undone]
    books.note_document(target, stamp if books.touch else None)


def _voided(item: Application) -> Application:
    return Application(
        item.type, item.number, item.customer, item.amount, item.amount_base, item.day, True, item.reference
    )


def _as_void(entry: Entry, void: Payment) -> Entry:
    undone = entry.reversed(f"Annullert innbetaling {void.number}")
    return Entry(
        undone.account,
        undone.subaccount,
        undone.amount,
        undone.base,
        undone.text,
        void.type,
        void.number,
        void.partner.number,
    )


def _draw(payment: Payment, amount: Decimal) -> Decimal:
    """Take an amount off what is available and return it in base currency."""
    base = payment.available_base if amount == payment.available else cents(amount * payment.rate)
    payment.available -= amount
    payment.available_base -= base
    return base


def _new(
    books: Books,
    kind: str,
    partner: Partner,
    currency: str,
    amount: Decimal,
    stamp: datetime,
    number: str | None,
) -> Payment:
    rate = rate_of(currency, stamp.date(), books.seed)
    return Payment(
        type=kind,
        number=number or books.next_number("payment", FIRST_PAYMENT),
        partner=partner,
        day=stamp.date(),
        currency=currency,
        rate=rate,
        amount=amount,
        base=cents(amount * rate),
        entered=stamp,
        changed=stamp,
    )


def _finish(books: Books, payment: Payment, entries: Sequence[Entry], stamp: datetime) -> Payment:
    payment.entries = list(entries)
    books.payments.put(payment)
    _post(books, payment, entries, stamp, payment.text or f"Innbetaling {payment.number}")
    books.note("customer_payments", payment.key, stamp, new=True)
    return payment


def _post(books: Books, payment: Payment, entries: Sequence[Entry], stamp: datetime, text: str) -> None:
    if not entries:
        return
    before = len(books.journal.batches)
    batch = books.journal.post("AR", entries, stamp.date(), stamp, text, payment.currency, payment.rate)
    books.note_batch(batch, new=len(books.journal.batches) > before)
