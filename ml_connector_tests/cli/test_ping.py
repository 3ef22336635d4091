"""`ping` against the sandbox: what a healthy connection looks like, and each thing that would stop a sync by name."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ml_connector import http
from ml_connector.database import engine
from ml_connector.hubspot.visma_group import COMPANY_PROPERTIES
from ml_connector.ledger.refusals import Refusals, Subject
from ml_connector.sandbox.hubspot.settings import ALL_SCOPES
from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.cli.conftest import Shell

Findings = Mapping[tuple[str, str], dict[str, Any]]


@pytest.fixture(autouse=True)
def acme(shell: Shell, sandbox: Sandbox) -> None:
    """The connection that is looked at."""
    shell.write_connection("acme")


def look(shell: Shell, *, code: int = 0) -> Findings:
    """Return the findings by system and subject."""
    document = shell.json("ping", "acme", code=code)
    assert document.keys() == {"connection", "ready", "findings"}
    assert document["ready"] is (code == 0)
    return {(item["system"], item["subject"]): item for item in document["findings"]}


def stop(findings: Findings) -> tuple[tuple[str, str], str]:
    """Return the only finding that stops a sync."""
    found = [(subject, item["message"]) for subject, item in findings.items() if item["level"] == "stop"]
    assert len(found) == 1, found
    return found[0]


def test_a_healthy_connection_is_ready_and_shows_what_there_is(shell: Shell, sandbox: Sandbox) -> None:
    findings = look(shell)
    messages = {subject: item["message"] for subject, item in findings.items()}
    assert messages["Visma", "customers"] == "6 customers can be read."
    assert messages["Visma", "suppliers"] == "3 suppliers can be read."
    assert messages["Visma", "limits"].endswith("calls are left in this hour.")
    assert messages["HubSpot", "portal"] == "Portal 139876543 (standard), currency NOK."
    assert messages["HubSpot", "scopes"] == "The token has all 14 scopes it needs."
    assert messages["HubSpot", "companies keys"] == "0 of the 10 unique properties of companies are taken."
    assert "the first sync makes them" in messages["HubSpot", "companies properties"]
    assert "Create and associate companies with contacts" in messages["HubSpot", "automatic companies"]


def test_it_tells_what_is_left_of_hubspots_limits(shell: Shell, sandbox: Sandbox) -> None:
    message = look(shell)["HubSpot", "limits"]["message"]
    left = message.removeprefix("190 calls are allowed per 10 s; ").removesuffix(
        " of 625,000 are left today."
    )
    assert 624_900 < int(left.replace(",", "")) < 625_000


def test_a_day_with_little_left_is_a_note(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.hubspot.configure(requests_per_day=12)
    finding = look(shell)["HubSpot", "limits"]
    assert finding["level"] == "note"
    assert "of 12 are left today. That is little" in finding["message"]


def test_a_day_that_is_used_up_stops_a_sync(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.hubspot.configure(requests_per_day=2)
    subject, message = stop(look(shell, code=1))
    assert subject == ("HubSpot", "limits")
    assert "HubSpot's daily budget of requests is used up" in message
    assert "It resets at midnight in Europe/Oslo" in message


def test_it_writes_nothing(shell: Shell, sandbox: Sandbox) -> None:
    look(shell)
    assert sandbox.visma.refused_writes == []
    assert sandbox.hubspot.records("companies") == {}
    assert sandbox.hubspot.counts.writes == 0


def test_on_a_screen_it_ends_with_the_verdict_and_the_next_step(shell: Shell) -> None:
    result = shell("ping", "acme")
    assert result.stdout.splitlines()[0] == "ok   Visma   customers               6 customers can be read."
    assert "acme is ready. See what would change: ml-connector plan acme" in result.stdout
    del os.environ["HUBSPOT_ACCESS_TOKEN"]
    result = shell("ping", "acme")
    assert result.exit_code == 1
    assert "One finding would stop a sync." in result.stdout


def test_the_wrong_tenant_is_explained(shell: Shell, sandbox: Sandbox) -> None:
    os.environ["VISMA_TENANT_ID"] = sandbox.settings.visma.customer_tenant_id
    findings = look(shell, code=1)
    (system, _), message = stop(findings)
    assert system == "Visma"
    assert "Company Tenant ID" in message
    assert findings["HubSpot", "portal"]["level"] == "ok"


def test_a_dead_visma_secret_is_named(shell: Shell, sandbox: Sandbox) -> None:
    os.environ["VISMA_CLIENT_SECRET"] = "made-up-dead-secret"
    (system, subject), message = stop(look(shell, code=1))
    assert (system, subject) == ("Visma", "credentials")
    assert "made-up-dead-secret" not in message


def test_a_dead_token_is_named_and_visma_is_looked_at_all_the_same(shell: Shell) -> None:
    os.environ["HUBSPOT_ACCESS_TOKEN"] = "pat-eu1-dead"
    findings = look(shell, code=1)
    assert stop(findings)[0] == ("HubSpot", "credentials")
    assert "HubSpot refused the access token" in stop(findings)[1]
    assert findings["Visma", "customers"]["level"] == "ok"
    assert "pat-eu1-dead" not in str(findings)


def test_a_credential_that_is_not_set_says_how_to_set_it(shell: Shell) -> None:
    del os.environ["VISMA_CLIENT_SECRET"]
    (_, subject), message = stop(look(shell, code=1))
    assert subject == "credentials"
    assert "ml-connector credentials set acme visma_client_secret" in message
    assert "VISMA_CLIENT_SECRET" in message


def test_missing_scopes_are_named_each(shell: Shell, sandbox: Sandbox) -> None:
    lacking = {"crm.objects.contacts.write", "crm.schemas.contacts.write"}
    sandbox.hubspot.configure(scopes=ALL_SCOPES - lacking)
    subject, message = stop(look(shell, code=1))
    assert subject == ("HubSpot", "scopes")
    assert all(scope in message for scope in lacking)
    assert "crm.objects.companies.write" not in message


def test_another_portal_than_the_settings_name_stops(shell: Shell) -> None:
    shell.write_connection("other", portal_id=42)
    document = shell.json("ping", "other", code=1)
    stops = [item["message"] for item in document["findings"] if item["level"] == "stop"]
    assert stops == ["The token is of portal 139876543, not of 42 as defs.yaml says."]


def test_stamps_in_utc_are_noticed_and_the_setting_is_named(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.visma.restamp("customers", datetime.now(UTC).replace(tzinfo=None))
    subject, message = stop(look(shell, code=1))
    assert subject == ("Visma", "clock")
    assert "looks like UTC" in message
    assert "visma_timezone" in message


def test_stamps_from_the_future_are_noticed(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.visma.restamp("customers", sandbox.visma.now() + timedelta(hours=5))
    subject, message = stop(look(shell, code=1))
    assert subject == ("Visma", "clock")
    assert "visma_timezone" in message


def test_stamps_of_the_company_s_zone_fit(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.visma.restamp("customers", sandbox.visma.now())
    assert look(shell)["Visma", "clock"]["level"] == "ok"


def test_after_a_sync_every_property_fits(shell: Shell) -> None:
    assert shell("sync", "acme", "--partition", "2026-11-02").exit_code in (0, 3)
    findings = look(shell)
    assert findings["HubSpot", "companies properties"]["message"] == (
        f"All {len(COMPANY_PROPERTIES)} properties fit."
    )
    assert findings["HubSpot", "companies keys"]["message"].startswith("2 of the 10")


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"name": "visma_customer_id"}, "visma_customer_id does not enforce unique values"),
        (
            {"name": "visma_last_modified", "type": "number", "fieldType": "number"},
            "visma_last_modified has another type",
        ),
    ],
)
def test_a_property_that_does_not_fit_is_named(
    shell: Shell, sandbox: Sandbox, definition: dict[str, str], words: str
) -> None:
    sandbox.hubspot.add_property("companies", **definition)
    subject, message = stop(look(shell, code=1))
    assert subject == ("HubSpot", "companies properties")
    assert words in message


def test_no_room_for_another_unique_property_stops(shell: Shell, sandbox: Sandbox) -> None:
    for number in range(9):
        sandbox.hubspot.add_property("companies", name=f"key_{number}", hasUniqueValue=True)
    findings = look(shell, code=1)
    subject, message = stop(findings)
    assert subject == ("HubSpot", "companies properties")
    assert "There is no room for visma_supplier_id" in message
    assert findings["HubSpot", "companies keys"]["message"].startswith("9 of the 10")


def test_standard_fields_that_are_locked_are_a_note(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.hubspot.configure(extra_read_only=frozenset({("companies", "phone")}))
    finding = look(shell)["HubSpot", "companies fields"]
    assert finding["level"] == "note"
    assert "phone" in finding["message"]


@pytest.mark.parametrize(
    ("variable", "system"), [("VISMA_TOKEN_URL", "Visma"), ("HUBSPOT_API_URL", "HubSpot")]
)
def test_a_host_out_of_reach_is_named_and_the_other_is_looked_at(
    shell: Shell, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, variable: str, system: str
) -> None:
    monkeypatch.setattr(http, "backoff", lambda *_: 0.0)
    os.environ[variable] = "http://127.0.0.1:9"
    findings = look(shell, code=1)
    assert stop(findings)[0] == (system, "reachable")
    assert "127.0.0.1:9" in stop(findings)[1]
    assert {name for name, _ in findings} == {"Visma", "HubSpot"}


def test_a_host_that_is_something_else_is_recognised(shell: Shell, sandbox: Sandbox) -> None:
    os.environ["HUBSPOT_API_URL"] = f"{sandbox.url}/sandbox"
    (system, _), message = stop(look(shell, code=1))
    assert system == "HubSpot"
    assert "404" in message or "HUBSPOT_API_URL" in message


def test_what_the_portal_refused_is_said_once_and_asked_again(shell: Shell, sandbox: Sandbox) -> None:
    Refusals(engine(), "acme", "mark").note(Subject.TRANSACTIONS, "It needs an Enterprise subscription.")
    found = look(shell)["HubSpot", "transactions refused"]
    assert found["level"] == "note"
    assert found["message"].endswith(
        "a sync was told: It needs an Enterprise subscription. The next sync asks again."
    )
    assert ("HubSpot", "transactions refused") not in look(shell)


def test_a_clock_that_cannot_be_told_is_no_ok(shell: Shell, sandbox: Sandbox) -> None:
    for entity in ("customers", "suppliers", "contacts"):
        sandbox.visma.restamp(entity, datetime(2020, 1, 1))
    finding = look(shell)["Visma", "clock"]
    assert finding["level"] == "note"
    assert finding["message"].endswith("Change some customer in Visma and ping again.")
