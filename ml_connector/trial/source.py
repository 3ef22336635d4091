"""One record as Visma has it now, with the customer or supplier it belongs to. Only reads, one call a row."""

from dataclasses import dataclass, field
from typing import Any

from ml_connector.audit.keys import DOCUMENTS as TYPES
from ml_connector.audit.keys import Meant, kind_of
from ml_connector.audit.versions import OWN_CONTACT, source_of
from ml_connector.errors import PermanentApiError, UsageError
from ml_connector.ledger.queries import LedgerReader
from ml_connector.trial.held import HeldRows
from ml_connector.visma.client import VismaClient
from ml_connector.visma.extract import snapshot_row
from ml_connector.visma.fetching import concerns_all
from ml_connector.visma.rows import Row
from ml_connector.visma.snapshots import named_account

TRIED = ("customer", "supplier", "contact", *TYPES)
"""The kinds of records that can be tried alone."""

ENTITY = {"customer": "customers", "supplier": "suppliers"}


@dataclass(slots=True)
class Source:
    """What Visma has of a record: rows by snapshot.

    ``key`` is the record, ``owner`` the customer or supplier it belongs to, if any.
    """

    key: str
    owner: str | None = None
    snapshots: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def rows(self, *entities: str) -> HeldRows:
        """Return the rows of some snapshots."""
        return HeldRows(row for entity in entities for row in self.snapshots.get(entity, ()))


class VismaReader:
    """Reads single records of one company.

    Args:
        client: of the company.
        ledger: tells whose contact it is that Visma keeps within a customer.
        partition: the window that the rows count to.
    """

    def __init__(self, client: VismaClient, ledger: LedgerReader, partition: str) -> None:
        self._client = client
        self._ledger = ledger
        self._partition = partition

    def read(self, asked: Meant, typed: str) -> Source | None:
        """Return the record that is meant, with its owner; None where Visma has none of those that may be.

        Raises:
            UsageError: it is of a kind that cannot be tried alone, or fits several records.
        """
        keys = [key for key in asked.keys if kind_of(key) in TRIED and ">" not in key]
        if not keys:
            raise UsageError(
                f"{asked.keys[0]} cannot be tried alone.",
                remedy="Try the document it belongs to, such as invoice:100234; or plan its window.",
            )
        found: list[Source] = []
        for key in keys:
            if (source := self._read(key)) is not None:
                found.append(source)
                if asked.certain:
                    break
        if len(found) > 1:
            names = ", ".join(source.key for source in found)
            raise UsageError(
                f"{typed.strip()!r} fits {len(found)} records: {names}.", remedy="Try one of them."
            )
        return found[0] if found else None

    def currencies(self) -> HeldRows:
        """Return the company's currencies."""
        rows = [row for page in self._client.changed("currencies") for row in page]
        return HeldRows(snapshot_row("currencies", row, self._partition) for row in rows)

    def _read(self, key: str) -> Source | None:
        kind = kind_of(key)
        if kind == "contact":
            return self._contact(key)
        place = source_of(key)
        row = self._one(place.entity, place.key) if place is not None else None
        if place is None or row is None:
            return None
        source = Source(key)
        self._keep(source, place.entity, row, touched=self._synced(key) if kind in TYPES else "")
        if kind in TYPES:
            customer = row.values.get("customer")
            number = customer.get("number") if isinstance(customer, dict) else None
            self._add_owner(source, ("customer", str(number).strip()) if number else None)
        return source

    def _contact(self, key: str) -> Source | None:
        """Return a contact of Visma's list, or one that Visma keeps within a customer."""
        source, number = Source(key), key.partition(":")[2]
        if number.startswith(OWN_CONTACT):
            owner = number.removeprefix(OWN_CONTACT).rpartition("-")[0]
            self._add_owner(source, ("customer", owner))
            return source if source.owner else None
        row = self._one("contacts", number) if number.isdigit() else None
        if row is not None:
            self._keep(source, "contacts", row)
            self._add_owner(source, named_account(row.values))
            return source
        known = (to_key for _, to_key in self._ledger.links_of("contacts", [key]))
        self._add_owner(source, next((_split(one) for one in known), None))
        return source if source.owner else None

    def _add_owner(self, source: Source, account: tuple[str, str] | None) -> None:
        """Read the customer or supplier that a record belongs to, where Visma has it."""
        if account is None or (row := self._one(ENTITY[account[0]], account[1])) is None:
            return
        source.owner = ":".join(account)
        self._keep(source, ENTITY[account[0]], row)

    def _one(self, entity: str, key: str) -> Row | None:
        try:
            return self._client.one(entity, key)
        except PermanentApiError as error:
            if concerns_all(error):
                raise
            return None

    def _synced(self, key: str) -> str:
        """Return the stamp a document was synced with, that of a payment maybe: the row itself tells an older one."""
        known = self._ledger.identities("invoices", [key]).get(key)
        return known.stamp if known is not None else ""

    def _keep(self, source: Source, entity: str, row: Row, touched: str = "") -> None:
        source.snapshots.setdefault(entity, []).append(snapshot_row(entity, row, self._partition, touched))


def _split(key: str) -> tuple[str, str]:
    kind, _, number = key.partition(":")
    return kind, number
