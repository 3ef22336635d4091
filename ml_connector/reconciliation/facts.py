"""What is compared: one fact per document or transaction and side, and how hundreds of thousands of them are kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import groupby
from typing import Any

import pyarrow as pa

from ml_connector.chunks import chunks

SCALE = 8
"""Decimals of a kept amount; Visma has up to four (reference: visma 4.1)."""

LARGEST = Decimal(10) ** 24
"""No amount of money; a number beyond it in HubSpot is a person's slip and is shown as no number."""

ROWS = 5_000
"""Facts that are Python objects at a time; the others are columns."""


class Kind(StrEnum):
    """What a fact is about: the first part of its key."""

    INVOICE = "invoice"
    CREDIT_NOTE = "creditnote"
    DEBIT_NOTE = "debitnote"
    TRANSACTION = "transaction"


DOCUMENTS = (Kind.INVOICE, Kind.CREDIT_NOTE, Kind.DEBIT_NOTE)
"""The kinds that are owed and paid, and that HubSpot keeps as invoices."""


class Standing(StrEnum):
    """Whether a fact counts in the totals; only ``RELEASED`` does.

    Voided is a document that was taken back, held one that is not released in Visma, draft one that HubSpot does not
    show as issued because something of it is missing; not taken one of a customer that does not travel.
    """

    RELEASED = "released"
    VOIDED = "voided"
    HELD = "held"
    DRAFT = "draft"
    NOT_TAKEN = "not taken"


@dataclass(frozen=True, slots=True)
class Fact:
    """What one side says of one document or transaction.

    Args:
        key: ``invoice:100234``, ``transaction:AR:001234``.
        standing: whether it counts.
        month: ``YYYY-MM`` of its date in the company's zone; None where the side has no date.
        currency: ISO code; empty where the side has none.
        customers: customer numbers; of Visma at most one, of HubSpot those of all companies it is linked to.
        amount: total, negative for a credit note; None where the side has no number.
        balance: what is open of it; None where the side has no number, zero for a transaction.
        status: Visma's word, such as Open; empty for a transaction.
        shown: HubSpot's own status (draft, open, paid, voided), on Visma's side the one it should be; empty for a
            transaction.
        stamp: Visma's last change, naive text; empty on HubSpot's side.
        hubspot_id: of the record in HubSpot; empty on Visma's side.
        note: why it stands as it stands, in plain words, where a side says so.
        lines: how many line items the document has; None where they are not compared.
        line_amount: their net and VAT; None as above.
        line_price: what HubSpot's own figures make of them without VAT; None where these are not compared.
        loose: in HubSpot, how many more line items name the document without being linked with it.
    """

    key: str
    standing: Standing
    month: str | None
    currency: str
    customers: tuple[str, ...]
    amount: Decimal | None
    balance: Decimal | None
    status: str = ""
    shown: str = ""
    stamp: str = ""
    hubspot_id: str = ""
    note: str = ""
    lines: int | None = None
    line_amount: Decimal | None = None
    line_price: Decimal | None = None
    loose: int = 0

    @property
    def kind(self) -> Kind:
        """What it is about."""
        return Kind(self.key.partition(":")[0])


def amount_of(text: str | None) -> Decimal | None:
    """Return a number as HubSpot holds it, or None for a blank, a text or a number that no amount can be."""
    try:
        found = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    if not found.is_finite() or abs(found) >= LARGEST:
        return None
    return found if found == round(found, SCALE) else None


_AMOUNT = pa.decimal128(38, SCALE)
_WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("key", pa.string()),
        pa.field("standing", _WORD),
        pa.field("month", _WORD),
        pa.field("currency", _WORD),
        pa.field("customers", pa.list_(pa.string())),
        pa.field("amount", _AMOUNT),
        pa.field("balance", _AMOUNT),
        pa.field("status", _WORD),
        pa.field("shown", _WORD),
        pa.field("stamp", pa.string()),
        pa.field("hubspot_id", pa.string()),
        pa.field("note", _WORD),
        pa.field("lines", pa.int32()),
        pa.field("line_amount", _AMOUNT),
        pa.field("line_price", _AMOUNT),
        pa.field("loose", pa.int32()),
    ]
)


class Facts:
    """All facts of one side, each key once, in the order of their keys; about 150 bytes each.

    Of two versions of a key, which Visma gives for a row that changes while it is read, the newer one counts.

    Args:
        stream: the facts in any order; read to its end at once.
    """

    def __init__(self, stream: Iterable[Fact]) -> None:
        kinds: set[Kind] = set()
        batches = [_batch(chunk, kinds) for chunk in chunks(stream, ROWS)]
        table = pa.Table.from_batches(batches, SCHEMA).unify_dictionaries()
        self.kinds = frozenset(kinds)
        """The kinds of which there is at least one fact."""
        self._table = table.sort_by([("key", "ascending"), ("stamp", "ascending")])

    def __iter__(self) -> Iterator[Fact]:
        for _, versions in groupby(self._rows(), key=lambda fact: fact.key):
            *_, newest = versions
            yield newest

    def _rows(self) -> Iterator[Fact]:
        for start in range(0, self._table.num_rows, ROWS):
            part = self._table.slice(start, ROWS)
            for row in zip(*(column.to_pylist() for column in part.columns), strict=True):
                yield _fact(row)


_NAMES = tuple(field.name for field in fields(Fact))


def _batch(facts: list[Fact], kinds: set[Kind]) -> pa.RecordBatch:
    kinds.update(fact.kind for fact in facts)
    columns = [pa.array([getattr(fact, name) for fact in facts], SCHEMA.field(name).type) for name in _NAMES]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _fact(row: tuple[Any, ...]) -> Fact:
    key, standing, month, currency, customers, *rest = row
    return Fact(key, Standing(standing), month, currency, tuple(customers), *rest)
