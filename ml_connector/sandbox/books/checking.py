"""Proof that the books are consistent: every figure that follows from others is worked out again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.journal import ACTUAL, Batch, unbalanced
from ml_connector.sandbox.books.money import CENT, ONE, VAT_CODES, ZERO, cents
from ml_connector.sandbox.books.payments import Payment
from ml_connector.sandbox.books.posting import PREPAID, direction
from ml_connector.sandbox.books.state import Books

RECEIVABLES, PAYABLES = ("1500", "1510"), ("2400", "2410")


def problems(books: Books) -> list[str]:
    """Return what does not add up, each with the record; an empty list means that the books are right."""
    documents = [*books.invoices, *books.credit_notes, *books.debit_notes]
    everything = [*documents, *books.supplier_invoices]
    return [
        *(text for document in everything for text in _document(document)),
        *(text for document in documents for text in _applied(document)),
        *(text for payment in books.payments if isinstance(payment, Payment) for text in _payment(payment)),
        *(text for batch in books.journal.batches for text in _batch(batch)),
        *_control(books, documents),
        *_vat(books, everything),
    ]


def account_balances(batches: Iterable[Batch], ledger: str = ACTUAL) -> dict[str, Decimal]:
    """Return debit less credit per account in base currency, over all batches that count."""
    balances: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for batch in batches:
        if batch.ledger == ledger and batch.released:
            for entry in batch.entries:
                balances[entry.account] += entry.base
    return balances


def _document(document: Document) -> Iterator[str]:
    for name, totals, net in (
        ("in its currency", document.totals, sum((line.net for line in document.lines), ZERO)),
        ("in base currency", document.base, sum((line.net_base for line in document.lines), ZERO)),
    ):
        if totals.detail != net:
            yield f"{document.key}: the lines sum to {net}, the total says {totals.detail} {name}"
        if totals.taxable + totals.exempt != totals.detail - totals.discount:
            yield f"{document.key}: taxable and exempt are not detail less discount {name}"
        if totals.amount != totals.detail - totals.discount + totals.vat + totals.rounding:
            yield f"{document.key}: the amount is not the sum of its parts {name}"
    if document.totals.vat != sum((tax.vat for tax in document.taxes), ZERO):
        yield f"{document.key}: the VAT is not the sum of its details"
    for tax in document.taxes:
        if tax.vat != cents(tax.taxable * VAT_CODES[tax.code].percent / 100):
            yield f"{document.key}: VAT {tax.code} is not its rate of what is taxable"
    off = abs(document.base.amount - document.totals.amount * document.rate)
    if off > CENT * (len(document.lines) + len(document.taxes) + 2) or (document.rate == ONE and off):
        yield f"{document.key}: base amount and exchange rate do not go together"


def _applied(document: Document) -> Iterator[str]:
    used = sum((item.amount for item in document.applications), ZERO)
    owed = ZERO if document.stage == "Voided" else document.totals.amount
    if document.balance != owed - used:
        yield f"{document.key}: the balance is {document.balance}, {owed} less {used} is applied"
    if document.balance < 0 and document.totals.amount >= 0:
        yield f"{document.key}: the balance is negative"
    if document.balance == 0 and document.balance_base != 0:
        yield f"{document.key}: {document.balance_base} is left in base currency of nothing"
    if not document.released and (document.entries or document.applications):
        yield f"{document.key}: it is not released but has entries or applications"


def _payment(payment: Payment) -> Iterator[str]:
    used = sum((line.amount for line in payment.lines), ZERO)
    if payment.type == "VoidPayment":
        if used != 0:
            yield f"{payment.key}: its lines do not cancel out"
        return
    if not payment.voided and payment.amount != used + payment.available + payment.refunded:
        yield f"{payment.key}: {payment.amount} is not {used} used and {payment.available} available"
    for line in payment.lines:
        if isinstance(line.target, Document) and not _names(line.target, payment):
            yield f"{payment.key}: {line.target.key} does not know of it"


def _names(document: Document, payment: Payment) -> bool:
    return any((item.type, item.number) == (payment.type, payment.number) for item in document.applications)


def _batch(batch: Batch) -> Iterator[str]:
    if batch.ledger != ACTUAL:
        return
    amount, base = unbalanced(batch.entries)
    if amount or base:
        yield f"{batch.key}: debit exceeds credit by {amount} in currency, {base} in base currency"
    if batch.currency == "NOK" and any(entry.amount != entry.base for entry in batch.entries if entry.amount):
        yield f"{batch.key}: an entry in NOK has another base amount"


def _control(books: Books, documents: list[Document]) -> Iterator[str]:
    balances = account_balances(books.journal.batches)
    owed: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for document in [*documents, *books.supplier_invoices]:
        if document.released:
            owed[document.account] += _direction(document) * document.balance_base
    for payment in books.payments:
        if isinstance(payment, Payment):
            account = PREPAID if payment.type == "Prepayment" else payment.partner.ledger_account
            owed[account] -= payment.available_base
    for account in (*RECEIVABLES, *PAYABLES, PREPAID):
        if balances[account] != owed[account]:
            yield f"Account {account} stands at {balances[account]}, its documents at {owed[account]}"


def _vat(books: Books, documents: list[Document]) -> Iterator[str]:
    """Compare the VAT of the ledgers of customers and suppliers with that of the documents."""
    posted: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for batch in books.journal.batches:
        if batch.ledger == ACTUAL and batch.released and batch.module in ("AR", "AP"):
            for entry in batch.entries:
                posted[entry.account] += entry.base
    expected: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for document in documents:
        if not document.released or document.stage == "Voided":
            continue
        for tax in document.taxes:
            expected[VAT_CODES[tax.code].account] -= _direction(document) * tax.vat_base
    for account in sorted({vat.account for vat in VAT_CODES.values()}):
        if posted[account] != expected[account]:
            yield f"VAT account {account} got {posted[account]}, the documents say {expected[account]}"


def _direction(document: Document) -> int:
    return direction(document, supplier=document.account in PAYABLES)
