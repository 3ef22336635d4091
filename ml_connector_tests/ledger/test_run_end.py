"""How a run ends stands in the ledger: done, with rejects, or failed."""

import pytest
import sqlalchemy as sa

from ml_connector.ledger.journal import Journal, close_run
from ml_connector.ledger.tables import run


def status_of(engine: sa.Engine, run_id: str) -> tuple[str, bool]:
    """Return the run's status and whether its end is noted."""
    with engine.connect() as database:
        row = database.execute(sa.select(run.c.status, run.c.finished_at).where(run.c.run_id == run_id)).one()
    return row[0], row[1] is not None


@pytest.mark.parametrize(
    ("counts", "failed", "status"),
    [
        ({"read": 2, "created": 2, "rejected": 0, "pending": 0, "conflicts": 0}, False, "done"),
        ({"read": 2, "created": 1, "rejected": 1}, False, "rejects"),
        ({"read": 2, "created": 1, "pending": 1}, False, "rejects"),
        ({"read": 2, "created": 1, "conflicts": 1}, False, "rejects"),
        ({"read": 2, "created": 1, "rejected": 1}, True, "failed"),
    ],
)
def test_a_run_that_ended_says_how(
    engine: sa.Engine, counts: dict[str, int], failed: bool, status: str
) -> None:
    journal = Journal(engine, "acme", "run-1")
    journal.begin(["2026-11-20"])
    assert status_of(engine, "run-1") == ("started", False)
    journal.add_to_summary({"entities": {"companies": counts}})
    close_run(engine, "run-1", failed=failed)
    assert status_of(engine, "run-1") == (status, True)


def test_what_a_plan_counts_is_no_reject_of_a_run_that_loaded_nothing(engine: sa.Engine) -> None:
    journal = Journal(engine, "acme", "run-2")
    journal.begin(["2026-11-20"])
    journal.add_to_summary({"planned": {"companies": {"read": 1, "rejected": 1}}})
    close_run(engine, "run-2", failed=False)
    assert status_of(engine, "run-2") == ("done", True)


def test_a_run_the_ledger_does_not_know_is_left_alone(engine: sa.Engine) -> None:
    close_run(engine, "never seen", failed=True)
    with engine.connect() as database:
        assert database.execute(sa.select(sa.func.count()).select_from(run)).scalar() == 0
