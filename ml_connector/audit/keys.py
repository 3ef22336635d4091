"""What people type for a record: the keys it may mean, and the keys it may be a slip of. Pure.

A record's key is ``customer:10023``, ``supplier:50001``, ``contact:4711``, ``invoice:100234``, ``creditnote:200012``,
``debitnote:300001``, ``line:Invoice:100234:3``, ``payment:Payment:400017`` or ``transaction:AR:000123``. People type
the number alone, Visma's word for the document, or the value they see in HubSpot.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ml_connector.errors import UsageError
from ml_connector.hubspot.payments_setup import OBJECT as PAYMENTS
from ml_connector.records.invoice_model import KINDS as WORDS

DOCUMENTS: Mapping[str, str] = {word: kind for kind, word in WORDS.items()}
"""Visma's type of a document by the word for it in keys."""

PAYMENT_TYPES = (
    "Payment",
    "Prepayment",
    "Refund",
    "VoidPayment",
    "VoidRefund",
    "CreditNote",
    "SmallBalanceWo",
)
"""Visma's types of customer payments, the usual ones first (reference: visma 4.1)."""

MODULES = ("AR", "GL", "SO", "AP", "CA", "IN", "PO", "CM", "DR", "FA", "PM", "TX")
"""Short codes of the ledger modules that journal batches come from, the usual ones first."""

OBJECTS: Mapping[str, tuple[str, ...]] = {
    "customer": ("companies",),
    "supplier": ("companies",),
    "contact": ("contacts",),
    "invoice": ("invoices",),
    "creditnote": ("invoices",),
    "debitnote": ("invoices",),
    "line": ("line_items",),
    "payment": (PAYMENTS,),
    "transaction": (),
}
"""The kinds of records, and the HubSpot object each becomes; that of a transaction differs from portal to portal."""

CERTAIN = frozenset({*OBJECTS} - {"line", "payment", "transaction"})
"""The kinds whose keys have but one number behind them."""

SHAPES = (
    "customer:10023, supplier:50001, contact:4711, invoice:100234, creditnote:200012, line:Invoice:100234:3, "
    "payment:Payment:400017 or transaction:AR:000123"
)

DIGITS = "0123456789"

LONGEST = 40
"""Letters of a key that slips are looked for in; Visma's numbers have 15 at most."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a text may mean: the keys, the likeliest first; ``certain``: the first is meant wherever it is known."""

    keys: tuple[str, ...]
    certain: bool


def kind_of(key: str) -> str:
    """Return the kind of a key, such as ``customer``."""
    return key.partition(":")[0]


def meant(typed: str, connection: str) -> Meant:
    """Return the keys that a text may mean.

    Args:
        typed: what a person wrote.
        connection: the connection's name, with which values in HubSpot begin.

    Raises:
        UsageError: it is no key at all.
    """
    text = typed.strip().removeprefix(f"{connection}:")
    if ">" in text:
        return Meant((text,), certain=True)
    head, colon, rest = (part.strip() for part in text.partition(":"))
    if not colon:
        head, rest = "", text
    found = _of_kind(head.casefold(), rest) if colon else _every_kind(rest)
    keys = tuple(dict.fromkeys(found)) if rest else ()
    if not keys:
        raise UsageError(f"{typed!r} is not the key of a record.", remedy=f"Write it as {SHAPES}.")
    return Meant(keys, certain=head.casefold() in CERTAIN or len(keys) == 1)


def slips(key: str) -> Iterator[str]:
    """Yield the keys that differ from one in a single letter: one too many, too few, wrong, or two exchanged."""
    start, _, number = key.rpartition(":")
    if not start or len(number) > LONGEST:
        return
    for place in range(len(number) + 1):
        before, after = number[:place], number[place:]
        yield from (f"{start}:{before}{letter}{after}" for letter in DIGITS)
        if after:
            yield from (f"{start}:{before}{letter}{after[1:]}" for letter in DIGITS)
            yield f"{start}:{before}{after[1:]}"
        if len(after) > 1:
            yield f"{start}:{before}{after[1]}{after[0]}{after[2:]}"


def _of_kind(head: str, rest: str) -> Iterator[str]:
    """Yield the keys of what stands behind a first word: a kind of ours, or one of Visma's types or modules."""
    if head in DOCUMENTS:
        yield from _documents(head, rest)
    elif head == "line":
        yield from _lines(rest)
    elif head == "payment":
        yield from _typed("payment", rest, PAYMENT_TYPES)
    elif head == "transaction":
        yield from _typed("transaction", rest, MODULES)
    elif head in OBJECTS:
        yield f"{head}:{rest}"
    elif (kind := _known(head, PAYMENT_TYPES)) is not None:
        yield f"payment:{kind}:{rest}"
    elif (module := _known(head.removeprefix("module"), MODULES)) is not None:
        yield f"transaction:{module}:{rest}"


def _documents(word: str, rest: str) -> Iterator[str]:
    """Yield the document of a number, and those of other types under the same number."""
    kind, colon, number = rest.partition(":")
    if colon and kind.casefold() in DOCUMENTS:
        word, rest = kind.casefold(), number
    yield f"{word}:{rest}"
    yield from (f"{other}:{rest}" for other in DOCUMENTS)


def _lines(rest: str) -> Iterator[str]:
    kind, _, number = rest.partition(":")
    if kind.casefold() in DOCUMENTS and number:
        yield f"line:{DOCUMENTS[kind.casefold()]}:{number}"
    else:
        yield from (f"line:{document}:{rest}" for document in DOCUMENTS.values())


def _typed(word: str, rest: str, types: tuple[str, ...]) -> Iterator[str]:
    """Yield the keys of a number whose type is part of the key, each type where none is named."""
    kind, colon, number = rest.partition(":")
    if colon:
        yield f"{word}:{_known(kind, types) or kind}:{number}"
    else:
        yield from (f"{word}:{one}:{rest}" for one in types)


def _every_kind(number: str) -> Iterator[str]:
    for kind in OBJECTS:
        if kind != "line":
            yield from _of_kind(kind, number)


def _known(word: str, words: tuple[str, ...]) -> str | None:
    return next((one for one in words if one.casefold() == word.casefold()), None)
