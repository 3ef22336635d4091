"""What goes wrong in life: one clear sentence with what to do, nothing lost, and the next run recovers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from ml_connector.cli.sync import Summary
from ml_connector.errors import UsageError
from ml_connector.sandbox.hubspot.settings import ALL_SCOPES, HubSpotSandboxSettings
from ml_connector.sandbox.request_log import LoggedCall
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld, unhurried
from ml_connector_tests.graph.harness import World, connection
from ml_connector_tests.graph.recovery import PAIRS, one_sentence, recovers

ANOTHER_PORTAL = 1_234_567


@dataclass(frozen=True)
class Trouble:
    """What is wrong in one run, and the words that its one sentence must have.

    ``environment`` may name ``{url}``, the sandbox, and ``{customer_tenant}``; None takes a variable away.
    """

    words: tuple[str, ...]
    environment: Mapping[str, str | None] = field(default_factory=dict)
    lacks: frozenset[str] = frozenset()
    portal_id: int | None = None

    def met(self, world: World, patch: pytest.MonkeyPatch) -> Summary:
        """Run a window in this trouble, and put everything back."""
        visma, hubspot = world.sandbox.settings.visma, world.sandbox.hubspot
        for name, value in self.environment.items():
            if value is None:
                patch.delenv(name)
            else:
                known = {"url": world.sandbox.url, "customer_tenant": visma.customer_tenant_id}
                patch.setenv(name, value.format_map(known))
        hubspot.configure(scopes=ALL_SCOPES - self.lacks)
        world.settings = connection(portal_id=self.portal_id)
        world.forget_calls()
        summary = world.sync()
        hubspot.configure(scopes=ALL_SCOPES)
        world.settings = connection()
        return summary


def lacking(scope: str) -> Trouble:
    """Return the trouble of a token without a scope."""
    return Trouble((scope, "Add the scope"), lacks=frozenset({scope}))


NOWHERE = "http://127.0.0.1:9"
UNREACHABLE = ("127.0.0.1:9", "cannot be reached")

TROUBLES = {
    "a customer tenant id": Trouble(
        ("licence", "Customer Tenant ID", "Company Tenant ID"), {"VISMA_TENANT_ID": "{customer_tenant}"}
    ),
    "a wrong secret": Trouble(("invalid_client", "Developer Portal"), {"VISMA_CLIENT_SECRET": "wrong"}),
    "a dead HubSpot token": Trouble(
        ("access token", "401", "Store a current token"), {"HUBSPOT_ACCESS_TOKEN": "pat-eu1-revoked"}
    ),
    "no token at all": Trouble(
        ("hubspot_access_token", "ml-connector credentials set", "HUBSPOT_ACCESS_TOKEN"),
        {"HUBSPOT_ACCESS_TOKEN": None},
    ),
    "the token of another portal": Trouble(
        (str(ANOTHER_PORTAL), str(HubSpotSandboxSettings().portal_id), "portal_id"), portal_id=ANOTHER_PORTAL
    ),
    "HubSpot out of reach": Trouble(UNREACHABLE, {"HUBSPOT_API_URL": NOWHERE}),
    "Visma out of reach": Trouble(UNREACHABLE, {"VISMA_API_URL": NOWHERE}),
    "Visma's tokens out of reach": Trouble(UNREACHABLE, {"VISMA_TOKEN_URL": f"{NOWHERE}/connect/token"}),
    "the tokens' audience as address": Trouble(
        ("404", "/erp/service", "VISMA_API_URL"), {"VISMA_API_URL": "{url}/erp/service"}
    ),
    "a host that is not HubSpot": Trouble(("HubSpot",), {"HUBSPOT_API_URL": "{url}/v1/customer"}),
    "no scope to make properties": lacking("crm.schemas.companies.write"),
    "no scope to read contacts": lacking("crm.objects.contacts.read"),
    "no scope to write companies": lacking("crm.objects.companies.write"),
    "no scope to write contacts": lacking("crm.objects.contacts.write"),
}
WRITES_SOMETHING = {"no scope to write contacts"}
"""What comes to light only after the companies are written."""


@dataclass(frozen=True)
class Stopped:
    """How a run in trouble ended: what it wrote that was carried out, and how often it asked for a Visma token."""

    summary: Summary
    companies: int
    tokens: int


@pytest.fixture(scope="module")
def unlucky(make_shared_world: MakeWorld) -> World:
    """The connection, with customers that are still to be synced."""
    made = make_shared_world()
    made.enter_pairs(range(PAIRS))
    return made


@pytest.fixture(scope="module")
def stopped(unlucky: World) -> dict[str, Stopped]:
    """What each trouble came to, in this order."""
    found = {}
    for name, trouble in TROUBLES.items():
        before = unlucky.sandbox.visma.tokens.requests
        with pytest.MonkeyPatch.context() as patch:
            unhurried(patch)
            summary = trouble.met(unlucky, patch)
        asked = unlucky.sandbox.visma.tokens.requests - before
        found[name] = Stopped(summary, len(unlucky.companies()), asked)
    return found


class TestStopped:
    """Credentials, addresses and rights that are wrong: one connection meets all of it, one run after the other."""

    @pytest.mark.parametrize("name", TROUBLES)
    def test_says_in_one_sentence_what_is_wrong_and_what_to_do(
        self, stopped: dict[str, Stopped], name: str
    ) -> None:
        assert (stopped[name].summary.status, stopped[name].summary.exit_code) == ("failed", 1)
        one_sentence(stopped[name].summary.error, *TROUBLES[name].words)
        assert (stopped[name].companies == 0) is (name not in WRITES_SOMETHING)

    def test_does_not_try_a_wrong_secret_again_and_again(self, stopped: dict[str, Stopped]) -> None:
        # The identity server would lock the application out.
        assert 0 < stopped["a wrong secret"].tokens <= 6

    def test_leaves_nothing_that_the_next_good_run_does_not_mend(
        self, stopped: dict[str, Stopped], unlucky: World
    ) -> None:
        assert len(stopped) == len(TROUBLES)
        recovers(unlucky)


def test_a_token_that_dies_in_the_middle(filled: World) -> None:
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


@pytest.mark.parametrize(
    ("first", "last"), [("2019-01-01", None), ("i går", None), (2, 0), (0, "2199-01-01")]
)
def test_an_unknown_partition(world: World, first: str | int, last: str | int | None) -> None:
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
