"""Where the files of snapshots, records and plans lie, and what they are called.

The root is a local folder or any fsspec URL. Below it a file is
``<connection>/<step>/<entity>/<partition>/<run_id>.parquet``, with every part made safe for a path. Imports no Dagster.
"""

import errno
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from upath import UPath

from ml_connector.database import private_folder
from ml_connector.errors import StorageError

ROOT_VARIABLE = "ML_CONNECTOR_STORAGE_URL"

UNPARTITIONED = "all"
"""The partition of an asset that has none, such as reference data."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One partition's file, as one run wrote it.

    ``path`` is relative to the storage root. ``rows``, ``size`` (bytes) and ``sha256`` are None where only the place is
    known.
    """

    partition: str
    path: str
    run_id: str
    rows: int | None = None
    size: int | None = None
    sha256: str | None = None


PIECE_BYTES = 1024 * 1024
"""How much of a file is read at a time to compute its hash."""


class StorageRoot:
    """The folder everything lies under.

    Args:
        url: a local folder or an fsspec URL such as ``s3://bucket/folder``; by default
            ``ML_CONNECTOR_STORAGE_URL``, else ``<home>/storage``.

    Raises:
        StorageError: the URL's scheme needs a package that is not installed, or is unknown.
    """

    def __init__(self, url: str = "") -> None:
        self.url = url or default_root()
        local = self.url.removeprefix("file://")
        if "://" not in local:
            self.folder: UPath = UPath(Path(local).expanduser().absolute())
            return
        try:
            self.folder = UPath(self.url)
            self.folder.fs.protocol  # noqa: B018 - the file system is made here, and that can fail
        except (ImportError, ValueError) as error:
            raise StorageError(
                f"The storage root cannot be used ({type(error).__name__}).",
                remedy=f"Install the fsspec package of its scheme (s3fs, gcsfs, adlfs), or correct {ROOT_VARIABLE}.",
            ) from None

    @property
    def is_local(self) -> bool:
        """Whether the root is a folder of this machine."""
        return isinstance(self.folder, Path)

    def place(self, relative: str) -> UPath:
        """Return where a path relative to the root is."""
        return self.folder / relative

    def partitions(self, asset_path: Sequence[str]) -> list[str]:
        """Return the partitions of an asset that have files, in the order of their names."""
        return sorted(unquote(folder.name) for folder in self._inside("/".join(map(_safe, asset_path))))

    def files(self, asset_path: Sequence[str], partition: str) -> list[StoredFile]:
        """Return all files of an asset's partition, of every run that has ever written it, in no order."""
        folder = "/".join(map(_safe, (*asset_path, partition)))
        return [
            StoredFile(partition, f"{folder}/{file.name}", unquote(file.stem))
            for file in self._inside(folder)
            if file.suffix == ".parquet"
        ]

    def _inside(self, relative: str) -> list[UPath]:
        try:
            return list(self.place(relative).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def write_document(self, relative: str, text: str) -> str:
        """Write a document for people, such as a page, and return where it is.

        Raises:
            StorageError: it cannot be written.
        """
        place = self.place(relative)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
        except OSError as error:
            raise StorageError(
                f"{place} cannot be written ({type(error).__name__}).",
                remedy="Make room there or correct the storage root, and run it again.",
            ) from error
        return str(place)

    def check(self, file: StoredFile) -> None:
        """Raise OSError unless the file is there, in its recorded size where that is known."""
        found = self.place(file.path).stat().st_size
        if file.size is not None and found != file.size:
            raise OSError(errno.EIO, f"it has {found} bytes and should have {file.size}")

    def verify(self, file: StoredFile) -> None:
        """Raise OSError unless the file is what was written, by the size and the hash that were recorded then."""
        self.check(file)
        if file.sha256 is None:
            return
        found = hashlib.sha256()
        with self.place(file.path).open("rb") as content:
            while piece := content.read(PIECE_BYTES):
                found.update(piece)
        if found.hexdigest() != file.sha256:
            raise OSError(errno.EIO, "its content is not what was written")


def default_root() -> str:
    """Return the storage root without a setting of its own."""
    return os.environ.get(ROOT_VARIABLE) or str(private_folder("storage"))


def path_of(asset_path: Sequence[str], partition: str, run_id: str) -> str:
    """Return the path, relative to the root, of the file a run writes."""
    return "/".join([*(_safe(part) for part in asset_path), _safe(partition), f"{_safe(run_id)}.parquet"])


def _safe(part: str) -> str:
    """Return a name that is a single path element on any file system, different for different names."""
    quoted = quote(part, safe="")
    return quoted.replace(".", "%2E", 1) if quoted.startswith(".") else quoted


def described(asset_path: Sequence[str], partition: str) -> str:
    """Return the name of an asset's partition for a sentence."""
    name = "/".join(asset_path)
    return name if partition == UNPARTITIONED else f"{name}, partition {partition},"


def materialise_command(asset_path: Sequence[str], partition: str) -> str:
    """Return the command that makes an asset's partition again."""
    chosen = "" if partition == UNPARTITIONED else f" --partition {partition}"
    return f"dagster asset materialize -m ml_connector.definitions --select {'/'.join(asset_path)}{chosen}"
