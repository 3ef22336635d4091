"""What a plan is made of: the window's records, rejects that are due again, and how many records are unknown."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Protocol, TypeVar

from ml_connector.chunks import chunks
from ml_connector.datasets import Dataset
from ml_connector.ledger.due import DueReader
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.combined import RecordRows
from ml_connector.plan.due import StampedT, with_due
from ml_connector.plan.lines import DueLine
from ml_connector.plan.operations import Action, Operation
from ml_connector.records.booking_model import PurchasesRecord
from ml_connector.records.invoice_model import VOIDED
from ml_connector.records.model import CompanyRecord, ContactRecord

RecordT = TypeVar("RecordT")

ASKED = 5000
"""Keys the ledger is asked about at once."""


class Refusable(Protocol):
    """A record that may be unfit to be sent."""

    @property
    def refusal(self) -> str | None:
        """Why it cannot be sent, or None."""
        ...


def own_records(refused: DueReader, records: Dataset) -> Dataset:
    """Return the window's own records: none of them in a retry, which leaves the window as it was loaded."""
    return records if refused.only is None else replace(records, files=())


def due_again(
    refused: DueReader,
    entity: str,
    read: Callable[[Mapping[str, Any]], RecordT],
    present: Callable[[], Collection[str]] = tuple,
    names: Callable[[RecordT], Iterable[str]] = lambda record: (),
) -> list[RecordT]:
    """Return earlier rejects to plan: those that are due, and those that wait of which the window says something, too.

    The window may have an older version of one that waits, or only one half of a company, or a document without the
    line that was refused: planned without it, the older or half of it would be written.

    Args:
        refused: the earlier rejects.
        entity: which of them.
        read: makes a record of its stored form.
        present: returns the Visma keys in the window; asked only where something waits.
        names: returns the keys by which the window may speak of a record.
    """
    due = [read(reject.record) for reject in refused.due(entity)]
    waiting = refused.waiting(entity)
    first = next(waiting, None)
    held = present() if first is not None else ()
    if first is not None and held:
        records = (read(reject.record) for reject in chain([first], waiting))
        due.extend(record for record in records if any(name in held for name in names(record)))
    return due


def due_companies(
    refused: DueReader, records: Dataset, read: Callable[[Mapping[str, Any]], CompanyRecord]
) -> list[CompanyRecord]:
    """Return earlier rejects of companies; see :func:`due_again`."""
    return due_again(
        refused, "companies", read, lambda: present_companies(records), lambda record: record.keys
    )


def due_contacts(
    refused: DueReader, records: Dataset, read: Callable[[Mapping[str, Any]], ContactRecord]
) -> list[ContactRecord]:
    """Return earlier rejects of contacts; see :func:`due_again`."""
    return due_again(refused, "contacts", read, lambda: present_contacts(records), lambda record: record.keys)


def with_rejects(
    refused: DueReader, entity: str, records: RecordRows, read: Callable[[Mapping[str, Any]], StampedT]
) -> tuple[Iterator[StampedT], list[StampedT]]:
    """Return the window's records together with earlier rejects, each key once; and the rejects alone."""

    def present() -> dict[str, str]:
        return {row["key"]: row["stamp"] for row in records.rows(["key", "stamp"])}

    due = due_again(refused, entity, read, present, lambda record: (record.key,))
    return with_due((read(row) for row in records.rows()), due, present() if due else {}), due


def due_lines(refused: DueReader, documents: Dataset) -> list[DueLine]:
    """Return earlier rejects of lines; those that wait come with their document, which may have them no more."""

    def present() -> set[str]:
        return {row["key"] for row in documents.rows(["key"])}

    return due_again(refused, "line_items", DueLine.from_row, present, lambda line: (line.document,))


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
