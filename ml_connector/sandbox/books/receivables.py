"""What happens to customer documents: entering, releasing, changing, voiding, and applying credit notes.

Every function carries out all effects of one event: balances, applications, the journal, stamps.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from ml_connector.errors import UsageError
from ml_connector.sandbox.books.documents import Application, Document
from ml_connector.sandbox.books.journal import Entry
from ml_connector.sandbox.books.money import ZERO, cents
from ml_connector.sandbox.books.payments import Payment
from ml_connector.sandbox.books.posting import (
    application_entries,
    difference_entries,
    document_entries,
    netted,
)
from ml_connector.sandbox.books.state import Books


def enter(books: Books, document: Document, stamp: datetime) -> Document:
    """Keep a new document; unless it is held back by its ``stage``, it is released at once."""
    document.work_out()
    books.shelf(document.type).put(document)
    held = document.stage is not None
    if not held:
        _release(books, document, stamp)
    books.note_document(document, stamp, new=True)
    return document


def release(books: Books, document: Document, stamp: datetime) -> None:
    """Release a document that was held back.

    Raises:
        UsageError: it is released or voided already.
    """
    if document.released or document.stage in (None, "Voided"):
        raise UsageError(f"The document is {document.status} and cannot be released.", record=document.key)
    document.stage = None
    _release(books, document, stamp)
    books.note_document(document, stamp)


def void(books: Books, document: Document, stamp: datetime) -> None:
    """Void a document: one that was released is reversed in the journal. Nothing is owed any more.

    Raises:
        UsageError: it is void already, or something is applied to it.
    """
    if document.stage == "Voided":
        raise UsageError("The document is void already.", record=document.key)
    if document.balance != document.totals.amount:
        raise UsageError("Something is applied to the document: void that first.", record=document.key)
    if document.released:
        undone = [entry.reversed("Annullert") for entry in netted(document.entries)]
        post(books, document, undone, stamp, f"Annullering {document.number}")
    document.stage = "Voided"
    document.balance = document.balance_base = ZERO
    books.note_document(document, stamp)


def change(books: Books, document: Document, edit: Callable[[Document], object], stamp: datetime) -> None:
    """Change a document with ``edit`` and carry the new amounts through; what was applied stays applied.

    Visma itself locks released documents; a released one is corrected in the journal by the difference.

    Raises:
        UsageError: more would be applied than it amounts to.
    """
    applied = document.totals.amount - document.balance
    applied_base = document.base.amount - document.balance_base
    trial = replace(document, lines=[replace(line) for line in document.lines])
    edit(trial)
    trial.work_out()
    if document.stage != "Voided" and trial.totals.amount < applied:
        raise UsageError("More is applied to the document than it would amount to.", record=document.key)
    document.lines = trial.lines
    document.work_out()
    document.balance -= applied
    document.balance_base -= applied_base
    if document.stage == "Voided":
        document.balance = document.balance_base = ZERO
    elif document.released:
        entries = netted([*(entry.reversed("Rettelse") for entry in document.entries), *_own(document)])
        post(books, document, entries, stamp, f"Rettelse {document.number}")
        _clear_difference(books, document, stamp)
    books.note_document(document, stamp)


def apply_credit(books: Books, credit: Document, amounts: Mapping[str, Decimal], stamp: datetime) -> None:
    """Use a released credit note for documents, by key and amount in the currency of all.

    The credit note gets the stamp; the documents only where the books say so (``touch``).

    Raises:
        UsageError: it has less left, or a document owes less, or it is in another currency or of another customer.
    """
    for target, amount in checked_uses(books, credit, credit.balance, amounts):
        given = take(credit, amount)
        taken = settle(books, target, credit.type, credit.number, amount, stamp)
        credit.applications.append(
            Application(target.type, target.number, target.partner.number, amount, given, stamp.date())
        )
        post(books, credit, application_entries(credit, target, amount, given, taken), stamp, "Utligning")
    books.note_document(credit, stamp)


def check_use(payer: Document | Payment, left: Decimal, target: Document, amount: Decimal) -> None:
    """Check that a payer can pay this amount of a document. Raises UsageError with the reason."""
    if amount <= 0:
        raise UsageError("Only a positive amount can be applied.", record=target.key)
    if not target.released or target.stage is not None:
        raise UsageError(f"The document is {target.status}: nothing can be applied to it.", record=target.key)
    if payer.currency != target.currency:
        raise UsageError(f"{payer.key} is in {payer.currency}, the document is not.", record=target.key)
    if payer.partner.number != target.partner.number:
        raise UsageError(f"{payer.key} is of another customer.", record=target.key)
    if amount > left:
        raise UsageError(f"{payer.key} has only {left} left.", record=target.key)
    if amount > target.balance:
        raise UsageError(f"Only {target.balance} is left to pay of the document.", record=target.key)


def checked_uses(
    books: Books, payer: Document | Payment, left: Decimal, amounts: Mapping[str, Decimal]
) -> list[tuple[Document, Decimal]]:
    """Return the documents and amounts, all of them checked before the first is carried out.

    Raises:
        UsageError: one of them cannot be.
    """
    found = []
    for key, amount in amounts.items():
        target = books.document(key)
        check_use(payer, left, target, amount)
        left -= amount
        found.append((target, amount))
    return found


def take(document: Document, amount: Decimal) -> Decimal:
    """Take an amount off a balance and return what that is in base currency; the last of it takes all that is left."""
    base = document.balance_base if amount == document.balance else cents(amount * document.rate)
    document.balance -= amount
    document.balance_base -= base
    return base


def settle(
    books: Books, target: Document, kind: str, number: str, amount: Decimal, stamp: datetime
) -> Decimal:
    """Take an amount off what a document owes, note who paid it, and return the amount in base currency."""
    base = take(target, amount)
    target.applications.append(
        Application(kind, number, target.partner.number, amount, base, stamp.date(), reference=number)
    )
    books.note_document(target, stamp if books.touch else None)
    return base


def post(
    books: Books, document: Document, entries: list[Entry], stamp: datetime, text: str, module: str = "AR"
) -> None:
    """Post entries that belong to a document; none make no batch."""
    if not entries:
        return
    document.entries.extend(entries)
    before = len(books.journal.batches)
    batch = books.journal.post(module, entries, stamp.date(), stamp, text, document.currency, document.rate)
    books.note_batch(batch, new=len(books.journal.batches) > before)


def _release(books: Books, document: Document, stamp: datetime) -> None:
    document.released = True
    post(books, document, _own(document), stamp, document.text or document.partner.name)


def _own(document: Document) -> list[Entry]:
    return document_entries(document)


def _clear_difference(books: Books, document: Document, stamp: datetime) -> None:
    if document.balance == 0 and document.balance_base != 0:
        sign = 1 if document.type != "CreditNote" else -1
        entries = difference_entries(document, sign * document.balance_base)
        document.balance_base = ZERO
        post(books, document, entries, stamp, "Valutadifferanse")
