"""Who wrote a value in HubSpot: ours are those the ledger has, or that came from the same app."""

from typing import Any

import pytest

from ml_connector.audit.present import Write, _writes, unique_value, writer
from ml_connector.hubspot.history import Entry
from ml_connector_tests.audit.made import at, done


def entry(
    value: str, minutes: float, source: str = "INTEGRATION", source_id: str = "77", **changes: Any
) -> Entry:
    """An entry of HubSpot's history."""
    values = {"source_label": "", "user_id": "", **changes}
    return Entry(value, at(minutes), source, source_id, **values)


def marked(*entries: Entry, operations: Any = None) -> list[Write]:
    """The entries of the name, marked."""
    ops = [done(1, 10, values={"name": "Fjord"})] if operations is None else operations
    return list(_writes([("name", one) for one in entries], ops, {}))


def test_what_an_operation_sent_about_then_is_ours() -> None:
    (ours,) = marked(entry("Fjord", 11))
    assert (ours.ours, ours.by) == (True, "ml-connector")


@pytest.mark.parametrize(
    ("found", "by"),
    [
        (entry("Fjell", 11, "CRM_UI", "userId:42", user_id="42"), "a person in HubSpot (user 42)"),
        (entry("Fjord", 11, "CRM_UI", "userId:42", user_id="42"), "a person in HubSpot (user 42)"),
        (entry("Fjord", 30), "another app"),
        (entry("Fjord", 30, source_label="Data sync"), "another app (Data sync)"),
        (entry("Fjord", 30, "IMPORT", ""), "an import"),
        (entry("Fjord", 30, "SOMETHING_NEW", ""), "SOMETHING_NEW"),
        (entry("Fjord", 30, "", ""), "somebody"),
    ],
)
def test_others_are_told_in_words(found: Entry, by: str) -> None:
    assert marked(found)[0].by == by
    assert not marked(found)[0].ours


def test_the_same_app_is_ours_although_the_ledger_has_the_operation_no_more() -> None:
    first, second, other = marked(entry("Fjord", 11), entry("Old", -9000), entry("x", 0, source_id="88"))
    assert (first.ours, second.ours, other.ours) == (True, True, False)


@pytest.mark.parametrize("status", ["rejected", "pending", "done"])
def test_what_was_not_written_is_not_ours(status: str) -> None:
    refused = done(1, 10, values={"name": "Fjord"}, status=status)
    assert not marked(entry("Fjord", 11), operations=[refused])[0].ours


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("customer:10023", "visma_customer_id", "acme:10023"),
        ("invoice:100234", "visma_invoice_id", "acme:Invoice:100234"),
        ("line:Invoice:100234:3", "visma_line_id", "acme:Invoice:100234:3"),
        ("payment:Refund:7", "visma_payment_id", "acme:Refund:7"),
        ("transaction:AR:7", "visma_transaction_id", "acme:AR:7"),
    ],
)
def test_a_record_is_found_in_hubspot_by_its_unique_value(key: str, name: str, value: str) -> None:
    assert unique_value("acme", key) == (name, value)


def test_a_person_is_a_number_only() -> None:
    assert writer(entry("x", 0, "CRM_UI", "userId:42", user_id="42", source_label="Kari Nordmann")) == (
        "a person in HubSpot (user 42)"
    )
