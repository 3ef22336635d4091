"""Records in the JSON form of the API."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.times import iso


def record_json(record: Record, properties: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the outer shape of a record around the properties to show."""
    body: dict[str, Any] = {
        "id": record.id,
        "properties": properties,
        "createdAt": iso(record.created_ms),
        "updatedAt": iso(record.updated_ms),
        "archived": record.archived_ms is not None,
    }
    if record.archived_ms is not None:
        body["archivedAt"] = iso(record.archived_ms)
    return body


def read_json(
    account: Account,
    object_type: ObjectType,
    record: Record,
    wanted: Sequence[str],
    with_history: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a record as a read answers: asked-for properties without a value are null, unknown names are left out."""
    catalogue = account.catalogue(object_type)
    shown = [name for name in wanted or object_type.default_properties if catalogue.get(name) is not None]
    names = dict.fromkeys([*shown, *object_type.system_properties])
    body = record_json(record, {name: record.values.get(name) for name in names})
    if with_history:
        body["propertiesWithHistory"] = {
            name: record.history(name)[: account.settings.history_entries]
            for name in with_history
            if catalogue.get(name)
        }
    return body


def written_json(
    object_type: ObjectType,
    record: Record,
    written: Iterable[str],
    trace_id: str | None = None,
) -> dict[str, Any]:
    """Return a record as a write answers: what was written and the system properties."""
    names = dict.fromkeys([*written, *object_type.system_properties])
    body = record_json(record, {name: record.values.get(name, "") for name in names})
    if trace_id is not None:
        body["objectWriteTraceId"] = trace_id
    return body


def associated_json(
    account: Account, object_type: ObjectType, record: Record, names: Iterable[str]
) -> dict[str, Any]:
    """Return the ``associations`` of a read: per plural name the ids, one entry for each type of association."""
    found: dict[str, Any] = {}
    for name in names:
        other = account.types.find(name)
        entries = [
            {"id": other_id, "type": association_name(account, object_type, other, key)}
            for other_id, keys in account.links.of(object_type.type_id, record.id, other.type_id).items()
            for key in sorted(keys)
        ]
        if entries:
            found[other.name.replace("_", " ")] = {"results": entries}
    return found


def association_name(account: Account, start: ObjectType, end: ObjectType, key: tuple[str, int]) -> str:
    """Return the name an association type has in a read, such as ``contact_to_company_unlabeled``."""
    known = account.association_types.between(start.type_id, end.type_id).get(key)
    plain = f"{start.singular}_to_{end.singular}"
    if known is None or known.label is None:
        return (
            f"{plain}_unlabeled" if account.association_types.primary(start.type_id, end.type_id) else plain
        )
    if known.label == "Primary":
        return plain
    return known.label.lower().replace(" ", "_")


def batch_json(
    account: Account,
    results: Sequence[Any],
    errors: Sequence[Mapping[str, Any]] = (),
    *,
    count: int | None = None,
) -> dict[str, Any]:
    """Return the outer shape of a batch answer; ``count`` overrides ``numErrors``."""
    now = iso(account.now_ms())
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        body["numErrors"] = len(errors) if count is None else count
        body["errors"] = list(errors)
    return body
