"""Calls about associations: batches, single pairs, and the labels of a pair of types (reference: hubspot 4)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.association_types import AssociationType
from ml_connector.sandbox.hubspot.calls import NEWEST, Call, Reply, text_id
from ml_connector.sandbox.hubspot.links import PARENTS_OF_LINES
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import RefusedError, bad_request, invalid_json, not_found
from ml_connector.sandbox.hubspot.showing import batch_json

CREATE_LIMIT = 2_000
READ_LIMIT = 1_000
DEFAULT_LIMIT = 2_000
TO_PAGE = 500
"""How many associated records one input of a read lists before its own cursor."""


def batch_create(call: Call) -> Reply:
    """POST .../batch/create: types that are missing or do not fit write nothing and say nothing."""
    start, end = _types(call, "write")
    results, errors = [], []
    for item in call.inputs(CREATE_LIMIT):
        from_id, to_id = _ends(item)
        chosen = _chosen(call.account, start, end, item.get("types"))
        if chosen is None:
            continue
        problem = _refusal(call.account, start, from_id, end, to_id)
        if problem is not None:
            errors.append(problem.item({}))
            continue
        call.account.connect(start.type_id, from_id, end.type_id, to_id, chosen)
        results.append(_labels_json(call.account, start, from_id, end, to_id))
    done = call.account.settings.association_create_status if call.version == NEWEST else 201
    return Reply(
        call.partial() if errors else done, batch_json(call.account, call.account.shuffled(results), errors)
    )


def batch_default(call: Call) -> Reply:
    """POST .../batch/associate/default: the plain type; results list both directions."""
    start, end = _types(call, "write")
    plain = _plain(call.account, start, end)
    results: list[Any] = []
    errors = []
    for item in call.inputs(DEFAULT_LIMIT):
        from_id, to_id = _ends(item)
        problem = _refusal(call.account, start, from_id, end, to_id)
        if problem is not None:
            errors.append(problem.item({}))
            continue
        call.account.connect(start.type_id, from_id, end.type_id, to_id, [plain])
        results += _both_ways(plain, from_id, to_id)
    return Reply(call.partial() if errors else 200, batch_json(call.account, results, errors))


def batch_read(call: Call) -> Reply:
    """POST .../batch/read: records without any association are named in the errors of a 207."""
    start, end = _types(call, "read")
    results, errors = [], []
    for item in call.inputs(READ_LIMIT):
        record_id = text_id(item)
        linked = sorted(call.account.links.of(start.type_id, record_id, end.type_id), key=int)
        if not linked:
            errors.append(_none_found(start, record_id, end).item({}))
            continue
        page, paging = _to_page(linked, item.get("after"))
        entry: dict[str, Any] = {
            "from": {"id": record_id},
            "to": [_to_json(call.account, start, record_id, end, to_id) for to_id in page],
        }
        results.append({**entry, **paging})
    return Reply(
        call.partial() if errors else 200, batch_json(call.account, call.account.shuffled(results), errors)
    )


def batch_archive(call: Call) -> Reply:
    """POST .../batch/archive: every association between the pairs."""
    start, end = _types(call, "write")
    for item in call.inputs(CREATE_LIMIT):
        from_id = text_id(_part(item, "from"))
        targets = item.get("to")
        for target in targets if isinstance(targets, list) else [targets]:
            if not isinstance(target, dict):
                raise invalid_json("to must list objects with an id")
            _disconnect(call.account, start, from_id, end, text_id(target))
    return _archived(call)


def batch_labels_archive(call: Call) -> Reply:
    """POST .../batch/labels/archive: some types of the pairs; without the plain one nothing is left."""
    start, end = _types(call, "write")
    for item in call.inputs(CREATE_LIMIT):
        from_id, to_id = _ends(item)
        chosen = _chosen(call.account, start, end, item.get("types")) or []
        call.account.links.remove_types(start.type_id, from_id, end.type_id, to_id, chosen)
        _note(call.account, start, from_id, end, to_id)
    return _archived(call)


def put_default(call: Call) -> Reply:
    """PUT /crm/objects/V/{t}/{id}/associations/default/{t2}/{id2}."""
    start, end = _types(call, "write", "object_type", "to_type")
    from_id, to_id = call.path["record_id"], call.path["to_id"]
    plain = _plain(call.account, start, end)
    _check_pair(call.account, start, from_id, end, to_id)
    call.account.connect(start.type_id, from_id, end.type_id, to_id, [plain])
    return Reply(200, batch_json(call.account, _both_ways(plain, from_id, to_id)))


def put_typed(call: Call) -> Reply:
    """PUT /crm/objects/V/{t}/{id}/associations/{t2}/{id2} with a list of types."""
    start, end = _types(call, "write", "object_type", "to_type")
    from_id, to_id = call.path["record_id"], call.path["to_id"]
    chosen = _chosen(call.account, start, end, call.json())
    if chosen is None:
        raise RefusedError(400, "One or more associations are not valid", "BAD_REQUEST")
    _check_pair(call.account, start, from_id, end, to_id)
    call.account.connect(start.type_id, from_id, end.type_id, to_id, chosen)
    return Reply(201, _labels_json(call.account, start, from_id, end, to_id))


def delete_pair(call: Call) -> Reply:
    """DELETE /crm/objects/V/{t}/{id}/associations/{t2}/{id2}: everything between the two."""
    start, end = _types(call, "write", "object_type", "to_type")
    _disconnect(call.account, start, call.path["record_id"], end, call.path["to_id"])
    return Reply(204)


def list_of_record(call: Call) -> Reply:
    """GET /crm/objects/V/{t}/{id}/associations/{t2}: up to 500 a page."""
    start, end = _types(call, "read", "object_type", "to_type")
    record_id = call.path["record_id"]
    if call.account.store(start).get(record_id) is None:
        raise not_found()
    linked = sorted(call.account.links.of(start.type_id, record_id, end.type_id), key=int)
    page, paging = _to_page(linked, call.query.get("after"), call.whole("limit", TO_PAGE, TO_PAGE))
    return Reply(
        200, {"results": [_to_json(call.account, start, record_id, end, to_id) for to_id in page], **paging}
    )


def _types(
    call: Call, right: str, first: str = "from_type", second: str = "to_type"
) -> tuple[ObjectType, ObjectType]:
    start, end = call.object_type(first), call.object_type(second)
    call.require_records(right, start, end)
    return start, end


def _part(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = item.get(name)
    if not isinstance(part, dict):
        raise invalid_json(f"{name} must be an object with an id")
    return part


def _ends(item: Mapping[str, Any]) -> tuple[str, str]:
    return text_id(_part(item, "from")), text_id(_part(item, "to"))


def _chosen(account: Account, start: ObjectType, end: ObjectType, sent: Any) -> list[AssociationType] | None:
    """Return the association types sent, or None when there are none or one does not fit the pair."""
    known = account.association_types.between(start.type_id, end.type_id)
    try:
        keys = [(str(item["associationCategory"]), int(item["associationTypeId"])) for item in sent or ()]
    except (KeyError, TypeError, ValueError):
        return None
    return [known[key] for key in keys] if keys and all(key in known for key in keys) else None


def _plain(account: Account, start: ObjectType, end: ObjectType) -> AssociationType:
    plain = account.association_types.unlabelled(start.type_id, end.type_id)
    if plain is None:
        raise bad_request(f"There is no default association between {start.type_id} and {end.type_id}.")
    return plain


def _refusal(
    account: Account, start: ObjectType, from_id: str, end: ObjectType, to_id: str
) -> RefusedError | None:
    """Return why two records cannot be associated, or None."""
    for object_type, record_id in ((start, from_id), (end, to_id)):
        if account.store(object_type).get(record_id) is None:
            return RefusedError(
                400,
                f"{object_type.singular.upper()}={record_id} is not valid",
                sub_category="crm.associations.INVALID_OBJECT_IDS",
                context={object_type.singular.upper(): [record_id]},
            )
    if start is end and from_id == to_id:
        return bad_request("A record cannot be associated with itself.")
    for object_type, record_id, other, other_id in (
        (start, from_id, end, to_id),
        (end, to_id, start, from_id),
    ):
        parent = account.links.parent_of_line(record_id) if object_type.type_id == "0-8" else None
        owns = other.type_id in PARENTS_OF_LINES
        if owns and parent is not None and parent != (other.type_id, other_id):
            return bad_request(f"Line item {record_id} already belongs to another record.")
    return None


def _check_pair(account: Account, start: ObjectType, from_id: str, end: ObjectType, to_id: str) -> None:
    problem = _refusal(account, start, from_id, end, to_id)
    if problem is not None:
        raise problem


def _disconnect(account: Account, start: ObjectType, from_id: str, end: ObjectType, to_id: str) -> None:
    account.links.disconnect(start.type_id, from_id, end.type_id, to_id)
    _note(account, start, from_id, end, to_id)


def _note(account: Account, start: ObjectType, from_id: str, end: ObjectType, to_id: str) -> None:
    """Keep the primary company that a contact shows right."""
    if {start.type_id, end.type_id} == {"0-1", "0-2"}:
        account.note_primary(from_id if start.type_id == "0-1" else to_id)


def _archived(call: Call) -> Reply:
    """Return what archiving associations answers: no body in v4, one in the dated versions (reference: hubspot 2)."""
    return Reply(204) if call.version.startswith("v") else Reply(200, batch_json(call.account, []))


def _both_ways(plain: AssociationType, from_id: str, to_id: str) -> list[dict[str, Any]]:
    return [
        {
            "from": {"id": one},
            "to": {"id": two},
            "associationSpec": {"associationCategory": plain.category, "associationTypeId": number},
        }
        for one, two, number in ((from_id, to_id, plain.id), (to_id, from_id, plain.reverse))
    ]


def _labels_json(
    account: Account, start: ObjectType, from_id: str, end: ObjectType, to_id: str
) -> dict[str, Any]:
    described = account.links.described(start.type_id, from_id, end.type_id, to_id)
    return {
        "fromObjectTypeId": start.type_id,
        "fromObjectId": from_id,
        "toObjectTypeId": end.type_id,
        "toObjectId": to_id,
        "labels": [item.label for item in described if item.label is not None],
    }


def _to_json(
    account: Account, start: ObjectType, from_id: str, end: ObjectType, to_id: str
) -> dict[str, Any]:
    described: Iterable[AssociationType] = account.links.described(start.type_id, from_id, end.type_id, to_id)
    shown: str | int = int(to_id) if account.settings.numeric_to_object_id else to_id
    return {"toObjectId": shown, "associationTypes": [item.json() for item in described]}


def _to_page(
    linked: Sequence[str], after: object, limit: int = TO_PAGE
) -> tuple[Sequence[str], dict[str, Any]]:
    """Return one page of associated ids and the cursor to the next."""
    start = 0
    if after not in (None, ""):
        if not str(after).isdigit():
            raise bad_request("Invalid after.")
        start = next((index for index, item in enumerate(linked) if int(item) > int(str(after))), len(linked))
    page = linked[start : start + limit]
    if start + limit < len(linked):
        return page, {"paging": {"next": {"after": page[-1]}}}
    return page, {}


def _none_found(start: ObjectType, record_id: str, end: ObjectType) -> RefusedError:
    return RefusedError(
        404,
        f"No {end.singular} is associated with {start.singular} {record_id}.",
        "OBJECT_NOT_FOUND",
        sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
        context={
            "fromObjectId": [record_id],
            "fromObjectType": [start.singular],
            "toObjectType": [end.singular],
        },
    )
