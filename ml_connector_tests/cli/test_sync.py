"""`sync` without a terminal: which windows it takes, its one JSON document, and its exit codes."""

import os
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from ml_connector.ledger.queries import ENTITIES
from ml_connector.ledger.tables import run as run_table
from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.cli.conftest import Shell

KEYS = ["connection", "run_id", "partitions", "status", "entities", "requests", "seconds"]
COUNTS = [
    "read",
    "created",
    "updated",
    "unchanged",
    "archived",
    "skipped",
    "rejected",
    "pending",
    "conflicts",
]
BY_DECISION = {"releases", "released_links", "moved_links"}
"""Entities that are told only where somebody decided that a record is another one."""

TODAY = datetime.now(ZoneInfo("Europe/Oslo")).date()


def day(back: int) -> str:
    """Return the key of the window so many days ago."""
    return (TODAY - timedelta(days=back)).isoformat()


@pytest.fixture(autouse=True)
def acme(shell: Shell, sandbox: Sandbox) -> None:
    """A connection whose first window was three days ago; every row of the company is older.

    It carries companies and contacts only, but where a test writes one of its own.
    """
    shell.write_connection("acme", start=day(3), records=[])
    sandbox.visma.restamp("customers", datetime(2020, 1, 1))
    sandbox.visma.restamp("suppliers", datetime(2020, 1, 1))
    sandbox.visma.restamp("contacts", datetime(2020, 1, 1))


def refuse_everything(sandbox: Sandbox) -> None:
    """Let HubSpot refuse every company."""
    sandbox.hubspot.poison(PoisonRule("companies", "name", ".*", PoisonMode.INPUT_ERROR))


def test_the_document_is_exactly_what_scripts_rely_on(shell: Shell, sandbox: Sandbox) -> None:
    shell.write_connection("everything", start=day(3))
    document = shell.json("sync", "everything", "--partition", day(3))
    assert list(document) == KEYS
    assert document["connection"] == "everything"
    assert document["partitions"] == [day(3)]
    assert document["status"] == "success"
    assert list(document["entities"]) == [name for name in ENTITIES if name not in BY_DECISION]
    assert all(list(counts) == COUNTS for counts in document["entities"].values())
    assert document["entities"]["companies"]["created"] == len(sandbox.hubspot.records("companies"))
    assert document["requests"].keys() == {"visma", "hubspot"}
    assert document["requests"]["hubspot"].keys() == {"calls", "writes", "throttled"}
    assert document["requests"]["hubspot"]["writes"] > 0
    assert isinstance(document["seconds"], float)


def test_without_a_partition_every_due_window_goes_as_one_range_and_then_nothing_is_left(
    shell: Shell, stored: sa.Engine
) -> None:
    document = shell.json("sync", "acme")
    assert document["partitions"] == [day(3), day(2), day(1)]
    with stored.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(run_table)).scalar() == 1
    again = shell.json("sync", "acme")
    assert again | {"seconds": 0} == {
        "connection": "acme",
        "run_id": None,
        "partitions": [],
        "status": "nothing to do",
        "entities": {},
        "requests": {},
        "seconds": 0,
    }
    assert "every complete window is synced; nothing to do" in shell("sync", "acme").stdout


def test_gaps_go_one_range_after_the_other_and_their_counts_add_up(shell: Shell, sandbox: Sandbox) -> None:
    shell.json("sync", "acme", "--partition", day(2))
    document = shell.json("sync", "acme")
    assert document["partitions"] == [day(3), day(1)]
    assert document["entities"]["companies"]["created"] == len(sandbox.hubspot.records("companies"))


def test_a_window_that_is_named_is_synced_again(shell: Shell) -> None:
    shell.json("sync", "acme", "--partition", day(3))
    again = shell.json("sync", "acme", "--partition", day(3))
    assert again["entities"]["companies"]["unchanged"] == again["entities"]["companies"]["read"] > 0
    assert again["requests"]["hubspot"]["writes"] == 0


@pytest.mark.parametrize("command", ["sync", "plan"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--partition", "2020-01-01"], "Connection acme has no partition 2020-01-01."),
        (["--partition", "monday"], "Connection acme has no partition monday."),
        (["--partition", day(0)], f"Connection acme has no partition {day(0)}."),
        (["--from", day(1), "--to", day(3)], f"The range from {day(1)} to {day(3)} runs backwards."),
        (["--from", day(3)], "--from and --to go together."),
        (["--to", day(3)], "--from and --to go together."),
        (["--partition", day(3), "--to", day(3)], "--partition does not go with --from and --to."),
    ],
)
def test_windows_that_cannot_be_are_refused_with_what_can(
    shell: Shell, command: str, words: list[str], message: str
) -> None:
    error = shell.json(command, "acme", *words, code=2)["error"]
    assert error["message"] == message
    assert error["remedy"]
    if "no partition" in message:
        assert error["remedy"] == f"Its partitions are {day(3)} to {day(1)}."


def test_rejects_end_with_3_and_say_where_to_look(shell: Shell, sandbox: Sandbox) -> None:
    refuse_everything(sandbox)
    document = shell.json("sync", "acme", "--partition", day(3), code=3)
    assert document["status"] == "rejects"
    assert document["entities"]["companies"]["rejected"] > 0
    assert "error" not in document
    text = shell("sync", "acme", "--partition", day(3))
    assert text.exit_code == 3
    assert "not every record went through: see `ml-connector rejects acme list`" in text.stdout


def test_a_run_that_fails_ends_with_1_and_the_reason_without_a_stack_trace(
    shell: Shell, sandbox: Sandbox
) -> None:
    os.environ["HUBSPOT_ACCESS_TOKEN"] = "pat-eu1-dead"
    document = shell.json("sync", "acme", "--partition", day(3), code=1)
    assert list(document) == [*KEYS, "error"]
    assert document["status"] == "failed"
    assert document["run_id"]
    assert "HubSpot refused the access token" in document["error"]
    result = shell("sync", "acme", "--partition", day(3))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1
    assert "pat-eu1-dead" not in result.output


def test_a_range_that_fails_stops_the_ranges_after_it(shell: Shell, sandbox: Sandbox) -> None:
    shell.json("sync", "acme", "--partition", day(2))
    os.environ["VISMA_CLIENT_SECRET"] = "made-up-dead-secret"
    assert shell.json("sync", "acme", code=1)["partitions"] == [day(3)]


def test_a_range_is_named_with_from_and_to_and_its_text_has_the_table_the_requests_and_the_run(
    shell: Shell, stored: sa.Engine
) -> None:
    result = shell("sync", "acme", "--from", day(3), "--to", day(2))
    assert result.exit_code == 0
    assert f"acme, {day(3)} to {day(2)}" in result.stdout
    assert "Visma: " in result.stdout
    assert "of them writes." in result.stdout
    assert "Done in " in result.stdout
    assert result.stderr == ""
    with stored.connect() as connection:
        covered = sa.select(run_table.c.partition_from, run_table.c.partition_to)
        assert connection.execute(covered).all() == [(day(3), day(2))]


def test_a_database_that_is_down_is_said_plainly(shell: Shell) -> None:
    os.environ["ML_CONNECTOR_DATABASE_URL"] = "postgresql+psycopg2://someone:made-up@127.0.0.1:9/none"
    error: dict[str, Any] = shell.json("sync", "acme", code=1)["error"]
    assert "127.0.0.1" in error["message"]
    assert "made-up" not in str(error)
