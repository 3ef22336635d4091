"""`edits`: what people changed in HubSpot, as text and as JSON."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector.ledger.tables import edit
from ml_connector_tests.cli.conftest import Shell

MOMENT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def acme(shell: Shell, stored: sa.Engine) -> None:
    """A connection."""
    shell.write_connection("acme")


def enter(engine: sa.Engine, number: int, **values: Any) -> None:
    """Enter an edit in the ledger."""
    row = {
        "connection": "acme",
        "object_type": "companies",
        "record_key": f"customer:{number:05}",
        "property": "city",
        "hubspot_id": str(number),
        "ours": "Oslo",
        "theirs": "[Bergen]",
        "wanted": "Bodø",
        "source": "CRM_UI",
        "edited_at": MOMENT,
        "outcome": "kept",
        "first_seen": MOMENT,
        "last_seen": MOMENT,
        "run_id": "run-1",
    }
    with engine.begin() as database:
        database.execute(sa.insert(edit).values(**row | values))


def test_says_that_there_are_none(shell: Shell) -> None:
    assert "nobody changed a value in HubSpot that Visma has otherwise" in shell("edits", "acme").stdout
    assert shell.json("edits", "acme") == {"connection": "acme", "edits": []}


def test_shows_both_sides_and_who_it_was(shell: Shell, stored: sa.Engine) -> None:
    enter(stored, 1)
    enter(stored, 2, outcome="overwritten", source=None, edited_at=None, theirs=None, connection="acme")
    enter(stored, 3, connection="other")
    shown = shell("edits", "acme").stdout
    assert "customer:00001 city: kept, changed 2026-11-20 08:30 UTC by CRM_UI" in shown
    assert "HubSpot: [Bergen]" in shown
    assert "Visma: Bodø" in shown
    assert "customer:00002 city: overwritten\n    HubSpot: (nothing)" in shown
    assert "customer:00003" not in shown
    first, second = shell.json("edits", "acme")["edits"]
    assert (first["record"], first["edited_at"]) == ("customer:00001", "2026-11-20T08:30:00+00:00")
    assert second["outcome"] == "overwritten"


def test_a_long_list_is_cut_and_says_so(shell: Shell, stored: sa.Engine) -> None:
    for number in range(53):
        enter(stored, number)
    assert "and 3 more; see all with --all or --json" in shell("edits", "acme").stdout
    assert "customer:00052" in shell("edits", "acme", "--all").stdout
