"""The two Python clients HubSpot publishes, unchanged but for the host, against the sandbox.

``hubspot-sdk`` speaks the dated paths and checks every answer against its typed models; ``hubspot-api-client``
speaks v3 and v4. Where a model and the sandbox disagree, the sandbox is wrong. The one exception: the models of
``hubspot-sdk`` know no null among property values, which HubSpot documents, so its tests ask for properties that have
a value.
"""

from collections.abc import Iterator
from typing import Any

import hubspot
import hubspot.crm.associations.v4.configuration
import hubspot.crm.companies.configuration
import hubspot.crm.contacts.configuration
import hubspot.crm.properties.configuration
import pytest
from hubspot.crm.associations.v4 import (
    AssociationSpec,
    BatchInputPublicAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
    PublicAssociationMultiPost,
    PublicFetchAssociationsBatchRequest,
    PublicObjectId,
)
from hubspot.crm.companies import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputForCreate,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.companies.exceptions import ApiException
from hubspot.crm.properties import PropertyCreate
from hubspot_sdk import APIStatusError, HubSpot

from ml_connector.sandbox.hubspot import DEFAULT_TOKEN
from ml_connector_tests.sandbox.hubspot_serving import Hub

KEY = "visma_customer_id"
OLD_CONFIGURATIONS = (
    hubspot.crm.companies.configuration.Configuration,
    hubspot.crm.contacts.configuration.Configuration,
    hubspot.crm.properties.configuration.Configuration,
    hubspot.crm.associations.v4.configuration.Configuration,
)


@pytest.fixture
def dated(hub: Hub) -> Iterator[HubSpot]:
    """The client of the dated paths; an answer that does not fit its model raises."""
    with HubSpot(
        access_token=DEFAULT_TOKEN, base_url=hub.url, max_retries=0, _strict_response_validation=True
    ) as client:
        yield client


@pytest.fixture
def numbered(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client of v3 and v4."""
    for configuration in OLD_CONFIGURATIONS:
        original = configuration.__init__

        def redirected(self: Any, *args: Any, _original: Any = original, **kwargs: Any) -> None:
            _original(self, *args, **kwargs)
            self.host = self._base_path = hub.url
            self.server_index = None

        monkeypatch.setattr(configuration, "__init__", redirected)
    return hubspot.Client.create(access_token=DEFAULT_TOKEN)


def test_dated_records(hub: Hub, dated: HubSpot) -> None:
    companies = dated.crm.objects.companies
    made = companies.create(properties={"name": "Fjord AS", "domain": "fjord.example"}, associations=[])
    assert made.properties["name"] == "Fjord AS"
    changed = companies.update(made.id, properties={"city": "Bergen", "name": "Fjord Boats"})
    assert changed.properties["city"] == "Bergen"
    read = companies.get(made.id, properties=["city", "domain"], properties_with_history=["name", "city"])
    assert read.properties["domain"] == "fjord.example"
    assert read.properties_with_history is not None
    assert [entry.value for entry in read.properties_with_history["name"]] == ["Fjord Boats", "Fjord AS"]
    for number in range(120):
        hub.sandbox.add_record("companies", {"name": f"C{number}", "domain": f"c{number}.example"})
    assert len(list(companies.list(limit=100, properties=["name"]))) >= 100
    other = companies.create(properties={"name": "Double"}, associations=[])
    assert companies.merge(primary_object_id=made.id, object_id_to_merge=other.id).id == made.id
    companies.delete(made.id)
    assert hub.sandbox.counts.v3_v4 == 0


def test_dated_lists_page_to_the_end(hub: Hub, dated: HubSpot) -> None:
    for number in range(230):
        hub.sandbox.add_record(
            "contacts", {"email": f"c{number}@fjord.example", "firstname": "A", "lastname": "B"}
        )
    found = [contact.properties["email"] for contact in dated.crm.objects.contacts.list(limit=100)]
    assert len(found) == len(set(found)) == 230


def test_dated_batches(hub: Hub, dated: HubSpot) -> None:
    hub.unique("companies", KEY)
    batch = dated.crm.objects.companies.batch
    upserted = batch.upsert(
        inputs=[{"id": f"demo:{n}", "id_property": KEY, "properties": {"name": f"C{n}"}} for n in range(3)]
    )
    assert [result.new for result in upserted.results] == [True] * 3
    created = batch.create(inputs=[{"properties": {"name": "D", "domain": "d.example"}, "associations": []}])
    record_id = created.results[0].id
    updated = batch.update(inputs=[{"id": record_id, "properties": {"city": "Oslo"}}])
    assert updated.results[0].properties["city"] == "Oslo"
    read = batch.get(
        inputs=[{"id": record_id}, {"id": "404"}],
        properties=["city", "name"],
        properties_with_history=["city"],
    )
    assert [result.id for result in read.results] == [record_id]
    batch.delete(inputs=[{"id": record_id}])
    assert hub.sandbox.snapshot()["companies"] == 3
    with pytest.raises(APIStatusError) as refused:
        batch.create(inputs=[{"properties": {"nothing": "1"}, "associations": []}])
    assert refused.value.status_code == 400


def test_dated_deals_live_under_their_type_id(dated: HubSpot) -> None:
    deal = dated.crm.objects.deals.create(
        properties={"dealname": "Big", "dealstage": "contractsent", "amount": "10"}, associations=[]
    )
    assert deal.properties["pipeline"] == "default"


def test_dated_search(hub: Hub, dated: HubSpot) -> None:
    record_id = hub.sandbox.add_record("companies", {"name": "Fjord AS", "domain": "fjord.example"})
    found = dated.crm.objects.companies.search(
        filter_groups=[
            {"filters": [{"property_name": "domain", "operator": "IN", "values": ["fjord.example"]}]}
        ],
        properties=["name"],
        limit=10,
        after="0",
        sorts=["name"],
    )
    assert [company.id for company in found.results] == [record_id]


def test_dated_properties(hub: Hub, dated: HubSpot) -> None:
    properties = dated.crm.properties
    properties.groups.create("companies", name="visma", label="Visma")
    made = properties.create(
        "companies",
        name=KEY,
        label="Visma customer",
        group_name="visma",
        type="string",
        field_type="text",
        has_unique_value=True,
    )
    assert made.has_unique_value is True
    assert properties.update(KEY, object_type="companies", label="New").label == "New"
    listed = {item.name: item for item in properties.list("companies").results}
    assert listed["hs_object_id"].modification_metadata is not None
    assert listed["hs_object_id"].modification_metadata.read_only_value is True
    read = properties.batch.get(
        "companies", archived=False, inputs=[{"name": KEY}], data_sensitivity="non_sensitive"
    )
    assert [item.name for item in read.results] == [KEY]
    assert "visma" in [group.name for group in properties.groups.list("companies").results]
    properties.delete(KEY, object_type="companies")
    assert hub.properties("GET", f"companies/{KEY}").status_code == 404


def test_dated_associations(hub: Hub, dated: HubSpot) -> None:
    contact = hub.sandbox.add_record("contacts", {"email": "a@fjord.example"})
    company = hub.sandbox.add_record("companies", {"name": "A"})
    batch = dated.crm.associations.batch
    spec: Any = {"association_category": "HUBSPOT_DEFINED", "association_type_id": 279}
    made = batch.create(
        "companies",
        from_object_type="contacts",
        inputs=[{"from": {"id": contact}, "to": {"id": company}, "types": [spec]}],
    )
    assert (made.results[0].to_object_id, made.results[0].labels) == (company, ["Primary"])
    read = batch.get("contacts", from_object_type="companies", inputs=[{"id": company}])
    assert read.results[0].to[0].to_object_id == contact
    assert {kind.type_id for kind in read.results[0].to[0].association_types} == {280, 2}
    batch.create_default(
        "companies", from_object_type="contacts", inputs=[{"from": {"id": contact}, "to": {"id": company}}]
    )
    listed = dated.crm.associations.list("companies", object_type="contacts", object_id=contact)
    assert [item.to_object_id for item in listed] == [company]
    labels = dated.crm.associations_schema.labels.list_labels("companies", from_object_type="contacts")
    assert 279 in [label.type_id for label in labels.results]


def test_dated_account(dated: HubSpot) -> None:
    limits = dated.crm.limits.get_custom_property_limits()
    assert limits.overall_limit == 10_000


def test_numbered_records_and_batches(hub: Hub, numbered: Any) -> None:
    hub.unique("companies", KEY)
    companies = numbered.crm.companies
    made = companies.basic_api.create(SimplePublicObjectInputForCreate(properties={"name": "Fjord AS"}))
    companies.basic_api.update(made.id, SimplePublicObjectInput(properties={"city": "Bergen"}))
    assert companies.basic_api.get_by_id(made.id, properties=["city", "zip"]).properties["zip"] is None
    assert len(companies.get_all()) == 1
    rows = [
        SimplePublicObjectBatchInputUpsert(
            id=f"demo:{n}", id_property=KEY, properties={"name": f"C{n}"}, object_write_trace_id=str(n)
        )
        for n in range(3)
    ]
    rows[1].properties["nothing"] = "1"
    answer = companies.batch_api.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=rows))
    assert answer.num_errors == 1
    assert answer.errors[0].context["objectWriteTraceId"] == ["1"]
    assert sorted(result.object_write_trace_id for result in answer.results) == ["0", "2"]
    created = companies.batch_api.create(
        BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[SimplePublicObjectBatchInputForCreate(properties={"name": "D"}, associations=[])]
        )
    )
    record_id = created.results[0].id
    companies.batch_api.update(
        BatchInputSimplePublicObjectBatchInput(
            inputs=[SimplePublicObjectBatchInput(id=record_id, properties={"city": "Oslo"})]
        )
    )
    read = companies.batch_api.read(
        BatchReadInputSimplePublicObjectId(
            inputs=[SimplePublicObjectId(id=record_id), SimplePublicObjectId(id="404")],
            properties=["city"],
            properties_with_history=[],
        )
    )
    assert read.results[0].properties["city"] == "Oslo"
    assert read.errors[0].context["ids"] == ["404"]
    assert hub.sandbox.counts.v3_v4 == hub.sandbox.counts.calls


def test_numbered_search_and_refusals(hub: Hub, numbered: Any) -> None:
    record_id = hub.sandbox.add_record("companies", {"name": "Fjord AS"})
    request = PublicObjectSearchRequest(
        filter_groups=[FilterGroup(filters=[Filter(property_name="name", operator="EQ", value="fjord as")])],
        properties=["name"],
        limit=10,
    )
    found = numbered.crm.companies.search_api.do_search(request)
    assert (found.total, found.results[0].id) == (1, record_id)
    with pytest.raises(ApiException) as refused:
        numbered.crm.companies.basic_api.create(SimplePublicObjectInputForCreate(properties={"x": "1"}))
    assert refused.value.status == 400


def test_numbered_properties_and_associations(hub: Hub, numbered: Any) -> None:
    made = numbered.crm.properties.core_api.create(
        "contacts",
        PropertyCreate(
            name="visma_contact_id",
            label="Visma",
            group_name="contactinformation",
            type="string",
            field_type="text",
            has_unique_value=True,
        ),
    )
    assert made.has_unique_value is True
    names = [item.name for item in numbered.crm.properties.core_api.get_all("contacts").results]
    assert "visma_contact_id" in names
    contact = hub.sandbox.add_record("contacts", {"email": "a@fjord.example"})
    company, alone = (hub.sandbox.add_record("companies", {"name": name}) for name in "AB")
    batch = numbered.crm.associations.v4.batch_api
    spec = AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=279)
    post = PublicAssociationMultiPost(
        _from=PublicObjectId(id=contact), to=PublicObjectId(id=company), types=[spec]
    )
    made_links = batch.create("contacts", "companies", BatchInputPublicAssociationMultiPost(inputs=[post]))
    assert made_links.results[0].labels == ["Primary"]
    inputs = [PublicFetchAssociationsBatchRequest(id=item) for item in (company, alone)]
    page = batch.get_page(
        "companies", "contacts", BatchInputPublicFetchAssociationsBatchRequest(inputs=inputs)
    )
    assert page.results[0].to[0].to_object_id == contact
    assert page.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"
