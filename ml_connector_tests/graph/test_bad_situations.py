"""What goes wrong in life: one clear sentence with what to do, nothing lost, and the next run recovers."""

import os

import pytest

from ml_connector.errors import UsageError
from ml_connector.sandbox.hubspot.settings import ALL_SCOPES
from ml_connector.sandbox.request_log import LoggedCall
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, connection
from ml_connector_tests.graph.recovery import PAIRS, one_sentence, recovers


class TestCredentials:
    """Credentials that are wrong, dead, missing, or may not do what is needed."""

    def test_a_customer_tenant_id(self, filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VISMA_TENANT_ID", filled.sandbox.settings.visma.customer_tenant_id)
        summary = filled.sync()
        assert summary.exit_code == 1
        one_sentence(summary.error, "licence", "Customer Tenant ID", "Company Tenant ID")
        assert filled.writes() == [] or filled.companies() == []
        monkeypatch.setenv("VISMA_TENANT_ID", filled.sandbox.settings.visma.tenant_id)
        recovers(filled)

    def test_a_wrong_secret(self, filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VISMA_CLIENT_SECRET", "wrong")
        summary = filled.sync()
        one_sentence(summary.error, "invalid_client", "Developer Portal")
        # A wrong secret is not tried again and again: the identity server would lock the application out.
        assert filled.sandbox.visma.tokens.requests <= 6
        monkeypatch.setenv("VISMA_CLIENT_SECRET", filled.sandbox.settings.visma.client_secret)
        recovers(filled)

    def test_a_dead_hubspot_token(self, filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
        good = os.environ["HUBSPOT_ACCESS_TOKEN"]
        monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-eu1-revoked")
        summary = filled.sync()
        assert summary.exit_code == 1
        one_sentence(summary.error, "access token", "401", "Store a current token")
        monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", good)
        recovers(filled)

    def test_a_token_that_dies_in_the_middle(self, filled: World) -> None:
        tokens = filled.sandbox.settings.hubspot.access_tokens
        end = filled.sandbox.log.end

        def revoke(call: LoggedCall) -> None:
            end(call)
            if call.path.endswith("companies/batch/upsert"):
                filled.sandbox.hubspot.configure(access_tokens=("pat-eu1-other",))

        filled.sandbox.log.end = revoke  # type: ignore[method-assign]
        summary = filled.sync()
        one_sentence(summary.error, "hubspot/", "access token")
        filled.sandbox.log.end = end  # type: ignore[method-assign]
        filled.sandbox.hubspot.configure(access_tokens=tokens)
        recovers(filled)

    def test_none_at_all(self, filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("HUBSPOT_ACCESS_TOKEN")
        good = filled.environment["HUBSPOT_ACCESS_TOKEN"]
        summary = filled.sync()
        one_sentence(
            summary.error, "hubspot_access_token", "ml-connector credentials set", "HUBSPOT_ACCESS_TOKEN"
        )
        monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", good)
        recovers(filled)

    @pytest.mark.parametrize(
        "scope",
        [
            "crm.objects.companies.write",
            "crm.objects.contacts.write",
            "crm.objects.contacts.read",
            "crm.schemas.companies.write",
        ],
    )
    def test_a_missing_scope_is_named(self, filled: World, scope: str) -> None:
        filled.sandbox.hubspot.configure(scopes=ALL_SCOPES - {scope})
        summary = filled.sync()
        assert summary.status == "failed"
        one_sentence(summary.error, scope, "Add the scope")
        filled.sandbox.hubspot.configure(scopes=ALL_SCOPES)
        recovers(filled)

    def test_the_token_of_another_portal(self, make_world: MakeWorld) -> None:
        world = make_world(portal_id=1_234_567)
        world.enter_pairs(range(PAIRS))
        summary = world.sync()
        one_sentence(summary.error, "1234567", str(world.sandbox.settings.hubspot.portal_id), "portal_id")
        assert world.writes() == []
        world.settings = connection(portal_id=world.sandbox.settings.hubspot.portal_id)
        recovers(world)


class TestPlaces:
    """Addresses and windows that do not exist."""

    @pytest.mark.parametrize("variable", ["HUBSPOT_API_URL", "VISMA_API_URL", "VISMA_TOKEN_URL"])
    def test_a_host_out_of_reach(
        self, filled: World, waits: list[float], monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        good = os.environ[variable]
        monkeypatch.setenv(
            variable, "http://127.0.0.1:9/connect/token" if "TOKEN" in variable else "http://127.0.0.1:9"
        )
        summary = filled.sync()
        one_sentence(summary.error, "127.0.0.1:9", "cannot be reached")
        monkeypatch.setenv(variable, good)
        recovers(filled)

    def test_the_tokens_audience_as_address(self, filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
        good = os.environ["VISMA_API_URL"]
        monkeypatch.setenv("VISMA_API_URL", f"{good}/erp/service")
        summary = filled.sync()
        one_sentence(summary.error, "404", "/erp/service", "VISMA_API_URL")
        monkeypatch.setenv("VISMA_API_URL", good)
        recovers(filled)

    def test_a_host_that_is_not_hubspot(self, filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
        good = os.environ["HUBSPOT_API_URL"]
        monkeypatch.setenv("HUBSPOT_API_URL", f"{good}/v1/customer")
        summary = filled.sync()
        one_sentence(summary.error, "HubSpot")
        monkeypatch.setenv("HUBSPOT_API_URL", good)
        recovers(filled)

    @pytest.mark.parametrize(
        ("first", "last"), [("2019-01-01", None), ("i går", None), (2, 0), (0, "2199-01-01")]
    )
    def test_an_unknown_partition(self, world: World, first: str | int, last: str | int | None) -> None:
        with pytest.raises(UsageError) as caught:
            world.sync(first, last)
        assert caught.value.remedy


class TestPortalsProperties:
    """A portal whose properties do not fit."""

    def test_of_the_wrong_type(self, filled: World) -> None:
        filled.sandbox.hubspot.add_property(
            "companies", "visma_credit_terms", type="number", fieldType="number"
        )
        summary = filled.sync()
        one_sentence(summary.error, "visma_credit_terms", "another type", "HubSpot's settings")
        assert filled.companies() == []

    @pytest.mark.parametrize(
        ("object_type", "name"), [("companies", "visma_customer_id"), ("contacts", "visma_contact_id")]
    )
    def test_not_unique(self, filled: World, object_type: str, name: str) -> None:
        filled.sandbox.hubspot.add_property(object_type, name)
        summary = filled.sync()
        one_sentence(summary.error, name, "unique", "HubSpot's settings")
        assert filled.companies() == []

    def test_without_room_for_unique_ones(self, filled: World) -> None:
        for number in range(9):
            filled.sandbox.hubspot.add_property("companies", f"theirs_{number}", hasUniqueValue=True)
        summary = filled.sync()
        one_sentence(summary.error, "no room", "ten unique properties")
        assert filled.companies() == []

    def test_an_option_that_somebody_removed_is_made_again(self, filled: World) -> None:
        filled.sync()
        filled.sandbox.visma.update("customers", "3", {"status": "OneTime"}, stamp=rows.at(1))
        account = filled.sandbox.hubspot.account
        catalogue = account.catalogue(account.store("companies").type)
        options = catalogue.existing("visma_customer_status").json()["options"]
        kept = [option for option in options if option["value"] != "OneTime"]
        catalogue.update("visma_customer_status", {"options": kept}, account.now_ms())
        filled.sync(1)
        assert filled.company(3).values["visma_customer_status"] == "OneTime"

    def test_required_by_the_portal_is_said_per_record(self, filled: World) -> None:
        filled.sandbox.hubspot.add_property("companies", "segment")
        filled.sandbox.hubspot.configure(required_on_create={"companies": ("segment",)})
        summary = filled.sync()
        assert summary.status == "rejects"
        assert summary.entities["companies"]["rejected"] == PAIRS
        assert all("segment" in item.message for item in filled.rejects() if item.entity == "companies")
        filled.sandbox.hubspot.configure(required_on_create={})
        recovers(filled)
