"""Operations and rows of the ledger with what a test does not care about left out."""

from typing import Any

import sqlalchemy as sa

from ml_connector.ledger.entries import Entry, IdentityRow, LinkRow, RejectRow, Settlement
from ml_connector.ledger.journal import Journal
from ml_connector.plan.operations import Action, Operation

RUN = "run-1"
STAMP = "2026-11-20T06:35:22.153"


def journal(engine: sa.Engine, run_id: str = RUN, connection: str = "acme") -> Journal:
    """Return the journal of a run that has begun."""
    made = Journal(engine, connection, run_id)
    made.begin(["2026-11-20"])
    return made


def operation(number: int = 1, action: Action = Action.CREATE, **changes: Any) -> Operation:
    """Return an operation on customer ``number``."""
    values: dict[str, Any] = {
        "entity": "companies",
        "object_type": "companies",
        "action": action,
        "keys": (f"customer:{number}",),
        "partition": "2026-11-20",
        "values": {"visma_customer_id": f"acme:{number}", "name": "Fjord"},
        "stamp": STAMP,
    }
    return Operation(**{**values, **changes})


def entry(number: int = 1, **changes: Any) -> Entry:
    """Return an entry with the trace ``t-<number>``."""
    return Entry(f"t-{number}", operation(number, **changes))


def ended(made: Entry, status: str = "confirmed", **changes: Any) -> Settlement:
    """Return the end of an entry."""
    return Settlement(made, status, **changes)


def identity(key: str = "customer:1", **changes: Any) -> IdentityRow:
    """Return what is known of a key."""
    values: dict[str, Any] = {
        "object_type": "companies",
        "hubspot_id": "901",
        "email": None,
        "fingerprint": "f1",
        "values": {"name": "Fjord"},
        "stamp": STAMP,
    }
    return IdentityRow(key=key, **{**values, **changes})


def link(to: str = "customer:1", **changes: Any) -> LinkRow:
    """Return the state of a link of contact 1."""
    values: dict[str, Any] = {
        "from_type": "contacts",
        "from_key": "contact:1",
        "to_type": "companies",
        "from_id": "5",
        "to_id": "901",
        "types": "1,279",
        "status": "confirmed",
        "reason": None,
    }
    return LinkRow(to_key=to, **{**values, **changes})


def reject(key: str = "customer:1", **changes: Any) -> RejectRow:
    """Return a refused record."""
    values: dict[str, Any] = {
        "entity": "companies",
        "cause": "VALIDATION_ERROR",
        "message": "It was refused.",
        "remedy": "Correct it.",
        "record": '{"key": "customer:1"}',
        "partition": "2026-11-20",
        "version": STAMP,
    }
    return RejectRow(key=key, **{**values, **changes})


def rows(engine: sa.Engine, table: str, columns: str = "*", order: str = "1") -> list[tuple[Any, ...]]:
    """Return rows of a table."""
    with engine.connect() as database:
        found = database.execute(sa.text(f"SELECT {columns} FROM ml_connector.{table} ORDER BY {order}"))
        return [tuple(row) for row in found]
