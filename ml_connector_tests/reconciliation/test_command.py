"""`reconcile` as a person types it: a real run against both APIs, its exit codes, files, checks and repairs."""

import csv
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from ml_connector.cli.sandbox import addresses
from ml_connector.instance import connector_instance
from ml_connector.ledger.journal import IdentityRow, Journal, LinkRow, RejectRow
from ml_connector.reconciliation.assets import asset_key
from ml_connector.reconciliation.compare import CHECKS
from ml_connector_tests.cli.conftest import Shell
from ml_connector_tests.reconciliation.portal import AS_OF, NAME, Portal, served
from ml_connector_tests.sandbox.book_keeping import sold

WINDOW = "2026-03-02"
SEED = "seed-run"


@pytest.fixture
def portal(shell: Shell, stored: sa.Engine) -> Iterator[Portal]:
    """A year of books, all of it in the portal and in the ledger, and its window loaded."""
    with served() as made:
        sandbox = made.sandbox
        os.environ.update(addresses(sandbox.url))
        os.environ["VISMA_CLIENT_ID"] = sandbox.settings.visma.client_id
        os.environ["VISMA_CLIENT_SECRET"] = sandbox.settings.visma.client_secret
        os.environ["VISMA_TENANT_ID"] = sandbox.settings.visma.tenant_id
        os.environ["HUBSPOT_ACCESS_TOKEN"] = sandbox.settings.hubspot.access_tokens[0]
        made.mirror()
        remember(made, stored)
        shell.write_connection(NAME, start=WINDOW)
        with connector_instance(keeps_output=False) as instance:
            for entity in ("invoices", "transactions"):
                key = dg.AssetKey([NAME, "hubspot", entity])
                instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=WINDOW))
        yield made


def remember(portal: Portal, engine: sa.Engine) -> None:
    """Let the ledger know all that the portal holds."""
    journal = Journal(engine, NAME, SEED)
    journal.begin([WINDOW])
    held = portal.sandbox.hubspot.records("invoices").values()
    by_id = {record.values["visma_invoice_id"]: record for record in held}
    identities, links = [], []
    for record in portal.records():
        found = by_id.get(record.properties.get("visma_invoice_id") or "")
        if found is not None:
            values = {name: str(value) for name, value in found.values.items()}
            identities.append(
                IdentityRow("invoices", record.key, found.id, None, "as synced", values, record.stamp)
            )
            company = portal.companies[str(record.customer).partition(":")[2]]
            links.append(
                LinkRow(
                    "invoices",
                    record.key,
                    "companies",
                    str(record.customer),
                    found.id,
                    company,
                    "179",
                    "confirmed",
                    None,
                )
            )
    journal.settle([], identities=identities, links=links)


def some_invoice(portal: Portal, place: int = 0) -> tuple[str, str]:
    """Return the key and the record id of an open invoice."""
    documents = sorted(
        (fact for fact in portal.hubspot.documents() if fact.key.startswith("invoice:") and fact.balance),
        key=lambda fact: fact.key,
    )
    return documents[place].key, documents[place].hubspot_id


def rows(engine: sa.Engine, query: str) -> list[Any]:
    """Return the rows of a query."""
    with engine.connect() as database:
        return list(database.execute(sa.text(query)))


def causes(document: dict[str, Any]) -> dict[str, str]:
    """What differs, by key."""
    return {item["key"]: item["cause"] for item in document["differences"]}


def test_equal_books_exit_0_and_leave_a_statement_and_checks_that_pass(
    shell: Shell, portal: Portal, tmp_path: Path
) -> None:
    portal.sandbox.log.clear()
    document = shell.json("reconcile", NAME, "--out", str(tmp_path / "filed"))
    assert (document["status"], document["agrees"], document["different"]) == ("agrees", True, 0)
    assert [check["name"] for check in document["checks"]] == list(CHECKS)
    assert document["synced_through"] == WINDOW
    assert document["compared"]["invoice"] > 50
    assert document["compared"]["transaction"] > 20
    assert not [
        call
        for call in portal.sandbox.log.calls("hubspot")
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
    assert not [name for name in portal.visma.names.values() if name in told], "names stay in the files"


def test_differences_exit_3_each_with_its_cause_and_a_command_that_runs(
    shell: Shell, portal: Portal, stored: sa.Engine
) -> None:
    edited, edited_id = some_invoice(portal, 0)
    archived, archived_id = some_invoice(portal, 1)
    portal.sandbox.hubspot.edit_as_person("invoices", edited_id, {"visma_balance": "0"})
    portal.sandbox.hubspot.archive_as_person("invoices", archived_id)
    fresh = portal.sandbox.visma.books.add_invoice("10001", sold("100"), stamp=AS_OF + timedelta(days=2))
    refused = portal.sandbox.visma.books.add_invoice("10002", sold("10"), stamp=AS_OF)
    journal = Journal(stored, NAME, SEED)
    refused_key = f"invoice:{refused.partition(':')[2]}"
    journal.settle(
        [],
        rejects=[RejectRow("invoices", refused_key, "NO", "The portal lacks it.", "Add it.", "{}", WINDOW)],
    )
    document = shell.json("reconcile", NAME, code=3)
    assert causes(document) == {
        edited: "edited in HubSpot",
        archived: "deleted in HubSpot",
        f"invoice:{fresh.partition(':')[2]}": "not synced yet",
        refused_key: "rejected",
    }
    assert document["causes"] == dict.fromkeys(causes(document).values(), 1)
    passed = {check["name"]: check["passed"] for check in document["checks"]}
    assert passed == dict.fromkeys(CHECKS, False) | {"transactions_agree": True, "every_invoice_linked": True}
    for command in {item["command"] for item in document["differences"]}:
        words = command.split()[1:]
        assert shell(*words[:2], "--help").exit_code == 0, command
    text = shell("reconcile", NAME)
    assert text.exit_code == 3
    assert "4 records differ" in text.stdout
    assert "ml-connector reconcile acme --repair" in text.stdout


def test_a_month_is_compared_alone(shell: Shell, portal: Portal) -> None:
    key, record_id = some_invoice(portal)
    (fact,) = [fact for fact in portal.hubspot.documents() if fact.key == key]
    portal.sandbox.hubspot.edit_as_person("invoices", record_id, {"visma_amount": "1"})
    other = "2025-05" if fact.month != "2025-05" else "2025-06"
    document = shell.json("reconcile", NAME, "--month", other)
    assert {total["month"] for total in document["totals"]} == {other}
    assert causes(shell.json("reconcile", NAME, "--month", str(fact.month), code=3)) == {
        key: "edited in HubSpot"
    }


def test_a_month_that_is_none_and_a_connection_that_is_none_exit_2(shell: Shell, portal: Portal) -> None:
    assert (
        "Write it as 2026-11"
        in shell.json("reconcile", NAME, "--month", "2026-13", code=2)["error"]["remedy"]
    )
    shell.json("reconcile", "nobody", code=2)


def test_a_repair_hands_what_drifted_to_the_next_sync(
    shell: Shell, portal: Portal, stored: sa.Engine
) -> None:
    edited, edited_id = some_invoice(portal, 0)
    archived, archived_id = some_invoice(portal, 1)
    line = LinkRow(
        "invoices", archived, "line_items", "line:Invoice:1:1", archived_id, "77", "409", "confirmed", None
    )
    line_identity = IdentityRow("line_items", "line:Invoice:1:1", "77", None, "as synced", {}, "")
    Journal(stored, NAME, SEED).settle([], links=[line], identities=[line_identity])
    portal.sandbox.hubspot.edit_as_person("invoices", edited_id, {"visma_balance": "0"})
    portal.sandbox.hubspot.archive_as_person("invoices", archived_id)

    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert document["notes"][-1] == (
        f"2 records are written again by `ml-connector sync {NAME} --partition {WINDOW}`."
    )
    due = rows(stored, "SELECT record_key, entity, cause, record->>'key' FROM ml_connector.reject ORDER BY 1")
    assert due == [(key, "invoices", "DRIFTED", key) for key in sorted([edited, archived])]
    known = dict(rows(stored, "SELECT record_key, fingerprint FROM ml_connector.identity"))
    assert known[edited] == "DRIFTED"
    assert archived not in known
    assert "line:Invoice:1:1" not in known
    assert rows(stored, f"SELECT 1 FROM ml_connector.link WHERE from_key = '{archived}'") == []
    assert known[some_invoice(portal, 1)[0]] == "as synced"
    assert causes(shell.json("reconcile", NAME, code=3)) == {
        edited: "edited in HubSpot",
        archived: "unknown",
    }


def test_a_missing_link_is_forgotten_so_that_the_next_sync_makes_it(
    shell: Shell, portal: Portal, stored: sa.Engine
) -> None:
    key, record_id = some_invoice(portal)
    (company,) = [
        there for here, there in portal.sandbox.hubspot.links("invoices", "companies") if here == record_id
    ]
    portal.sandbox.hubspot.archive_as_person("companies", company)
    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert causes(document)[key] == "missing link"
    assert (
        rows(stored, f"SELECT 1 FROM ml_connector.link WHERE from_key = '{key}' AND to_type = 'companies'")
        == []
    )


def deleted(portal: Portal, many: int) -> list[str]:
    """Delete invoices in Visma; return the HubSpot records that are left."""
    found = []
    for place in range(many):
        key, record_id = some_invoice(portal, place)
        portal.sandbox.visma.delete("customer_invoices", f"Invoice:{key.partition(':')[2]}")
        found.append(record_id)
    return found


def configure(shell: Shell, **reconciliation: Any) -> None:
    """Write the connection with other settings."""
    path = shell.defs / NAME / "defs.yaml"
    path.write_text(path.read_text() + f"  reconciliation: {json.dumps(reconciliation)}\n")


@pytest.mark.parametrize(
    ("settings", "many", "archived", "says"),
    [
        ({}, 2, 0, "2 records whose document is gone stay: the policy `reconciliation.deletions` is `flag`."),
        ({"deletions": "archive"}, 2, 2, "2 of 2 records whose document is gone were archived."),
        ({"deletions": "archive", "most_archived": 1}, 2, 0, "None of 2 records whose document is gone"),
    ],
)
def test_what_visma_no_longer_has_is_archived_by_the_policy_up_to_its_cap(
    shell: Shell,
    portal: Portal,
    stored: sa.Engine,
    settings: dict[str, Any],
    many: int,
    archived: int,
    says: str,
) -> None:
    portal.sandbox.hubspot.configure(open_invoices_deletable=True)
    gone = deleted(portal, many)
    configure(shell, **settings)
    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert set(causes(document).values()) == {"deleted in Visma"}
    assert any(note.startswith(says) for note in document["notes"])
    left = portal.sandbox.hubspot.records("invoices").keys() & set(gone)
    assert len(left) == many - archived
    done = rows(stored, "SELECT action, status, rule FROM ml_connector.operation")
    assert done == [("archive", "confirmed", "reconciliation")] * archived


def test_an_invoice_that_hubspot_does_not_let_go_stays_and_says_so(shell: Shell, portal: Portal) -> None:
    (record_id,) = deleted(portal, 1)
    configure(shell, deletions="archive")
    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert "0 of 1 records whose document is gone were archived. 1 stay: " in str(document["notes"])
    assert record_id in portal.sandbox.hubspot.records("invoices")


def test_nothing_is_archived_when_visma_answers_with_nothing(shell: Shell, portal: Portal) -> None:
    before = len(portal.sandbox.hubspot.records("invoices"))
    for key in portal.sandbox.visma.keys("customer_debit_notes"):
        portal.sandbox.visma.delete("customer_debit_notes", key)
    configure(shell, deletions="archive", most_archived=10_000)
    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert {(key.partition(":")[0], cause) for key, cause in causes(document).items()} == {
        ("debitnote", "unknown")
    }
    assert len(portal.sandbox.hubspot.records("invoices")) == before


def test_a_failed_run_exits_1_with_a_sentence(shell: Shell, portal: Portal) -> None:
    os.environ["HUBSPOT_ACCESS_TOKEN"] = "pat-eu1-00000000-0000-4000-8000-000000000000"
    document = shell.json("reconcile", NAME, code=1)
    assert document["status"] == "failed"
    assert "token" in document["error"].lower()
