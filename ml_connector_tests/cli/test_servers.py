"""`dev` and `sandbox`: programs that run until they are interrupted, and what they leave behind: nothing."""

import os
import signal
import subprocess
import sys
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
import requests

from ml_connector.cli import dev
from ml_connector.sandbox import server
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector_tests.cli.conftest import Shell
from ml_connector_tests.cli.programs import next_document, program
from ml_connector_tests.cli.terminal import LONGEST_SECONDS
from ml_connector_tests.web.conftest import free_port


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
