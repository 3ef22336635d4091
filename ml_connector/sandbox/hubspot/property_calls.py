"""Calls about property definitions and groups (reference: hubspot 8)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ml_connector.sandbox.hubspot.calls import NEWEST, Call, Reply, text_id
from ml_connector.sandbox.hubspot.catalogue import Catalogue
from ml_connector.sandbox.hubspot.definitions import PropertyDefinition
from ml_connector.sandbox.hubspot.problems import RefusedError, bad_request, some_not_found
from ml_connector.sandbox.hubspot.showing import batch_json


def list_properties(call: Call) -> Reply:
    """GET /crm/properties/V/{type}."""
    catalogue = _catalogue(call, "read")
    listed = catalogue.listed(call.account.settings, archived=call.flag("archived"))
    return Reply(200, {"results": [definition.json() for definition in listed]})


def read_property(call: Call) -> Reply:
    """GET /crm/properties/V/{type}/{name}."""
    catalogue = _catalogue(call, "read")
    definition = catalogue.existing(call.path["name"], archived=call.flag("archived"))
    if definition.archived_ms is None:
        definition = catalogue.writable(definition.name, call.account.settings)
    return Reply(200, definition.json())


def create_property(call: Call) -> Reply:
    """POST /crm/properties/V/{type}."""
    return Reply(201, _create(call, _catalogue(call, "write"), call.mapping()).json())


def update_property(call: Call) -> Reply:
    """PATCH /crm/properties/V/{type}/{name}."""
    catalogue = _catalogue(call, "write")
    return Reply(200, catalogue.update(call.path["name"], call.mapping(), call.account.now_ms()).json())


def archive_property(call: Call) -> Reply:
    """DELETE /crm/properties/V/{type}/{name}."""
    catalogue = _catalogue(call, "write")
    catalogue.archive(call.path["name"], call.account.settings, call.account.now_ms())
    return Reply(204)


def batch_create(call: Call) -> Reply:
    """POST .../batch/create: a definition that is refused is named, the others are made."""
    catalogue = _catalogue(call, "write")
    results, errors = [], []
    for item in call.inputs():
        try:
            results.append(_create(call, catalogue, item).json())
        except RefusedError as problem:
            errors.append(problem.item({"name": [str(item.get("name"))]}))
    done = 200 if call.version == NEWEST else 201
    return Reply(call.partial() if errors else done, batch_json(call.account, results, errors))


def batch_read(call: Call) -> Reply:
    """POST .../batch/read by name."""
    catalogue = _catalogue(call, "read")
    names = [text_id(item, "name") for item in call.inputs()]
    archived = call.mapping().get("archived") is True
    known = {item.name: item for item in catalogue.listed(call.account.settings, archived=archived)}
    missing = [name for name in names if name not in known]
    errors = [some_not_found("property", missing).item({})] if missing else []
    results = [known[name].json() for name in names if name in known]
    return Reply(call.partial() if missing else 200, batch_json(call.account, results, errors))


def batch_archive(call: Call) -> Reply:
    """POST .../batch/archive by name; names that are not there are passed over."""
    catalogue = _catalogue(call, "write")
    for name in [text_id(item, "name") for item in call.inputs()]:
        if catalogue.get(name) is not None:
            catalogue.archive(name, call.account.settings, call.account.now_ms())
    return Reply(204)


def list_groups(call: Call) -> Reply:
    """GET /crm/properties/V/{type}/groups."""
    groups = _catalogue(call, "read").groups.values()
    return Reply(200, {"results": [group.json() for group in groups if not group.archived]})


def read_group(call: Call) -> Reply:
    """GET /crm/properties/V/{type}/groups/{name}."""
    return Reply(200, _catalogue(call, "read").group(call.path["name"]).json())


def create_group(call: Call) -> Reply:
    """POST /crm/properties/V/{type}/groups."""
    return Reply(201, _catalogue(call, "write").create_group(call.mapping()).json())


def update_group(call: Call) -> Reply:
    """PATCH /crm/properties/V/{type}/groups/{name}: label and order."""
    catalogue = _catalogue(call, "write")
    group, body = catalogue.group(call.path["name"]), call.mapping()
    changed = replace(
        group,
        label=str(body.get("label", group.label)),
        display_order=int(body.get("displayOrder", group.display_order)),
    )
    catalogue.groups[group.name] = changed
    return Reply(200, changed.json())


def archive_group(call: Call) -> Reply:
    """DELETE /crm/properties/V/{type}/groups/{name}."""
    _catalogue(call, "write").archive_group(call.path["name"])
    return Reply(204)


def _catalogue(call: Call, right: str) -> Catalogue:
    object_type = call.object_type()
    call.require(object_type.definition_scopes(right))
    return call.account.catalogue(object_type)


def _create(call: Call, catalogue: Catalogue, body: Mapping[str, Any]) -> PropertyDefinition:
    try:
        definition = catalogue.create(body, call.account.settings, call.account.now_ms())
    except (TypeError, ValueError):
        raise bad_request("The definition has a field of the wrong type.") from None
    if definition.unique:
        call.account.store(catalogue.type).make_unique(definition.name)
    return definition
