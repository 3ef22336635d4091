"""What goes wrong in life: one clear sentence with what to do, nothing lost, and the next run recovers."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import dagster_postgres.utils
import pytest
import sqlalchemy as sa

from ml_connector import dataset_writer
from ml_connector.cli.sync import run_windows
from ml_connector.database import home
from ml_connector.errors import ConnectorError, UsageError
from ml_connector.instance import fail_dead_runs
from ml_connector.sandbox.hubspot.settings import ALL_SCOPES
from ml_connector.sandbox.request_log import LoggedCall
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld, close
from ml_connector_tests.graph.harness import NAME, World, connection
from ml_connector_tests.graph.outage import Outage

PAIRS = 130


@pytest.fixture
def filled(world: World) -> World:
    world.enter_pairs(range(PAIRS))
    return world


def one_sentence(text: str | None, *words: str) -> None:
    """Hold that an error is for people: short, with these words, without a stack trace."""
    assert text is not None
    assert "Traceback" not in text
    assert "\n" not in text.strip()
    assert len(text) < 600
    assert text.rstrip().endswith((".", "`", rows.day(0))), text
    for word in words:
        assert word in text, text


def recovers(world: World) -> None:
    """Hold that the next run finishes what the bad one left."""
    summary = world.sync()
    assert summary.status == "success", summary
    assert len(world.companies()) == PAIRS
    assert len(world.sandbox.hubspot.records("contacts")) == PAIRS
    assert len(world.sandbox.hubspot.links("contacts", "companies")) == PAIRS
    assert world.open_intents() == 0
    assert world.rejects() == []


class TestCredentials:
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
        one_sentence(summary.error, "hubspot_access_token", "ml-connector credentials set", "HUBSPOT_ACCESS_TOKEN")
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
    @pytest.mark.parametrize("variable", ["HUBSPOT_API_URL", "VISMA_API_URL", "VISMA_TOKEN_URL"])
    def test_a_host_out_of_reach(
        self, filled: World, waits: list[float], monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        good = os.environ[variable]
        monkeypatch.setenv(variable, "http://127.0.0.1:9/connect/token" if "TOKEN" in variable else "http://127.0.0.1:9")
        summary = filled.sync()
        one_sentence(summary.error, "127.0.0.1:9", "reachable")
        monkeypatch.setenv(variable, good)
        recovers(filled)

    def test_the_tokens_audience_as_address(
        self, filled: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
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

    @pytest.mark.parametrize(("first", "last"), [("2019-01-01", None), ("i går", None), (2, 0), (0, "2199-01-01")])
    def test_an_unknown_partition(self, world: World, first: str | int, last: str | int | None) -> None:
        with pytest.raises(UsageError) as caught:
            world.sync(first, last)
        assert caught.value.remedy


class TestFiles:
    """Snapshots are files: somebody deletes them, a disk rots or fills up."""

    def snapshot(self) -> Path:
        [found] = (home() / "storage" / NAME / "visma" / "customers" / rows.day(0)).glob("*.parquet")
        return found

    @pytest.mark.parametrize("harm", ["deleted", "cut", "flipped", "emptied"])
    def test_a_harmed_snapshot_stops_a_replay_and_a_re_pull_heals_it(self, filled: World, harm: str) -> None:
        filled.sync(0, steps=("visma",))
        path = self.snapshot()
        content = path.read_bytes()
        middle = len(content) // 2
        harmed = {
            "cut": content[:middle],
            "flipped": content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :],
            "emptied": b"",
        }
        if harm == "deleted":
            path.unlink()
        else:
            path.write_bytes(harmed[harm])
        summary = filled.sync(0, steps=("records", "plan", "hubspot"))
        assert summary.status == "failed"
        one_sentence(summary.error, "records/", rows.day(0))
        assert filled.writes() == [] or filled.companies() == []
        recovers(filled)

    @pytest.mark.parametrize("step", ["visma", "records", "plan"])
    def test_a_full_disk(self, filled: World, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
        fsync = os.fsync

        def full(number: int) -> None:
            if f"/{step}/" in os.readlink(f"/proc/self/fd/{number}"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            fsync(number)

        monkeypatch.setattr(dataset_writer.os, "fsync", full)
        summary = filled.sync()
        one_sentence(summary.error, f"{step}/", "the disk is full", "Make room")
        assert filled.companies() == []
        left = [path for path in (home() / "storage").rglob("*") if path.is_file() and f"/{step}/" in str(path)]
        assert left == []
        monkeypatch.setattr(dataset_writer.os, "fsync", fsync)
        recovers(filled)


class TestPortalsProperties:
    def test_of_the_wrong_type(self, filled: World) -> None:
        filled.sandbox.hubspot.add_property("companies", "visma_credit_terms", type="number", fieldType="number")
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


class TestDatabase:
    @pytest.fixture
    def outage(self, filled: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
        """The world's database behind a proxy that can be taken away."""
        proxy = Outage(filled.database_url)
        monkeypatch.setenv("ML_CONNECTOR_DATABASE_URL", proxy.url)
        filled.database_url = proxy.url
        yield proxy
        close(proxy.url)
        proxy.begin()

    @pytest.mark.parametrize(
        "path", ["/v1/customer", "/companies/batch/upsert", "/contacts/batch/upsert", "/associations/"]
    )
    def test_goes_away_in_the_middle(
        self, filled: World, outage: Outage, monkeypatch: pytest.MonkeyPatch, path: str
    ) -> None:
        end = filled.sandbox.log.end
        struck: list[str] = []

        def strike(call: LoggedCall) -> None:
            end(call)
            if path in call.path and not struck:
                struck.append(call.path)
                outage.begin()

        filled.sandbox.log.end = strike  # type: ignore[method-assign]
        monkeypatch.setattr(dagster_postgres.utils, "time", SimpleNamespace(sleep=lambda _: None))
        text = failure(lambda: run_windows(filled.settings, rows.day(0), rows.day(0), steps=None, quiet=True))
        assert struck
        one_sentence(text, "database", "does not answer", "ML_CONNECTOR_DATABASE_URL")
        filled.sandbox.log.end = end  # type: ignore[method-assign]
        outage.end()
        with filled.instance() as instance:
            fail_dead_runs(instance, grace_seconds=0.0)
            unfinished = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        assert unfinished == []
        recovers(filled)

    def test_is_away_from_the_start(self, filled: World, outage: Outage) -> None:
        outage.begin()
        text = failure(lambda: run_windows(filled.settings, rows.day(0), rows.day(0), steps=None, quiet=True))
        one_sentence(text, "database", "does not answer")
        assert filled.calls(None) == []
        outage.end()
        recovers(filled)

    def test_is_restarted_between_two_runs(self, filled: World, outage: Outage) -> None:
        """Pooled connections are dead; nobody should notice."""
        filled.sync()
        outage.begin()
        outage.end()
        recovers(filled)


def failure(run: Callable[[], Any]) -> str:
    """Return what a run that fails tells the person, be it in its summary or as an error."""
    try:
        summary = run()
    except ConnectorError as error:
        return str(error)
    assert summary.status == "failed"
    return str(summary.error)


def test_the_admin_url_is_a_socket(filled: World) -> None:
    """The proxy forwards to a Unix socket; a server on TCP would make these tests show nothing."""
    assert sa.make_url(filled.database_url).query["host"]
