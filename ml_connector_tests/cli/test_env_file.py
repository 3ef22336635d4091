"""`.env` of the current folder is read, and never wins over what is exported."""

import os

import pytest
import sqlalchemy as sa

from ml_connector_tests.cli.conftest import Shell


def test_variables_of_the_file_are_taken_over(shell: Shell) -> None:
    (shell.folder / ".env").write_text("ML_CONNECTOR_REGION_OF_TEST='north'\n")
    shell("sync", "nobody")
    assert os.environ["ML_CONNECTOR_REGION_OF_TEST"] == "north"


def test_what_is_exported_wins(shell: Shell) -> None:
    exported = shell.defs
    (shell.folder / ".env").write_text("ML_CONNECTOR_DEFS=elsewhere\n")
    shell.write_connection()
    assert f"There is no connection 'nobody' in {shell.defs}. Known: acme." in shell("sync", "nobody").stderr
    assert os.environ["ML_CONNECTOR_DEFS"] == str(exported)


def test_an_empty_variable_is_none_at_all(shell: Shell) -> None:
    (shell.folder / ".env").write_text("ML_CONNECTOR_DATABASE_URL=\nHUBSPOT_API_URL=\n")
    shell("sync", "nobody")
    assert "HUBSPOT_API_URL" not in os.environ


def test_init_stores_the_credentials_of_the_file(shell: Shell, stored: sa.Engine) -> None:
    (shell.folder / ".env").write_text("VISMA_CLIENT_ID=isv_from_file\n")
    assert shell.json("init", "acme")["credentials_stored"] == ["visma_client_id"]


@pytest.mark.parametrize("made", ["none", "folder"])
def test_no_file_is_no_error(shell: Shell, made: str) -> None:
    if made == "folder":
        (shell.folder / ".env").mkdir()
    assert shell("-h").exit_code == 0
    assert shell("sync", "nobody").exit_code == 2
