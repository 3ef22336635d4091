"""Calls about single records, lists, batch reads and merges."""

from collections.abc import Sequence
from typing import Any

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.batches import check_id_property, poison_for, poisoned
from ml_connector.sandbox.hubspot.calls import Call, Reply, repeated, text_id
from ml_connector.sandbox.hubspot.merging import merge
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import (
    HISTORY_LIMIT,
    bad_request,
    duplicate_ids,
    not_found,
    some_not_found,
    too_many_histories,
)
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.rules import check_archive
from ml_connector.sandbox.hubspot.showing import associated_json, batch_json, read_json, written_json
from ml_connector.sandbox.hubspot.writing import Writer, inline_links, properties_of

LIST_LIMIT = 100


def list_records(call: Call) -> Reply:
    """GET /crm/objects/V/{type}: up to 100, in the order of their ids; ``after`` is the last id seen.

    With history up to 50.
    """
    object_type = call.object_type()
    call.require_records("read", object_type)
    _require_associated(call)
    limit = call.whole("limit", 10, HISTORY_LIMIT if call.names("propertiesWithHistory") else LIST_LIMIT)
    after = call.query.get("after") or "0"
    if not after.isdigit():
        raise bad_request("Invalid value for after: it must be a record id.")
    store = call.account.store(object_type)
    page, more = store.page(int(after), limit, archived=call.flag("archived"))
    body: dict[str, Any] = {"results": [_shown(call, object_type, record) for record in page]}
    if more:
        last = page[-1].id
        body["paging"] = {"next": {"after": last, "link": f"?after={last}&limit={limit}"}}
    return Reply(200, body)


def read_record(call: Call) -> Reply:
    """GET /crm/objects/V/{type}/{id}: by id, also one merged away, or by a unique property."""
    object_type = call.object_type()
    call.require_records("read", object_type)
    _require_associated(call)
    return Reply(200, _shown(call, object_type, _find(call, object_type)))


def create_record(call: Call) -> Reply:
    """POST /crm/objects/V/{type}."""
    object_type = call.object_type()
    call.require_records("write", object_type)
    writer = Writer(call.account, object_type)
    body = call.mapping()
    links = inline_links(call.account, object_type, body.get("associations"))
    intent = writer.intend(None, properties_of(body), links=links)
    _refuse_poison(call.account, object_type, None, intent.changes)
    record, _ = writer.carry_out(intent, call.account.integration())
    return Reply(201, written_json(object_type, record, intent.changes, body.get("objectWriteTraceId")))


def update_record(call: Call) -> Reply:
    """PATCH /crm/objects/V/{type}/{id}: the id of a record merged away leads to the survivor (reference: hubspot 3)."""
    object_type = call.object_type()
    call.require_records("write", object_type)
    writer = Writer(call.account, object_type)
    record = _find(call, object_type)
    body = call.mapping()
    intent = writer.intend(record, properties_of(body))
    _refuse_poison(call.account, object_type, record, intent.changes)
    writer.carry_out(intent, call.account.integration())
    return Reply(200, written_json(object_type, record, intent.changes, body.get("objectWriteTraceId")))


def archive_record(call: Call) -> Reply:
    """DELETE /crm/objects/V/{type}/{id}: 204 also for one already archived."""
    object_type = call.object_type()
    call.require_records("write", object_type)
    store = call.account.store(object_type)
    record = store.records.get(call.path["record_id"])
    if record is None or record.merged_into is not None:
        raise not_found()
    if record.active:
        check_archive(call.account, object_type, record)
        call.account.archive(store, record)
    return Reply(204)


def batch_read(call: Call) -> Reply:
    """POST .../batch/read: what is missing is named in one error of a 207, ``numErrors`` 1 (reference: hubspot 3)."""
    object_type = call.object_type()
    call.require_records("read", object_type)
    ids = [text_id(item) for item in call.inputs()]
    twice = repeated(ids)
    if twice:
        raise duplicate_ids(twice)
    body = call.mapping()
    id_property = body.get("idProperty")
    store = call.account.store(object_type)
    if id_property and id_property != "hs_object_id":
        check_id_property(call.account, object_type, str(id_property), contact_email=True)
        found = {key: store.by_key(str(id_property), key) for key in ids}
    else:
        found = {key: store.get(key) for key in ids}
    if call.flag("archived"):
        found = {key: _archived(store.records.get(key)) for key in ids}
    wanted, history = _names(body, "properties"), _names(body, "propertiesWithHistory")
    if history and len(ids) > HISTORY_LIMIT:
        raise too_many_histories()
    results = [
        read_json(call.account, object_type, record, wanted, history)
        for record in {record.id: record for record in found.values() if record is not None}.values()
    ]
    missing = [key for key, record in found.items() if record is None]
    errors = [some_not_found(object_type.singular, missing).item({})] if missing else []
    answer = batch_json(call.account, call.account.shuffled(results), errors, count=1)
    return Reply(call.partial() if missing else 200, answer)


def merge_records(call: Call) -> Reply:
    """POST .../merge of companies, contacts or deals."""
    object_type = call.object_type()
    call.require_records("write", object_type)
    if not object_type.mergeable:
        raise not_found()
    body = call.mapping()
    survivor = merge(
        call.account,
        object_type,
        text_id(body, "primaryObjectId"),
        text_id(body, "objectIdToMerge"),
        call.account.integration(),
    )
    return Reply(200, read_json(call.account, object_type, survivor, ()))


def _shown(call: Call, object_type: ObjectType, record: Record) -> dict[str, Any]:
    body = read_json(
        call.account, object_type, record, call.names("properties"), call.names("propertiesWithHistory")
    )
    associations = call.names("associations")
    if associations:
        found = associated_json(call.account, object_type, record, associations)
        if found:
            body["associations"] = found
    return body


def _require_associated(call: Call) -> None:
    call.require_records("read", *(call.account.types.find(name) for name in call.names("associations")))


def _find(call: Call, object_type: ObjectType) -> Record:
    """Return the record a path names. Raises RefusedError 404."""
    store, record_id = call.account.store(object_type), call.path["record_id"]
    id_property = call.query.get("idProperty")
    if id_property and id_property != "hs_object_id":
        check_id_property(call.account, object_type, id_property, contact_email=True)
        record = store.by_key(id_property, record_id)
    elif call.flag("archived"):
        record = _archived(store.records.get(record_id))
    else:
        record = store.survivor(record_id)
    if record is None:
        raise not_found()
    return record


def _archived(record: Record | None) -> Record | None:
    return record if record is not None and record.archived_ms is not None else None


def _refuse_poison(
    account: Account, object_type: ObjectType, record: Record | None, changes: dict[str, str]
) -> None:
    mode = poison_for(account, object_type, record, changes)
    if mode is not None:
        raise poisoned(mode)


def _names(body: dict[str, Any], key: str) -> Sequence[str]:
    names = body.get(key) or []
    if not isinstance(names, list):
        raise bad_request(f"{key} must be a list of names.")
    return [str(name) for name in names]
