"""Which accounts a document or payment is posted to: pure functions that give balanced entries."""

from collections.abc import Iterable
from decimal import Decimal

from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.journal import Entry
from ml_connector.sandbox.books.money import VAT_CODES, ZERO
from ml_connector.sandbox.books.payments import Payment

COMMON = "00-0"
BANK, PREPAID = "1920", "2900"
DISCOUNTS, ROUNDING, LOSSES = "3080", "7770", "7830"
GAIN, LOSS = "8060", "8160"


def direction(document: Document, *, supplier: bool) -> int:
    """Return 1 where the document debits its control account, -1 where it credits it.

    A customer's credit note credits, and so does all a supplier sends but a debit adjustment, which is what the
    supplier owes back.
    """
    if supplier:
        return 1 if document.type == "DebitAdj" else -1
    return -1 if document.type == "CreditNote" else 1


def document_entries(document: Document, *, supplier: bool = False) -> list[Entry]:
    """Return the entries of a document: its control account, one entry per account, subaccount and VAT code, VAT."""
    sign = direction(document, supplier=supplier)
    totals, base = document.totals, document.base
    text = document.text or document.partner.name
    found = [_entry(document, document.account, COMMON, sign * totals.amount, sign * base.amount, text)]
    sums: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
    for line in document.lines:
        if line.net:
            slot = (line.account, line.subaccount, line.vat)
            amount, own = sums.get(slot, (ZERO, ZERO))
            sums[slot] = (amount + line.net, own + line.net_base)
    found += [
        _entry(document, account, sub, -sign * amount, -sign * own, text, vat)
        for (account, sub, vat), (amount, own) in sums.items()
    ]
    if totals.discount:
        found.append(
            _entry(document, DISCOUNTS, COMMON, sign * totals.discount, sign * base.discount, "Rabatt")
        )
    found += [
        _entry(
            document,
            VAT_CODES[tax.code].account,
            COMMON,
            -sign * tax.vat,
            -sign * tax.vat_base,
            text,
            tax.code,
        )
        for tax in document.taxes
        if tax.vat
    ]
    if totals.rounding:
        found.append(
            _entry(document, ROUNDING, COMMON, -sign * totals.rounding, -sign * base.rounding, "Øreavrunding")
        )
    return [entry for entry in found if entry.amount or entry.base]


def payment_entries(payment: Payment) -> list[Entry]:
    """Return the entries of money that comes in or goes back, with what exchange rates made of it."""
    account = PREPAID if payment.type == "Prepayment" else payment.partner.ledger_account
    money = LOSSES if payment.type == "SmallBalanceWo" else BANK
    sign = -1 if payment.type == "Refund" else 1
    text = payment.text or f"Innbetaling {payment.number}"
    found = [_paid(payment, money, sign * payment.amount, sign * payment.base, text)]
    found += [
        _paid(payment, _account(line.target), -sign * line.amount, -sign * line.base, text)
        for line in payment.lines
    ]
    if payment.available:
        found.append(_paid(payment, account, -payment.available, -payment.available_base, text))
    return [*found, *_difference(found, payment.type, payment.number, payment.partner.number)]


def application_entries(
    payer: Document | Payment, target: Document, amount: Decimal, given: Decimal, taken: Decimal
) -> list[Entry]:
    """Return the entries of using an earlier payment or a credit note.

    Args:
        payer: whose open amount shrinks, by ``given`` in base currency.
        target: whose balance shrinks, by ``taken`` in base currency.
        amount: in the currency of both.
    """
    account = _account(payer)
    if account == target.account and given == taken:
        return []
    text = f"Utligning {target.number}"
    who = payer.partner.number
    found = [
        Entry(account, COMMON, amount, given, text, payer.type, payer.number, who),
        Entry(target.account, COMMON, -amount, -taken, text, payer.type, payer.number, who),
    ]
    return [*found, *_difference(found, payer.type, payer.number, who)]


def netted(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with those that differ in amount only put together, and without those of nothing."""
    sums: dict[tuple[str, str, str | None], Entry] = {}
    for entry in entries:
        slot = (entry.account, entry.subaccount, entry.vat)
        known = sums.get(slot)
        sums[slot] = (
            entry
            if known is None
            else Entry(
                entry.account,
                entry.subaccount,
                known.amount + entry.amount,
                known.base + entry.base,
                entry.text,
                entry.kind,
                entry.reference,
                entry.partner,
                entry.vat,
            )
        )
    return [entry for entry in sums.values() if entry.amount or entry.base]


def difference_entries(document: Document, base: Decimal) -> list[Entry]:
    """Return the entries that clear what exchange rates left on a document of which nothing is owed any more."""
    text = "Valutadifferanse"
    kind, number, who = document.type, document.number, document.partner.number
    entry = Entry(document.account, COMMON, ZERO, -base, text, kind, number, who)
    return [entry, *_difference([entry], kind, number, who)]


def _account(target: Document | Payment) -> str:
    if isinstance(target, Document):
        return target.account
    return PREPAID if target.type == "Prepayment" else target.partner.ledger_account


def _difference(entries: Iterable[Entry], kind: str, number: str, partner: str) -> list[Entry]:
    """Return the entry that balances the others in base currency: a gain or a loss of exchange rates."""
    left = sum((entry.base for entry in entries), ZERO)
    if not left:
        return []
    account = GAIN if left > 0 else LOSS
    return [Entry(account, COMMON, ZERO, -left, "Valutadifferanse", kind, number, partner)]


def _entry(
    document: Document,
    account: str,
    subaccount: str,
    amount: Decimal,
    base: Decimal,
    text: str,
    vat: str | None = None,
) -> Entry:
    return Entry(
        account,
        subaccount,
        amount,
        base,
        text,
        document.type,
        document.number,
        document.partner.number,
        vat,
    )


def _paid(payment: Payment, account: str, amount: Decimal, base: Decimal, text: str) -> Entry:
    return Entry(account, COMMON, amount, base, text, payment.type, payment.number, payment.partner.number)
