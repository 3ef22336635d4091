"""`reconcile --repair`: what drifted goes to the next sync, what Visma no longer has is archived by the policy."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector.database import advisory_lock
from ml_connector.hubspot import resource
from ml_connector.ledger.entries import IdentityRow, LinkRow, RejectRow
from ml_connector.ledger.journal import Journal
from ml_connector.visma.client import VismaClient
from ml_connector.visma.rows import Row
from ml_connector_tests.cli.conftest import Shell
from ml_connector_tests.reconciliation.portal import NAME, SEED, WINDOW, Portal, causes, rows, some_invoice


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


def test_a_repair_hands_what_drifted_to_the_next_sync(
    shell: Shell, synced: Portal, stored: sa.Engine
) -> None:
    edited, edited_id = some_invoice(synced, 0)
    archived, archived_id = some_invoice(synced, 1)
    line = LinkRow(
        "invoices", archived, "line_items", "line:Invoice:1:1", archived_id, "77", "409", "confirmed", None
    )
    line_identity = IdentityRow("line_items", "line:Invoice:1:1", "77", None, "as synced", {}, "")
    Journal(stored, NAME, SEED).settle([], links=[line], identities=[line_identity])
    synced.sandbox.hubspot.edit_as_person("invoices", edited_id, {"visma_balance": "0"})
    synced.sandbox.hubspot.archive_as_person("invoices", archived_id)

    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert document["notes"][-1] == (
        f"2 records handed to the next sync: `ml-connector sync {NAME} --partition {WINDOW}`."
    )
    due = rows(stored, "SELECT record_key, entity, cause, record->>'key' FROM ml_connector.reject ORDER BY 1")
    assert due == [(key, "invoices", "drifted", key) for key in sorted([edited, archived])]
    known = dict(rows(stored, "SELECT record_key, fingerprint FROM ml_connector.identity"))
    assert known[edited] == "drifted"
    assert archived not in known
    assert "line:Invoice:1:1" not in known
    assert rows(stored, f"SELECT 1 FROM ml_connector.link WHERE from_key = '{archived}'") == []
    assert known[some_invoice(synced, 1)[0]] == "as synced"
    assert causes(shell.json("reconcile", NAME, code=3)) == {
        edited: "edited in HubSpot",
        archived: "unknown",
    }


def test_a_missing_link_is_forgotten_so_that_the_next_sync_makes_it(
    shell: Shell, synced: Portal, stored: sa.Engine
) -> None:
    key, record_id = some_invoice(synced)
    (company,) = [
        there for here, there in synced.sandbox.hubspot.links("invoices", "companies") if here == record_id
    ]
    synced.sandbox.hubspot.archive_as_person("companies", company)
    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert causes(document)[key] == "missing link"
    assert (
        rows(stored, f"SELECT 1 FROM ml_connector.link WHERE from_key = '{key}' AND to_type = 'companies'")
        == []
    )


@pytest.mark.parametrize(
    ("settings", "many", "archived", "says"),
    [
        (
            {},
            2,
            0,
            "2 records whose document is gone left alone: the policy `reconciliation.deletions` is `flag`.",
        ),
        ({"deletions": "archive"}, 2, 2, "2 of 2 records whose document is gone archived."),
        (
            {"deletions": "archive", "most_archived": 1},
            2,
            0,
            "None of 2 records whose document is gone archived",
        ),
    ],
)
def test_what_visma_no_longer_has_is_archived_by_the_policy_up_to_its_cap(
    shell: Shell,
    synced: Portal,
    stored: sa.Engine,
    settings: dict[str, Any],
    many: int,
    archived: int,
    says: str,
) -> None:
    synced.sandbox.hubspot.configure(open_invoices_deletable=True)
    gone = deleted(synced, many)
    configure(shell, **settings)
    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert set(causes(document).values()) == {"deleted in Visma"}
    assert any(note.startswith(says) for note in document["notes"])
    left = synced.sandbox.hubspot.records("invoices").keys() & set(gone)
    assert len(left) == many - archived
    done = rows(stored, "SELECT action, status, rule FROM ml_connector.operation")
    assert done == [("archive", "confirmed", "reconciliation")] * archived


def test_an_invoice_that_hubspot_does_not_let_go_stays_and_says_so(shell: Shell, synced: Portal) -> None:
    (record_id,) = deleted(synced, 1)
    configure(shell, deletions="archive")
    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert (
        "0 of 1 record whose document is gone archived. 1 left alone: "
        "HubSpot does not let the record be archived, as an invoice that is issued."
    ) in document["notes"]
    assert record_id in synced.sandbox.hubspot.records("invoices")


def test_a_document_that_a_list_left_out_but_that_visma_has_is_not_archived(
    shell: Shell, synced: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, record_id = some_invoice(synced)
    whole = VismaClient.changed

    def with_a_gap(client: VismaClient, entity: Any, since: Any = None) -> Iterator[list[Row]]:
        for page in whole(client, entity, since):
            yield [row for row in page if row.key != f"Invoice:{key.partition(':')[2]}"]

    monkeypatch.setattr(VismaClient, "changed", with_a_gap)
    synced.sandbox.hubspot.configure(open_invoices_deletable=True)
    configure(shell, deletions="archive")
    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert causes(document) == {key: "deleted in Visma"}
    assert "0 of 1 record whose document is gone archived. 1 left alone: Visma has them" in str(
        document["notes"]
    )
    assert record_id in synced.sandbox.hubspot.records("invoices")


def test_what_waits_for_a_refused_customer_is_not_handed_on(
    shell: Shell, synced: Portal, stored: sa.Engine
) -> None:
    key, record_id = some_invoice(synced)
    (number,) = next(fact.customers for fact in synced.hubspot.documents() if fact.key == key)
    synced.sandbox.hubspot.account.links.disconnect("0-53", record_id, "0-2", synced.companies[number])
    refused = RejectRow("companies", f"customer:{number}", "TWO", "Two fit.", "Choose.", "{}", WINDOW, "")
    Journal(stored, NAME, SEED).settle([], rejects=[refused])
    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert causes(document) == {key: "missing link"}
    assert "handed to the next sync" not in str(document["notes"])
    assert rows(stored, "SELECT record_key FROM ml_connector.reject") == [(f"customer:{number}",)]


def test_a_repair_is_the_portal_s_one_writer_and_a_comparison_needs_not_be(
    shell: Shell, synced: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "WRITER_WAIT_SECONDS", 0.0)
    number = synced.hubspot.client.account().portal_id
    with advisory_lock(f"hubspot portal {number}", wait_seconds=0.0, note="run of another"):
        assert shell.json("reconcile", NAME)["agrees"] is True
        assert "run of another" in shell.json("reconcile", NAME, "--repair", code=1)["error"]


def test_nothing_is_archived_when_visma_answers_with_nothing(shell: Shell, synced: Portal) -> None:
    before = len(synced.sandbox.hubspot.records("invoices"))
    for key in synced.sandbox.visma.keys("customer_debit_notes"):
        synced.sandbox.visma.delete("customer_debit_notes", key)
    configure(shell, deletions="archive", most_archived=10_000)
    document = shell.json("reconcile", NAME, "--repair", code=3)
    assert {(key.partition(":")[0], cause) for key, cause in causes(document).items()} == {
        ("debitnote", "unknown")
    }
    assert len(synced.sandbox.hubspot.records("invoices")) == before
