"""Calls that make, list, read and remove custom object types, on Enterprise accounts (reference: hubspot 3)."""

import re
from typing import Any

from ml_connector.sandbox.hubspot.calls import Call, Reply
from ml_connector.sandbox.hubspot.definitions import PropertyGroup, Table
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import RefusedError, bad_request, not_found
from ml_connector.sandbox.hubspot.standard.common import system
from ml_connector.sandbox.hubspot.times import iso

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
FIRST_CUSTOM_TYPE = 140_000_001
MOST_SEARCHABLE = 20
LONGEST_LABEL = 50


def create_schema(call: Call) -> Reply:
    """POST /crm-object-schemas/V/schemas."""
    call.require(("crm.schemas.custom.write",))
    account = call.account
    if not account.settings.enterprise:
        raise RefusedError(403, "Custom objects need an Enterprise subscription.", "FEATURE_NOT_AVAILABLE")
    body = call.mapping()
    object_type = _object_type(call, body)
    table = Table(f"{object_type.name}_information")
    system(table)
    label = f"{object_type.singular_label} information"
    account.open(object_type, [PropertyGroup(table.group, label, 0)], table.rows)
    catalogue = account.catalogue(object_type)
    for item in body.get("properties") or ():
        made = catalogue.create({"groupName": table.group, **item}, account.settings, account.now_ms())
        if made.unique:
            account.store(object_type).make_unique(made.name)
    for other in body.get("associatedObjects") or ():
        account.association_types.add_object(object_type.type_id, account.types.find(str(other)).type_id)
    return Reply(201, _json(call, object_type))


def list_schemas(call: Call) -> Reply:
    """GET /crm-object-schemas/V/schemas."""
    call.require(("crm.schemas.custom.read", "crm.schemas.custom.write"))
    custom = [item for item in call.account.types.all.values() if item.custom_name]
    return Reply(200, {"results": [_json(call, item) for item in custom]})


def read_schema(call: Call) -> Reply:
    """GET /crm-object-schemas/V/schemas/{type}."""
    call.require(("crm.schemas.custom.read", "crm.schemas.custom.write"))
    return Reply(200, _json(call, call.object_type()))


def delete_schema(call: Call) -> Reply:
    """DELETE /crm-object-schemas/V/schemas/{type}: only without records."""
    call.require(("crm.schemas.custom.write",))
    object_type = call.object_type()
    if object_type.custom_name is None:
        raise not_found()
    if call.account.store(object_type).active:
        raise bad_request("A custom object that has records cannot be deleted.")
    call.account.close(object_type)
    return Reply(204)


def _object_type(call: Call, body: dict[str, Any]) -> ObjectType:
    """Return the type a body describes. Raises RefusedError 400 or 409."""
    name, labels, display = body.get("name"), body.get("labels"), body.get("primaryDisplayProperty")
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise bad_request("A custom object name has letters, digits and _, starts with a letter, at most 50.")
    if not isinstance(labels, dict) or not display:
        raise bad_request("A custom object needs labels and primaryDisplayProperty.")
    defined = {str(item.get("name")) for item in body.get("properties") or ()}
    named = {str(display), *_texts(body, "requiredProperties"), *_texts(body, "searchableProperties")}
    if not named <= defined:
        raise bad_request(f"These properties are not among those defined: {sorted(named - defined)}")
    if len(_texts(body, "searchableProperties")) > MOST_SEARCHABLE:
        raise bad_request(f"A custom object has at most {MOST_SEARCHABLE} searchable properties.")
    if any(len(str(label)) > LONGEST_LABEL for label in labels.values()):
        raise bad_request(f"A label has at most {LONGEST_LABEL} characters.")
    full = f"p{call.account.settings.portal_id}_{name}"
    known = [item for item in call.account.types.all.values() if item.custom_name]
    if any(item.custom_name == full for item in known):
        raise RefusedError(409, f"A custom object named {name} already exists.", "OBJECT_ALREADY_EXISTS")
    return ObjectType(
        f"2-{FIRST_CUSTOM_TYPE + len(known)}",
        full,
        name,
        str(labels.get("plural") or name),
        str(labels.get("singular") or name),
        "custom",
        "custom",
        str(display),
        required_all=tuple(_texts(body, "requiredProperties")),
        custom_name=full,
    )


def _texts(body: dict[str, Any], name: str) -> list[str]:
    return [str(item) for item in body.get(name) or ()]


def _json(call: Call, object_type: ObjectType) -> dict[str, Any]:
    catalogue = call.account.catalogue(object_type)
    custom = object_type.custom_name is not None
    return {
        "id": object_type.type_id,
        "objectTypeId": object_type.type_id,
        "fullyQualifiedName": object_type.custom_name or object_type.name,
        "name": object_type.singular if custom else object_type.name,
        "labels": {"singular": object_type.singular_label, "plural": object_type.plural_label},
        "primaryDisplayProperty": object_type.display_property,
        "secondaryDisplayProperties": [],
        "searchableProperties": [],
        "requiredProperties": list(object_type.required_all),
        "properties": [item.json() for item in catalogue.listed(call.account.settings)],
        "associations": _associations(call, object_type),
        "allowsSensitiveProperties": False,
        "archived": False,
        "createdAt": iso(0),
        "updatedAt": iso(0),
    }


def _associations(call: Call, object_type: ObjectType) -> list[dict[str, Any]]:
    """Return the plain types between a custom object and others, in both directions."""
    types = call.account.association_types
    found = []
    for other in call.account.types.all.values():
        for start, end in ((object_type, other), (other, object_type)):
            plain = types.unlabelled(start.type_id, end.type_id)
            if plain is not None:
                found.append(
                    {
                        "id": str(plain.id),
                        "fromObjectTypeId": start.type_id,
                        "toObjectTypeId": end.type_id,
                        "name": f"{start.singular}_to_{end.singular}",
                    }
                )
    return found
