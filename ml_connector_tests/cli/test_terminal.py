"""What a person at a terminal sees: questions, hidden answers, progress, Ctrl-C. The real program on a pty."""

import json
import os
import re
import subprocess
from datetime import datetime

import pytest
import sqlalchemy as sa
import yaml

from ml_connector.instance import connector_instance
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector.sandbox.server import Sandbox
from ml_connector.vault import Vault
from ml_connector_tests.cli.conftest import Shell
from ml_connector_tests.cli.terminal import PROGRAM, Terminal

SECRET = "pat-eu1-typed-by-hand"


def test_init_asks_again_after_a_bad_answer_and_shows_no_secret(shell: Shell, stored: sa.Engine) -> None:
    with Terminal("init", "acme", "--region", "SE") as terminal:
        terminal.answer("Time zone of the company [Europe/Oslo]:", "Oslo")
        terminal.answer("Error: timezone: 'Oslo' is not a time zone", "Europe/Stockholm")
        terminal.answer("First window (date) [", "first of May")
        terminal.answer("is not a date; write it as 2026-11-20", "2026-11-02")
        terminal.answer("A window ends at (cron) [0 0 * * *]:", "")
        terminal.answer("visma_client_id:", "")
        terminal.answer("visma_client_secret:", "")
        terminal.answer("visma_tenant_id:", "")
        terminal.answer("hubspot_access_token:", SECRET)
        assert terminal.end() == 0
    assert SECRET not in terminal.shown
    assert Vault(stored).get("acme", "hubspot_access_token") == SECRET
    assert "ml-connector credentials set acme visma_client_id" in terminal.shown
    written = yaml.safe_load((shell.defs / "acme" / "defs.yaml").read_text())["attributes"]
    assert written == {
        "name": "acme",
        "start": "2026-11-02",
        "timezone": "Europe/Stockholm",
        "region": "SE",
        "windows": "0 0 * * *",
    }


def test_ctrl_c_at_a_question_leaves_nothing_behind(shell: Shell, stored: sa.Engine) -> None:
    with Terminal("init", "acme") as terminal:
        terminal.answer("Time zone", "")
        terminal.wait_for("First window")
        assert terminal.press_ctrl_c_until("Stopped.") == 130
    assert "Stopped." in terminal.shown
    assert "Traceback" not in terminal.shown
    assert list(shell.defs.rglob("*")) == []


def test_a_credential_is_typed_unseen(shell: Shell, stored: sa.Engine) -> None:
    shell.write_connection("acme")
    with Terminal("credentials", "set", "acme", "hubspot_access_token") as terminal:
        terminal.answer("hubspot_access_token:", SECRET)
        assert terminal.end() == 0
    assert SECRET not in terminal.shown
    assert "is stored, encrypted" in terminal.shown
    assert Vault(stored).get("acme", "hubspot_access_token") == SECRET


@pytest.fixture
def slow(shell: Shell, sandbox: Sandbox) -> Sandbox:
    """The sandbox, slow in telling its properties."""
    for entity in ("customers", "suppliers", "contacts"):
        sandbox.visma.restamp(entity, datetime(2020, 1, 1))
    sandbox.faults.add(FaultRule(kind=FaultKind.DELAY, path="/crm/properties", seconds=0.1))
    return sandbox


def test_a_sync_shows_its_progress_and_its_summary_within_80_columns(shell: Shell, slow: Sandbox) -> None:
    shell.write_connection("acme")
    with Terminal("sync", "acme", "--partition", "2026-11-02") as terminal:
        terminal.wait_for("hubspot/properties")
        terminal.wait_for("/27")
        assert terminal.end() == 0
    line = next(text for text in re.split(r"[\r\n]", terminal.shown) if "hubspot/properties" in text)
    assert len(line) <= 80
    assert "2026-11-02" in line
    summary = terminal.shown.rpartition("acme, 2026-11-02")[2].splitlines()
    table = [line for line in summary if line.strip()][:5]
    assert max(map(len, table)) <= 80
    assert "companies" in "".join(table)


def test_ctrl_c_in_a_sync_says_that_nothing_is_lost_and_the_next_run_goes_on(
    shell: Shell, slow: Sandbox
) -> None:
    shell.write_connection("acme", records=[])
    slow.faults.add(FaultRule(kind=FaultKind.DELAY, method="POST", path="/crm/properties", seconds=1.0))
    with Terminal("sync", "acme", "--partition", "2026-11-02") as terminal:
        terminal.wait_for("hubspot/properties")
        terminal.press_ctrl_c()
        assert terminal.end() == 130
    assert "Stopped. What was sent is in the ledger; the next run goes on from there." in terminal.shown
    assert "Traceback" not in terminal.shown
    with connector_instance() as instance:
        assert [run.status.value for run in instance.get_runs()] == ["CANCELED"]
    slow.faults.clear()
    assert shell.json("sync", "acme", "--partition", "2026-11-02")["status"] == "success"


def test_without_a_terminal_nothing_is_asked_and_json_is_all_there_is(
    shell: Shell, stored: sa.Engine
) -> None:
    done = subprocess.run(
        [PROGRAM, "init", "acme", "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["connection"] == "acme"
