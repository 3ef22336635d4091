"""What Visma asks for: the newest record made of a key's rows, and the plans of runs that went no further."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ml_connector.audit.keys import DOCUMENTS, kind_of
from ml_connector.audit.versions import Started, newest_first, seen_at
from ml_connector.dataset_writer import Storage
from ml_connector.plan.invoices import ONLY_WHEN_MADE
from ml_connector.plan.operations import Operation
from ml_connector.records.booking_model import PaymentRecord, PurchasesRecord, TransactionRecord
from ml_connector.records.companies import SUPPLIER_PROPERTIES
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.model import CompanyRecord, ContactRecord

ASSETS = {
    "customer": "companies",
    "supplier": "companies",
    "contact": "contacts",
    **dict.fromkeys((*DOCUMENTS, "line"), "invoices"),
    "payment": "payments",
    "transaction": "transactions",
}
"""The last part of the keys of the assets in which a kind of record is."""

Wanted = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run would have done that went no further than to plan."""

    operation: Operation
    run_id: str
    planned_at: datetime


def wanted(
    storage: Storage, connection: str, keys: Sequence[str], windows: Sequence[str], started: Started
) -> dict[str, str | None]:
    """Return what Visma asks for, by HubSpot property, from the newest record of each key; empty where none is stored.

    Raises:
        StorageError: a file is damaged.
    """
    found = [one for key in keys if (one := _newest(storage, connection, key, windows, started))]
    found.sort(key=lambda one: (one.key.startswith(CUSTOMER), one.window))
    wants = dict(found[-1].wants) if found else {}
    for other in found[:-1]:
        if found[-1].key.startswith(CUSTOMER) and other.window > found[-1].window:
            wants |= {
                name: value
                for name, value in other.wants.items()
                if name in SUPPLIER_PROPERTIES or not wants.get(name)
            }
    for key in keys:
        wants |= _bought(storage, connection, key, windows, started)
    return wants


CUSTOMER = "customer:"
"""A company that is a supplier too is as its customer says, but for what only a supplier can say."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the newest record of a key asks for, and its window."""

    key: str
    window: str
    wants: Wanted


def _newest(
    storage: Storage, connection: str, key: str, windows: Sequence[str], started: Started
) -> _Asked | None:
    kind = kind_of(key)
    if kind not in ASSETS or ">" in key:
        return None
    stored_as = _document_of(key) if kind == "line" else key
    found = _row(storage, (connection, "records", ASSETS[kind]), stored_as, windows, started)
    return _Asked(key, found[0], _wanted_of(key, found[1])) if found else None


def _bought(storage: Storage, connection: str, key: str, windows: Sequence[str], started: Started) -> Wanted:
    """Return what a supplier's company shall show of buying from it, which is a record of its own."""
    if kind_of(key) != "supplier" or ">" in key:
        return {}
    found = _row(storage, (connection, "records", "purchases"), key, windows, started)
    record = PurchasesRecord.from_row(found[1]) if found else None
    return record.properties if record and not record.refusal else {}


def _row(
    storage: Storage, asset: tuple[str, ...], key: str, windows: Sequence[str], started: Started
) -> tuple[str, Mapping[str, object]] | None:
    """Return the newest window that has a key, and the key's row in its newest file."""
    for window in reversed(windows):
        files = newest_first(storage, storage.files(asset, window), started)
        for _, row in storage.dataset(asset, files).lookup("key", key):
            return window, row
    return None


def _wanted_of(key: str, row: Mapping[str, object]) -> Wanted:
    """Return what a stored record asks for."""
    kind = kind_of(key)
    if kind in ("customer", "supplier"):
        return CompanyRecord.from_row(row).wanted
    if kind == "contact":
        return ContactRecord.from_row(row).wanted
    if kind == "payment":
        return PaymentRecord.from_row(row).properties
    if kind == "transaction":
        return TransactionRecord.from_row(row).properties
    invoice = InvoiceRecord.from_row(row)
    if kind == "line":
        return next((line.properties for line in invoice.lines if line.key == key), {})
    return {**invoice.properties, **ONLY_WHEN_MADE}


def _document_of(line: str) -> str:
    """Return the key of a line's document."""
    _, document, number = line.split(":")[:3]
    word = next(word for word, kind in DOCUMENTS.items() if kind == document)
    return f"{word}:{number}"


def only_planned(
    storage: Storage,
    connection: str,
    keys: Iterable[str],
    windows: Iterable[str],
    loaded: frozenset[str],
    started: Started,
) -> list[Planned]:
    """Return what the plans of runs say that loaded nothing of a record, newest first.

    Args:
        storage: where the plans are.
        connection: the connection's name.
        keys: the record's keys.
        windows: the windows to look into.
        loaded: the runs whose operations on the record the ledger has.
        started: when runs began.

    Raises:
        StorageError: a file is damaged.
    """
    every = list(windows)
    found = {
        (plan.run_id, plan.operation.entity, plan.operation.action): plan
        for key in keys
        for plan in _plans(storage, connection, key, every, loaded, started)
    }
    return sorted(found.values(), key=lambda plan: plan.planned_at, reverse=True)


def _plans(
    storage: Storage,
    connection: str,
    key: str,
    windows: Iterable[str],
    loaded: frozenset[str],
    started: Started,
) -> Iterator[Planned]:
    kind = kind_of(key)
    if kind not in ASSETS or ">" in key:
        return
    asset = (connection, "plan", ASSETS[kind])
    files = [file for window in windows for file in storage.files(asset, window) if file.run_id not in loaded]
    for file, row in storage.dataset(asset, files).lookup("key", key):
        yield Planned(Operation.from_row(row), file.run_id, seen_at(storage, file, started))
