"""The portal's pages: they say what the account holds, escape everything and load nothing from outside."""

import html
import re

import pytest

from ml_connector.sandbox.hubspot import HubSpotSandboxSettings
from ml_connector_tests.sandbox.hubspot_serving import Hub

NASTY = """<script>alert("1")</script> & 'Sønner' """


def text_of(page: str) -> str:
    """The words of a page as they are read."""
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def get(hub: Hub, path: str, **params: str) -> str:
    answer = hub.call("GET", path, **params)
    assert answer.status_code == 200
    return answer.text


def test_an_empty_portal_says_so(hub: Hub) -> None:
    assert "No companies yet." in text_of(get(hub, "/"))
    assert "No deals match “x”." in text_of(get(hub, "/portal/deals", q="x"))


def test_companies_are_listed_newest_first_25_to_a_page(hub: Hub) -> None:
    for number in range(60):
        hub.sandbox.add_record("companies", {"name": f"Company {number:02d}"})
    first = text_of(get(hub, "/"))
    assert "Company 59" in first
    assert "Company 34" not in first
    assert "1–25 of 60" in first
    last = get(hub, "/", page="3")
    assert "Company 00" in text_of(last)
    assert '<span class="off">Next</span>' in last
    assert "51–60 of 60" in text_of(get(hub, "/", page="999"))
    assert "1–25 of 60" in text_of(get(hub, "/", page="nonsense"))


def test_a_search_looks_into_visma_numbers_too(hub: Hub) -> None:
    hub.unique("companies", "visma_customer_id")
    hub.sandbox.add_record("companies", {"name": "Fjord AS", "visma_customer_id": "demo:10023"})
    hub.sandbox.add_record("companies", {"name": "Berg AS"})
    for query in ("fjord", "10023"):
        found = text_of(get(hub, "/", q=query))
        assert "Fjord AS" in found
        assert "Berg AS" not in found


@pytest.mark.parametrize("object_type", ["companies", "contacts", "deals", "invoices", "line_items"])
def test_every_text_is_escaped(hub: Hub, object_type: str) -> None:
    name = {"companies": "name", "contacts": "lastname", "deals": "dealname", "invoices": "hs_number"}
    properties = {name.get(object_type, "name"): NASTY}
    properties |= {"deals": {"dealstage": "contractsent"}, "invoices": {"hs_currency": "NOK"}}.get(
        object_type, {}
    )
    record_id = hub.sandbox.add_record(object_type, properties)
    for page in (
        get(hub, f"/portal/{object_type}"),
        get(hub, f"/portal/{object_type}/{record_id}"),
        get(hub, f"/portal/{object_type}", q=NASTY),
    ):
        assert "<script" not in page
        assert "alert" in page
        assert """<script>alert("1")</script> & 'Sønner'""" in html.unescape(page)


def test_a_link_in_a_field_cannot_be_a_script(hub: Hub) -> None:
    record_id = hub.sandbox.add_record("companies", {"name": "A", "website": "javascript:alert(1)"})
    assert 'href="javascript' not in get(hub, f"/portal/companies/{record_id}")


def test_a_company_shows_its_visma_card_contacts_invoices_and_changes(hub: Hub) -> None:
    hub.properties("POST", "companies/groups", {"name": "visma", "label": "Visma"})
    hub.sandbox.add_property("companies", "visma_credit_terms", label="Credit terms", groupName="visma")
    hub.sandbox.add_property("invoices", "visma_amount", type="number", fieldType="number")
    company = hub.sandbox.add_record(
        "companies",
        {
            "name": "Fjord AS",
            "industry": "FISHERY",
            "visma_credit_terms": "30 days",
            "hubspot_owner_id": "76801201",
        },
    )
    hub.sandbox.add_record(
        "contacts", {"firstname": "Kari", "lastname": "Li", "email": "k@f.example"}, [("companies", company)]
    )
    for number in range(12):
        hub.sandbox.add_record(
            "invoices",
            {"hs_number": f"300{number:02d}", "hs_currency": "NOK", "visma_amount": "-1234567.5"},
            [("companies", company)],
        )
    page = text_of(get(hub, f"/portal/companies/{company}"))
    for expected in (
        "Fjord AS",
        "Fishery",
        "Credit terms",
        "30 days",
        "Ingrid Dahl",
        "Kari Li",
        "Primary",
        "Invoice 30011",
        "-1\u202f234\u202f567.50 NOK",
        "Show 2 more",
        "A person, 20 Nov 2026, 10:00 UTC",
    ):
        assert expected in page
    other = hub.sandbox.add_record("companies", {"name": "Berg AS"})
    unconnected = text_of(get(hub, f"/portal/companies/{other}"))
    assert "This company is not connected to Visma." in unconnected
    assert "No contacts yet." in unconnected


def test_archived_and_merged_records_say_so(hub: Hub) -> None:
    kept, gone, archived = (hub.sandbox.add_record("companies", {"name": name}) for name in "ABC")
    hub.sandbox.merge_as_person("companies", kept, gone)
    hub.sandbox.archive_as_person("companies", archived)
    assert f"Merged into record {kept}." in text_of(get(hub, f"/portal/companies/{gone}"))
    assert "Archived 20 Nov 2026, 10:00 UTC." in text_of(get(hub, f"/portal/companies/{archived}"))


def test_pages_load_their_one_stylesheet_and_nothing_else(hub: Hub) -> None:
    hub.sandbox.add_record("companies", {"name": "A", "website": "https://a.example"})
    answer = hub.call("GET", "/")
    assert re.findall(r'<link rel="stylesheet" href="([^"]+)"', answer.text) == ["/portal/style.css"]
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    style = hub.call("GET", "/portal/style.css")
    assert style.headers["Content-Type"].startswith("text/css")
    assert "url(" not in style.text
    assert "@import" not in style.text


@pytest.mark.parametrize("path", ["/portal/spaceships", "/portal/companies/1", "/portal/spaceships/1"])
def test_what_is_not_there_is_a_404_page(hub: Hub, path: str) -> None:
    answer = hub.call("GET", path)
    assert answer.status_code == 404
    assert "Not here" in answer.text


def test_custom_objects_have_pages(hub: Hub) -> None:
    hub.sandbox.reset(HubSpotSandboxSettings(enterprise=True))
    body = {
        "name": "transaction",
        "labels": {"singular": "Transaction", "plural": "Transactions"},
        "primaryDisplayProperty": "number",
        "properties": [{"name": "number", "label": "Number", "type": "string", "fieldType": "text"}],
        "associatedObjects": ["companies"],
    }
    kind = hub.call("POST", "/crm-object-schemas/2026-09/schemas", body).json()["fullyQualifiedName"]
    record_id = hub.sandbox.add_record(kind, {"number": "GL 17"})
    assert "GL 17" in text_of(get(hub, f"/portal/{kind}"))
    assert "Transaction · Record" in text_of(get(hub, f"/portal/{kind}/{record_id}"))
