"""What the planning of documents asks the ledger: what was sent of them, which are drafts, late or without a deal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from ml_connector.ledger.queries import stamp_text

NAMED_CONTACT = "named_contact"
NAMED_EMAIL = "named_email"
"""What the ledger remembers of an invoice besides what HubSpot holds: the key of the contact that it names, and the
e-mail address. There is an index on each."""


@dataclass(frozen=True, slots=True)
class SentInvoice:
    """An invoice that was sent, and the values asked for of what the ledger knows it to hold; absent ones are None."""

    key: str
    hubspot_id: str
    fingerprint: str
    stamp: str
    values: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Late:
    """An open invoice past its due date whose days overdue in HubSpot are not today's."""

    key: str
    hubspot_id: str
    shown: str | None
    days: int


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice that was sent, and whom it names: a contact by its key, and an e-mail address."""

    key: str
    hubspot_id: str
    contact: str | None
    email: str | None


class DocumentReader:
    """Reads what one connection's part of the ledger knows of documents."""

    def __init__(self, engine: sa.Engine, connection: str) -> None:
        self._engine = engine
        self._connection = connection

    def drafts(self) -> list[SentInvoice]:
        """Return the invoices that are still drafts in HubSpot, with Visma's status and balance."""
        rows = self._rows(
            """
            SELECT record_key, hubspot_id, fingerprint, stamp, properties->>'visma_status', properties->>'visma_balance'
            FROM ml_connector.identity
            WHERE connection = :connection AND object_type = 'invoices' AND properties->>'hs_invoice_status' = 'draft'
            ORDER BY record_key
            """
        )
        return [_sent(row, ("visma_status", "visma_balance")) for row in rows]

    def late(self, as_of: date) -> list[Late]:
        """Return open invoices past their due date whose days overdue, as last sent, are not those of a day.

        One that HubSpot refuses is left out: it would be refused again every day.
        """
        rows = self._rows(
            """
            WITH open AS (
              SELECT record_key, hubspot_id, properties->>'visma_days_overdue' AS shown,
                     :as_of - nullif(properties->>'visma_due_date', '')::date AS days
              FROM ml_connector.identity
              WHERE connection = :connection AND object_type = 'invoices' AND properties->>'visma_status' = 'Open'
                AND coalesce(nullif(properties->>'visma_balance', '')::numeric, 0) <> 0
            )
            SELECT record_key, hubspot_id, shown, days FROM open
            WHERE days > 0 AND shown IS DISTINCT FROM days::text AND NOT EXISTS (
              SELECT FROM ml_connector.reject AS r
              WHERE r.connection = :connection AND r.entity = 'invoices' AND r.record_key = open.record_key
            )
            ORDER BY record_key
            """,
            as_of=as_of,
        )
        return [Late(*row) for row in rows]

    def without_deal(self, since: date, names: tuple[str, ...]) -> list[SentInvoice]:
        """Return the invoices dated since a day that no deal is linked with, not the voided ones.

        Args:
            since: the earliest document date, as remembered under ``document_date``.
            names: what to return of each; ``customer`` is the key of its company as linked.
        """
        columns = "".join(f", properties->>'{name}'" for name in names)
        rows = self._rows(
            f"""
            SELECT i.record_key, i.hubspot_id, i.fingerprint, i.stamp{columns}, (
              SELECT c.to_key FROM ml_connector.link AS c
              WHERE c.connection = i.connection AND c.from_type = 'invoices' AND c.from_key = i.record_key
                AND c.to_type = 'companies'
              LIMIT 1
            )
            FROM ml_connector.identity AS i
            WHERE i.connection = :connection AND i.object_type = 'invoices'
              AND i.properties->>'document_date' >= :since AND i.properties->>'visma_status' <> 'Voided'
              AND NOT EXISTS (
                SELECT FROM ml_connector.link AS d
                WHERE d.connection = i.connection AND d.from_type = 'invoices' AND d.from_key = i.record_key
                  AND d.to_type = 'deals'
              )
            ORDER BY i.record_key
            """,  # noqa: S608 - the names are this program's own
            since=since.isoformat(),
        )
        return [_sent(row, (*names, "customer")) for row in rows]

    def naming(self, names: Sequence[str]) -> list[Billed]:
        """Return the invoices that name a contact by one of these keys or addresses, linked or not."""
        rows = self._rows(
            f"""
            {_BILLED} AND (properties->>'named_contact' = ANY(:names) OR properties->>'named_email' = ANY(:names))
            ORDER BY record_key
            """,
            names=list(names),
        )
        return [Billed(*row) for row in rows]

    def without_contact(self, companies: Sequence[str]) -> list[Billed]:
        """Return the invoices of companies, by their keys, that are linked to no contact and owe no such link."""
        found = self._rows(
            """
            SELECT c.from_key FROM ml_connector.link AS c
            WHERE c.connection = :connection AND c.from_type = 'invoices' AND c.to_type = 'companies'
              AND c.to_key = ANY(:companies) AND NOT EXISTS (
                SELECT FROM ml_connector.link AS l
                WHERE l.connection = c.connection AND l.from_type = 'invoices' AND l.from_key = c.from_key
                  AND l.to_type = 'contacts' AND l.status <> 'unwanted'
              )
            """,
            companies=list(companies),
        )
        keys = [row[0] for row in found]
        rows = self._rows(f"{_BILLED} AND record_key = ANY(:keys) ORDER BY record_key", keys=keys)
        return [Billed(*row) for row in rows] if keys else []

    def contacts_of(self, keys: Sequence[str]) -> dict[str, set[str]]:
        """Return the contacts that invoices are linked to for sure, by the invoice's key."""
        rows = self._rows(
            """
            SELECT from_key, to_key FROM ml_connector.link
            WHERE connection = :connection AND from_type = 'invoices' AND from_key = ANY(:keys)
              AND to_type = 'contacts' AND status = 'confirmed'
            """,
            keys=list(keys),
        )
        found: dict[str, set[str]] = {}
        for invoice, contact in rows:
            found.setdefault(invoice, set()).add(contact)
        return found

    def has_newer_window(self, partition: str) -> bool:
        """Return whether any run has been at a later window than this."""
        rows = self._rows(
            "SELECT FROM ml_connector.run WHERE connection = :connection AND partition_to > :partition LIMIT 1",
            partition=partition,
        )
        return any(True for _ in rows)

    def last_end(self) -> datetime | None:
        """Return when the newest run that ended well had begun; None before the first."""
        rows = self._rows(
            """
            SELECT max(started_at) FROM ml_connector.run
            WHERE connection = :connection AND status IN ('done', 'rejects') AND summary ? 'entities'
            """
        )
        return next((row[0] for row in rows), None)

    def _rows(self, statement: str, **values: Any) -> Iterator[Any]:
        with self._engine.connect() as database:
            yield from database.execute(sa.text(statement), {"connection": self._connection, **values})


def _sent(row: Any, names: tuple[str, ...]) -> SentInvoice:
    return SentInvoice(
        key=row[0],
        hubspot_id=row[1],
        fingerprint=row[2] or "",
        stamp=stamp_text(row[3]),
        values=dict(zip(names, row[4:], strict=True)),
    )


_BILLED = """
    SELECT record_key, hubspot_id, properties->>'named_contact', properties->>'named_email'
    FROM ml_connector.identity WHERE connection = :connection AND object_type = 'invoices'
"""
