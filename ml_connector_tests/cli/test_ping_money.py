"""`ping` on what invoices, payments and transactions need of a portal: scopes by name, and what it cannot keep."""

from typing import Any

import pytest

from ml_connector.hubspot.money_group import INVOICE_PROPERTIES, LINE_PROPERTIES
from ml_connector.ping.hubspot import DEAL_SCOPES, INVOICE_SCOPES, SCOPES
from ml_connector.sandbox.hubspot.settings import ALL_SCOPES
from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.cli.conftest import Shell


def look(shell: Shell, *, code: int = 0, **settings: Any) -> dict[str, dict[str, Any]]:
    """Return what ping says about HubSpot for a connection with these settings, by subject."""
    shell.write_connection("acme", **settings)
    document = shell.json("ping", "acme", code=code)
    return {item["subject"]: item for item in document["findings"] if item["system"] == "HubSpot"}


def said(findings: dict[str, dict[str, Any]], subject: str) -> tuple[str, str]:
    """Return the level and the sentence of a finding."""
    return findings[subject]["level"], findings[subject]["message"]


def test_a_fresh_portal(shell: Shell, sandbox: Sandbox) -> None:
    findings = look(shell)
    for object_type, specs in (("invoices", INVOICE_PROPERTIES), ("line_items", LINE_PROPERTIES)):
        message = f"{len(specs)} properties are missing; the first sync makes them."
        assert said(findings, f"{object_type} properties") == ("note", message)
        assert said(findings, f"{object_type} keys")[0] == "ok"
    assert said(findings, "currencies") == (
        "ok",
        "The portal has DKK, EUR, GBP, NOK, SEK, USD; a document in another currency is refused.",
    )
    level, message = said(findings, "payments")
    assert level == "note"
    assert "the first one that is sent tells" in message
    level, message = said(findings, "transactions")
    assert level == "note"
    assert "A sync makes it where the subscription allows it" in message
    assert sandbox.hubspot.counts.writes == 0


@pytest.mark.parametrize("scope", [*SCOPES, *INVOICE_SCOPES, *DEAL_SCOPES])
def test_every_scope_is_named(shell: Shell, sandbox: Sandbox, scope: str) -> None:
    sandbox.hubspot.configure(scopes=ALL_SCOPES - {scope})
    level, message = said(look(shell, code=1), "scopes")
    assert level == "stop"
    assert scope in message


def test_deals_need_no_scope_where_nothing_is_linked_to_them(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.hubspot.configure(scopes=ALL_SCOPES - set(DEAL_SCOPES))
    findings = look(shell, deals={"rules": []})
    needed = len(SCOPES + INVOICE_SCOPES)
    assert said(findings, "scopes") == ("ok", f"The token has all {needed} scopes it needs.")


def test_nothing_is_asked_of_the_portal_for_records_that_do_not_travel(
    shell: Shell, sandbox: Sandbox
) -> None:
    sandbox.hubspot.configure(scopes=frozenset(SCOPES))
    findings = look(shell, records=["purchases"])
    assert said(findings, "scopes") == ("ok", f"The token has all {len(SCOPES)} scopes it needs.")
    assert {"companies properties", "contacts properties"} <= findings.keys()
    money = ("invoices properties", "line_items properties", "currencies", "payments", "transactions")
    assert findings.keys().isdisjoint(money)


def test_an_object_the_token_may_not_see_stops(shell: Shell, sandbox: Sandbox) -> None:
    lacking = {name for name in ALL_SCOPES if ".invoices." in name}
    sandbox.hubspot.configure(scopes=ALL_SCOPES - lacking)
    level, message = said(look(shell, code=1), "invoices properties")
    assert level == "stop"
    assert "crm.objects.invoices.read" in message


def test_another_currency_is_converted_where_the_settings_say_so(shell: Shell, sandbox: Sandbox) -> None:
    findings = look(shell, invoices={"convert_currency": True})
    assert said(findings, "currencies")[1].endswith("travels in the company's base currency.")


class TestPayments:
    """Whether payments become records."""

    def test_missing_scopes_leave_them_out(self, shell: Shell, sandbox: Sandbox) -> None:
        sandbox.hubspot.configure(scopes=ALL_SCOPES - {"crm.objects.commercepayments.write"})
        findings = look(shell)
        level, message = said(findings, "payments")
        assert level == "note"
        assert "crm.objects.commercepayments.write" in message
        assert "payments properties" not in findings

    def test_where_they_are_a_must_that_stops(self, shell: Shell, sandbox: Sandbox) -> None:
        sandbox.hubspot.configure(scopes=ALL_SCOPES - {"crm.objects.commercepayments.write"})
        findings = look(shell, code=1, payments={"records": "on"})
        assert said(findings, "payments")[0] == "stop"

    def test_a_portal_that_has_some_is_ready(self, shell: Shell, sandbox: Sandbox) -> None:
        sandbox.hubspot.configure(payments_enabled=True)
        sandbox.hubspot.add_record(
            "commerce_payments", {"hs_initial_amount": "1", "hs_initiated_date": "2026-11-20"}
        )
        findings = look(shell)
        assert said(findings, "payments")[0] == "ok"
        assert said(findings, "payments properties")[0] == "note"

    def test_switched_off_is_well(self, shell: Shell, sandbox: Sandbox) -> None:
        assert said(look(shell, payments={"records": "off"}), "payments")[0] == "ok"


class TestTransactions:
    """Where sales transactions are kept."""

    def test_missing_scopes_keep_them_in_the_ledger(self, shell: Shell, sandbox: Sandbox) -> None:
        sandbox.hubspot.configure(scopes=ALL_SCOPES - {"crm.schemas.custom.write"})
        level, message = said(look(shell), "transactions")
        assert level == "note"
        assert "crm.schemas.custom.write" in message
        assert "kept in the ledger and the statement only" in message

    def test_the_ledger_by_choice_is_well(self, shell: Shell, sandbox: Sandbox) -> None:
        level, message = said(look(shell, transactions={"object": "ledger"}), "transactions")
        assert level == "ok"
        assert "transactions.object" in message

    def test_an_object_of_the_owner_is_looked_at(self, shell: Shell, sandbox: Sandbox) -> None:
        findings = look(shell, transactions={"object": "orders"})
        assert said(findings, "transactions") == ("ok", "Sales transactions are kept in the object orders.")
        assert said(findings, "transactions properties")[0] == "note"

    def test_one_that_does_not_exist_stops(self, shell: Shell, sandbox: Sandbox) -> None:
        findings = look(shell, code=1, transactions={"object": "p1_sales"})
        level, message = said(findings, "transactions")
        assert level == "stop"
        assert "Correct transactions.object in defs.yaml" in message


def test_a_day_that_is_used_up_on_the_way_is_no_fault_of_the_portal(shell: Shell, sandbox: Sandbox) -> None:
    """Each call of the check-up may be the one that is over the limit."""
    shell.write_connection("acme")
    for calls in range(2, 11):
        sandbox.hubspot.configure(requests_per_day=calls)
        sandbox.hubspot.forget_calls()
        document = shell.json("ping", "acme", code=1)
        stops = [
            (item["subject"], item["message"]) for item in document["findings"] if item["level"] == "stop"
        ]
        assert [subject for subject, _ in stops] == ["limits"], (calls, stops)
        assert "daily budget of requests is used up" in stops[0][1]
