"""The versions of a record that were seen in Visma, from the stored snapshots, and what changed between them.

Only the windows that the ledger names are opened, and of a file only the part that holds the record.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from ml_connector.audit.differences import Change, changes, flat
from ml_connector.audit.keys import DOCUMENTS as TYPES
from ml_connector.audit.keys import kind_of
from ml_connector.dataset_writer import Storage
from ml_connector.storage_root import StoredFile
from ml_connector.visma.snapshots import DOCUMENTS
from ml_connector.visma.stamps import plain_stamp

Started = Callable[[str], datetime | None]
"""Tells when a run began, by its id; None for one that the ledger does not know."""

ENTITIES = {
    "customer": "customers",
    "supplier": "suppliers",
    "contact": "contacts",
    "payment": "customer_payments",
    "transaction": "journal_transactions",
}
"""The snapshot that a kind of record comes from; those of documents are in :data:`DOCUMENTS`."""

OWN_CONTACT = "customer-"
"""How the contacts begin that Visma keeps within a customer and gives no id."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record as Visma had it.

    Args:
        key: the record's key.
        stamp: Visma's last change, naive text by its own clock; empty where the row has none.
        seen_at: when the run began that stored it.
        partition: the window it is stored in.
        run_id: the run that stored it first.
        changes: what differs from the version before; all fields of the first.
        first: whether there is no version before.
        again: how often later runs stored the same again.
    """

    key: str
    stamp: str
    seen_at: datetime
    partition: str
    run_id: str
    changes: tuple[Change, ...]
    first: bool
    again: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of a record are: the snapshot, the key in it, and the part of a row that is the record's."""

    entity: str
    key: str
    part: str = ""


def source_of(key: str) -> Source | None:
    """Return where a record comes from, or None for what has no row of its own, such as a link."""
    kind, rest = kind_of(key), key.partition(":")[2]
    if ">" in key:
        return None
    if kind == "contact" and rest.startswith(OWN_CONTACT):
        number, _, role = rest.removeprefix(OWN_CONTACT).rpartition("-")
        return Source("customers", number, f"{role}.")
    if kind == "line":
        document, _, line = rest.rpartition(":")
        entity = DOCUMENTS.get(document.partition(":")[0])
        return Source(entity, document, f"[{line}]." if line.isdigit() else "") if entity else None
    if kind in TYPES:
        return Source(DOCUMENTS[TYPES[kind]], f"{TYPES[kind]}:{rest}")
    return Source(ENTITIES[kind], rest) if kind in ENTITIES else None


def versions(
    storage: Storage, connection: str, key: str, windows: Iterable[str], started: Started
) -> list[Version]:
    """Return the versions of a record, in the order they were seen; what came unchanged again is only counted.

    Raises:
        StorageError: a file is damaged.
    """
    source = source_of(key)
    if source is None:
        return []
    found: list[Version] = []
    held: dict[str, str] | None = None
    for version, values in _seen(storage, connection, key, source, windows, started):
        if held is not None and values == held:
            found[-1] = replace(found[-1], again=found[-1].again + 1)
        else:
            found.append(replace(version, changes=changes(held or {}, values), first=held is None))
        held = values
    return found


def _seen(
    storage: Storage, connection: str, key: str, source: Source, windows: Iterable[str], started: Started
) -> Iterator[tuple[Version, dict[str, str]]]:
    asset = (connection, "visma", source.entity)
    files = [file for window in windows for file in storage.files(asset, window)]
    rows = [
        (seen_at(storage, file, started), plain_stamp(row["modified"]), file, row["raw"])
        for file, row in storage.dataset(asset, files).lookup("key", source.key)
    ]
    for moment, stamp, file, raw in sorted(rows, key=lambda one: one[:2]):
        values = flat(json.loads(raw, parse_float=Decimal))
        if any(source.part in name for name in values):
            values = {name: value for name, value in values.items() if source.part in name}
        yield Version(key, stamp, moment, file.partition, file.run_id, (), first=False), values


def seen_at(storage: Storage, file: StoredFile, started: Started) -> datetime:
    """Return when the run of a file began, or when the file was written for a run that the ledger does not know."""
    return started(file.run_id) or datetime.fromtimestamp(storage.place(file.path).stat().st_mtime, UTC)


def newest_first(storage: Storage, files: Sequence[StoredFile], started: Started) -> list[StoredFile]:
    """Return files in the order of their runs, the newest first."""
    return sorted(files, key=lambda file: seen_at(storage, file, started), reverse=True)
