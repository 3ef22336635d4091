"""Rows of the ledger as an undo reads them, with what a test does not care about left out."""

from typing import Any

from ml_connector.undo.model import Write
from ml_connector.undo.steps import LinkStep

RUN = "the-run"


def write(number: int, run_id: str = RUN, **changes: Any) -> Write:
    """Return a confirmed update of a company's name."""
    values: dict[str, Any] = {
        "undoes": None,
        "entity": "companies",
        "key": "customer:1",
        "object_type": "companies",
        "action": "update",
        "status": "confirmed",
        "partition": "2026-11-20",
        "hubspot_id": "901",
        "created": None,
        "values": {"name": f"Name {number}"},
        "previous": {"name": f"Name {number - 1}"},
    }
    return Write(id=number, run_id=run_id, **{**values, **changes})


def step(
    run_id: str = RUN, action: str = "link", status: str = "confirmed", undoes: str | None = None
) -> LinkStep:
    """Return something that a run did with a contact's link."""
    ends = {"from": "contact:1", "to": "customer:1"}
    return LinkStep(
        "contact:1>customer:1", run_id, undoes, "links", "contacts", action, status, ends, "2026-11-20"
    )
