"""What a plan is made of: the window's records, rejects that are due again, and how many records are unknown."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from ml_connector.chunks import chunks
from ml_connector.datasets import Dataset
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.combined import RecordRows
from ml_connector.plan.due import StampedT, with_due
from ml_connector.plan.operations import Action, Operation
from ml_connector.records.booking_model import PurchasesRecord
from ml_connector.records.invoice_model import VOIDED

RecordT = TypeVar("RecordT")

ASKED = 5000
"""Keys the ledger is asked about at once."""


class Refusable(Protocol):
    """A record that may be unfit to be sent."""

    @property
    def refusal(self) -> str | None:
        """Why it cannot be sent, or None."""
        ...


def due_again(
    ledger: LedgerReader, entity: str, read: Callable[[Mapping[str, Any]], RecordT]
) -> list[RecordT]:
    """Return earlier rejects to try again."""
    return [read(reject.record) for reject in ledger.due_rejects(entity, datetime.now(UTC))]


def with_rejects(
    ledger: LedgerReader, entity: str, records: RecordRows, read: Callable[[Mapping[str, Any]], StampedT]
) -> tuple[Iterator[StampedT], list[StampedT]]:
    """Return the window's records together with earlier rejects, each key once; and the rejects alone."""
    due = due_again(ledger, entity, read)
    present = {row["key"]: row["stamp"] for row in records.rows(["key", "stamp"])} if due else {}
    return with_due((read(row) for row in records.rows()), due, present), due


def with_purchases(purchases: Dataset, due: Sequence[PurchasesRecord]) -> Iterator[PurchasesRecord]:
    """Yield the window's sums of suppliers, then earlier rejects of suppliers that are not among them."""
    present: set[str] = set()
    for row in purchases.rows():
        present.add(row["key"])
        yield PurchasesRecord.from_row(row)
    yield from (record for record in due if record.key not in present)


def present_contacts(records: Dataset) -> dict[str, str]:
    """Return all Visma keys in a dataset of contacts, with the stamp of the record each is in."""
    rows = records.rows(columns=["contact_ids", "stamp"])
    return {f"contact:{number}": row["stamp"] for row in rows for number in row["contact_ids"]}


def present_companies(records: Dataset) -> set[str]:
    """Return all Visma keys in a dataset of companies."""
    kinds = {"customer_number": "customer", "supplier_number": "supplier"}
    return {
        f"{kind}:{row[column]}"
        for row in records.rows(columns=list(kinds))
        for column, kind in kinds.items()
        if row[column]
    }


def unknown_records(
    ledger: LedgerReader, object_type: str, records: RecordRows, due: Sequence[Refusable]
) -> int:
    """Return how many records have to be looked for in HubSpot: it decides how HubSpot is read.

    Those that are never sent, such as people who have left, documents on hold, or voided ones as a rule, stay without a
    HubSpot record for ever and do not count.
    """
    sendable = (
        row["key"]
        for row in records.rows(["key", "refusal", "active", "skip", "status"])
        if row["refusal"] is None
        and row["active"] is not False
        and row["skip"] is None
        and row["status"] != VOIDED
    )
    unknown = sum(record.refusal is None for record in due)
    for some in chunks(sendable, ASKED):
        unknown += len(some) - len(ledger.identities(object_type, some))
    return unknown


def with_owed(operations: Iterable[Operation], owed: Iterable[Operation]) -> Iterator[Operation]:
    """Yield the operations, then the links owed from earlier windows that are not among them."""
    rest = {operation.key: operation for operation in owed}
    for operation in operations:
        if operation.action is Action.LINK:
            rest.pop(operation.key, None)
        yield operation
    yield from rest.values()
