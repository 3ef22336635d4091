"""`demo`: both APIs, a first sync, a month reconciled and Dagster's UI, and what is left behind: nothing."""

import dataclasses
import fcntl
import os
import signal
import subprocess
import sys
import types
import webbrowser
from datetime import date
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
import requests

from ml_connector.cli import demo
from ml_connector.cli.reconcile import Outcome
from ml_connector.cli.sync import Summary
from ml_connector.sandbox.hubspot.sandbox import HubSpotSandbox
from ml_connector_tests.cli.conftest import Shell
from ml_connector_tests.cli.programs import next_document, program
from ml_connector_tests.cli.terminal import LONGEST_SECONDS
from ml_connector_tests.web.conftest import free_port


def a_month_is_synced_and_reconciled(document: dict[str, Any]) -> None:
    """Hold the first document of a demo to what a person is to see."""
    assert document["connection"] == "fjordlys"
    assert document["status"] in ("success", "rejects")
    entities = document["entities"]
    for name in ("companies", "invoices", "line_items", "transactions"):
        assert entities[name]["created"] > 0, name
    assert entities["payments"]["skipped"] == entities["payments"]["read"] > 0
    found = document["reconciliation"]
    assert found["status"] in ("agrees", "differences")
    assert found["compared"]["invoice"] > 0
    assert {total["month"] for total in found["totals"]} == {found["month"]}
    assert Path(found["files"]["html"]).is_file()
    assert document["seconds"] < 60


class TestDemo:
    """The first thing a person tries."""

    def test_everything_answers_on_a_fresh_machine_and_one_ctrl_c_ends_all_of_it(self, shell: Shell) -> None:
        words = ("--customers", "20", "--suppliers", "10", "--port", str(free_port()))
        with program("demo", "--json", "--ui-port", str(free_port()), *words) as process:
            a_month_is_synced_and_reconciled(next_document(process))
            places = next_document(process)
            assert "Sandbox portal" in requests.get(places["portal"], timeout=30).text
            assert requests.get(f"{places['ui']}/server_info", timeout=30).json()["dagster_version"]
            listed = {"query": "{ assetNodes { groupName } }"}
            nodes = requests.post(f"{places['ui']}/graphql", json=listed, timeout=60).json()["data"][
                "assetNodes"
            ]
            steps = {"visma", "records", "plan", "hubspot", "reconciliation", "undo"}
            assert {node["groupName"] for node in nodes} == steps
            family = psutil.Process(process.pid).children(recursive=True)
            assert len(family) > 3
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=LONGEST_SECONDS)
            assert (process.returncode, said.strip()) == (0, "")
            _, alive = psutil.wait_procs(family, timeout=LONGEST_SECONDS)
            assert [member.cmdline() for member in alive if member.status() != "zombie"] == []
        assert not (shell.folder / "home" / "demo" / "postgres" / "postmaster.pid").exists()

    def test_headless_ends_when_the_month_is_reconciled(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What comes before that is the same as with the UI."""
        agrees = Outcome("fjordlys", "r", 1.0, statement={"agrees": True})
        monkeypatch.setattr(
            demo, "_first_sync", lambda visma, quiet: Summary("fjordlys", "r", ["2026-11-02"], "success")
        )
        monkeypatch.setattr(demo, "_reconciled_month", lambda quiet: agrees)
        monkeypatch.setattr(demo, "_show", lambda *places, **how: pytest.fail("the UI was started"))
        document = shell.json("demo", "--headless", "--port", "0", "--customers", "1")
        assert (document["status"], "error" in document["reconciliation"]) == ("success", False)

    def test_it_says_where_the_money_is_to_be_seen_and_what_to_type(self, shell: Shell) -> None:
        settings = dataclasses.replace(demo.demo_settings(), customers=3, suppliers=0, books=None)
        portal = HubSpotSandbox(settings.hubspot)
        sandbox = types.SimpleNamespace(hubspot=portal, url="http://portal")
        assert "An invoice there:" not in demo._sights(sandbox, "http://ui", "/a/statement.html")  # type: ignore[arg-type]
        company = portal.add_record("companies", {"name": "Acme"})
        deal = portal.add_record("deals", {"dealname": "Offer", "dealstage": "appointmentscheduled"})
        dealt, plain = ([("companies", company), ("deals", deal)], [("companies", company)])
        made = [
            portal.add_record("invoices", {"hs_currency": "NOK", "hs_invoice_billable": "false"}, links)
            for links in (plain, dealt, plain, dealt)
        ]
        for one in made[:3]:
            portal.edit_as_person("invoices", one, {"hs_invoice_status": "open"})
        portal.record("invoices", made[1]).values["visma_invoice_id"] = "fjordlys:CreditNote:200012"
        typed = demo._commands(sandbox, "r-1")  # type: ignore[arg-type]
        assert typed[0] == ". home/environment"
        assert "ml-connector audit fjordlys --record creditnote:200012" in typed
        sights = demo._sights(sandbox, "http://ui", "/a/statement.html")  # type: ignore[arg-type]
        assert sights["What was refused, and why:"].endswith("&checkDetail=no_rejects")
        assert sights["An invoice there:"] == f"http://portal/portal/invoices/{made[1]}", (
            "whole and with a deal"
        )
        assert sights["The month's statement:"] == "file:///a/statement.html"

    @pytest.mark.parametrize(
        ("today", "month"), [("2026-11-22", "2026-10"), ("2026-12-01", "2026-11"), ("2027-01-31", "2026-12")]
    )
    def test_the_month_is_the_newest_that_is_over(self, today: str, month: str) -> None:
        assert demo.last_whole_month(date.fromisoformat(today)) == month

    def test_a_failed_comparison_ends_it_without_a_ui(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced = Summary("fjordlys", "r", ["2026-11-02"], "success")
        failed = Outcome("fjordlys", "r", 1.0, error="something")
        monkeypatch.setattr(demo, "_first_sync", lambda visma, quiet: synced)
        monkeypatch.setattr(demo, "_reconciled_month", lambda quiet: failed)
        monkeypatch.setattr(demo, "_show", lambda *places, **how: pytest.fail("the UI was started"))
        document = shell.json("demo", "--port", "0", "--customers", "1", code=1)
        assert document["status"] == "success"
        assert document["reconciliation"]["error"] == "something"

    def test_a_second_one_leaves_the_first_alone(self, shell: Shell) -> None:
        folder = shell.folder / "home" / "demo"
        folder.mkdir(parents=True)
        with (folder / "postgres.users").open("wb") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            error = shell.json("demo", "--headless", code=1)["error"]
        assert error["message"] == "A demo is running on this machine already."
        assert (folder / "postgres.users").exists()

    def test_what_an_earlier_one_left_is_cleared_away(self, shell: Shell) -> None:
        left = shell.folder / "home" / "demo" / "storage" / "old.parquet"
        left.parent.mkdir(parents=True)
        left.touch()
        assert list(demo._fresh_home().iterdir()) == []

    def test_real_settings_are_out_of_its_reach(self, shell: Shell) -> None:
        os.environ |= {
            "ML_CONNECTOR_DATABASE_URL": "postgresql+psycopg2://prod.example/ledger",
            "ML_CONNECTOR_STORAGE_URL": "s3://prod",
            "DAGSTER_HOME": "/prod",
            "HUBSPOT_API_URL": "https://api.hubapi.com",
        }

        class Served:
            url = "http://127.0.0.1:1"

        folder = shell.folder / "a demo"
        folder.mkdir()
        demo._point_here(folder, Served())  # type: ignore[arg-type]
        assert not any(
            os.environ[name]
            for name in ("ML_CONNECTOR_DATABASE_URL", "ML_CONNECTOR_STORAGE_URL", "DAGSTER_HOME")
        )
        assert os.environ["HUBSPOT_API_URL"] == os.environ["VISMA_API_URL"] == Served.url
        assert os.environ["ML_CONNECTOR_DEFS"] == f"{folder}/connections"
        script = f". '{folder}/environment' && env"
        elsewhere = subprocess.run(["sh", "-c", script], env={"DAGSTER_HOME": "/prod"}, capture_output=True)
        seen = dict(line.split("=", 1) for line in elsewhere.stdout.decode().splitlines())
        assert {name: seen.get(name) for name in demo.demo_environment(folder, Served())} == {  # type: ignore[arg-type]
            name: os.environ[name]
            for name in demo.demo_environment(folder, Served())  # type: ignore[arg-type]
        }

    @pytest.mark.parametrize(("display", "opened"), [("", 0), (":0", 2)])
    def test_pages_are_opened_only_on_a_desktop(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch, display: str, opened: int
    ) -> None:
        pages: list[str] = []
        monkeypatch.setattr(webbrowser, "open", pages.append)
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        monkeypatch.setenv("DISPLAY", display)
        demo._open("http://a", "http://b")
        assert len(pages) == opened

    def test_another_port_is_taken_where_the_wanted_one_is_not_free(self, taken: int) -> None:
        assert demo._free(taken) != taken
        wanted = free_port()
        assert demo._free(wanted) == wanted

    def test_a_failed_sync_ends_it_without_a_ui(self, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
        failed = Summary("fjordlys", "r", ["2026-11-02"], "failed", error="something")
        monkeypatch.setattr(demo, "_first_sync", lambda visma, quiet: failed)
        monkeypatch.setattr(demo, "_show", lambda *places, **how: pytest.fail("the UI was started"))
        monkeypatch.setattr(
            demo, "_reconciled_month", lambda quiet: pytest.fail("nothing is there to compare")
        )
        document = shell.json("demo", "--port", "0", code=1)
        assert (document["status"], "reconciliation" in document) == ("failed", False)
