"""`rejects NAME`: refused records by cause and by name, trying them again, and putting them aside."""

from datetime import datetime
from pathlib import Path

import pytest

from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.cli.conftest import Shell

REJECT = {
    "entity",
    "record",
    "cause",
    "message",
    "remedy",
    "attempts",
    "first_seen",
    "last_seen",
    "next_try",
    "run_id",
    "dismissed_at",
    "note",
}
CAUSE = {
    "cause",
    "title",
    "remedy",
    "where",
    "count",
    "entities",
    "since",
    "age_days",
    "attempts",
    "waiting",
    "next_try",
}


@pytest.fixture
def refused(shell: Shell, sandbox: Sandbox) -> list[str]:
    """The keys of all companies, every one refused by one run."""
    shell.write_connection("acme", records=[])
    for entity in ("customers", "suppliers", "contacts"):
        sandbox.visma.restamp(entity, datetime(2020, 1, 1))
    sandbox.hubspot.poison(PoisonRule("companies", "name", ".*", PoisonMode.INPUT_ERROR))
    assert shell("sync", "acme", "--partition", "2026-11-02").exit_code == 3
    return keys(shell)


def keys(shell: Shell, *words: str) -> list[str]:
    """The companies that are refused."""
    found = shell.json("rejects", "acme", "list", *words)["rejects"]
    return [item["record"] for item in found if item["entity"] == "companies"]


class TestList:
    """What is refused."""

    def test_nothing(self, shell: Shell, sandbox: Sandbox) -> None:
        shell.write_connection("acme")
        assert shell.json("rejects", "acme", "list") == {"connection": "acme", "causes": [], "rejects": []}
        for words in (["list"], []):
            assert shell("rejects", "acme", *words).stdout == "acme: nothing is refused.\n"
        assert shell("rejects", "acme", "list", "--dismissed").stdout == "acme: nothing is put aside.\n"

    def test_causes_first_then_every_record_by_its_number(
        self, shell: Shell, sandbox: Sandbox, refused: list[str], tmp_path: Path
    ) -> None:
        document = shell.json("rejects", "acme", "list")
        assert all(item.keys() == REJECT for item in document["rejects"])
        assert all(item.keys() == CAUSE for item in document["causes"])
        assert {f"customer:{key}" for key in sandbox.visma.keys("customers")} <= set(refused)
        (cause,) = [item for item in document["causes"] if item["cause"] == "value-refused"]
        assert cause["entities"]["companies"] == len(refused)
        assert shell.json("rejects", "acme", "list", "--cause", "email-refused")["rejects"] == []

        text = shell("rejects", "acme", "list").stdout
        assert text.count("does not accept the value of one of its properties") == 1
        assert "In HubSpot: Look at the property's validation rules" in text
        assert all(key in text for key in refused[:3])
        assert "ml-connector rejects acme retry --cause value-refused" in text

        assert shell("rejects", "acme", "list", "--cause", "email-refused").stdout == (
            "acme: nothing of email-refused is refused.\n"
        )
        error = shell.json("rejects", "acme", "list", "--cause", "email-refuzed", code=2)["error"]
        assert error["message"] == "No cause is called email-refuzed."
        assert "email-refused" in error["remedy"]

        one = shell("rejects", "acme", "list", "--record", refused[0]).stdout
        assert f"{refused[0]}: The record was refused by a rule of the account." in one

        page = tmp_path / "rejects.html"
        assert f"The page is at {page}." in shell("rejects", "acme", "list", "--html", str(page)).stdout
        text = page.read_text(encoding="utf-8")
        assert text.startswith("<!doctype html>")
        assert all(f'<th scope="row">{key}</th>' in text for key in refused)
        assert "validation rules in HubSpot" in text


class TestRetry:
    """Trying again at once."""

    def test_sends_the_chosen_ones_in_a_run_of_its_own(
        self, shell: Shell, sandbox: Sandbox, refused: list[str]
    ) -> None:
        assert shell("rejects", "acme", "retry", "--all").exit_code == 3, "they are refused again"
        assert keys(shell) == refused
        sandbox.hubspot.poison()
        sandbox.log.clear()
        summary = shell.json("rejects", "acme", "retry", "--record", refused[0])
        assert (summary["status"], summary["entities"]["companies"]["created"]) == ("success", 1)
        assert sandbox.log.calls("visma") == []
        assert keys(shell) == refused[1:]
        text = shell("rejects", "acme", "retry", "--cause", "value-refused")
        assert (text.exit_code, "Done in" in text.stdout) == (0, True)
        assert keys(shell) == []


class TestDismiss:
    """Putting aside, and taking back."""

    def test_one_is_listed_and_tried_no_more_until_it_is_taken_back(
        self, shell: Shell, sandbox: Sandbox, refused: list[str]
    ) -> None:
        words = ("rejects", "acme", "dismiss", "--record", refused[0], "--note", "merged by sales")
        document = shell.json(*words)
        assert document == {"connection": "acme", "cause": None, "record": refused[0], "dismissed": 1}
        assert keys(shell) == refused[1:]
        assert keys(shell, "--dismissed") == refused[:1]
        text = shell("rejects", "acme", "list", "--dismissed", "--record", refused[0]).stdout
        assert "put aside: merged by sales" in text
        assert "put aside until it changes in Visma. Cause" in text
        assert "tries again" not in text
        sandbox.hubspot.poison()
        shell("sync", "acme", "--partition", "2026-11-03")
        assert len(sandbox.hubspot.records("companies")) == len(refused) - 1
        assert shell("rejects", "acme", "retry", "--record", refused[0]).exit_code == 0
        assert len(sandbox.hubspot.records("companies")) == len(refused)
        assert keys(shell, "--dismissed") == []


def test_a_choice_of_nothing_is_a_mistake_and_a_whole_cause_is_put_aside(
    shell: Shell, refused: list[str]
) -> None:
    for words in ([], ["--all", "--cause", "email-refused"]):
        error = shell.json("rejects", "acme", "retry", *words, code=2)["error"]
        assert error["message"] == "Say what to try again."
    error = shell.json("rejects", "acme", "retry", "--cause", "email-refused", code=2)["error"]
    assert error["message"] == "email-refused is not among the refused records of acme."
    error = shell.json("rejects", "acme", "dismiss", "--record", "customer:0", code=2)["error"]
    assert error["message"] == "customer:0 is not among the refused records of acme."
    assert error["remedy"] == "See `ml-connector rejects acme list`."
    assert shell("rejects", "acme", "dismiss").exit_code == 2
    assert keys(shell) == refused

    text = shell("rejects", "acme", "dismiss", "--cause", "value-refused").stdout
    assert "records are put aside until they change in Visma." in text
    assert keys(shell) == []


@pytest.mark.parametrize("words", [["list"], ["dismiss", "--record", "customer:1"], ["retry", "--all"]])
def test_an_unknown_connection_is_refused(shell: Shell, words: list[str]) -> None:
    assert (
        "There is no connection 'nobody'"
        in shell.json("rejects", "nobody", *words, code=2)["error"]["message"]
    )
