"""Commands in sentences can be copied as they stand, wherever the program lies."""

import sys
from pathlib import Path

import pytest

from ml_connector.cli.program import as_called
from ml_connector.cli.sync import Summary, show_summary
from ml_connector_tests.cli.conftest import Shell


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in a clone, called from the clone's folder, which no shell finds by its name."""
    path = tmp_path / "clone" / ".venv" / "bin" / "ml-connector"
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    monkeypatch.chdir(tmp_path / "clone")
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setattr(sys, "argv", [".venv/bin/ml-connector", "init"])
    return path


def test_in_a_clone_the_path_from_there_is_shown(program: Path) -> None:
    assert as_called("Next: ml-connector ping acme") == "Next: .venv/bin/ml-connector ping acme"
    assert as_called("See `ml-connector plan acme`.") == "See `.venv/bin/ml-connector plan acme`."


def test_from_another_folder_the_whole_path_is_shown(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other place").mkdir()
    monkeypatch.chdir(tmp_path / "other place")
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert as_called("Run: ml-connector ping acme") == f"Run: {program} ping acme"


def test_where_the_shell_finds_it_the_name_is_enough(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program.parent))
    assert as_called("Next: ml-connector ping acme") == "Next: ml-connector ping acme"


def test_called_otherwise_the_name_stays(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/lib/python3/pytest/__main__.py"])
    assert as_called("Next: ml-connector ping acme") == "Next: ml-connector ping acme"


def test_the_project_is_not_a_command(program: Path) -> None:
    sentence = "Install ml-connector with its dependencies."
    assert as_called(sentence) == sentence


def test_errors_and_next_steps_show_what_to_type(program: Path, shell: Shell) -> None:
    sys.argv[0] = str(program)
    typed = "clone/.venv/bin/ml-connector"  # the shell of the tests sits above the clone
    assert f"make it with `{typed} init acme`" in shell("ping", "acme").stderr.replace("\n", "")
    assert f"{typed} init acme" in shell.json("ping", "acme", code=2)["error"]["remedy"]
    assert f"Next: {typed} ping acme" in shell("init", "acme").stdout


def test_the_summary_of_a_sync_shows_what_to_type(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_summary(Summary("acme", run_id="r", partitions=["2026-11-20"], status="rejects"))
    assert "see `.venv/bin/ml-connector rejects acme list`" in capsys.readouterr().out.replace("\n", " ")
