"""The rows of one entity: those that follow from the seed, and what tests added, changed or deleted on top.

A generated row is built when it is asked for, so 100,000 customers cost a list of keys and stamps. Readers and writers
may be in different threads: a stored row is replaced as a whole, never changed.
"""

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ml_connector.errors import UsageError
from ml_connector.sandbox.visma.rendering import json_text, merged

_CACHED_ROWS = 5_000
"""How many rows keep their text. Larger tables keep none: they are read once, from end to end."""


class Stored(NamedTuple):
    """One row: its key and stamps, and its content or the position it is built from.

    ``version`` grows with every change of the table. With a position, ``content`` is what was laid over the built row.
    """

    key: str
    created: datetime
    modified: datetime
    version: int
    position: int
    content: Mapping[str, Any] | None


class Generated(NamedTuple):
    """A row that follows from the seed."""

    key: str
    created: datetime
    modified: datetime


class Collection:
    """The rows of one entity, in the order they were entered.

    Args:
        name: the entity, for errors.
        fields: all fields of a row; a row that is added gets null for those it lacks.
        generated: keys and stamps of the rows from the seed.
        build: makes the content of a generated row from its index.
        glance: gives one field of a generated row that lists filter by, without building the row.
        lines: gives how many lines a generated row has.
        cached: whether rows keep their text; not where one row shows the state of another.
        created_field: where the row shows its creation, or None.
        modified_field: where the row shows its last change, or None.
    """

    def __init__(
        self,
        name: str,
        fields: Sequence[str],
        generated: Iterable[Generated] = (),
        build: Callable[[int], Mapping[str, Any]] | None = None,
        *,
        glance: Callable[[int, str], Any] | None = None,
        lines: Callable[[int], int] | None = None,
        cached: bool = True,
        created_field: str | None = None,
        modified_field: str | None = "lastModifiedDateTime",
    ) -> None:
        self.name = name
        self._fields = tuple(fields)
        self._build = build
        self._glance = glance
        self._lines = lines
        self._cached = cached
        self._created_field = created_field
        self._modified_field = modified_field
        self._lock = threading.RLock()
        self._rows = {
            row.key: Stored(row.key, row.created, row.modified, index + 1, index, None)
            for index, row in enumerate(generated)
        }
        self._version = len(self._rows)
        self._orders: dict[bool, tuple[Stored, ...]] = {}
        self._texts: OrderedDict[tuple[str, int, frozenset[str]], str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, key: str) -> Stored | None:
        """Return the row with this key, or None."""
        return self._rows.get(key)

    def ordered(self, *, by_change: bool) -> tuple[Stored, ...]:
        """Return all rows, oldest first: by entry, or by last change."""
        with self._lock:
            if by_change not in self._orders:
                rows: Iterable[Stored] = self._rows.values()
                if by_change:
                    rows = sorted(rows, key=lambda row: (row.modified, row.key))
                self._orders[by_change] = tuple(rows)
            return self._orders[by_change]

    def values(self, stored: Stored) -> dict[str, Any]:
        """Return the row's content, with its stamps and its row version filled in where it has such fields."""
        if stored.position < 0:
            row = dict(stored.content or {})
        elif self._build is not None:
            row = merged(self._build(stored.position), stored.content or {})
        else:
            raise UsageError(f"Rows of {self.name} have no builder.", record=stored.key)
        if self._created_field is not None:
            row[self._created_field] = stored.created
        if self._modified_field is not None:
            row[self._modified_field] = stored.modified
        if "timeStamp" in self._fields:
            row["timeStamp"] = row_version(stored.version)
        return row

    def field(self, stored: Stored, name: str) -> Any:
        """Return one field of a row, without building the row where that can be avoided."""
        if self._glance is not None and stored.position >= 0 and stored.content is None:
            return self._glance(stored.position, name)
        return self.values(stored).get(name)

    def line_count(self, stored: Stored, name: str) -> int:
        """Return how many lines a row has in the field ``name``."""
        if self._lines is not None and stored.position >= 0 and stored.content is None:
            return self._lines(stored.position)
        return len(self.values(stored).get(name) or ())

    def text(self, stored: Stored, hidden: frozenset[str] = frozenset()) -> str:
        """Return the row as JSON text; ``hidden`` fields are null, as without their ``expand`` parameter."""
        slot = (stored.key, stored.version, hidden)
        with self._lock:
            if slot in self._texts:
                return self._texts[slot]
        row = self.values(stored)
        text = json_text({name: None if name in hidden else value for name, value in row.items()})
        if self._cached and len(self._rows) <= _CACHED_ROWS:
            self._remember(slot, text)
        return text

    def _remember(self, slot: tuple[str, int, frozenset[str]], text: str) -> None:
        with self._lock:
            self._texts[slot] = text
            if len(self._texts) > _CACHED_ROWS:
                self._texts.popitem(last=False)

    def add(self, key: str, row: Mapping[str, Any], stamp: datetime) -> None:
        """Enter a new row.

        Raises:
            UsageError: the key is taken.
        """
        with self._lock:
            if key in self._rows:
                raise UsageError(f"{self.name} already has this row.", record=key)
            complete = {name: row.get(name) for name in self._fields} | dict(row)
            self._put(Stored(key, stamp, stamp, 0, -1, complete))

    def update(self, key: str, changes: Mapping[str, Any], stamp: datetime | None) -> None:
        """Change a row; objects are merged key by key. ``stamp`` None leaves the last change as it was.

        Raises:
            UsageError: there is no such row.
        """
        with self._lock:
            stored = self._known(key)
            content = merged(stored.content or {}, changes)
            self._put(stored._replace(content=content, modified=stamp or stored.modified))

    def enter(self, key: str, position: int, stamp: datetime) -> None:
        """Enter a new row that is built from a position."""
        with self._lock:
            self._put(Stored(key, stamp, stamp, 0, position, None))

    def touch(self, key: str, stamp: datetime | None) -> None:
        """Give a row that is built anew another version, and a stamp unless it is None; nothing for a deleted row."""
        with self._lock:
            stored = self._rows.get(key)
            if stored is not None:
                self._put(stored._replace(modified=stamp or stored.modified))

    def delete(self, key: str) -> None:
        """Remove a row; Visma keeps no tombstone (reference: visma 3.2).

        Raises:
            UsageError: there is no such row.
        """
        with self._lock:
            del self._rows[self._known(key).key]
            self._orders.clear()

    def restamp(self, stamp: datetime, keys: Iterable[str] | None = None) -> int:
        """Give rows (all, when ``keys`` is None) one stamp without changing them, as upgrades do; return how many."""
        with self._lock:
            chosen = list(self._rows) if keys is None else list(keys)
            for key in chosen:
                self._put(self._known(key)._replace(modified=stamp))
            return len(chosen)

    def _known(self, key: str) -> Stored:
        stored = self._rows.get(key)
        if stored is None:
            raise UsageError(f"{self.name} has no such row.", record=key)
        return stored

    def _put(self, stored: Stored) -> None:
        self._version += 1
        self._rows[stored.key] = stored._replace(version=self._version)
        self._orders.clear()


def row_version(version: int) -> str:
    """Return a row version as Visma writes it: eight bytes in base64."""
    return base64.b64encode((0x1E2400 + version).to_bytes(8, "big")).decode()
