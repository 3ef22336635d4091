"""Records with the history of their properties, kept so that keys and search values are found without a scan."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.times import iso


class Source(NamedTuple):
    """Who wrote a value: the fields of a history entry (reference: hubspot 3)."""

    type: str
    id: str
    label: str
    user_id: int | None = None


class Write(NamedTuple):
    """One write to a record. ``visible_ms`` is when search sees it; an empty value means cleared."""

    at_ms: int
    visible_ms: int
    source: Source
    changes: dict[str, str]


class Record:
    """One record: its present values, the writes that made them, and what became of it."""

    __slots__ = ("archived_ms", "created_ms", "id", "merged_into", "updated_ms", "values", "writes")

    def __init__(self, record_id: str, created_ms: int) -> None:
        self.id = record_id
        self.created_ms = created_ms
        self.updated_ms = created_ms
        self.values: dict[str, str] = {}
        self.writes: list[Write] = []
        self.archived_ms: int | None = None
        self.merged_into: str | None = None

    @property
    def active(self) -> bool:
        """Whether it is neither archived nor merged away."""
        return self.archived_ms is None and self.merged_into is None

    def seen_by_search(self, now_ms: int) -> Mapping[str, str] | None:
        """Return the values search shows at ``now_ms``, or None while it does not know the record."""
        if self.writes[-1].visible_ms <= now_ms:
            return self.values
        if self.writes[0].visible_ms > now_ms:
            return None
        seen: dict[str, str] = {}
        for write in self.writes:
            if write.visible_ms <= now_ms:
                seen.update(write.changes)
        return {name: value for name, value in seen.items() if value}

    def history(self, name: str) -> list[dict[str, Any]]:
        """Return the values ``name`` has had, newest first."""
        entries = []
        for write in reversed(self.writes):
            if name not in write.changes:
                continue
            entry: dict[str, Any] = {
                "value": write.changes[name],
                "timestamp": iso(write.at_ms),
                "sourceType": write.source.type,
                "sourceId": write.source.id,
                "sourceLabel": write.source.label,
            }
            if write.source.user_id is not None:
                entry["updatedByUserId"] = write.source.user_id
            entries.append(entry)
        return entries


class RecordStore:
    """All records of one type.

    ``owners[property][value]`` is the id of the record that holds a unique value; contact e-mail addresses, additional
    ones included, are under ``email`` in lower case.
    """

    def __init__(self, object_type: ObjectType) -> None:
        self.type = object_type
        self.records: dict[str, Record] = {}
        self.active: list[int] = []
        self.archived: list[int] = []
        self.owners: dict[str, dict[str, str]] = {"email": {}} if object_type.type_id == "0-1" else {}
        self._ever: dict[str, dict[str, list[str]]] = {}

    def add(self, record_id: str, created_ms: int) -> Record:
        """Make an empty record."""
        record = Record(record_id, created_ms)
        self.records[record_id] = record
        number = int(record_id)
        if not self.active or number > self.active[-1]:
            self.active.append(number)
        else:
            self.active.insert(bisect_left(self.active, number), number)
        return record

    def get(self, record_id: str) -> Record | None:
        """Return the record with this id if it is neither archived nor merged away."""
        record = self.records.get(record_id)
        return record if record is not None and record.active else None

    def survivor(self, record_id: str) -> Record | None:
        """Return the active record with this id, or the one it was merged into."""
        record = self.records.get(record_id)
        while record is not None and record.merged_into is not None:
            record = self.records.get(record.merged_into)
        return record if record is not None and record.active else None

    def by_key(self, name: str, value: str) -> Record | None:
        """Return the record that holds a unique value."""
        key = value.lower() if name == "email" else value
        owner = self.owners.get(name, {}).get(key)
        return self.get(owner) if owner is not None else None

    def page(self, after: int, limit: int, *, archived: bool) -> tuple[list[Record], bool]:
        """Return up to ``limit`` records with an id above ``after``, and whether more follow."""
        ids = self.archived if archived else self.active
        start = bisect_right(ids, after)
        chosen = [self.records[str(number)] for number in ids[start : start + limit]]
        return chosen, start + limit < len(ids)

    def keys_of(self, name: str, value: str) -> list[tuple[str, str]]:
        """Return the (index, value) pairs that a value of ``name`` takes up."""
        if self.type.type_id == "0-1" and name in ("email", "hs_additional_emails"):
            return [("email", address.lower()) for address in value.split(";") if address]
        return [(name, value)] if name in self.owners and value else []

    def apply(self, record: Record, write: Write) -> None:
        """Carry out a write whose values have been checked, and keep the indexes right."""
        for name in write.changes:
            self._release(record, name, record.values.get(name, ""))
        for name, value in write.changes.items():
            if value:
                record.values[name] = value
                for index, key in self.keys_of(name, value):
                    self.owners[index][key] = record.id
            else:
                record.values.pop(name, None)
            known = self._ever.get(name)
            if known is not None and value:
                known.setdefault(value.lower(), []).append(record.id)
        record.updated_ms = max(record.updated_ms, write.at_ms)
        record.writes.append(write)

    def retire(
        self, record: Record, *, archived_ms: int | None = None, merged_into: str | None = None
    ) -> None:
        """Take a record out of use: archived or merged away. Its unique values become free."""
        number = int(record.id)
        position = bisect_left(self.active, number)
        del self.active[position]
        record.archived_ms = archived_ms
        record.merged_into = merged_into
        if archived_ms is not None:
            self.archived.insert(bisect_left(self.archived, number), number)
        for name, value in record.values.items():
            self._release(record, name, value)

    def restore(self, record: Record) -> None:
        """Take an archived record back into use, with its values; unique ones are its own again."""
        number = int(record.id)
        del self.archived[bisect_left(self.archived, number)]
        self.active.insert(bisect_left(self.active, number), number)
        record.archived_ms = None
        for name, value in record.values.items():
            for index, key in self.keys_of(name, value):
                self.owners[index].setdefault(key, record.id)

    def make_unique(self, name: str) -> None:
        """Start an index for a property that is unique from now on."""
        self.owners.setdefault(name, {})

    def ever_had(self, name: str, values: Iterable[str]) -> Iterator[Record]:
        """Yield each active record that has, or once had, one of ``values`` (lower case) in ``name``."""
        known = self._ever.get(name)
        if known is None:
            known = self._ever[name] = {}
            for record in self.records.values():
                for write in record.writes:
                    value = write.changes.get(name)
                    if value:
                        known.setdefault(value.lower(), []).append(record.id)
        seen: set[str] = set()
        for value in values:
            for record_id in known.get(value, ()):
                if record_id not in seen:
                    seen.add(record_id)
                    found = self.get(record_id)
                    if found is not None:
                        yield found

    def _release(self, record: Record, name: str, value: str) -> None:
        for index, key in self.keys_of(name, value):
            if self.owners[index].get(key) == record.id:
                del self.owners[index][key]
