"""What Visma asks for: of a supplier's company also what was bought from it, which is stored as a record of its own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ml_connector.audit.wanted import wanted
from ml_connector.dataset_writer import Storage
from ml_connector.records.booking_model import PURCHASES_SCHEMA, PurchasesRecord

BEGAN = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
RUNS = {f"run{number}": BEGAN + timedelta(days=number) for number in range(3)}
WINDOWS = ["2026-11-20", "2026-11-21"]


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path))


def keep(storage: Storage, window: str, run_id: str, count: str, refusal: str | None = None) -> None:
    """Store what was bought from supplier 50001."""
    record = PurchasesRecord("50001", window, {"visma_open_po_count": count}, refusal)
    with storage.writer(("acme", "records", "purchases"), [window], run_id, PURCHASES_SCHEMA) as writer:
        writer.write(window, [record.to_row()])


def test_the_newest_purchases_of_a_supplier_are_asked_for(storage: Storage) -> None:
    keep(storage, "2026-11-20", "run1", "3")
    keep(storage, "2026-11-21", "run0", "4")
    for keys in (["supplier:50001"], ["customer:10001", "supplier:50001"]):
        assert wanted(storage, "acme", keys, WINDOWS, RUNS.get) == {"visma_open_po_count": "4"}
    assert wanted(storage, "acme", ["supplier:50002"], WINDOWS, RUNS.get) == {}


def test_purchases_that_cannot_be_counted_ask_for_nothing(storage: Storage) -> None:
    keep(storage, "2026-11-20", "run1", "3", "purchase 7: it has no date")
    assert wanted(storage, "acme", ["supplier:50001"], WINDOWS, RUNS.get) == {}
