"""The portal's properties: what is wrong is named, what is missing is made, what is made is verified."""

from dataclasses import replace
from typing import Any

import pytest
import responses

from ml_connector.errors import PermanentApiError, UsageError
from ml_connector.hubspot import paths
from ml_connector.hubspot.models import PropertyDefinition, definition_from
from ml_connector.hubspot.properties import (
    GroupSpec,
    PreflightReport,
    PropertySpec,
    ensure,
    preflight,
    schema_scope,
)
from ml_connector_tests.hubspot.portal import Reply, Script, Time, client

GROUP = GroupSpec("visma", "Visma")
ID = PropertySpec("companies", "visma_customer_id", "Customer", "string", "text", unique=True)
ROLE = PropertySpec(
    "companies",
    "visma_relationship",
    "Relationship",
    "enumeration",
    "checkbox",
    options=(("customer", "Customer"), ("supplier", "Supplier")),
)


def body_of(spec: PropertySpec, **changes: Any) -> dict[str, Any]:
    return {
        "name": spec.name,
        "label": spec.label,
        "type": spec.type,
        "fieldType": spec.field_type,
        "groupName": "visma",
        "hasUniqueValue": spec.unique,
        "options": [{"value": value, "label": label} for value, label in spec.options],
        **changes,
    }


def found(spec: PropertySpec, **changes: Any) -> PropertyDefinition:
    return definition_from(body_of(spec, **changes))


@pytest.mark.parametrize(
    ("spec", "definition", "report"),
    [
        (ID, None, PreflightReport(missing=("visma_customer_id",))),
        (ID, found(ID), PreflightReport()),
        (ID, found(ID, type="number"), PreflightReport(wrong_type=("visma_customer_id",))),
        (ID, found(ID, fieldType="textarea"), PreflightReport()),
        (ID, found(ID, hasUniqueValue=False), PreflightReport(not_unique=("visma_customer_id",))),
        (ID, found(ID, calculated=True), PreflightReport(read_only=("visma_customer_id",))),
        (
            ID,
            found(ID, modificationMetadata={"readOnlyValue": True}),
            PreflightReport(read_only=("visma_customer_id",)),
        ),
        (ROLE, found(ROLE, fieldType="select"), PreflightReport(wrong_type=("visma_relationship",))),
        (
            ROLE,
            found(ROLE, options=[{"value": "customer"}]),
            PreflightReport(missing_options=(("visma_relationship", "supplier"),)),
        ),
    ],
)
def test_preflight_names_what_differs(
    spec: PropertySpec, definition: PropertyDefinition | None, report: PreflightReport
) -> None:
    checked = preflight([spec], {definition.name: definition} if definition else {})
    assert checked == report
    assert checked.ok is (report == PreflightReport())
    assert len(checked.problems()) == (0 if checked.ok else 1)


def test_only_ten_unique_properties_fit() -> None:
    taken = {f"other_{n}": replace(found(ID), name=f"other_{n}") for n in range(9)}
    taken["hs_object_id"] = replace(found(ID), name="hs_object_id", hubspot_defined=True)
    second = replace(ID, name="visma_supplier_id")
    report = preflight([ID, second, ROLE], taken)
    assert report.missing == ("visma_customer_id", "visma_relationship")
    assert report.no_room == ("visma_supplier_id",)


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("companies", "crm.schemas.companies.write"),
        ("commerce_payments", "crm.schemas.commercepayments.write"),
        ("line_items", "e-commerce"),
    ],
)
def test_the_scope_for_making_properties(kind: str, scope: str) -> None:
    assert schema_scope(kind) == scope


class Portal:
    """Keeps property definitions; a new one shows after ``lag`` reads."""

    def __init__(self, *there: dict[str, Any], lag: int = 0, batch: Reply | None = None) -> None:
        self.there = {item["name"]: item for item in there}
        self.fresh: dict[str, dict[str, Any]] = {}
        self.lag = lag
        self._batch = batch
        path = paths.properties("companies")
        self.lists = Script(path, self._list, "GET")
        self.groups = Script(paths.property_groups("companies"), [(201, {}), (409, {"category": "CONFLICT"})])
        self.batches = Script(paths.property_batch_create("companies"), self._create)
        self.singles = Script(path, self._single)
        self.patch = Script(paths.property_named("companies", "visma_relationship"), self._patched, "PATCH")

    def _list(self, _: Any) -> Reply:
        if self.fresh:
            self.lag -= 1
            if self.lag < 0:
                self.there |= self.fresh
        return 200, {"results": list(self.there.values())}

    def _create(self, body: Any) -> Reply:
        if self._batch:
            return self._batch
        self.fresh |= {item["name"]: item for item in body["inputs"]}
        return 201, {"status": "COMPLETE", "results": body["inputs"]}

    def _single(self, body: Any) -> Reply:
        if body["name"] in self.there or body["name"] in self.fresh:
            return 409, {"category": "OBJECT_ALREADY_EXISTS"}
        self.fresh[body["name"]] = body
        return 201, body

    def _patched(self, body: Any) -> Reply:
        self.there["visma_relationship"] |= body
        return 200, self.there["visma_relationship"]


@responses.activate
def test_what_is_missing_is_made_in_one_call_and_verified() -> None:
    portal, time = Portal(lag=2), Time()
    report = ensure(client(), GROUP, [ID, ROLE], sleep=time.sleep)
    assert report.ok
    assert report.created == ("companies.visma_customer_id", "companies.visma_relationship")
    assert portal.groups.bodies == [{"name": "visma", "label": "Visma"}]
    made = portal.batches.bodies[0]["inputs"][0]
    assert (made["groupName"], made["hasUniqueValue"], made["fieldType"]) == ("visma", True, "text")
    assert time.slept == [0.5, 0.5]
    report.require()


@responses.activate
def test_ensuring_again_changes_nothing() -> None:
    portal = Portal(body_of(ID), body_of(ROLE))
    report = ensure(client(), GROUP, [ID, ROLE])
    assert (report.created, report.options_added, report.ok) == ((), (), True)
    assert portal.groups.calls == portal.batches.calls == portal.patch.calls == 0
    assert portal.lists.calls == 1


@responses.activate
def test_definitions_that_the_client_has_read_are_not_asked_for_again() -> None:
    portal, one = Portal(body_of(ID), body_of(ROLE)), client()
    one.properties("companies")
    assert ensure(one, GROUP, [ID, ROLE]).ok
    assert portal.lists.calls == 1


@responses.activate
def test_a_group_and_properties_that_exist_after_all_are_tolerated() -> None:
    exists = 409, {"category": "OBJECT_ALREADY_EXISTS", "subCategory": "Properties.PROPERTY_WITH_NAME_EXISTS"}
    portal = Portal(batch=exists)
    portal.groups._replies = [(409, {"category": "OBJECT_ALREADY_EXISTS"})]
    assert ensure(client(), GROUP, [ID, ROLE], sleep=Time().sleep).ok
    assert [body["name"] for body in portal.singles.bodies] == ["visma_customer_id", "visma_relationship"]


@responses.activate
def test_exists_errors_in_a_success_are_tolerated_too() -> None:
    portal = Portal(batch=(207, {"results": [], "errors": [{"category": "OBJECT_ALREADY_EXISTS"}]}))
    assert ensure(client(), GROUP, [ID], sleep=Time().sleep).ok
    assert portal.singles.calls == 1


@responses.activate
def test_a_restored_property_that_is_not_unique_is_reported() -> None:
    portal = Portal()
    portal.fresh = {"visma_customer_id": body_of(ID, hasUniqueValue=False)}
    portal.lag = 1
    portal._batch = (201, {"results": []})
    report = ensure(client(), GROUP, [ID], sleep=Time().sleep)
    assert report.left["companies"].not_unique == ("visma_customer_id",)
    assert "companies: The property visma_customer_id does not enforce" in report.problems()[0]
    with pytest.raises(UsageError, match="visma_customer_id"):
        report.require()


@responses.activate
def test_what_never_shows_is_reported_after_three_seconds() -> None:
    time = Time()
    Portal(lag=99)
    report = ensure(client(), GROUP, [ID], sleep=time.sleep)
    assert report.left["companies"].missing == ("visma_customer_id",)
    assert sum(time.slept) == pytest.approx(3.0)


@responses.activate
def test_missing_options_are_added_beside_those_that_are_there() -> None:
    own = {"value": "partner", "label": "Partner", "displayOrder": 0}
    portal = Portal(body_of(ROLE, options=[own, {"value": "customer", "label": "Kunde"}]))
    report = ensure(client(), GROUP, [ROLE], sleep=Time().sleep)
    assert report.ok
    assert report.options_added == ("companies.visma_relationship",)
    (sent,) = portal.patch.bodies
    assert [option["value"] for option in sent["options"]] == ["partner", "customer", "supplier"]
    assert sent["options"][:2] == [own, {"value": "customer", "label": "Kunde"}]


@responses.activate
def test_hubspots_own_properties_are_never_changed() -> None:
    portal = Portal(body_of(ROLE, options=[], hubspotDefined=True))
    report = ensure(client(), GROUP, [ROLE], sleep=Time().sleep)
    assert not report.ok
    assert portal.patch.calls == 0


@responses.activate
@pytest.mark.parametrize("named", [True, False])
def test_a_missing_scope_is_named(named: bool) -> None:
    scope = "crm.schemas.companies.write"
    errors = [{"context": {"requiredGranularScopes": [scope]}}] if named else []
    portal = Portal()
    portal.groups._replies = [(403, {"category": "MISSING_SCOPES", "message": "x", "errors": errors})]
    with pytest.raises(PermanentApiError) as raised:
        ensure(client(), GROUP, [ID])
    assert str(raised.value).count(scope) == 1


@responses.activate
@pytest.mark.parametrize(
    "reply", [(400, {"message": "Bad name"}), (207, {"errors": [{"category": "X", "message": "Bad name"}]})]
)
def test_a_refused_definition_raises(reply: Reply) -> None:
    Portal(batch=reply)
    with pytest.raises(PermanentApiError, match="Bad name"):
        ensure(client(), GROUP, [ID])
