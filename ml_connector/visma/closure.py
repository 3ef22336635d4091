"""What a run's snapshots name and must not be missing from it: documents that payments settle, customers, suppliers.

Pure: reads stored snapshots.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ml_connector.visma.names import names_of
from ml_connector.visma.snapshots import (
    DOCUMENTS,
    SnapshotRows,
    Version,
    named_accounts,
    newest,
    settled_documents,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of a row before it is read.

    Args:
        partition: the window to keep it in.
        party: the number of its customer.
        dated: its date.
        touched: the stamp of the newest row that changed it, :func:`plain_stamp`; empty where none did.
    """

    partition: str
    party: str | None = None
    dated: date | None = None
    touched: str = ""


def documents_settled(payments: SnapshotRows, entity: str) -> dict[str, Wanted]:
    """Return the documents of one entity that payments name, by key, each as the newest payment names it."""
    found: dict[str, Wanted] = {}
    for version in newest(payments):
        customer = [name.partition(":")[2] for name in names_of("customer_payments", version.values)]
        for document in settled_documents(version.values):
            known = found.get(document.key)
            if DOCUMENTS[document.kind] != entity or (known and _moment(known) >= _moment(version)):
                continue
            party = next(iter(customer), None)
            found[document.key] = Wanted(version.partition, party, document.dated, version.stamp)
    return found


def _moment(known: Wanted | Version) -> tuple[str, str]:
    stamp = known.touched if isinstance(known, Wanted) else known.stamp
    return known.partition, stamp


def accounts_named(snapshots: Iterable[SnapshotRows], kind: str) -> dict[str, str]:
    """Return the customers or suppliers that snapshots name: number and newest window that names it.

    Args:
        snapshots: of other entities.
        kind: ``customer`` or ``supplier``.
    """
    found: dict[str, str] = {}
    for snapshot in snapshots:
        for number, partition in named_accounts(snapshot, kind):
            found[number] = max(partition, found.get(number, partition))
    return found
