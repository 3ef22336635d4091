"""A connection stays with its portal, its company and its hosts: `plan`, `sync` and `ping` say so."""

import os
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector_tests.cli.conftest import Shell

EARLIER = (datetime.now(ZoneInfo("Europe/Oslo")).date() - timedelta(days=2)).isoformat()
"""A window that is due at any hour: yesterday's is not yet, shortly after midnight."""


def made(shell: Shell) -> None:
    """Make the connection as a person does; it carries companies and contacts only."""
    shell.json("init", "acme", "--start", EARLIER)
    with (shell.defs / "acme" / "defs.yaml").open("a") as file:
        file.write("  records: []\n")


@pytest.fixture
def synced(shell: Shell, sandbox: Sandbox) -> Sandbox:
    """The sandbox of a connection that was made there and synced once."""
    made(shell)
    shell.json("sync", "acme")
    return sandbox


def visma_calls(sandbox: Sandbox) -> int:
    """Return how often Visma was asked for anything."""
    return len(sandbox.log.calls("visma"))


def refusal(shell: Shell, *words: str) -> str:
    """Return the sentence with which a run ends."""
    return str(shell.json(*words, "acme", "--partition", EARLIER, code=1)["error"])


def stops(shell: Shell) -> list[tuple[str, str]]:
    """Return system and sentence of what `ping` calls a stop."""
    found = shell.json("ping", "acme", code=1)["findings"]
    return [(item["system"], item["message"]) for item in found if item["level"] == "stop"]


def test_another_portal_is_refused_before_anything_is_taken_for_written(
    shell: Shell, synced: Sandbox
) -> None:
    portal = synced.hubspot.settings.portal_id
    synced.hubspot.configure(portal_id=4711)
    writes = synced.hubspot.counts.writes
    sentence = f"was synced into portal {portal}, and its token is now of portal 4711."
    for command in ("plan", "sync"):
        assert sentence in refusal(shell, command)
    assert synced.hubspot.counts.writes == writes
    [(system, message)] = stops(shell)
    assert system == "HubSpot"
    assert sentence in message
    synced.hubspot.configure(portal_id=portal)
    assert shell.json("sync", "acme", "--partition", EARLIER)["entities"]["companies"]["created"] == 0


def test_each_sandbox_is_another_portal(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    portals: list[int] = []

    def serve(settings: SandboxSettings, **how: object) -> None:
        portals.append(settings.hubspot.portal_id)

    monkeypatch.setattr("ml_connector.sandbox.server.main", serve)
    assert [shell("sandbox", "--port", "0").exit_code for _ in range(2)] == [0, 0]
    assert portals[0] != portals[1]


def test_another_company_is_refused_before_it_is_read(shell: Shell, synced: Sandbox) -> None:
    shell("credentials", "set", "acme", "visma_tenant_id", typed="8d3bad44-5d0a-11ee-9c3b-0242ac120002")
    calls = visma_calls(synced)
    for command in ("plan", "sync"):
        assert "from another Visma company than its tenant id now names" in refusal(shell, command)
    [(system, message)] = stops(shell)
    assert (system, "from another Visma company" in message) == ("Visma", True)
    assert visma_calls(synced) == calls


def test_a_plan_binds_to_nothing(shell: Shell, sandbox: Sandbox) -> None:
    made(shell)
    shell.json("plan", "acme")
    sandbox.hubspot.configure(portal_id=4711)
    shell.json("sync", "acme")


def test_without_the_addresses_of_the_sandbox_nothing_is_sent(shell: Shell, sandbox: Sandbox) -> None:
    made(shell)
    os.environ["VISMA_TOKEN_URL"] = "https://connect.example.invalid/connect/token"
    sentence = "it would go to connect.example.invalid and this machine. It was not sent."
    assert sentence in refusal(shell, "sync")
    assert [message for system, message in stops(shell) if system == "Visma" and sentence in message]
    assert visma_calls(sandbox) == 0
