"""The Visma record that a person decides about: where it is kept, and what the ledger knows of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ml_connector.audit.finding import find, unknown
from ml_connector.audit.keys import OBJECTS, kind_of
from ml_connector.audit.ledger import RecordLedger
from ml_connector.audit.reading import RunTimes
from ml_connector.audit.versions import newest_first
from ml_connector.dataset_writer import Storage
from ml_connector.errors import UsageError
from ml_connector.ledger.decisions import DueRecord
from ml_connector.ledger.tables import reject
from ml_connector.records.model import CompanyRecord, ContactRecord

DECIDABLE = ("companies", "contacts")

MOST_CLAIMS = 500

Record = CompanyRecord | ContactRecord


@dataclass(frozen=True, slots=True)
class Refused:
    """The row of a record that was refused: the key it stands under, why, since when, and its stored form."""

    key: str
    cause: str
    message: str
    record: Mapping[str, Any] | None
    partition: str


@dataclass(frozen=True, slots=True)
class VismaRecord:
    """A Visma record as this program has it.

    Args:
        key: its key.
        object_type: the HubSpot object it becomes.
        record: its newest stored form; None where nothing is stored any more.
        refused: where it was refused, also together with another key.
        linked: the HubSpot record it is linked to, as the ledger knows.
        others: further Visma keys that are the same HubSpot record.
        due: what makes it due in the next run.
    """

    key: str
    object_type: str
    record: Record | None
    refused: tuple[Refused, ...]
    linked: str | None
    others: tuple[str, ...]
    due: DueRecord | None


def read_record(engine: sa.Engine, storage: Storage, connection: str, typed: str) -> VismaRecord:
    """Return the record that a person typed.

    Raises:
        UsageError: there is no such record, or it is none that anybody decides about.
        StorageError: a stored file is damaged.
    """
    with engine.connect() as database:
        ledger = RecordLedger(database, connection)
        found = find(ledger, connection, typed)
        if found is None:
            raise unknown(ledger, connection, typed)
        key = found.key
        object_type = _object_of(key)
        (identity,) = ledger.identities([object_type], [key]) or (None,)
        linked = identity.hubspot_id if identity else None
        rows = ledger.same_record([object_type], [linked]) if linked else []
        others = tuple(row.record_key for row in rows if row.record_key != key)
        refused = _refused(database, connection, object_type, key)
        kept = next((one for one in refused if one.record), None)
        due = _stored(ledger, storage, connection, object_type, (key, *others))
        if kept is not None and kept.record is not None and (due is None or not identity):
            due = DueRecord(kept.record, kept.partition, str(kept.record.get("stamp") or ""), "")
        if due is not None and identity is not None:
            due = DueRecord(due.record, due.partition, due.stamp, identity.last_run or "")
    record = record_of(object_type, due.record) if due else None
    return VismaRecord(key, object_type, record, refused, linked, others, due)


def claiming(engine: sa.Engine, connection: str, key: str) -> list[CompanyRecord]:
    """Return the other Visma records that claim a HubSpot company together with some record, at most some hundreds."""
    table = reject.c
    query = sa.select(table.record).where(
        table.connection == connection,
        table.entity == "companies",
        table.cause == "company-claimed-twice",
        table.record_key != key,
        table.record.is_not(None),
    )
    with engine.connect() as database:
        rows = database.execute(query.order_by(table.record_key).limit(MOST_CLAIMS)).scalars()
        return [CompanyRecord.from_row(row) for row in rows]


def _object_of(key: str) -> str:
    object_type = next(iter(OBJECTS.get(kind_of(key), ())), "")
    if ">" in key or object_type not in DECIDABLE:
        raise UsageError(
            f"Nobody has to decide which HubSpot record {key} is.",
            remedy="Customers, suppliers and contacts are decided: customer:10023, supplier:50001, contact:4711.",
        )
    return object_type


_REFUSED = sa.text(
    """
    SELECT record_key, cause, message, record, partition FROM ml_connector.reject
    WHERE connection = :connection AND entity = :entity
      AND (record_key = :key OR record ->> 'customer_number' = :customer OR record ->> 'supplier_number' = :supplier
           OR jsonb_exists(coalesce(record -> 'contact_ids', '[]'), :contact))
    ORDER BY (record_key = :key) DESC, last_seen DESC
    """
)
"""A record that is refused together with another stands under the key of one of the two."""


def _refused(database: sa.Connection, connection: str, object_type: str, key: str) -> tuple[Refused, ...]:
    kind, _, number = key.partition(":")
    numbers = {word: number if word == kind else None for word in ("customer", "supplier", "contact")}
    values = {"connection": connection, "entity": object_type, "key": key, **numbers}
    names = {name: sa.bindparam(name, type_=sa.Text) for name in numbers}
    statement = _REFUSED.bindparams(*names.values()).columns(record=reject.c.record.type)
    rows = database.execute(statement, values)
    return tuple(Refused(row[0], row[1], row[2] or "", row[3], row[4] or "") for row in rows)


def _stored(
    ledger: RecordLedger, storage: Storage, connection: str, object_type: str, keys: Sequence[str]
) -> DueRecord | None:
    """Return the newest stored form of the record of the first key, from the windows that the ledger names.

    It may be stored under another of the keys: a customer and a supplier are one record where they came together.
    """
    started = RunTimes(ledger)
    asset = (connection, "records", object_type)
    for window in reversed(ledger.windows(keys)):
        for file in newest_first(storage, storage.files(asset, window), started):
            dataset = storage.dataset(asset, [file])
            found = (record_of(object_type, row) for key in keys for _, row in dataset.lookup("key", key))
            record = next((one for one in found if keys[0] in one.keys), None)
            if record is not None:
                return DueRecord(record.to_row(), window, record.stamp, file.run_id)
    return None


def record_of(object_type: str, row: Mapping[str, Any]) -> Record:
    """Return the record of its stored form."""
    return CompanyRecord.from_row(row) if object_type == "companies" else ContactRecord.from_row(row)
