"""Who may call, how often, and what the account says about itself."""

from typing import Any

import pytest

from ml_connector.sandbox.hubspot import DEFAULT_TOKEN, Fault, HubSpotSandboxSettings
from ml_connector.sandbox.hubspot.settings import ALL_SCOPES
from ml_connector_tests.sandbox.hubspot_serving import Hub

OTHER_TOKEN = "pat-eu1-another"


def test_an_unknown_token_is_401(hub: Hub) -> None:
    hub.session.headers["Authorization"] = "Bearer pat-eu1-wrong"
    try:
        refused = hub.objects("GET", "companies")
    finally:
        hub.session.headers["Authorization"] = f"Bearer {DEFAULT_TOKEN}"
    assert refused.status_code == 401
    assert refused.json()["category"] == "INVALID_AUTHENTICATION"
    assert refused.json()["correlationId"]


@pytest.mark.parametrize(
    ("missing", "method", "path", "body"),
    [
        ("crm.objects.companies.read", "GET", "/crm/objects/2026-09/companies", None),
        (
            "crm.objects.companies.write",
            "POST",
            "/crm/objects/2026-09/companies",
            {"properties": {"name": "A"}},
        ),
        ("crm.objects.line_items.write", "POST", "/crm/objects/2026-09/0-8", {"properties": {"name": "A"}}),
        ("crm.objects.commercepayments.read", "POST", "/crm/objects/2026-09/commerce_payments/search", {}),
        ("crm.schemas.deals.write", "POST", "/crm/properties/2026-09/deals", {}),
        ("e-commerce", "POST", "/crm/properties/2026-09/line_items", {}),
        ("tax_rates.read", "GET", "/tax-rates/2026-09/tax-rates", None),
        ("crm.objects.contacts.read", "POST", "/crm/associations/2026-09/companies/contacts/batch/read", {}),
    ],
)
def test_a_missing_scope_is_403_and_named(
    hub: Hub, missing: str, method: str, path: str, body: object
) -> None:
    hub.sandbox.configure(scopes=ALL_SCOPES - {missing})
    refused = hub.call(method, path, body)
    assert refused.status_code == 403
    assert refused.json()["category"] == "MISSING_SCOPES"
    assert missing in refused.json()["errors"][0]["context"]["requiredGranularScopes"]
    hub.sandbox.configure(scopes=ALL_SCOPES)
    assert hub.call(method, path, body).status_code != 403


def test_a_key_that_may_only_write_definitions_cannot_read_them(hub: Hub) -> None:
    hub.sandbox.configure(scopes=frozenset({"crm.schemas.companies.write"}))
    assert hub.properties("GET", "companies").status_code == 403
    hub.sandbox.configure(scopes=frozenset({"crm.objects.companies.read"}))
    assert hub.properties("GET", "companies").status_code == 200


def test_the_window_of_ten_seconds_rolls_and_belongs_to_a_token(hub: Hub) -> None:
    tokens = (DEFAULT_TOKEN, OTHER_TOKEN)
    hub.sandbox.configure(requests_per_ten_seconds=3, access_tokens=tokens)
    left = []
    for _ in range(3):
        left.append(hub.objects("GET", "companies").headers["X-HubSpot-RateLimit-Remaining"])
        hub.clock.forward(1)
    assert left == ["2", "1", "0"]
    refused = hub.objects("GET", "companies")
    assert refused.status_code == 429
    assert refused.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert refused.headers["X-HubSpot-RateLimit-Max"] == "3"
    assert refused.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert "Retry-After" not in refused.headers
    other = hub.session.get(
        f"{hub.url}/crm/objects/2026-09/companies", headers={"Authorization": f"Bearer {OTHER_TOKEN}"}
    )
    assert other.status_code == 200
    hub.clock.forward(7)
    assert hub.objects("GET", "companies").status_code == 200
    assert hub.objects("GET", "companies").status_code == 429
    assert hub.sandbox.counts.throttled == 2


def test_search_has_a_limit_of_its_own_and_no_headers(hub: Hub) -> None:
    hub.sandbox.configure(requests_per_ten_seconds=1)
    for _ in range(5):
        answer = hub.search("companies")
        assert answer.status_code == 200
        assert not [name for name in answer.headers if "ratelimit" in name.lower()]
    refused = hub.search("companies")
    assert refused.status_code == 429
    assert refused.json()["message"] == "You have reached your secondly limit."
    assert refused.json()["category"] == "RATE_LIMITS"
    assert "policyName" not in refused.json()
    hub.clock.forward(1)
    assert hub.search("companies").status_code == 200


def test_associations_have_a_limit_of_their_own(hub: Hub) -> None:
    hub.sandbox.configure(association_requests_per_ten_seconds=2, requests_per_ten_seconds=1)
    statuses = [hub.links("contacts/companies", "read", [{"id": "1"}]).status_code for _ in range(3)]
    assert statuses == [207, 207, 429]
    assert hub.objects("GET", "companies").status_code == 200


def test_the_day_counts_refused_calls_and_ends_at_the_accounts_midnight(hub: Hub) -> None:
    hub.sandbox.configure(requests_per_day=4, requests_per_ten_seconds=2)
    statuses = [hub.objects("GET", "companies").status_code for _ in range(5)]
    assert statuses == [200, 200, 429, 429, 429]
    hub.clock.forward(60)
    refused = hub.objects("GET", "companies")
    assert refused.status_code == 429
    assert (refused.json()["policyName"], refused.json()["errorType"]) == ("DAILY", "RATE_LIMIT")
    assert refused.json()["message"] == "You have reached your daily limit."
    hub.clock.forward(13 * 3600)
    answer = hub.objects("GET", "companies")
    assert answer.status_code == 200
    assert answer.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "3"


def test_a_429_carries_retry_after_when_set(hub: Hub) -> None:
    hub.sandbox.configure(requests_per_ten_seconds=0, retry_after_seconds=7)
    assert hub.objects("GET", "companies").headers["Retry-After"] == "7"


@pytest.mark.parametrize("status", [423, 437, 477, 500, 502])
def test_a_planted_fault_answers_the_next_matching_calls(hub: Hub, status: int) -> None:
    fault = Fault(status, method="POST", path_contains="/companies", times=2, retry_after=3)
    hub.sandbox.fail(fault)
    body = {"properties": {"name": "A"}}
    assert hub.objects("GET", "companies").status_code == 200
    answers = [hub.objects("POST", "companies", body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 201]
    if status == 477:
        assert answers[0].headers["Retry-After"] == "3"


def test_the_account_and_its_token_are_described(hub: Hub) -> None:
    details = hub.call("GET", "/account-info/2026-09/details").json()
    assert details["portalId"] == 139_876_543
    assert details["companyCurrency"] == "NOK"
    assert "SEK" in details["additionalCurrencies"]
    assert (details["utcOffset"], details["utcOffsetMilliseconds"]) == ("+01:00", 3_600_000)
    path = "/oauth/v2/private-apps/get/access-token-info"
    info = hub.call("POST", path, {"tokenKey": DEFAULT_TOKEN}).json()
    assert info["hubId"] == 139_876_543
    assert "crm.objects.companies.write" in info["scopes"]
    assert hub.call("POST", path, {"tokenKey": "other"}).status_code == 401
    assert hub.sandbox.counts.v3_v4 == 0


def test_limits_tax_rates_owners_and_pipelines(hub: Hub) -> None:
    hub.sandbox.add_property("companies", "mine")
    limits = hub.call("GET", "/crm/limits/2026-09/custom-properties").json()
    company = next(row for row in limits["byObjectType"] if row["objectTypeId"] == "0-2")
    assert (company["limit"], company["usage"], limits["overallUsage"]) == (1000, 1, 1)
    rates = hub.call("GET", "/tax-rates/2026-09/tax-rates").json()["results"]
    assert rates[0]["percentageRate"] == 25.0
    assert hub.call("GET", "/crm/owners/2026-09").json()["results"][0]["email"].endswith(".example")
    stages = hub.call("GET", "/crm/pipelines/2026-09/deals").json()["results"][0]["stages"]
    assert "closedwon" in [stage["id"] for stage in stages]


def test_custom_objects_need_enterprise_and_answer_to_their_full_name(hub: Hub) -> None:
    body = {
        "name": "transaction",
        "labels": {"singular": "Transaction", "plural": "Transactions"},
        "primaryDisplayProperty": "visma_transaction_id",
        "requiredProperties": ["visma_transaction_id"],
        "properties": [
            {
                "name": "visma_transaction_id",
                "label": "Id",
                "type": "string",
                "fieldType": "text",
                "hasUniqueValue": True,
            }
        ],
        "associatedObjects": ["COMPANY"],
    }
    path = "/crm-object-schemas/2026-09/schemas"
    assert hub.call("POST", path, body).status_code == 403
    hub.sandbox.reset(HubSpotSandboxSettings(enterprise=True))
    made = hub.call("POST", path, body).json()
    assert made["fullyQualifiedName"] == "p139876543_transaction"
    assert hub.call("POST", path, body).status_code == 409
    assert (
        hub.objects("GET", "transaction").json()["message"] == "Unable to infer object type from: transaction"
    )
    item = {"id": "demo:GL:1", "idProperty": "visma_transaction_id", "properties": {}}
    for name in (made["objectTypeId"], made["fullyQualifiedName"]):
        assert hub.batch(name, "upsert", [item]).status_code == 200
    (record_id,) = hub.sandbox.records(made["objectTypeId"])
    company = hub.sandbox.add_record("companies", {"name": "A"})
    pair = f"{made['objectTypeId']}/companies"
    default = {"from": {"id": record_id}, "to": {"id": company}}
    assert hub.links(pair, "associate/default", [default]).status_code == 200
    assert [item["name"] for item in hub.call("GET", path).json()["results"]] == ["transaction"]
    assert hub.call("DELETE", f"{path}/{made['objectTypeId']}").status_code == 400
    hub.sandbox.archive_as_person(made["objectTypeId"], record_id)
    assert hub.call("DELETE", f"{path}/{made['objectTypeId']}").status_code == 204


@pytest.mark.parametrize(
    "change",
    [
        {"primaryDisplayProperty": "other"},
        {"requiredProperties": ["number", "other"]},
        {"searchableProperties": ["other"]},
        {"labels": {"singular": "T", "plural": "T" * 51}},
    ],
)
def test_a_custom_object_refers_to_its_own_properties(hub: Hub, change: dict[str, Any]) -> None:
    hub.sandbox.reset(HubSpotSandboxSettings(enterprise=True))
    body = {
        "name": "transaction",
        "labels": {"singular": "Transaction", "plural": "Transactions"},
        "primaryDisplayProperty": "number",
        "properties": [{"name": "number", "label": "Number", "type": "string", "fieldType": "text"}],
    }
    path = "/crm-object-schemas/2026-09/schemas"
    assert hub.call("POST", path, {**body, **change}).status_code == 400
    assert hub.call("POST", path, body).status_code == 201


def test_calls_are_counted_by_operation(hub: Hub) -> None:
    hub.objects("POST", "0-2", {"properties": {"name": "A"}})
    hub.objects("GET", "company")
    hub.links("contacts/companies", "read", [{"id": "1"}])
    counts = hub.sandbox.counts
    assert (counts.calls, counts.writes, counts.throttled) == (3, 1, 0)
    assert counts.operations == {
        "companies create": 1,
        "companies list": 1,
        "contacts-companies associations batch read": 1,
    }
    hub.sandbox.forget_calls()
    assert hub.sandbox.counts.calls == 0
