"""What the load asks the ledger before it opens an invoice: is it in HubSpot, and what of it is still missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ml_connector.ledger.queries import Identity, stamp_text

_DRAFTS = sa.text(
    """
    SELECT record_key, hubspot_id, fingerprint, stamp, properties->>'hs_invoice_status',
           properties->>'visma_pending_reason'
    FROM ml_connector.identity
    WHERE connection = :connection AND object_type = 'invoices' AND record_key = ANY(:keys)
    """
)

_REFUSED = sa.text(
    """
    SELECT record_key, message FROM ml_connector.reject
    WHERE connection = :connection AND entity = 'invoices' AND record_key = ANY(:keys)
    """
)

_LINKED = sa.text(
    """
    SELECT from_key FROM ml_connector.link
    WHERE connection = :connection AND from_type = 'invoices' AND from_key = ANY(:keys) AND to_type = 'companies'
      AND status = 'confirmed'
    """
)

_MISSING = sa.text(
    """
    SELECT DISTINCT ON (l.from_key) l.from_key, l.to_type, l.to_key, l.reason, r.message
    FROM ml_connector.link AS l
    LEFT JOIN ml_connector.reject AS r
      ON r.connection = l.connection AND r.entity = l.to_type AND r.record_key = l.to_key
    WHERE l.connection = :connection AND l.from_type = 'invoices' AND l.from_key = ANY(:keys)
      AND (l.status NOT IN ('confirmed', 'unwanted') OR (l.to_type = 'line_items' AND r.record_key IS NOT NULL))
    ORDER BY l.from_key, r.message IS NULL, l.to_type, l.to_key
    """
)
"""The first thing an invoice lacks, one that says why before others: a link, or a line that could not be changed.

A link that is to go, and could not be taken away yet, is nothing it lacks."""

UNLINKED = "its company is not linked yet"
REFUSED = "HubSpot refuses the invoice itself"


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice that was sent: its status and the reason for it, as last sent; None where they never were."""

    identity: Identity
    status: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an invoice is not whole: the cause, the same for many, and a sentence with the record it is about."""

    cause: str
    sentence: str


class WholenessReader:
    """Reads one connection's part of the ledger."""

    def __init__(self, engine: sa.Engine, connection: str) -> None:
        self._engine = engine
        self._connection = connection

    def drafts(self, keys: Sequence[str]) -> dict[str, Draft]:
        """Return what was sent of invoices, by key; those that are not in HubSpot are absent."""
        rows = self._rows(_DRAFTS, keys)
        return {
            row[0]: Draft(Identity(row[0], row[1], row[2] or "", stamp_text(row[3]), None), row[4], row[5])
            for row in rows
        }

    def obstacles(self, keys: Sequence[str]) -> dict[str, Obstacle]:
        """Return why invoices are not whole, by key; those that are whole are absent.

        An invoice is whole when its company is linked, all its other links are made, and neither the invoice nor one
        of its lines is refused. Its lines are those that it has links to.
        """
        linked = {row[0] for row in self._rows(_LINKED, keys)}
        found = {key: Obstacle(UNLINKED, UNLINKED) for key in keys if key not in linked}
        for key, to_type, to_key, reason, message in self._rows(_MISSING, keys):
            found[key] = _obstacle(to_type, to_key, reason, message)
        for key, message in self._rows(_REFUSED, keys):
            found[key] = Obstacle(REFUSED, f"{key} is refused: {message}")
        return found

    def _rows(self, statement: sa.TextClause, keys: Sequence[str]) -> Sequence[Any]:
        with self._engine.connect() as database:
            values = {"connection": self._connection, "keys": list(keys)}
            return database.execute(statement, values).all()


_CAUSES = {
    "line_items": "one of its lines is missing or refused",
    "contacts": "its contact is not linked yet",
    "deals": "its deal is not linked yet",
    "companies": UNLINKED,
}


def _obstacle(to_type: str, to_key: str, reason: str | None, message: str | None) -> Obstacle:
    cause = _CAUSES.get(to_type, "one of its links is not made yet")
    if message:
        return Obstacle(cause, f"{to_key} is refused: {message}")
    return Obstacle(cause, reason or f"its link to {to_key} is not made yet")
