"""Finding connections in the folder, and what is said about files that are none."""

import pytest

from ml_connector.cli.connections import all_connections
from ml_connector_tests.cli.conftest import Shell


def test_an_empty_folder_says_how_to_make_a_connection(shell: Shell) -> None:
    error = shell.json("sync", "acme", code=2)["error"]
    assert error["message"] == f"There is no connection 'acme' in {shell.defs}."
    assert error["remedy"] == "There is none yet; make it with `ml-connector init acme`."


def test_connections_are_found_in_any_depth_and_other_components_are_left_alone(shell: Shell) -> None:
    shell.write_connection("norway")
    shell.write_connection("sweden").parent.rename(shell.defs / "norway" / "below")
    other = shell.defs / "other" / "defs.yaml"
    other.parent.mkdir()
    other.write_text("type: dagster.DefsFolderComponent\n---\n# nothing\n")
    assert all_connections().keys() == {"norway", "sweden"}


def test_a_file_that_is_no_text_is_named(shell: Shell) -> None:
    shell.write_connection("acme").write_bytes(b"name: \xe6\n")
    message = shell.json("sync", "acme", code=2)["error"]["message"]
    assert message.endswith("defs.yaml: it is no text in UTF-8.")


def test_two_files_of_one_name_are_not_told_apart_by_chance(shell: Shell) -> None:
    shell.write_connection("acme").parent.rename(shell.defs / "again")
    shell.write_connection("acme")
    assert "there is another connection 'acme'" in shell.json("sync", "acme", code=2)["error"]["message"]


def test_dev_names_a_mistake_instead_of_showing_an_empty_graph(shell: Shell) -> None:
    shell.write_connection("acme", windows="every day")
    result = shell("dev", "--port", "59999")
    assert result.exit_code == 2
    assert "windows: 'every day' is not a cron expression" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("type: [\n", ["defs.yaml, line 2: "]),
        (
            "attributes:\n\ttabs: 1\n",
            ["defs.yaml, line 2: found character '\\t' that cannot start any token"],
        ),
        (
            "type: ml_connector.VismaHubSpotConnection\nattributes: {name: acme, start: 2026-02-30}\n",
            ["defs.yaml: day is out of range for month."],
        ),
        ("[" * 5000, ["defs.yaml: it is nested too deeply."]),
        (
            "type: ml_connector.VismaHubSpotConnection\nattributes:\n  name: acme\n  strat: 2026-11-02\n",
            ["Line 2: start: it is missing.", "Line 4: strat: there is no such setting."],
        ),
        (
            "type: ml_connector.VismaHubSpotConnection\nattributes: {name: acme, start: 2026-11-02, timezone: X}\n",
            ["Line 2: timezone: 'X' is not a time zone; use a name such as Europe/Oslo."],
        ),
        (
            "type: ml_connector.VismaHubSpotConnection\n"
            "attributes:\n  name: acme\n  start: 2026-11-02\n"
            "  matching:\n    companies:\n      - email\n      - colour\n",
            ["Line 8: matching.companies.1.rule: Input should be 'organisation_number'"],
        ),
        (
            "type: ml_connector.VismaHubSpotConnection\n",
            ["Line 1: name: it is missing.", "Line 1: start: it is missing."],
        ),
    ],
)
def test_a_mistake_in_a_file_is_named_with_the_file(shell: Shell, text: str, sentences: list[str]) -> None:
    path = shell.defs / "acme" / "defs.yaml"
    path.parent.mkdir()
    path.write_text(text)
    message = shell.json("sync", "acme", code=2)["error"]["message"]
    assert message.startswith(str(path))
    for sentence in sentences:
        assert sentence in message
