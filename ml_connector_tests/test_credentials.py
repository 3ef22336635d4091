"""A stored credential goes only to the hosts it was stored for."""

import pytest
import sqlalchemy as sa

from ml_connector.credentials import Credentials, hosts_of, store
from ml_connector.errors import CredentialsError
from ml_connector.vault import KeyRing, Vault

SANDBOX = {
    "VISMA_API_URL": "http://127.0.0.1:8765",
    "VISMA_TOKEN_URL": "http://127.0.0.1:8765/connect/token",
    "HUBSPOT_API_URL": "http://127.0.0.1:8765",
}
NAMES = ("visma_client_id", "visma_client_secret", "visma_tenant_id", "hubspot_access_token")


@pytest.fixture
def acme(
    engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Credentials:
    """The credentials of a connection, none stored, in an environment without addresses."""
    for variable in (*SANDBOX, *map(str.upper, NAMES)):
        monkeypatch.delenv(variable, raising=False)
    keys = KeyRing(tmp_path_factory.mktemp("home") / "encryption.key")
    return Credentials(Vault(engine, keys), "acme")


def set_addresses(patch: pytest.MonkeyPatch, port: int = 8765) -> None:
    for variable, address in SANDBOX.items():
        patch.setenv(variable, address.replace("8765", str(port)))


@pytest.mark.parametrize("name", NAMES)
def test_what_was_stored_for_the_sandbox_never_goes_to_the_real_hosts(
    acme: Credentials, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        set_addresses(patch)
        store(acme.vault, "acme", name, "made-up-value")
        assert acme.read(name) == "made-up-value"
    with pytest.raises(CredentialsError) as caught:
        acme.read(name)
    real = "api.hubapi.com" if name.startswith("hubspot") else "connect.visma.com and api.finance.visma.net"
    assert caught.value.message == (
        f"The credential {name} of connection acme was stored for this machine; in this environment "
        f"it would go to {real}. It was not sent."
    )
    assert "made-up-value" not in str(caught.value)
    assert f"ml-connector credentials set acme {name}" in str(caught.value.remedy)


def test_a_real_token_does_not_follow_an_address_of_later(
    acme: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(acme.vault, "acme", "hubspot_access_token", "made-up-value")
    assert acme.hubspot() == "made-up-value"
    monkeypatch.setenv("HUBSPOT_API_URL", "https://elsewhere.example.test")
    with pytest.raises(CredentialsError, match=r"would go to elsewhere\.example\.test"):
        acme.hubspot()


def test_storing_it_again_is_a_yes_to_the_new_host(
    acme: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        set_addresses(patch)
        store(acme.vault, "acme", "hubspot_access_token", "made-up-value")
    store(acme.vault, "acme", "hubspot_access_token", "real-value")
    assert acme.hubspot() == "real-value"


def test_the_sandbox_may_come_back_on_another_port(
    acme: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_addresses(monkeypatch, 8765)
    store(acme.vault, "acme", "hubspot_access_token", "made-up-value")
    set_addresses(monkeypatch, 9911)
    assert acme.hubspot() == "made-up-value"


def test_what_was_stored_before_hosts_were_remembered_still_works(acme: Credentials) -> None:
    acme.vault.set("acme", "hubspot_access_token", "made-up-value")
    assert acme.hubspot() == "made-up-value"


def test_a_new_key_changes_nothing_of_that(acme: Credentials) -> None:
    store(acme.vault, "acme", "hubspot_access_token", "made-up-value")
    acme.vault.rotate()
    assert [entry.hosts for entry in acme.vault.list("acme")] == ["api.hubapi.com"]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://localhost:1", "this machine"),
        ("http://[::1]:8765", "this machine"),
        ("http://127.9.9.9", "this machine"),
        ("https://api.hubapi.com", "api.hubapi.com"),
        ("https://gateway.example.test:8443/hubspot", "gateway.example.test:8443"),
        ("api.hubapi.com", "api.hubapi.com"),
    ],
)
def test_hosts_have_one_name(address: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_API_URL", address)
    assert hosts_of("hubspot_access_token") == host
