"""`rejects`: refused records by name and cause, and putting one aside."""

from datetime import datetime

import pytest

from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.cli.conftest import Shell

FIELDS = {"entity", "record", "cause", "message", "remedy", "attempts", "first_seen", "last_seen", "run_id"}


@pytest.fixture
def refused(shell: Shell, sandbox: Sandbox) -> list[str]:
    """The keys of all companies, every one refused by one run."""
    shell.write_connection("acme")
    for entity in ("customers", "suppliers", "contacts"):
        sandbox.visma.restamp(entity, datetime(2020, 1, 1))
    sandbox.hubspot.poison(PoisonRule("companies", "name", ".*", PoisonMode.INPUT_ERROR))
    assert shell("sync", "acme", "--partition", "2026-11-02").exit_code == 3
    found = shell.json("rejects", "list", "acme")["rejects"]
    return [item["record"] for item in found if item["entity"] == "companies"]


def test_nothing_refused(shell: Shell, sandbox: Sandbox) -> None:
    shell.write_connection("acme")
    assert shell.json("rejects", "list", "acme") == {"connection": "acme", "rejects": []}
    assert shell("rejects", "list", "acme").stdout == "acme: nothing is refused.\n"


def test_every_refused_record_is_listed_by_its_number(
    shell: Shell, sandbox: Sandbox, refused: list[str]
) -> None:
    document = shell.json("rejects", "list", "acme")
    assert all(item.keys() == FIELDS for item in document["rejects"])
    numbers = {f"customer:{key}" for key in sandbox.visma.keys("customers")}
    assert numbers <= set(refused)
    assert all(item["remedy"] and item["message"] for item in document["rejects"])


def test_the_text_groups_them_by_cause_with_the_remedy(shell: Shell, refused: list[str]) -> None:
    text = shell("rejects", "list", "acme").stdout
    heading = next(line for line in text.splitlines() if line.startswith(f"{len(refused)} companies: "))
    assert text.count(heading) == 1
    assert all(key in text for key in refused)
    assert f"ml-connector rejects dismiss acme --record {refused[0]}" in text


def test_one_put_aside_is_listed_and_tried_no_more(
    shell: Shell, sandbox: Sandbox, refused: list[str]
) -> None:
    document = shell.json("rejects", "dismiss", "acme", "--record", refused[0], "--note", "merged by sales")
    assert document == {"connection": "acme", "record": refused[0], "dismissed": True}
    left = {item["record"] for item in shell.json("rejects", "list", "acme")["rejects"]}
    assert set(refused) - left == {refused[0]}
    sandbox.hubspot.poison()
    shell("sync", "acme", "--partition", "2026-11-03")
    kind, _, number = refused[0].partition(":")
    assert sandbox.hubspot.find("companies", f"visma_{kind}_id", f"acme:{number}") == []
    assert len(sandbox.hubspot.records("companies")) == len(refused) - 1


def test_a_record_that_is_not_refused_cannot_be_put_aside(shell: Shell, refused: list[str]) -> None:
    error = shell.json("rejects", "dismiss", "acme", "--record", "customer:0", code=2)["error"]
    assert error["message"] == "customer:0 is not among the refused records of acme."
    assert error["remedy"] == "See `ml-connector rejects list acme`."


@pytest.mark.parametrize("words", [["list", "nobody"], ["dismiss", "nobody", "--record", "customer:1"]])
def test_an_unknown_connection_is_refused(shell: Shell, words: list[str]) -> None:
    assert "There is no connection 'nobody'" in shell.json("rejects", *words, code=2)["error"]["message"]
