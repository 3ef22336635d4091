"""Reading stored snapshots: the newest version of every row, and the accounts that rows of other entities name."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from ml_connector.visma.stamps import plain_stamp

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

    Each row has ``key``, ``modified`` (naive text or None), ``partition`` and ``raw`` (the JSON text as received).
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


def account_kind(business_account_type: object) -> str:
    """Return ``supplier`` or ``customer`` for a contact's ``businessAccountType``, a free word in Visma's interface.

    Its values are not listed anywhere; the product's words are Customer, Supplier and Vendor, alone or combined. An
    account that is both is found under its customer number.
    """
    word = str(business_account_type or "").casefold()
    sells = "supplier" in word or "vendor" in word
    return "supplier" if sells and "customer" not in word else "customer"


def named_account(contact: Values) -> tuple[str, str] | None:
    """Return kind and number of the customer or supplier that a contact row belongs to, or None."""
    account = contact.get("businessAccount")
    number = str(account).strip() if isinstance(account, str | int) else ""
    return (account_kind(contact.get("businessAccountType")), number) if number else None


def named_accounts(contacts: SnapshotRows, kind: str) -> Iterator[tuple[str, str]]:
    """Yield ``(number, partition)`` of the customers or suppliers that the rows of a contacts snapshot belong to."""
    for version in newest(contacts):
        account = named_account(version.values)
        if account is not None and account[0] == kind:
            yield account[1], version.partition
