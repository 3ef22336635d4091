"""`reconcile` as a person types it: a real run against both APIs, its exit codes, files, checks and repairs."""

import csv
import json
import os
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

from ml_connector.instance import connector_instance
from ml_connector.ledger.entries import RejectRow
from ml_connector.ledger.journal import Journal
from ml_connector.reconciliation.assets import asset_key
from ml_connector.reconciliation.compare import CHECKS
from ml_connector_tests.cli.conftest import Shell
from ml_connector_tests.reconciliation.portal import (
    AS_OF,
    NAME,
    SEED,
    WINDOW,
    Portal,
    causes,
    some_invoice,
)
from ml_connector_tests.sandbox.book_keeping import sold


def test_equal_books_exit_0_and_leave_a_statement_and_checks_that_pass(
    shell: Shell, synced: Portal, tmp_path: Path
) -> None:
    synced.sandbox.log.clear()
    document = shell.json("reconcile", NAME, "--out", str(tmp_path / "filed"))
    assert (document["status"], document["agrees"], document["different"]) == ("agrees", True, 0)
    assert [check["name"] for check in document["checks"]] == list(CHECKS)
    assert document["synced_through"] == WINDOW
    assert document["compared"]["invoice"] > 50
    assert document["compared"]["transaction"] > 20
    assert not [
        call
        for call in synced.sandbox.log.calls("hubspot")
        if call.method != "GET" and "read" not in call.path and "access-token" not in call.path
    ], "comparing writes nothing"

    filed = tmp_path / "filed"
    assert sorted(path.name for path in filed.iterdir()) == [
        "statement.csv",
        "statement.html",
        "statement.json",
    ]
    read = list(csv.DictReader((filed / "statement.csv").read_text().splitlines()))
    for kind, column in (
        ("invoice", "invoices"),
        ("creditnote", "credit_notes"),
        ("debitnote", "debit_notes"),
    ):
        whole = sum(
            (Decimal(total["visma"]["amount"]) for total in document["totals"] if total["kind"] == kind),
            Decimal(0),
        )
        assert sum((Decimal(row[f"{column}_visma"]) for row in read), Decimal(0)) == whole != 0
    assert "agree to the cent" in (filed / "statement.html").read_text()
    assert json.loads((filed / "statement.json").read_text())["run_id"] == document["run_id"]

    with connector_instance(keeps_output=False) as instance:
        run = instance.get_run_by_id(document["run_id"])
        event = instance.get_latest_materialization_event(asset_key(NAME))
        assert run is not None
        assert (run.job_name, run.status) == (f"{NAME}_reconcile", dg.DagsterRunStatus.SUCCESS)
        assert event is not None
        assert event.asset_materialization is not None
        metadata = event.asset_materialization.metadata
        told = str([value.value for value in metadata.values()])
    assert str(metadata["html"].value).endswith(f"{NAME}/reconciliation/{document['run_id']}/statement.html")
    assert "| 2026-02 | NOK |" in told
    assert not [name for name in synced.visma.names.values() if name in told], "names stay in the files"


def test_differences_exit_3_each_with_its_cause_and_a_command_that_runs(
    shell: Shell, synced: Portal, stored: sa.Engine
) -> None:
    edited, edited_id = some_invoice(synced, 0)
    archived, archived_id = some_invoice(synced, 1)
    synced.sandbox.hubspot.edit_as_person("invoices", edited_id, {"visma_balance": "0"})
    synced.sandbox.hubspot.archive_as_person("invoices", archived_id)
    paid, _ = some_invoice(synced, 1)  # the second of those that are left
    tomorrow = AS_OF + timedelta(days=2)
    synced.sandbox.visma.books.pay(f"Invoice:{paid.partition(':')[2]}", stamp=tomorrow)
    fresh = synced.sandbox.visma.books.add_invoice("10001", sold("100"), stamp=tomorrow)
    refused = synced.sandbox.visma.books.add_invoice("10002", sold("10"), stamp=AS_OF)
    journal = Journal(stored, NAME, SEED)
    refused_key = f"invoice:{refused.partition(':')[2]}"
    journal.settle(
        [],
        rejects=[
            RejectRow("invoices", refused_key, "NO", "The portal lacks it.", "Add it.", "{}", WINDOW, "")
        ],
    )
    document = shell.json("reconcile", NAME, code=3)
    assert causes(document) == {
        edited: "edited in HubSpot",
        archived: "deleted in HubSpot",
        paid: "not synced yet",
        f"invoice:{fresh.partition(':')[2]}": "not synced yet",
        refused_key: "rejected",
    }
    assert document["causes"] == Counter(causes(document).values())
    passed = {check["name"]: check["passed"] for check in document["checks"]}
    good = ("transactions_agree", "lines_agree", "every_invoice_linked")
    assert passed == dict.fromkeys(CHECKS, False) | dict.fromkeys(good, True)
    for command in {item["command"] for item in document["differences"]}:
        words = command.split()[1:]
        assert shell(*words[:2], "--help").exit_code == 0, command
    text = shell("reconcile", NAME)
    assert text.exit_code == 3
    assert "5 records differ" in text.stdout
    assert "ml-connector reconcile acme --repair" in text.stdout


def test_what_only_waits_is_a_warning(shell: Shell, synced: Portal) -> None:
    synced.sandbox.visma.books.add_invoice("10001", sold("100"), stamp=AS_OF + timedelta(days=2))
    document = shell.json("reconcile", NAME, code=3)
    assert document["causes"] == {"not synced yet": 1}
    key = dg.AssetCheckKey(asset_key(NAME), "nothing_missing")
    with connector_instance(keeps_output=False) as instance:
        found = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    assert found.event is not None
    evaluation = found.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_a_month_is_compared_alone(shell: Shell, synced: Portal) -> None:
    key, record_id = some_invoice(synced)
    (fact,) = [fact for fact in synced.hubspot.documents() if fact.key == key]
    synced.sandbox.hubspot.edit_as_person("invoices", record_id, {"visma_amount": "1"})
    other = "2025-05" if fact.month != "2025-05" else "2025-06"
    document = shell.json("reconcile", NAME, "--month", other)
    assert {total["month"] for total in document["totals"]} == {other}
    assert causes(shell.json("reconcile", NAME, "--month", str(fact.month), code=3)) == {
        key: "edited in HubSpot"
    }


def test_the_totals_of_a_month_are_printed_even_where_they_agree(shell: Shell, synced: Portal) -> None:
    document = shell.json("reconcile", NAME, "--month", "2025-06")
    (invoices,) = [
        total for total in document["totals"] if (total["kind"], total["currency"]) == ("invoice", "NOK")
    ]
    text = shell("reconcile", NAME, "--month", "2025-06").stdout
    assert "acme, 2025-06" in text
    assert text.count(f"{Decimal(invoices['visma']['amount']):,.2f}") >= 2
    assert "Visma and HubSpot agree to the cent in 2025-06" in text
    assert "acme, " not in shell("reconcile", NAME).stdout, "of all months only what differs is worth a line"


def test_what_belongs_to_a_refused_customer_says_so(shell: Shell, synced: Portal, stored: sa.Engine) -> None:
    key, record_id = some_invoice(synced)
    (fact,) = [fact for fact in synced.hubspot.documents() if fact.key == key]
    (number,) = fact.customers
    synced.sandbox.hubspot.account.links.disconnect("0-53", record_id, "0-2", synced.companies[number])
    refused = RejectRow("companies", f"customer:{number}", "TWO", "Two fit.", "Choose.", "{}", WINDOW, "")
    Journal(stored, NAME, SEED).settle([], rejects=[refused])
    (found,) = shell.json("reconcile", NAME, code=3)["differences"]
    assert (found["key"], found["cause"]) == (key, "missing link")
    assert found["detail"] == f"customer:{number} is refused: Two fit."
    assert found["command"] == f"ml-connector rejects {NAME} list"


def test_a_month_that_is_none_and_a_connection_that_is_none_exit_2(shell: Shell, synced: Portal) -> None:
    assert (
        "Write it as 2026-11"
        in shell.json("reconcile", NAME, "--month", "2026-13", code=2)["error"]["remedy"]
    )
    shell.json("reconcile", "nobody", code=2)


def test_a_failed_run_exits_1_with_a_sentence(shell: Shell, synced: Portal) -> None:
    os.environ["HUBSPOT_ACCESS_TOKEN"] = "pat-eu1-00000000-0000-4000-8000-000000000000"
    document = shell.json("reconcile", NAME, code=1)
    assert document["status"] == "failed"
    assert "token" in document["error"].lower()
