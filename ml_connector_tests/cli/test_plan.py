"""`plan` without a terminal: every operation, as text and as one JSON document; and nothing is written."""

from datetime import datetime

import pytest

from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.cli.conftest import Shell
from ml_connector_tests.cli.test_sync import KEYS, day


@pytest.fixture(autouse=True)
def acme(shell: Shell, sandbox: Sandbox) -> None:
    """A connection whose first window was three days ago; every row of the company is older."""
    shell.write_connection("acme", start=day(3), records=[])
    for entity in ("customers", "suppliers", "contacts"):
        sandbox.visma.restamp(entity, datetime(2020, 1, 1))


def test_counts_what_would_change_and_writes_nothing(shell: Shell, sandbox: Sandbox) -> None:
    document = shell.json("plan", "acme", "--partition", day(3))
    assert list(document) == [*KEYS, "operations"]
    assert document["status"] == "planned"
    assert document["entities"]["companies"]["created"] > 0
    assert sandbox.hubspot.counts.writes == 0
    assert document["requests"]["hubspot"]["writes"] == 0
    assert sandbox.hubspot.records("companies") == {}
    done = shell.json("sync", "acme", "--partition", day(3))
    for entity in ("companies", "contacts"):
        assert done["entities"][entity] == document["entities"][entity]


def test_every_operation_is_in_the_document_with_the_values_old_and_new(
    shell: Shell, sandbox: Sandbox
) -> None:
    shell.json("sync", "acme")
    synced = sandbox.hubspot.records("companies").values()
    company = next(one for one in synced if one.values.get("visma_customer_id"))
    number = company.values["visma_customer_id"].removeprefix("acme:")
    noon = datetime.fromisoformat(f"{day(1)}T12:00:00")
    sandbox.visma.update("customers", number, {"name": "Ny Verden AS"}, stamp=noon)
    document = shell.json("plan", "acme", "--partition", day(1))
    assert document["entities"]["companies"]["read"] == 1
    (found,) = [row for row in document["operations"] if row["entity"] == "companies"]
    assert found["record"] == f"customer:{number}"
    assert found["hubspot_id"] == company.id
    assert found["values"]["name"] == {"old": company.values["name"], "new": "Ny Verden AS"}


def test_leaves_its_windows_due(shell: Shell) -> None:
    planned = shell.json("plan", "acme")["partitions"]
    assert shell.json("sync", "acme")["partitions"] == planned == [day(3), day(2), day(1)]


def test_as_text_it_shows_the_first_of_each_kind_and_all_on_demand(shell: Shell, sandbox: Sandbox) -> None:
    few = shell("plan", "acme").stdout
    many = len(sandbox.visma.collection("customers"))
    assert "Companies to create: " in few
    assert "more; see all with --all or --json" in few
    assert "visma_customer_id" not in few
    assert "nothing was written to HubSpot" in few
    everything = shell("plan", "acme", "--all").stdout
    assert everything.count("  visma_customer_id: (blank) -> acme:") == many
    assert "more; see all" not in everything


def test_a_failed_plan_shows_why_and_no_operations(
    shell: Shell, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISMA_CLIENT_SECRET", "made-up-wrong-secret")
    document = shell.json("plan", "acme", code=1)
    assert (document["status"], document["operations"]) == ("failed", [])
