"""What the ledger knows of keys that differ: what was last sent, and why something was refused. It explains only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from ml_connector.causes.of_ours import DRIFTED
from ml_connector.ledger.queries import stamp_text
from ml_connector.ledger.tables import identity, reject
from ml_connector.reconciliation.explain import Known, Refusal
from ml_connector.reconciliation.facts import Fact, Kind

Sent = Callable[[Kind, Mapping[str, str | None], str], Fact]
"""Reads what was sent, by kind, properties and record id, as HubSpot's own values are read."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Reads one connection's part of the ledger.

    Args:
        engine: of the database.
        connection: the connection's name.
        object_types: the HubSpot objects that keep documents and transactions.
        read: makes a fact of what was sent.
    """

    engine: sa.Engine
    connection: str
    object_types: Sequence[str]
    read: Sent = field(repr=False)

    def known(self, keys: Sequence[str]) -> Mapping[str, Known]:
        """Return what is known of keys such as ``invoice:100234``; those the ledger has never seen are absent."""
        with self.engine.connect() as database:
            sent = {row.record_key: row for row in database.execute(self._sent(keys))}
            refused = {row.record_key: row for row in database.execute(self._refused(keys))}
            lines = {row.document: row for row in database.execute(self._refused_lines(keys))}
        return {
            key: Known(
                sent=self._fact(sent[key]) if key in sent else None,
                refusal=_refusal(refused[key].message, dismissed=refused[key].dismissed_at is not None)
                if key in refused
                else None,
                line_refusal=_refusal(f"{lines[key].record_key} is refused: {lines[key].message}")
                if key in lines
                else None,
            )
            for key in sent.keys() | refused.keys() | lines.keys()
        }

    def refused_customers(self) -> Mapping[str, str]:
        """Return why customers are refused, by number; HubSpot has no company to link their documents to."""
        table = reject.c
        asked = (
            sa.select(table.record_key, table.message)
            .where(table.connection == self.connection, table.entity == "companies")
            .where(table.record_key.startswith(CUSTOMER))
        )
        with self.engine.connect() as database:
            rows = database.execute(asked).all()
        return {row.record_key.removeprefix(CUSTOMER): _refusal(row.message).message for row in rows}

    def _sent(self, keys: Sequence[str]) -> "sa.Select[Any]":
        table = identity.c
        return sa.select(table.record_key, table.hubspot_id, table.properties, table.stamp).where(
            table.connection == self.connection,
            table.object_type.in_(self.object_types),
            table.record_key == sa.any_(_array(keys)),
        )

    def _refused(self, keys: Sequence[str]) -> "sa.Select[Any]":
        table = reject.c
        return (
            sa.select(table.record_key, table.message, table.dismissed_at)
            .where(table.connection == self.connection, table.record_key == sa.any_(_array(keys)))
            .where(table.cause != DRIFTED)
            .order_by(table.last_seen)
        )

    def _refused_lines(self, keys: Sequence[str]) -> "sa.Select[Any]":
        """Return the query for refused lines of documents: ``line:Invoice:100234:3`` is of ``invoice:100234``."""
        table = reject.c
        kind, number = (sa.func.split_part(table.record_key, ":", place) for place in (2, 3))
        document = sa.func.lower(kind) + ":" + number
        return sa.select(document.label("document"), table.record_key, table.message).where(
            table.connection == self.connection,
            table.entity == "line_items",
            document == sa.any_(_array(keys)),
        )

    def _fact(self, row: "sa.Row[Any]") -> Fact:
        sent = self.read(Kind(row.record_key.partition(":")[0]), row.properties or {}, row.hubspot_id)
        return replace(sent, stamp=stamp_text(row.stamp))


CUSTOMER = "customer:"
"""What the key of a customer begins with."""


def _array(keys: Sequence[str]) -> "sa.BindParameter[Any]":
    return sa.bindparam(None, list(keys), type_=sa.ARRAY(sa.Text))


def _refusal(message: str | None, *, dismissed: bool = False) -> Refusal:
    return Refusal(message or "It was refused without a reason.", dismissed)
