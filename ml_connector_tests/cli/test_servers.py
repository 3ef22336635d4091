"""`dev`, `sandbox` and `demo`: programs that run until they are interrupted, and what they leave behind: nothing."""

import dataclasses
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import types
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
import requests

from ml_connector.cli import demo, dev
from ml_connector.cli.reconcile import Outcome
from ml_connector.cli.sync import Summary
from ml_connector.sandbox import server
from ml_connector.sandbox.hubspot.sandbox import HubSpotSandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector_tests.cli.conftest import Shell
from ml_connector_tests.cli.terminal import LONGEST_SECONDS, PROGRAM
from ml_connector_tests.web.conftest import free_port

Started = subprocess.Popen[str]


def started(*words: str) -> Started:
    """Start the program with pipes, in a session of its own."""
    return subprocess.Popen(
        [PROGRAM, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@contextmanager
def program(*words: str) -> Iterator[Started]:
    """Run the program; whatever the test does, it and all it started are gone afterwards."""
    process = started(*words)
    family = psutil.Process(process.pid)
    try:
        yield process
    finally:
        for member in [*family.children(recursive=True), family] if family.is_running() else []:
            member.kill()
        process.communicate(timeout=LONGEST_SECONDS)


def next_document(process: Started) -> dict[str, Any]:
    """Read one JSON document from a program that goes on."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            break
    document: dict[str, Any] = json.loads(text)
    return document


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


class TestSandbox:
    """Both APIs on loopback."""

    def test_serves_until_interrupted_and_says_how_to_reach_it(self, shell: Shell) -> None:
        with program("sandbox", "--port", "0", "--customers", "5", "--json") as process:
            document = next_document(process)
            assert document["environment"]["VISMA_API_URL"] == document["url"]
            assert "Sandbox portal" in requests.get(document["url"], timeout=30).text
            process.send_signal(signal.SIGINT)
            rest, said = process.communicate(timeout=LONGEST_SECONDS)
            assert (process.returncode, rest, said.strip()) == (0, "", "")

    def test_what_it_prints_is_all_that_a_ping_needs(self, shell: Shell) -> None:
        shell.write_connection("acme")
        with program("sandbox", "--port", "0", "--customers", "5", "--portal", "none") as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(8)]
            exported = dict(
                line.strip().removeprefix("export ").split("=", 1) for line in lines if "export " in line
            )
            assert len(exported) == 7
            os.environ.update(exported)
            os.environ["ML_CONNECTOR_HOME"] = str(shell.folder / "home")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("ml_connector.cli.ping.credentials_of", FromEnvironment)
                assert shell.json("ping", "acme")["ready"] is True

    @pytest.mark.parametrize(
        ("words", "invoices", "enterprise"),
        [
            ((), 300, False),
            (("--books", "year", "--enterprise"), 40_000, True),
            (("--books", "none"), 0, False),
        ],
    )
    def test_its_options_say_what_books_it_has(
        self,
        shell: Shell,
        monkeypatch: pytest.MonkeyPatch,
        words: tuple[str, ...],
        invoices: int,
        enterprise: bool,
    ) -> None:
        served: list[SandboxSettings] = []
        monkeypatch.setattr(server, "main", lambda settings, **how: served.append(settings))
        assert shell("sandbox", "--port", str(free_port()), *words).exit_code == 0
        (settings,) = served
        assert settings.books is not None
        assert settings.books.invoices == invoices
        assert (settings.hubspot.enterprise, settings.hubspot.payments_enabled) == (enterprise, False)

    def test_refuses_a_port_that_is_taken(self, shell: Shell, taken: int) -> None:
        error = shell.json("sandbox", "--port", str(taken), code=2)["error"]
        assert f"Port {taken} of 127.0.0.1 cannot be used" in error["message"]
        assert error["remedy"] == "Take another with --port."


class FromEnvironment:
    """Credentials without a vault, so that no database is needed."""

    def __init__(self, connection: str) -> None:
        self.connection = connection

    def visma(self) -> Any:
        from ml_connector.visma.auth import VismaCredentials

        return VismaCredentials(
            *(os.environ[f"VISMA_{name}"] for name in ("CLIENT_ID", "CLIENT_SECRET", "TENANT_ID"))
        )

    def hubspot(self) -> str:
        return os.environ["HUBSPOT_ACCESS_TOKEN"]


WAITS = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); print('ready', flush=True);"
    "time.sleep(600)"
)


def stand_in(code: str) -> dev.Dagster:
    """Start something in Dagster's place."""
    return subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE)


class TestDev:
    """Dagster, started and ended with the command."""

    def test_refuses_a_port_that_is_taken(self, shell: Shell, taken: int) -> None:
        assert "cannot be used" in shell.json("dev", "--port", str(taken), code=2)["error"]["message"]

    def test_starts_dagster_in_its_own_folder_with_absolute_places(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        os.environ |= {
            "ML_CONNECTOR_HOME": "home",
            "ML_CONNECTOR_DEFS": "connections",
            "ML_CONNECTOR_STORAGE_URL": "snapshots",
        }
        (shell.folder / ".env").write_text("HUBSPOT_API_URL=http://real.example\n")
        calls: list[dict[str, Any]] = []

        class Recorded:
            def __init__(self, command: list[str], **how: Any) -> None:
                calls.append({"command": command, **how})

        monkeypatch.setattr(subprocess, "Popen", Recorded)
        dev.start_dagster("127.0.0.1", 3210, quiet=True)
        (call,) = calls
        folder = shell.folder / "home" / "dagster"
        assert call["cwd"] == folder
        assert not (folder / ".env").exists()
        assert call["env"]["DAGSTER_HOME"] == str(folder)
        assert call["env"]["ML_CONNECTOR_HOME"] == str(shell.folder / "home")
        assert call["env"]["ML_CONNECTOR_DEFS"] == str(shell.folder / "connections")
        assert call["env"]["ML_CONNECTOR_STORAGE_URL"] == str(shell.folder / "snapshots")
        assert call["start_new_session"] is True
        assert call["command"][-4:] == ["--host", "127.0.0.1", "--port", "3210"]

    def test_a_storage_url_stays_as_it_is(self, shell: Shell) -> None:
        os.environ["ML_CONNECTOR_STORAGE_URL"] = "s3://bucket/prefix"
        assert dev._environment(shell.folder)["ML_CONNECTOR_STORAGE_URL"] == "s3://bucket/prefix"

    def test_a_signal_to_end_takes_dagster_along(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dev, "start_dagster", lambda host, port, quiet: stand_in(WAITS))
        before = signal.getsignal(signal.SIGTERM)
        running: list[dev.Dagster] = []

        def serve() -> None:
            with dev.dagster("127.0.0.1", 0) as process:
                running.append(process)
                os.kill(os.getpid(), signal.SIGTERM)
                process.wait(LONGEST_SECONDS)

        with pytest.raises(SystemExit) as ended:
            serve()
        assert ended.value.code == 128 + signal.SIGTERM
        assert running[0].returncode == -signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) is before

    def test_what_does_not_end_is_killed_with_all_it_started(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dev, "STOP_SECONDS", 0.1)
        process = stand_in(STUBBORN)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        children = psutil.Process(process.pid).children()
        dev.stop_dagster(process)
        assert process.returncode == -signal.SIGKILL
        psutil.wait_procs(children, timeout=LONGEST_SECONDS)
        assert not any(child.is_running() and child.status() != "zombie" for child in children)

    @pytest.mark.parametrize(("ends", "code"), [("raise SystemExit(3)", 1), ("pass", 0)])
    def test_its_exit_code_tells_whether_dagster_failed(
        self, shell: Shell, monkeypatch: pytest.MonkeyPatch, ends: str, code: int
    ) -> None:
        monkeypatch.setattr(dev, "start_dagster", lambda host, port, quiet: stand_in(ends))
        port = free_port()
        result = shell("dev", "--port", str(port))
        assert result.exit_code == code
        assert f"http://127.0.0.1:{port}" in result.stdout


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
