"""Windows that wait for the portal to take their payments or transactions."""

import sqlalchemy as sa

from ml_connector.ledger.backlog import Backlog
from ml_connector.ledger.refusals import Subject


def test_windows_wait_per_subject_and_connection_until_they_are_cleared(empty_ledger: sa.Engine) -> None:
    mine, other = (Backlog(empty_ledger, name) for name in ("acme", "other"))
    mine.add(Subject.PAYMENTS, {"2026-11-21", "2026-11-20"})
    mine.add(Subject.PAYMENTS, {"2026-11-21", "2026-11-22"})
    mine.add(Subject.TRANSACTIONS, {"2026-11-20"})
    assert mine.windows(Subject.PAYMENTS) == ["2026-11-20", "2026-11-21", "2026-11-22"]
    assert other.windows(Subject.PAYMENTS) == []
    mine.clear(Subject.PAYMENTS, {"2026-11-20", "2026-11-21", "2026-12-01"})
    assert mine.windows(Subject.PAYMENTS) == ["2026-11-22"]
    assert mine.windows(Subject.TRANSACTIONS) == ["2026-11-20"]
    mine.add(Subject.PAYMENTS, set())
    mine.clear(Subject.PAYMENTS, set())
    assert mine.windows(Subject.PAYMENTS) == ["2026-11-22"]
