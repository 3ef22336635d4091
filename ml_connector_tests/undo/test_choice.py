"""Which runs can be undone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ml_connector.errors import UsageError
from ml_connector.ledger.runs import Run
from ml_connector.undo.choice import require_undoable


def run(**changes: Any) -> Run:
    """Return a sync that has ended well."""
    values: dict[str, Any] = {
        "run_id": "run-1",
        "kind": "sync",
        "of_run": None,
        "status": "done",
        "started_at": datetime(2026, 11, 20, tzinfo=UTC),
        "first": "2026-11-19",
        "last": "2026-11-19",
        "settings": None,
    }
    return Run(**{**values, **changes})


@pytest.mark.parametrize("kind", ["sync", "replay", "retry", "reconcile", ""])
@pytest.mark.parametrize("status", ["done", "rejects", "failed", "started"])
def test_what_wrote_and_is_over_can(kind: str, status: str) -> None:
    require_undoable("acme", run(kind=kind, status=status), alive=False)


def test_what_wrote_nothing_or_goes_on_cannot() -> None:
    with pytest.raises(UsageError, match="only planned"):
        require_undoable("acme", run(kind="plan"), alive=False)
    with pytest.raises(UsageError, match="still going"):
        require_undoable("acme", run(status="started"), alive=True)


def test_an_undo_is_not_undone_but_replayed() -> None:
    with pytest.raises(UsageError) as raised:
        require_undoable("acme", run(kind="undo", of_run="run-0"), alive=False)
    assert "ml-connector replay acme --run run-0" in str(raised.value)
