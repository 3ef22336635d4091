"""Reading stored snapshots: the newest version of every row, and the accounts and documents that rows name."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from ml_connector.storable import storable
from ml_connector.visma.stamps import parsed_stamp, plain_stamp

Values = Mapping[str, Any]
"""One parsed Visma row; numbers with a fraction are Decimal."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a Visma row: its stamp (:func:`plain_stamp`), the window it is stored in, its values."""

    key: str
    stamp: str
    partition: str
    values: Values


class SnapshotRows(Protocol):
    """Stored snapshot rows that can be read more than once.

    Each row has ``key``, ``modified`` (naive text or None), ``partition``, ``raw`` (the JSON text as received) and
    ``names`` (see :mod:`ml_connector.visma.names`).
    """

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield the rows, oldest window first, with the named columns or all."""
        ...


def newest(snapshot: SnapshotRows) -> Iterator[Version]:
    """Yield one version per key: the one with the newest stamp, the last one read among equals.

    Two passes keep memory flat: the first reads keys and stamps only.
    """
    superseded = _superseded(snapshot)
    for position, row in enumerate(snapshot.rows()):
        if position not in superseded:
            values = json.loads(row["raw"], parse_float=Decimal)
            yield Version(row["key"], plain_stamp(row["modified"]), row["partition"], values)


def _superseded(snapshot: SnapshotRows) -> set[int]:
    """Return the positions of rows of which there is a newer version."""
    newest_of: dict[str, tuple[int, str | None]] = {}
    superseded: set[int] = set()
    for position, row in enumerate(snapshot.rows(columns=["key", "modified"])):
        known = newest_of.get(row["key"])
        if known is not None and plain_stamp(row["modified"]) < plain_stamp(known[1]):
            superseded.add(position)
            continue
        if known is not None:
            superseded.add(known[0])
        newest_of[row["key"]] = position, row["modified"]
    return superseded


def account_kind(business_account_type: object) -> str | None:
    """Return ``supplier``, ``customer`` or None for a contact's ``businessAccountType``, a free word of Visma's.

    Its values are not listed anywhere; the product's words are Customer, Supplier and Vendor, alone or combined. An
    account that is both is found under its customer number; one without a word is taken for a customer, and one with
    another word, such as an employee or a branch, is neither.
    """
    word = str(business_account_type or "").casefold()
    if "customer" in word or not word:
        return "customer"
    return "supplier" if "supplier" in word or "vendor" in word else None


def named_account(contact: Values) -> tuple[str, str] | None:
    """Return kind and number of the customer or supplier that a contact row belongs to, or None."""
    account = contact.get("businessAccount")
    number = storable(str(account)).strip() if isinstance(account, str | int) else ""
    kind = account_kind(contact.get("businessAccountType"))
    return (kind, number) if kind and number else None


def named_accounts(snapshot: SnapshotRows, kind: str) -> Iterator[tuple[str, str]]:
    """Yield ``(number, partition)`` of the customers or suppliers that a snapshot's rows name, newest versions only."""
    superseded = _superseded(snapshot)
    for position, row in enumerate(snapshot.rows(columns=["partition", "names"])):
        if position in superseded:
            continue
        for name in row["names"] or ():
            word, _, number = name.partition(":")
            if word == kind:
                yield number, row["partition"]


DOCUMENTS: Mapping[str, str] = {
    "Invoice": "customer_invoices",
    "CreditNote": "customer_credit_notes",
    "DebitNote": "customer_debit_notes",
}
"""Type of a customer document to the snapshot it is in."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A document that a payment changed: its key in its snapshot, ``Invoice:100234``, and its date where known."""

    key: str
    dated: date | None = None

    @property
    def kind(self) -> str:
        """Its type, such as ``Invoice``."""
        return self.key.partition(":")[0]


def settled_documents(payment: Values) -> Iterator[Settled]:
    """Yield the documents that a row of ``customer_payments`` names, each once.

    A void payment names its documents several times, with opposite amounts; a credit note comes among the payments and
    is a document itself (reference: visma 4.1). Settling may leave the stamp of the document as it was.
    """
    seen: set[str] = set()
    lines = payment.get("paymentLines")
    itself = {"documentType": payment.get("type"), "refNbr": payment.get("refNbr")}
    for line in (*(lines if isinstance(lines, list) else ()), itself):
        kind, number = line.get("documentType"), line.get("refNbr")
        key = f"{kind}:{number}"
        if kind in DOCUMENTS and number and key not in seen:
            seen.add(key)
            yield Settled(key, _day(line.get("date")))


def _day(moment: object) -> date | None:
    """Return the date of a naive moment as Visma writes it."""
    parsed = parsed_stamp(moment) if isinstance(moment, str) else None
    return parsed.date() if parsed is not None else None
