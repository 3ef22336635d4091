"""Invoices and line items: what they need, whom they belong to, what they may not become."""

from typing import Any

import pytest

from ml_connector_tests.sandbox.hubspot_serving import Hub


def typed(from_id: str, to_id: str, *numbers: int, category: str = "HUBSPOT_DEFINED") -> dict[str, Any]:
    """One input of a batch create."""
    return {
        "from": {"id": from_id},
        "to": {"id": to_id},
        "types": [{"associationCategory": category, "associationTypeId": number} for number in numbers],
    }


@pytest.fixture
def people(hub: Hub) -> tuple[str, str, str]:
    """A contact and two companies."""
    contact = hub.sandbox.add_record("contacts", {"email": "a@fjord.example"})
    first, second = (hub.sandbox.add_record("companies", {"name": name}) for name in ("First", "Second"))
    return contact, first, second


def test_a_line_item_has_one_parent_and_goes_with_it(hub: Hub) -> None:
    first, second = (hub.sandbox.add_record("invoices", {"hs_currency": "NOK"}) for _ in range(2))
    line = hub.sandbox.add_record("line_items", {"name": "Hour", "price": "100", "quantity": "2"})
    assert hub.sandbox.record("line_items", line).values["amount"] == "200"
    assert hub.links("invoices/line_items", "create", [typed(first, line, 409)]).status_code == 200
    refused = hub.links("line_items/invoices", "create", [typed(line, second, 410)])
    assert refused.status_code == 207
    assert "already belongs" in refused.json()["errors"][0]["message"]
    assert hub.objects("DELETE", f"invoices/{first}").status_code == 204
    assert hub.sandbox.snapshot()["line_items"] == 0


def test_a_line_item_costs_nothing_or_more(hub: Hub) -> None:
    refused = hub.objects("POST", "line_items", {"properties": {"name": "Refund", "price": "-1"}})
    assert refused.status_code == 400
    assert hub.objects("POST", "line_items", {"properties": {"name": "A", "amount": "1"}}).status_code == 400
    discounted = {"name": "A", "price": "100.50", "quantity": "3", "hs_discount_percentage": "10"}
    record_id = hub.sandbox.add_record("line_items", discounted)
    values = hub.sandbox.record("line_items", record_id).values
    assert (values["hs_pre_discount_amount"], values["amount"]) == ("301.5", "271.35")


def test_a_billable_invoice_opens_with_a_contact_and_a_line_only(
    hub: Hub, people: tuple[str, str, str]
) -> None:
    contact, _, _ = people
    invoice = hub.sandbox.add_record("invoices", {"hs_currency": "NOK", "hs_invoice_status": "draft"})
    line = hub.sandbox.add_record("line_items", {"name": "Hour", "price": "1"})
    opened = {"properties": {"hs_invoice_status": "open"}}
    assert "INVOICE_TO_CONTACT" in hub.objects("PATCH", f"invoices/{invoice}", opened).json()["message"]
    hub.sandbox.link("invoices", invoice, "contacts", contact)
    assert "INVOICE_TO_LINE_ITEM" in hub.objects("PATCH", f"invoices/{invoice}", opened).json()["message"]
    hub.sandbox.link("invoices", invoice, "line_items", line)
    assert hub.objects("PATCH", f"invoices/{invoice}", opened).status_code == 200
    assert hub.objects("DELETE", f"invoices/{invoice}").status_code == 400
    hub.sandbox.configure(open_invoices_deletable=True)
    assert hub.objects("DELETE", f"invoices/{invoice}").status_code == 204


def test_an_invoice_that_is_not_billable_is_not_validated(hub: Hub) -> None:
    properties = {"hs_currency": "SEK", "hs_invoice_billable": "false", "hs_invoice_status": "paid"}
    created = hub.objects("POST", "invoices", {"properties": properties})
    assert created.status_code == 201
    change = {"properties": {"hs_invoice_billable": "true"}}
    assert hub.objects("PATCH", f"invoices/{created.json()['id']}", change).status_code == 400
    assert hub.objects("POST", "invoices", {"properties": {"hs_currency": "CHF"}}).status_code == 400


def test_a_date_of_a_new_invoice_that_is_left_out_is_now(hub: Hub) -> None:
    given = {"hs_currency": "NOK", "hs_invoice_date": "2026-03-01T11:00:00.000Z"}
    made = hub.objects("POST", "invoices", {"properties": given}).json()["id"]
    values = hub.sandbox.record("invoices", made).values
    assert values["hs_invoice_date"] == given["hs_invoice_date"]
    assert values["hs_due_date"] == values["hs_createdate"]
    assert hub.objects("PATCH", f"invoices/{made}", {"properties": {"hs_due_date": ""}}).status_code == 200
    assert not hub.sandbox.record("invoices", made).values.get("hs_due_date")


def test_a_line_item_takes_over_from_its_product(hub: Hub) -> None:
    product = hub.sandbox.add_record("products", {"name": "Hour", "price": "900", "hs_sku": "H1"})
    properties = {"hs_product_id": product, "quantity": "2", "name": "Hour of Kari"}
    line = hub.objects("POST", "line_items", {"properties": properties}).json()["id"]
    values = hub.sandbox.record("line_items", line).values
    assert (values["name"], values["hs_sku"], values["amount"]) == ("Hour of Kari", "H1", "1800")
