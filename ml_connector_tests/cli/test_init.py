"""`init` without a terminal: what it writes and stores, and what it turns down. The asking is in test_terminal.py."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import yaml

from ml_connector.cli.connections import find_connection
from ml_connector.credentials import ENVIRONMENT
from ml_connector.vault import Vault
from ml_connector_tests.cli.conftest import Shell


def attributes(path: str | Path) -> dict[str, object]:
    """Return the attributes of a connection's file."""
    document = yaml.safe_load(Path(path).read_text())
    assert document["type"] == "ml_connector.VismaHubSpotConnection"
    found: dict[str, object] = document["attributes"]
    return found


def test_without_options_it_takes_the_defaults_and_never_asks(shell: Shell, stored: sa.Engine) -> None:
    document = shell.json("init", "acme", typed="this would answer a question\n" * 9)
    yesterday = datetime.now(ZoneInfo("Europe/Oslo")).date() - timedelta(days=1)
    assert document == {
        "connection": "acme",
        "file": str(shell.defs / "acme" / "defs.yaml"),
        "credentials_stored": [],
        "credentials_missing": sorted(ENVIRONMENT),
    }
    assert attributes(document["file"]) == {
        "name": "acme",
        "start": yesterday.isoformat(),
        "timezone": "Europe/Oslo",
    }


def test_options_are_written_and_the_file_reads_back(shell: Shell, stored: sa.Engine) -> None:
    options = {"start": "2026-11-02", "timezone": "Europe/Helsinki", "windows": "0 18 * * *", "region": "FI"}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    shell.json("init", "acme", *words, "--portal-id", "77")
    settings = find_connection("acme")
    assert settings.model_dump(mode="json", include={"name", "portal_id", *options}) == options | {
        "name": "acme",
        "portal_id": 77,
    }


def test_credentials_of_the_environment_are_stored_and_never_shown(shell: Shell, stored: sa.Engine) -> None:
    secrets = {credential: f"made-up-{number}" for number, credential in enumerate(ENVIRONMENT)}
    for credential, variable in ENVIRONMENT.items():
        os.environ[variable] = secrets[credential]
    result = shell("init", "acme")
    assert result.exit_code == 0
    assert {name: Vault(stored).get("acme", name) for name in ENVIRONMENT} == secrets
    written = result.output + (shell.defs / "acme" / "defs.yaml").read_text()
    assert not any(secret in written for secret in secrets.values())
    assert "ml-connector ping acme" in result.stdout


def test_it_says_which_credentials_are_still_to_be_set(shell: Shell, stored: sa.Engine) -> None:
    os.environ["VISMA_CLIENT_ID"] = "isv_acme"
    text = shell("init", "acme").stdout
    assert "Next: ml-connector credentials set acme hubspot_access_token" in text
    assert "credentials set acme visma_client_id" not in text


def test_a_connection_that_exists_is_left_alone(shell: Shell, stored: sa.Engine) -> None:
    path = shell.write_connection("acme", region="SE")
    before = path.read_text()
    result = shell("init", "acme", "--region", "NO")
    assert result.exit_code == 2
    assert "Connection acme exists already" in result.stderr
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["Acme AS"], "name: 'Acme AS' cannot be a name; take up to 40 lower-case letters"),
        (["../acme"], "name: '../acme' cannot be a name"),
        (["acme", "--timezone", "Oslo"], "timezone: 'Oslo' is not a time zone"),
        (["acme", "--windows", "midnight"], "windows: 'midnight' is not a cron expression of five fields"),
        (["acme", "--windows", "0 0 31 2 *"], "windows: '0 0 31 2 *' never comes"),
        (["acme", "--start", "2026-02-30"], "start: '2026-02-30' is not a date; write it as 2026-11-20"),
        (["acme", "--start", "yesterday"], "start: 'yesterday' is not a date"),
        (["acme", "--region", "norway"], "region: 'norway' is no country; write its two letters"),
        (["acme", "--portal-id", "mine"], "'mine' is not a valid integer"),
    ],
)
def test_what_cannot_be_is_named_in_a_sentence_and_nothing_is_written(
    shell: Shell, words: list[str], sentence: str
) -> None:
    assert sentence in shell.json("init", *words, code=2)["error"]["message"]
    assert list(shell.defs.rglob("*")) == []


def test_a_database_that_is_down_leaves_no_half_made_connection(shell: Shell) -> None:
    os.environ["ML_CONNECTOR_DATABASE_URL"] = "postgresql+psycopg2://nobody:pw@127.0.0.1:9/none"
    result = shell("init", "acme")
    assert result.exit_code == 1
    assert "pw" not in result.output
    assert list(shell.defs.rglob("*")) == []


def test_a_secret_that_cannot_be_one_is_refused_without_being_quoted(shell: Shell, stored: sa.Engine) -> None:
    os.environ["HUBSPOT_ACCESS_TOKEN"] = "pat-eu1 pasted\twrongly"
    result = shell("init", "acme")
    assert result.exit_code == 2
    assert "hubspot_access_token" in result.stderr
    assert "pasted" not in result.output
    assert list(shell.defs.rglob("*")) == []


def test_a_start_to_come_is_pointed_out(shell: Shell, stored: sa.Engine) -> None:
    assert "nothing is synced before it has ended" in shell("init", "acme", "--start", "2999-01-01").stdout


def test_without_a_folder_of_its_own_the_package_s_is_used(
    shell: Shell, stored: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ML_CONNECTOR_DEFS")
    monkeypatch.setattr("ml_connector.definitions.__file__", str(shell.folder / "definitions.py"))
    assert shell.json("init", "acme")["file"] == str(shell.folder / "defs" / "acme" / "defs.yaml")
