"""Credentials come back as they went in, lie encrypted in the database, and survive every way a rotation can end."""

import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ml_connector.errors import CredentialsError
from ml_connector.vault import KEY_VARIABLE, KeyRing, Vault

TOKEN = "pat-na1-very-secret"


@pytest.fixture
def key_file(ml_connector_home: Path) -> Path:
    return ml_connector_home / "encryption.key"


@pytest.fixture
def store(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    return Vault(engine)


def ciphertexts(engine: sa.Engine) -> list[bytes]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT ciphertext FROM ml_connector.credential ORDER BY name"))
        return [bytes(value) for value in rows.scalars()]


def test_a_value_comes_back_and_the_newer_one_wins(store: Vault) -> None:
    store.set("nordic", "hubspot_access_token", "older")
    store.set("nordic", "hubspot_access_token", TOKEN)
    store.set("other", "hubspot_access_token", "another")
    assert store.get("nordic", "hubspot_access_token") == TOKEN


def test_the_database_holds_no_readable_value(store: Vault, engine: sa.Engine) -> None:
    store.set("nordic", "token", TOKEN)
    assert TOKEN.encode() not in ciphertexts(engine)[0]


def test_the_list_names_what_is_there_but_no_value(store: Vault) -> None:
    store.set("nordic", "visma_client_secret", TOKEN)
    store.set("nordic", "hubspot_access_token", TOKEN)
    store.set("other", "hubspot_access_token", TOKEN)
    assert [entry.name for entry in store.list("nordic")] == ["hubspot_access_token", "visma_client_secret"]
    assert [entry.connection for entry in store.list()] == ["nordic", "nordic", "other"]
    assert TOKEN not in repr(store.list()) + repr(store)
    assert store.list()[0].updated_at.tzinfo is not None


def test_a_deleted_one_is_gone(store: Vault) -> None:
    store.set("nordic", "token", TOKEN)
    assert store.delete("nordic", "token")
    assert not store.delete("nordic", "token")
    with pytest.raises(CredentialsError, match=r"is not set\. Run: ml-connector credentials set nordic"):
        store.get("nordic", "token")


def test_reading_never_makes_a_key(store: Vault, engine: sa.Engine, key_file: Path) -> None:
    store.set("nordic", "token", TOKEN)
    key_file.unlink()
    with pytest.raises(
        CredentialsError, match=r"no encryption key on this machine\. Put .*encryption\.key back"
    ):
        store.get("nordic", "token")
    assert not key_file.exists()


def test_a_wrong_key_says_what_to_do_and_shows_nothing(
    store: Vault, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set("nordic", "token", TOKEN)
    wrong = Fernet.generate_key().decode()
    monkeypatch.setenv(KEY_VARIABLE, wrong)
    with pytest.raises(CredentialsError, match="cannot be decrypted with the present key") as caught:
        store.get("nordic", "token")
    shown = "".join(traceback.format_exception(caught.value))
    assert wrong not in shown
    assert key_file.read_text().strip() not in shown


def test_a_malformed_key_is_not_quoted(store: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "half-a-key")
    with pytest.raises(CredentialsError, match="malformed") as caught:
        store.set("nordic", "token", TOKEN)
    shown = "".join(traceback.format_exception(caught.value))
    assert "half-a-key" not in shown
    assert TOKEN not in shown.replace('"token", TOKEN', "")


class TestKeyFile:
    """The file that holds the keys where the environment does not."""

    def test_is_made_for_its_owner_alone(self, store: Vault, key_file: Path) -> None:
        store.set("nordic", "token", TOKEN)
        assert key_file.stat().st_mode & 0o777 == 0o600
        assert [path.name for path in key_file.parent.iterdir()] == ["encryption.key"]

    def test_of_another_process_that_came_first_is_kept(self, store: Vault, key_file: Path) -> None:
        ring = KeyRing(key_file)
        ring._make_file()
        first = ring.keys()
        ring._make_file()
        assert ring.keys() == first

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
    def test_that_others_may_read_is_refused(self, store: Vault, key_file: Path, mode: int) -> None:
        store.set("nordic", "token", TOKEN)
        key_file.chmod(mode)
        with pytest.raises(CredentialsError, match=r"may be read by others\. Run: chmod 600"):
            store.get("nordic", "token")

    def test_that_is_a_link_is_refused(self, store: Vault, key_file: Path, tmp_path: Path) -> None:
        store.set("nordic", "token", TOKEN)
        key_file.rename(tmp_path / "elsewhere")
        key_file.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(CredentialsError, match="is a link"):
            store.get("nordic", "token")


class TestRotation:
    """A new key, and every value under it, whatever happens on the way."""

    def test_moves_every_value_to_a_new_key_and_drops_the_old(
        self, store: Vault, engine: sa.Engine, key_file: Path
    ) -> None:
        store.set("nordic", "a", TOKEN)
        store.set("nordic", "b", "second")
        old_key, old_texts = key_file.read_text().strip(), ciphertexts(engine)
        assert store.rotate() == 2
        assert [store.get("nordic", "a"), store.get("nordic", "b")] == [TOKEN, "second"]
        assert old_key not in key_file.read_text()
        assert key_file.stat().st_mode & 0o777 == 0o600
        assert not set(old_texts) & set(ciphertexts(engine))
        with pytest.raises(InvalidToken):
            Fernet(old_key).decrypt(ciphertexts(engine)[0])

    def test_that_dies_before_the_rows_are_written_loses_nothing(
        self, store: Vault, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.set("nordic", "token", TOKEN)
        with monkeypatch.context() as patch:
            patch.setattr("ml_connector.vault.sa.update", lambda table: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                store.rotate()
        assert store.get("nordic", "token") == TOKEN
        assert store.rotate() == 1
        assert store.get("nordic", "token") == TOKEN

    def test_that_dies_after_the_rows_are_written_loses_nothing(
        self, store: Vault, key_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.set("nordic", "token", TOKEN)
        replace, calls = KeyRing.replace, []

        def die_at_the_second(ring: KeyRing, keys: list[str]) -> None:
            calls.append(len(keys))
            if len(calls) == 2:
                raise KeyboardInterrupt
            replace(ring, keys)

        with monkeypatch.context() as patch:
            patch.setattr(KeyRing, "replace", die_at_the_second)
            with pytest.raises(KeyboardInterrupt):
                store.rotate()
        assert calls == [2, 1]
        assert store.get("nordic", "token") == TOKEN
        store.rotate()
        assert store.get("nordic", "token") == TOKEN
        assert len(key_file.read_text().split()) == 1

    def test_stops_at_a_value_it_cannot_read_and_changes_none(
        self, store: Vault, engine: sa.Engine, key_file: Path
    ) -> None:
        store.set("nordic", "a", TOKEN)
        store.set("nordic", "b", TOKEN)
        with engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE ml_connector.credential SET ciphertext = 'x' WHERE name = 'b'")
            )
        before = ciphertexts(engine)
        with pytest.raises(CredentialsError, match="credential b of connection nordic"):
            store.rotate()
        assert ciphertexts(engine) == before
        assert store.get("nordic", "a") == TOKEN

    def test_is_seen_by_a_vault_that_was_open_all_the_time(self, store: Vault, engine: sa.Engine) -> None:
        other = Vault(engine)
        other.set("nordic", "token", TOKEN)
        store.rotate()
        assert other.get("nordic", "token") == TOKEN
        other.set("nordic", "token", "newer")
        assert store.get("nordic", "token") == "newer"

    def test_between_the_two_halves_of_a_read_does_not_disturb_it(
        self, store: Vault, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.set("nordic", "token", TOKEN)
        cipher = KeyRing.cipher
        rotations: list[int] = []

        def rotate_first(ring: KeyRing, *, make: bool = False) -> MultiFernet:
            if not rotations:
                rotations.append(1)
                Vault(engine).rotate()
            return cipher(ring, make=make)

        monkeypatch.setattr(KeyRing, "cipher", rotate_first)
        assert store.get("nordic", "token") == TOKEN

    def test_with_keys_from_the_environment_uses_the_first_of_them(
        self, engine: sa.Engine, key_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        monkeypatch.setenv(KEY_VARIABLE, old)
        store = Vault(engine)
        store.set("nordic", "token", TOKEN)
        monkeypatch.setenv(KEY_VARIABLE, f"{new}, {old}")
        assert store.rotate() == 1
        monkeypatch.setenv(KEY_VARIABLE, new)
        assert store.get("nordic", "token") == TOKEN
        assert not key_file.exists()
