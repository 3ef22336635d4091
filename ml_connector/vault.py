"""Credentials, encrypted at rest, and the keys that encrypt them.

The values lie in the table ``credential``, encrypted with MultiFernet. The keys come from the environment variable
``ML_CONNECTOR_ENCRYPTION_KEY`` (comma-separated, the first one encrypts) or, without it, from the file
``<home>/encryption.key`` of mode 0600, one key a line. Lose the keys and the values are lost. Nothing here shows a key
or a value in an error, a repr or a log line.
"""

import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine

from ml_connector.database import home, lock_key
from ml_connector.errors import CredentialsError
from ml_connector.ledger.tables import credential

KEY_VARIABLE = "ML_CONNECTOR_ENCRYPTION_KEY"
KEY_FILE = "encryption.key"


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """What may be shown of a credential: that it is there, when it was set, and for which hosts, if that is known."""

    connection: str
    name: str
    updated_at: datetime
    hosts: str | None


class KeyRing:
    """The encryption keys, read anew at every use: another process may have rotated them.

    Args:
        file: where the keys lie when the environment has none.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    @property
    def from_environment(self) -> bool:
        """Whether the keys come from the environment, which this program cannot change."""
        return bool(os.environ.get(KEY_VARIABLE))

    def keys(self) -> list[str]:
        """Return the keys, the one that encrypts first; empty when there are none yet.

        Raises:
            CredentialsError: the file is a link, may be read by others, or belongs to another user.
        """
        configured = os.environ.get(KEY_VARIABLE)
        if configured:
            return [key.strip() for key in configured.split(",") if key.strip()]
        return self._read_file().split()

    def cipher(self, *, make: bool = False) -> MultiFernet:
        """Return the cipher of the present keys; with ``make``, a first key is made where there is none.

        Raises:
            CredentialsError: as for :meth:`keys`, there is no key, or one is not a Fernet key.
        """
        if make and not self.keys():
            self._make_file()
        keys = self.keys()
        if not keys:
            raise CredentialsError(
                "There is no encryption key on this machine.",
                remedy=f"Put {self.file} back, or set {KEY_VARIABLE} as where the credentials were stored.",
            )
        try:
            return MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            # "from None": the original text may quote the key.
            raise CredentialsError(
                f"An encryption key in {KEY_VARIABLE if self.from_environment else self.file} is malformed.",
                remedy="A key is 32 bytes in URL-safe base64; correct it.",
            ) from None

    def replace(self, keys: Sequence[str]) -> None:
        """Write these keys, the one that encrypts first, in the place of the present ones, all at once."""
        temporary = self._written_beside(keys)
        temporary.replace(self.file)

    def _make_file(self) -> None:
        temporary = self._written_beside([Fernet.generate_key().decode()])
        try:
            # A link fails where the file exists: of two processes that come first, one wins and both use its key.
            with suppress(FileExistsError):
                os.link(temporary, self.file)
        finally:
            temporary.unlink()

    def _written_beside(self, keys: Sequence[str]) -> Path:
        descriptor, name = tempfile.mkstemp(prefix=f".{self.file.name}.", dir=self.file.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(descriptor)
        return Path(name)

    def _read_file(self) -> str:
        try:
            descriptor = os.open(self.file, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise CredentialsError(
                f"The key file {self.file} cannot be opened, or is a link ({error.strerror}).",
                remedy="Put the file itself there, owned by the user that runs ml-connector, with mode 0600.",
            ) from None
        with os.fdopen(descriptor) as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
                raise CredentialsError(
                    f"The key file {self.file} may be read by others.",
                    remedy=f"Run: chmod 600 {self.file}. If others may have read it, rotate the key afterwards.",
                )
            if status.st_uid not in (0, os.geteuid()):
                raise CredentialsError(
                    f"The key file {self.file} belongs to another user.",
                    remedy=f"Run: chown $USER {self.file}.",
                )
            return file.read()


class Vault:
    """The credentials of all connections, in the database.

    Args:
        engine: the migrated engine.
        keys: the encryption keys; by default those of the environment or of ``<home>/encryption.key``.
    """

    def __init__(self, engine: Engine, keys: KeyRing | None = None) -> None:
        self._engine = engine
        self._keys = keys or KeyRing(home() / KEY_FILE)

    def set(self, connection: str, name: str, value: str, *, hosts: str | None = None) -> None:
        """Store a credential, in the place of an older one of that name; ``hosts`` says where it may be sent."""
        with self._engine.begin() as database:
            _take_turns(database)
            ciphertext = self._keys.cipher(make=True).encrypt(value.encode())
            row = {
                "connection": connection,
                "name": name,
                "ciphertext": ciphertext,
                "updated_at": sa.func.now(),
                "hosts": hosts,
            }
            statement = insert(credential).values(row)
            changed = {
                "ciphertext": statement.excluded.ciphertext,
                "updated_at": sa.func.now(),
                "hosts": statement.excluded.hosts,
            }
            database.execute(
                statement.on_conflict_do_update(constraint=credential.primary_key, set_=changed),
            )

    def get(self, connection: str, name: str) -> str:
        """Return a credential.

        Raises:
            CredentialsError: it was never stored, or the present keys cannot decrypt it.
        """
        ciphertext = self._ciphertext(connection, name)
        try:
            return self._keys.cipher().decrypt(ciphertext).decode()
        except InvalidToken:
            # A rotation may have come between reading the row and reading the keys; then the row has changed too.
            fresh = self._ciphertext(connection, name)
        return self._decrypted(self._keys.cipher().decrypt, fresh, connection, name).decode()

    def _ciphertext(self, connection: str, name: str) -> bytes:
        query = sa.select(credential.c.ciphertext).where(_is(connection, name))
        with self._engine.connect() as database:
            ciphertext = database.execute(query).scalar()
        if ciphertext is None:
            raise CredentialsError(
                f"The credential {name} of connection {connection} is not set.",
                remedy=f"Run: ml-connector credentials set {connection} {name}",
            )
        return bytes(ciphertext)

    def list(self, connection: str | None = None) -> list[StoredCredential]:
        """Return which credentials are stored, of one connection or of all, in order of their names."""
        table = credential.c
        query = sa.select(table.connection, table.name, table.updated_at, table.hosts).order_by(
            table.connection, table.name
        )
        if connection is not None:
            query = query.where(table.connection == connection)
        with self._engine.connect() as database:
            return [StoredCredential(*row) for row in database.execute(query)]

    def delete(self, connection: str, name: str) -> bool:
        """Delete a credential; False where there was none."""
        with self._engine.begin() as database:
            return database.execute(sa.delete(credential).where(_is(connection, name))).rowcount > 0

    def rotate(self) -> int:
        """Encrypt every credential anew under the first key; return how many.

        With the key file, a new first key is made for it: it is in the file before any row is rewritten, and the old
        keys leave the file after all are, so that a crash at any point loses nothing. With keys from the environment
        the first of them is used; take the others out afterwards.

        Raises:
            CredentialsError: a row cannot be decrypted; then no row has changed.
        """
        with self._engine.begin() as database:
            _take_turns(database)
            if not self._keys.from_environment:
                self._keys.cipher(make=True)
                self._keys.replace([Fernet.generate_key().decode(), *self._keys.keys()])
            cipher = self._keys.cipher()
            rows = database.execute(sa.select(credential)).all()
            for row in rows:
                fresh = self._decrypted(cipher.rotate, bytes(row.ciphertext), row.connection, row.name)
                database.execute(
                    sa.update(credential).where(_is(row.connection, row.name)).values(ciphertext=fresh)
                )
        if not self._keys.from_environment:
            self._keys.replace(self._keys.keys()[:1])
        return len(rows)

    def _decrypted(
        self, open_it: Callable[[bytes], bytes], ciphertext: bytes, connection: str, name: str
    ) -> bytes:
        try:
            return open_it(ciphertext)
        except InvalidToken:
            raise CredentialsError(
                f"The credential {name} of connection {connection} cannot be decrypted with the present key.",
                remedy=f"Put the key back that it was stored with ({KEY_VARIABLE} or {self._keys.file}), "
                f"or set it again: ml-connector credentials set {connection} {name}",
            ) from None


def _is(connection: str, name: str) -> sa.ColumnElement[bool]:
    return sa.and_(credential.c.connection == connection, credential.c.name == name)


def _take_turns(database: Connection) -> None:
    """Until this transaction ends, let nobody else set or rotate: a value must not miss the new key."""
    database.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("vault")})
