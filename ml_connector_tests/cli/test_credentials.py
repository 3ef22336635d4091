"""`credentials`: what is stored, listed, deleted and encrypted anew, without any value ever being shown."""

import os

import pytest
import sqlalchemy as sa

from ml_connector.credentials import ENVIRONMENT
from ml_connector.database import home
from ml_connector.vault import Vault
from ml_connector_tests.cli.conftest import Shell

SECRET = "pat-eu1-made-up"


@pytest.fixture
def acme(shell: Shell, stored: sa.Engine) -> Vault:
    """The vault, with a connection in the folder and nothing stored for it."""
    shell.write_connection("acme")
    return Vault(stored)


def test_a_value_is_read_from_standard_input_and_stored_without_its_line_break(
    shell: Shell, acme: Vault
) -> None:
    document = shell.json("credentials", "set", "acme", "hubspot_access_token", typed=f"  {SECRET}\n")
    assert document == {"connection": "acme", "credential": "hubspot_access_token", "stored": True}
    assert acme.get("acme", "hubspot_access_token") == SECRET


def test_setting_again_replaces(shell: Shell, acme: Vault) -> None:
    for value in ("first", "second"):
        assert shell("credentials", "set", "acme", "visma_client_id", typed=value).exit_code == 0
    assert acme.get("acme", "visma_client_id") == "second"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "No value for visma_client_secret on standard input."),
        ("  \n", "No value for visma_client_secret on standard input."),
        ("two\nlines", "holds blanks, line breaks or other characters"),
        ("in between", "holds blanks"),
        ("ærlig", "holds blanks, line breaks or other characters"),
    ],
)
def test_what_cannot_be_a_secret_is_refused_unquoted(
    shell: Shell, acme: Vault, typed: str, sentence: str
) -> None:
    result = shell("credentials", "set", "acme", "visma_client_secret", typed=typed)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not typed.strip() or typed.strip() not in result.output
    assert acme.list("acme") == []


def test_the_list_says_where_each_comes_from_and_never_its_value(shell: Shell, acme: Vault) -> None:
    acme.set("acme", "hubspot_access_token", SECRET)
    os.environ["VISMA_TENANT_ID"] = "tenant-made-up"
    document = shell.json("credentials", "list", "acme")
    found = {entry["name"]: entry for entry in document["credentials"]}
    assert found.keys() == ENVIRONMENT.keys()
    assert {name: entry["source"] for name, entry in found.items()} == {
        "visma_client_id": None,
        "visma_client_secret": None,
        "visma_tenant_id": "environment",
        "hubspot_access_token": "vault",
    }
    assert found["hubspot_access_token"]["updated_at"].endswith("+00:00")
    text = shell("credentials", "list", "acme").stdout
    assert "missing; VISMA_CLIENT_ID is not set either" in text
    assert SECRET not in text
    assert "tenant-made-up" not in text


def test_delete_removes_one_and_says_whether_it_was_there(shell: Shell, acme: Vault) -> None:
    acme.set("acme", "hubspot_access_token", SECRET)
    words = ("credentials", "delete", "acme", "hubspot_access_token")
    assert shell.json(*words)["deleted"] is True
    assert shell.json(*words)["deleted"] is False
    assert "is not stored" in shell(*words).stdout


def test_credentials_of_a_connection_that_is_gone_can_be_deleted(shell: Shell, acme: Vault) -> None:
    acme.set("gone", "hubspot_access_token", SECRET)
    assert shell.json("credentials", "delete", "gone", "hubspot_access_token")["deleted"] is True


def test_rotating_makes_a_new_key_and_keeps_the_values(shell: Shell, acme: Vault) -> None:
    acme.set("acme", "hubspot_access_token", SECRET)
    before = (home() / "encryption.key").read_text()
    assert shell.json("credentials", "rotate-key") == {"rotated": 1}
    assert (home() / "encryption.key").read_text() != before
    assert Vault(sa_engine(acme)).get("acme", "hubspot_access_token") == SECRET


def sa_engine(vault: Vault) -> sa.Engine:
    """Return the engine of a vault."""
    return vault._engine


def test_a_key_file_that_others_may_read_is_refused_with_the_remedy(shell: Shell, acme: Vault) -> None:
    acme.set("acme", "hubspot_access_token", SECRET)
    (home() / "encryption.key").chmod(0o644)
    result = shell("credentials", "rotate-key")
    assert result.exit_code == 1
    assert "may be read by others" in result.stderr
    assert "chmod 600" in result.stderr


@pytest.mark.parametrize("words", [("set", "visma_client_id"), ("list",)])
def test_an_unknown_connection_is_named_with_those_there_are(
    shell: Shell, acme: Vault, words: tuple[str, ...]
) -> None:
    command, *rest = words
    document = shell.json("credentials", command, "acne", *rest, typed="x", code=2)
    assert document["error"]["message"] == f"There is no connection 'acne' in {shell.defs}."
    assert document["error"]["remedy"] == "Known: acme."
