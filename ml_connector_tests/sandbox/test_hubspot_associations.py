"""Associations: typed numbers, one primary company, silence on wrong types, and line items with one parent."""

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


def numbers(hub: Hub, pair: str, record_id: str) -> dict[str, list[int]]:
    """The association type numbers of one record, by the other record's id."""
    body = hub.links(pair, "read", [{"id": record_id}]).json()
    return {
        other["toObjectId"]: [item["typeId"] for item in other["associationTypes"]]
        for result in body["results"]
        for other in result["to"]
    }


@pytest.fixture
def people(hub: Hub) -> tuple[str, str, str]:
    """A contact and two companies."""
    contact = hub.sandbox.add_record("contacts", {"email": "a@fjord.example"})
    first, second = (hub.sandbox.add_record("companies", {"name": name}) for name in ("First", "Second"))
    return contact, first, second


def test_the_first_company_becomes_primary_in_both_directions(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, second = people
    for company in (first, second):
        answer = hub.links("contacts/companies", "create", [typed(contact, company, 279)])
        assert answer.status_code == 200
        assert answer.json()["results"][0]["toObjectId"] == company
    assert numbers(hub, "contacts/companies", contact) == {first: [279, 1], second: [279]}
    assert numbers(hub, "companies/contacts", first) == {contact: [280, 2]}
    assert hub.sandbox.record("contacts", contact).values["associatedcompanyid"] == first


def test_another_primary_takes_the_place_of_the_first(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, second = people
    hub.links("contacts/companies", "create", [typed(contact, first, 279), typed(contact, second, 1)])
    assert numbers(hub, "contacts/companies", contact) == {first: [279], second: [279, 1]}
    assert hub.sandbox.record("contacts", contact).values["associatedcompanyid"] == second


def test_a_label_replaces_the_labels_of_the_pair(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, _ = people
    hub.links("contacts/companies", "create", [typed(contact, first, 931)])
    assert numbers(hub, "contacts/companies", contact) == {first: [279, 1, 931]}
    hub.links("contacts/companies", "create", [typed(contact, first, 279)])
    assert numbers(hub, "contacts/companies", contact) == {first: [279, 1, 931]}
    hub.links("contacts/companies", "create", [typed(contact, first, 1)])
    assert numbers(hub, "contacts/companies", contact) == {first: [279, 1]}


@pytest.mark.parametrize("sent", [[], [280], [9999], [279, 3]])
def test_wrong_or_missing_types_write_nothing_and_say_nothing(
    hub: Hub, people: tuple[str, str, str], sent: list[int]
) -> None:
    contact, first, _ = people
    answer = hub.links("contacts/companies", "create", [typed(contact, first, *sent)])
    assert answer.status_code == 200
    assert answer.json()["status"] == "COMPLETE"
    assert answer.json()["results"] == []
    assert "errors" not in answer.json()
    assert hub.sandbox.links("contacts", "companies") == set()


def test_a_record_that_is_not_there_is_an_error_of_its_input(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, _ = people
    answer = hub.links(
        "contacts/companies", "create", [typed(contact, first, 279), typed(contact, "404", 279)]
    )
    assert answer.status_code == 207
    assert len(answer.json()["results"]) == 1
    assert answer.json()["errors"][0]["context"] == {"COMPANY": ["404"]}


def test_a_record_without_associations_is_named_by_a_207(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, second = people
    hub.sandbox.link("contacts", contact, "companies", first)
    answer = hub.links("companies/contacts", "read", [{"id": first}, {"id": second}])
    body = answer.json()
    assert answer.status_code == 207
    assert [result["from"]["id"] for result in body["results"]] == [first]
    (error,) = body["errors"]
    assert error["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert error["message"] == f"No contact is associated with company {second}."
    assert error["context"] == {
        "fromObjectId": [second],
        "fromObjectType": ["company"],
        "toObjectType": ["contact"],
    }


def test_a_read_pages_inside_one_record(hub: Hub) -> None:
    company = hub.sandbox.add_record("companies", {"name": "Big"})
    for number in range(501):
        hub.sandbox.add_record("contacts", {"email": f"c{number}@big.example"}, [("companies", company)])
    first = hub.links("companies/contacts", "read", [{"id": company}]).json()["results"][0]
    assert len(first["to"]) == 500
    after = first["paging"]["next"]["after"]
    second = hub.links("companies/contacts", "read", [{"id": company, "after": after}]).json()["results"][0]
    assert len(second["to"]) == 1
    assert "paging" not in second


@pytest.mark.parametrize(("what", "limit"), [("create", 2000), ("read", 1000)])
def test_association_batches_have_their_own_limits(hub: Hub, what: str, limit: int) -> None:
    item = typed("1", "2", 279) if what == "create" else {"id": "1"}
    assert hub.links("contacts/companies", what, [item] * limit).status_code in {200, 207}
    assert hub.links("contacts/companies", what, [item] * (limit + 1)).status_code == 400


def test_the_default_lists_both_directions(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, _ = people
    item = {"from": {"id": contact}, "to": {"id": first}}
    results = hub.links("contacts/companies", "associate/default", [item]).json()["results"]
    assert [result["associationSpec"]["associationTypeId"] for result in results] == [279, 280]


def test_single_pairs_are_put_listed_and_removed(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, second = people
    base = f"contacts/{contact}/associations"
    assert hub.objects("PUT", f"{base}/default/companies/{first}").status_code == 200
    body = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
    assert hub.objects("PUT", f"{base}/companies/{second}", body).status_code == 201
    wrong = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]
    assert hub.objects("PUT", f"{base}/companies/{second}", wrong).status_code == 400
    listed = hub.objects("GET", f"{base}/companies").json()["results"]
    assert [item["toObjectId"] for item in listed] == [first, second]
    assert hub.objects("DELETE", f"{base}/companies/{first}").status_code == 204
    assert hub.sandbox.links("contacts", "companies") == {(contact, second)}
    assert hub.sandbox.links("companies", "contacts") == {(second, contact)}


def test_archiving_pairs_and_labels(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, second = people
    hub.links("contacts/companies", "create", [typed(contact, first, 931), typed(contact, second, 279)])
    hub.links("contacts/companies", "labels/archive", [typed(contact, first, 931)])
    assert numbers(hub, "contacts/companies", contact)[first] == [279, 1]
    hub.links("contacts/companies", "labels/archive", [typed(contact, first, 279)])
    assert list(numbers(hub, "contacts/companies", contact)) == [second]
    item = {"from": {"id": contact}, "to": [{"id": second}]}
    answer = hub.links("contacts/companies", "archive", [item])
    assert answer.status_code == 200
    assert hub.sandbox.links("contacts", "companies") == set()
    old = hub.call("POST", "/crm/v4/associations/contacts/companies/batch/archive", {"inputs": [item]})
    assert old.status_code == 204


def test_an_upsert_takes_no_associations_and_a_create_does(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, _ = people
    link = {
        "to": {"id": contact},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 177}],
    }
    body = {"properties": {"hs_currency": "NOK"}, "associations": [link]}
    invoice = hub.objects("POST", "invoices", body).json()["id"]
    assert hub.sandbox.links("invoices", "contacts") == {(invoice, contact)}
    wrong = {"to": {"id": first}, "types": link["types"]}
    refused = hub.objects("POST", "invoices", {**body, "associations": [wrong]})
    assert refused.status_code == 400
    hub.unique("invoices", "visma_invoice_id")
    item = {"id": "x", "idProperty": "visma_invoice_id", **body}
    hub.batch("invoices", "upsert", [item])
    assert len(hub.sandbox.links("invoices", "contacts")) == 1


def test_a_read_shows_associations_under_each_type(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, _ = people
    hub.sandbox.link("contacts", contact, "companies", first)
    read = hub.objects("GET", f"contacts/{contact}", associations="companies,deals").json()
    assert read["associations"] == {
        "companies": {
            "results": [
                {"id": first, "type": "contact_to_company"},
                {"id": first, "type": "contact_to_company_unlabeled"},
            ]
        }
    }


def test_labels_are_listed_made_and_capped_with_437(hub: Hub) -> None:
    path = "/crm/associations/2026-09/contacts/companies/labels"
    listed = hub.call("GET", path).json()["results"]
    assert {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None} in listed
    assert {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"} in listed
    for number in range(50):
        assert (
            hub.call("POST", path, {"name": f"label_{number}", "label": f"Label {number}"}).status_code == 200
        )
    assert hub.call("POST", path, {"name": "one_more", "label": "One more"}).status_code == 437
    mine = [item for item in hub.call("GET", path).json()["results"] if item["category"] == "USER_DEFINED"]
    assert len(mine) == 50
    assert hub.call("PUT", path, {"associationTypeId": mine[0]["typeId"], "label": "New"}).status_code == 204
    assert hub.call("DELETE", f"{path}/{mine[1]['typeId']}").status_code == 204
    back = hub.call("GET", "/crm/associations/2026-09/companies/contacts/labels").json()["results"]
    assert sum(item["category"] == "USER_DEFINED" for item in back) == 49


def test_numbers_of_the_reference_table_hold(hub: Hub) -> None:
    expected = {
        ("invoices", "contacts"): (177, 178),
        ("invoices", "companies"): (179, 180),
        ("invoices", "deals"): (175, 176),
        ("invoices", "line_items"): (409, 410),
        ("invoices", "commerce_payments"): (541, 542),
        ("invoices", "orders"): (517, 518),
        ("deals", "companies"): (341, 342),
        ("deals", "line_items"): (19, 20),
        ("commerce_payments", "companies"): (389, 390),
        ("orders", "companies"): (934, 935),
    }
    for (start, end), (number, reverse) in expected.items():
        there = hub.call("GET", f"/crm/associations/2026-09/{start}/{end}/labels").json()["results"]
        back = hub.call("GET", f"/crm/associations/2026-09/{end}/{start}/labels").json()["results"]
        assert number in [item["typeId"] for item in there]
        assert reverse in [item["typeId"] for item in back]
    company = hub.call("GET", "/crm/associations/2026-09/companies/companies/labels").json()["results"]
    assert [(item["typeId"], item["label"]) for item in company] == [
        (13, "Child Company"),
        (14, "Parent Company"),
        (450, None),
    ]


def test_ids_of_associated_records_may_be_numbers(hub: Hub, people: tuple[str, str, str]) -> None:
    contact, first, _ = people
    hub.sandbox.link("contacts", contact, "companies", first)
    hub.sandbox.configure(numeric_to_object_id=True)
    body = hub.links("contacts/companies", "read", [{"id": contact}]).json()
    assert body["results"][0]["to"][0]["toObjectId"] == int(first)
