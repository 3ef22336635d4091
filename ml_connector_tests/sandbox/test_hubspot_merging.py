"""Merging, by the API or by a person, and companies the account makes by itself."""

import pytest

from ml_connector.sandbox.hubspot import HubSpotSandboxSettings
from ml_connector_tests.sandbox.hubspot_serving import Hub


@pytest.fixture
def people(hub: Hub) -> tuple[str, str, str]:
    """A contact and two companies."""
    contact = hub.sandbox.add_record("contacts", {"email": "a@fjord.example"})
    first, second = (hub.sandbox.add_record("companies", {"name": name}) for name in ("First", "Second"))
    return contact, first, second


def test_merging_moves_associations_and_keeps_the_survivors_values(
    hub: Hub, people: tuple[str, str, str]
) -> None:
    contact, first, second = people
    hub.unique("companies", "visma_customer_id")
    hub.sandbox.edit_as_person("companies", second, {"visma_customer_id": "demo:2", "domain": "b.example"})
    hub.sandbox.edit_as_person("companies", first, {"domain": "a.example"})
    hub.sandbox.link("contacts", contact, "companies", second)
    body = {"primaryObjectId": first, "objectIdToMerge": second}
    merged = hub.objects("POST", "companies/merge", body)
    assert merged.status_code == 200
    values = hub.sandbox.record("companies", first).values
    assert values["name"] == "First"
    assert values["visma_customer_id"] == "demo:2"
    assert values["hs_additional_domains"] == "b.example"
    assert values["hs_merged_object_ids"] == second
    assert hub.sandbox.links("contacts", "companies") == {(contact, first)}
    assert hub.objects("GET", f"companies/{second}").json()["id"] == first
    assert hub.batch("companies", "read", [{"id": second}]).status_code == 207
    assert hub.objects("POST", "invoices/merge", body).status_code == 404


def test_merging_contacts_keeps_both_addresses_and_may_give_a_new_id(hub: Hub) -> None:
    first, second = (hub.sandbox.add_record("contacts", {"email": f"{name}@a.example"}) for name in "ab")
    hub.sandbox.reset(HubSpotSandboxSettings(merge_gives_new_id=True))
    first, second = (hub.sandbox.add_record("contacts", {"email": f"{name}@a.example"}) for name in "ab")
    survivor = hub.sandbox.merge_as_person("contacts", first, second)
    assert survivor not in {first, second}
    values = hub.sandbox.record("contacts", survivor).values
    assert (values["email"], values["hs_additional_emails"]) == ("a@a.example", "b@a.example")
    assert hub.objects("GET", "contacts/b@a.example", idProperty="email").json()["id"] == survivor


def test_the_account_may_make_a_company_of_a_contacts_domain(hub: Hub) -> None:
    hub.objects("POST", "contacts", {"properties": {"email": "a@fjord.example"}})
    assert hub.sandbox.snapshot()["companies"] == 0
    hub.sandbox.configure(automatic_company_association=True)
    for email in ("b@fjord.example", "c@fjord.example", "d@gmail.com"):
        hub.objects("POST", "contacts", {"properties": {"email": email}})
    (company,) = hub.sandbox.records("companies").values()
    assert company.values["domain"] == "fjord.example"
    assert company.values["hs_object_source"] == "COMPANIES"
    assert company.values["hs_object_source_detail_1"] == "CRM_SETTING"
    assert len(hub.sandbox.links("contacts", "companies")) == 2
