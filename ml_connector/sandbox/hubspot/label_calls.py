"""Calls about the association labels between two object types (reference: hubspot 4)."""

from ml_connector.sandbox.hubspot.association_types import HUBSPOT, USER
from ml_connector.sandbox.hubspot.calls import Call, Reply
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import RefusedError, bad_request, not_found


def list_labels(call: Call) -> Reply:
    """GET /crm/associations/V/{from}/{to}/labels: every type of the pair, plain ones with a null label."""
    start, end = _types(call, "read")
    known = call.account.association_types.between(start.type_id, end.type_id)
    ordered = sorted(known.values(), key=lambda item: (item.category != HUBSPOT, item.id))
    return Reply(200, {"results": [item.json() for item in ordered]})


def create_label(call: Call) -> Reply:
    """POST .../labels: one type for each direction; over the cap the status is 437."""
    start, end = _types(call, "write")
    body = call.mapping()
    name, label, inverse = body.get("name"), body.get("label"), body.get("inverseLabel")
    if not isinstance(name, str) or not isinstance(label, str) or not name or not label:
        raise bad_request("An association label needs a name and a label.")
    types = call.account.association_types
    present = list(types.user_labels(start.type_id, end.type_id))
    if any(item.name == name for item in present):
        raise RefusedError(409, f"An association label named {name} already exists.", "OBJECT_ALREADY_EXISTS")
    if len(present) >= call.account.settings.labels_per_pair:
        raise label_cap(call.account.settings.labels_per_pair)
    made = types.add_label(
        start.type_id, end.type_id, name, label, inverse if isinstance(inverse, str) else None
    )
    return Reply(200, {"results": [item.json() for item in made]})


def update_label(call: Call) -> Reply:
    """PUT .../labels with associationTypeId and label."""
    start, end = _types(call, "write")
    body = call.mapping()
    key = (USER, int(body.get("associationTypeId") or 0))
    if not call.account.association_types.rename(
        start.type_id, end.type_id, key, str(body.get("label") or "")
    ):
        raise not_found()
    return Reply(204)


def delete_label(call: Call) -> Reply:
    """DELETE .../labels/{associationTypeId}."""
    start, end = _types(call, "write")
    key = (USER, int(call.path["label_id"]))
    if not call.account.association_types.remove_label(start.type_id, end.type_id, key):
        raise not_found()
    return Reply(204)


def label_cap(limit: int) -> RefusedError:
    """Return the 437 for too many labels (reference: hubspot 4)."""
    return RefusedError(437, f"The limit of {limit} association labels is reached.", "LIMIT_EXCEEDED")


def _types(call: Call, right: str) -> tuple[ObjectType, ObjectType]:
    start, end = call.object_type("from_type"), call.object_type("to_type")
    call.require_records(right, start, end)
    return start, end
