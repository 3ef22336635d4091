"""The token endpoint and what its tokens open (reference: visma 1)."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector_tests.sandbox.visma_calls import VismaCaller


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    settings = SandboxSettings(customers=3, suppliers=1, visma=VismaSandboxSettings(token_seconds=900))
    with Sandbox(settings) as running:
        yield running


@pytest.fixture
def visma(sandbox: Sandbox) -> VismaCaller:
    sandbox.reset()
    return VismaCaller(sandbox)


def test_a_token_looks_like_a_jwt_and_tells_its_lifetime(visma: VismaCaller) -> None:
    issued = visma.ask_token().json()
    header, payload, signature = issued["access_token"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["alg"] == "RS256"
    assert claims["tenant_id"] == visma.sandbox.settings.visma.tenant_id
    assert claims["exp"] - claims["iat"] == issued["expires_in"] == 900
    assert issued["token_type"] == "Bearer"
    assert signature
    assert "refresh_token" not in issued
    assert visma.sandbox.settings.visma.client_secret not in json.dumps(claims)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"client_secret": None}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
        ({"scope": "vismanet_erp_service_api:everything"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"tenant_id": None}, "invalid_request"),
        ({"tenant_id": "not-a-uuid"}, "invalid_tenant"),
        ({"tenant_id": "00000000-0000-4000-8000-000000000000"}, "unauthorized_client"),
    ],
)
def test_a_wrong_request_gets_the_oauth_error(
    visma: VismaCaller, changes: dict[str, str | None], error: str
) -> None:
    response = visma.ask_token(**changes)
    assert response.status_code == 400
    assert response.json() == {"error": error}


def test_a_json_body_is_refused(visma: VismaCaller) -> None:
    url = f"{visma.sandbox.url}/connect/token"
    response = visma.session.post(url, json=visma.token_fields())
    assert (response.status_code, response.json()) == (400, {"error": "invalid_request"})


def test_credentials_may_come_in_a_basic_header(visma: VismaCaller) -> None:
    settings = visma.sandbox.settings.visma
    response = visma.session.post(
        f"{visma.sandbox.url}/connect/token",
        data={
            "grant_type": "client_credentials",
            "tenant_id": settings.tenant_id,
            "scope": "vismanet_erp_service_api:read",
        },
        auth=(settings.client_id, settings.client_secret),
    )
    assert response.status_code == 200


def test_the_customer_tenant_id_gets_a_token_that_opens_nothing(visma: VismaCaller) -> None:
    issued = visma.ask_token(tenant_id=visma.sandbox.settings.visma.customer_tenant_id)
    assert issued.status_code == 200
    response = visma.send("GET", "/v1/customer", issued.json()["access_token"])
    assert response.status_code == 401
    assert response.json()["ExceptionFaultCode"] == "12027"


def test_an_unknown_token_and_none_at_all_are_refused(visma: VismaCaller) -> None:
    assert visma.send("GET", "/v1/customer", "made.up.token").status_code == 401
    assert visma.session.get(f"{visma.sandbox.url}/v1/customer").status_code == 401


def test_a_token_ends_with_its_lifetime(visma: VismaCaller) -> None:
    visma.sandbox.clock.advance(timedelta(seconds=890))
    assert visma.call("/v1/customer").status_code == 200
    visma.sandbox.clock.advance(timedelta(seconds=11))
    assert visma.call("/v1/customer").status_code == 401


def test_all_tokens_can_be_revoked_and_a_new_one_works(visma: VismaCaller) -> None:
    visma.sandbox.visma.tokens.expire_all()
    assert visma.call("/v1/customer").status_code == 401
    assert visma.send("GET", "/v1/customer", visma.ask_token().json()["access_token"]).status_code == 200


def test_token_requests_are_counted(visma: VismaCaller) -> None:
    visma.ask_token(client_secret="wrong")
    tokens = visma.sandbox.visma.tokens
    assert (tokens.requests, tokens.issued) == (2, 1)


def test_a_token_without_the_read_scope_reads_nothing(visma: VismaCaller) -> None:
    token = visma.ask_token(scope="vismanet_erp_service_api:update").json()["access_token"]
    assert visma.send("GET", "/v1/customer", token).status_code == 403


def test_the_token_endpoint_takes_post_only(visma: VismaCaller) -> None:
    assert visma.session.get(f"{visma.sandbox.url}/connect/token").status_code == 405
