"""`audit` as a person types it: one record, one run, two runs; text, JSON, pages, and what to type instead."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from ml_connector.cli import audit
from ml_connector.errors import StorageError
from ml_connector.ledger.entries import About
from ml_connector.ledger.journal import Journal
from ml_connector.plan.operations import Action
from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.cli.conftest import Shell
from ml_connector_tests.ledger.rows import ended, entry, identity, link, reject

RECORD_KEYS = {
    "connection",
    "asked",
    "said",
    "record",
    "records",
    "state",
    "hubspot",
    "identities",
    "rejects",
    "decisions",
    "edits",
    "links",
    "fields",
    "timeline",
    "notes",
    "html",
}
RUN_KEYS = {
    "connection",
    "run_id",
    "kind",
    "of_run",
    "status",
    "partition_from",
    "partition_to",
    "partitions",
    "started_at",
    "finished_at",
    "seconds",
    "version",
    "planned",
    "operations",
    "counts",
    "changed",
    "problems",
    "calls",
    "settings",
    "html",
}


@pytest.fixture
def ledger(shell: Shell, stored: sa.Engine) -> sa.Engine:
    """A connection that two runs have written a little of."""
    shell.write_connection("acme")
    first = Journal(stored, "acme", "aaaa1111")
    first.begin(["2026-11-02"], About("sync", settings={"name": "acme"}))
    made = entry(1, keys=("customer:10023",), values={"name": "Fjord", "city": "Oslo"})
    first.intend([made])
    first.settle(
        [ended(made, hubspot_id="901", http_status=201)],
        identities=[identity("customer:10023", values={"name": "Fjord", "city": "Oslo"})],
        links=[link("customer:10023")],
    )
    second = Journal(stored, "acme", "bbbb2222")
    second.begin(["2026-11-03"], About("sync", settings={"name": "acme"}))
    moved = entry(
        2,
        keys=("customer:10023",),
        action=Action.UPDATE,
        values={"city": "Bergen"},
        previous={"city": "Oslo"},
    )
    second.intend([moved])
    refusal = {"category": "VALIDATION_ERROR", "message": "The city is unknown.", "correlation_id": "c-42"}
    second.settle(
        [ended(moved, "rejected", http_status=400, **refusal)],
        rejects=[reject("customer:10023", message="The city is unknown.")],
    )
    return stored


def test_one_record_is_told_in_the_order_of_its_past(shell: Shell, ledger: sa.Engine) -> None:
    done = shell("audit", "acme", "--record", "10023", "--offline")
    assert done.exit_code == 0
    text = done.stdout
    places = [
        text.index(words)
        for words in ("10023 is customer:10023 here.", "made", "update refused", "Refused: customer:10023")
    ]
    assert places == sorted(places)
    for words in (
        "city: Oslo -> Bergen",
        "HTTP status 400",
        "correlation id c-42",
        "run aaaa1111",
        "contact:1 > ",
    ):
        assert words in text
    assert "trace id" not in text
    assert "trace id t-1" in shell("audit", "acme", "--record", "10023", "--offline", "--all").stdout


def test_the_document_of_a_record_has_stable_keys(shell: Shell, ledger: sa.Engine, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "record.html"
    document = shell.json("audit", "acme", "--record", "customer:10023", "--offline", "--html", str(page))
    assert document.keys() == RECORD_KEYS
    assert (document["state"], document["html"]) == ("refused", str(page))
    assert [event["what"] for event in document["timeline"]] == ["made", "update refused"]
    assert "The city is unknown." in page.read_text()


def test_hubspot_is_asked_unless_told_otherwise(shell: Shell, ledger: sa.Engine, sandbox: Sandbox) -> None:
    document = shell.json("audit", "acme", "--record", "customer:10023")
    assert document["hubspot"]["asked"]
    assert document["hubspot"]["state"] == "gone"
    sandbox.log.clear()
    assert not shell.json("audit", "acme", "--record", "customer:10023", "--offline")["hubspot"]["asked"]
    assert sandbox.log.calls("hubspot") == []


def test_without_a_token_the_ledger_still_answers(shell: Shell, ledger: sa.Engine) -> None:
    document = shell.json("audit", "acme", "--record", "customer:10023")
    assert not document["hubspot"]["asked"]
    assert "hubspot_access_token" in document["hubspot"]["why_not_asked"]
    assert len(document["timeline"]) == 2


def test_one_run_and_two_are_told(shell: Shell, ledger: sa.Engine, tmp_path: Path) -> None:
    page = tmp_path / "run.html"
    text = shell("audit", "acme", "--run", "bbbb", "--html", str(page)).stdout
    assert "The city is unknown." in text
    assert f"Page: {page}" in text
    assert "Run bbbb2222" in page.read_text()
    document = shell.json("audit", "acme", "--run", "bbbb")
    assert document.keys() == RUN_KEYS
    assert document["counts"] == [
        {"entity": "companies", "action": "update", "status": "rejected", "many": 1}
    ]
    both = shell.json("audit", "acme", "--run", "aaaa", "--run", "bbbb", "--html", str(page))
    assert both.keys() == {
        "connection",
        "same",
        "a",
        "b",
        "only",
        "other_ends",
        "other_properties",
        "other_values",
        "other_settings",
        "html",
    }
    assert (both["a"]["run_id"], both["b"]["run_id"]) == ("aaaa1111", "bbbb2222")
    assert both["other_values"] == [
        {"entity": "companies", "record": "customer:10023", "property": "city", "a": "Oslo", "b": "Bergen"}
    ]
    assert "Two runs of acme" in page.read_text()
    assert "They differ" in shell("audit", "acme", "--run", "aaaa", "--run", "bbbb").stdout


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--record", "customer:1", "--run", "aaaa"),
        ("--run", "a", "--run", "b", "--run", "c"),
        ("--record", "kunde:1"),
        ("--record", "customer:77777"),
        ("--run", "cccc"),
    ],
)
def test_what_cannot_be_asked_ends_with_2_and_says_what_can(
    shell: Shell, ledger: sa.Engine, words: tuple[str, ...]
) -> None:
    error = shell.json("audit", "acme", *words, "--offline", code=2)["error"]
    assert error["message"]


def test_a_page_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written to"):
        audit.write_page(tmp_path / "file" / "page.html", "")


def test_a_long_past_shows_its_end(shell: Shell, ledger: sa.Engine) -> None:
    journal = Journal(ledger, "acme", "cccc3333")
    journal.begin(["2026-11-04"])
    many = [
        entry(number, keys=("customer:10023",), action=Action.UPDATE, values={"city": f"{number}"})
        for number in range(10, 60)
    ]
    journal.intend(many)
    journal.settle([ended(one) for one in many])
    text = shell("audit", "acme", "--record", "customer:10023", "--offline").stdout
    assert "12 earlier events; see all with --all or --json." in text
    assert "city: (blank) -> 59" in text
    assert "city: (blank) -> 10\n" not in text
