"""The property definitions of one object type, and the rules for making, changing and archiving them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ml_connector.sandbox.hubspot.definitions import BOOL_OPTIONS, Option, PropertyDefinition, PropertyGroup
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import RefusedError, bad_request, not_found, unknown_property
from ml_connector.sandbox.hubspot.settings import HubSpotSandboxSettings

FIELD_TYPES = {
    "bool": {"booleancheckbox", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"booleancheckbox", "checkbox", "radio", "select", "calculation_equation"},
    "number": {"number", "calculation_equation"},
    "phone_number": {"phonenumber"},
    "string": {"file", "html", "phonenumber", "text", "textarea", "calculation_equation"},
}
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


class Catalogue:
    """Definitions and groups of one object type.

    ``definitions`` holds archived ones too, because their names and values live on (reference: hubspot 8).
    """

    def __init__(
        self, object_type: ObjectType, groups: list[PropertyGroup], definitions: list[PropertyDefinition]
    ) -> None:
        self.type = object_type
        self.groups = {group.name: group for group in groups}
        self.definitions = {definition.name: definition for definition in definitions}

    def get(self, name: str) -> PropertyDefinition | None:
        """Return the definition in use under this name."""
        definition = self.definitions.get(name)
        return definition if definition is not None and definition.archived_ms is None else None

    def writable(self, name: str, settings: HubSpotSandboxSettings) -> PropertyDefinition:
        """Return the definition a value may be written to; ``read_only`` also covers the setting's extra names.

        Raises:
            RefusedError: 400 PROPERTY_DOESNT_EXIST.
        """
        definition = self.get(name)
        if definition is None:
            raise unknown_property(name)
        if (self.type.name, name) in settings.extra_read_only:
            return replace(definition, read_only=True)
        return definition

    def listed(self, settings: HubSpotSandboxSettings, *, archived: bool = False) -> list[PropertyDefinition]:
        """Return the definitions in use, or the archived ones."""
        return [
            self.writable(definition.name, settings) if not archived else definition
            for definition in self.definitions.values()
            if (definition.archived_ms is not None) == archived
        ]

    def custom_count(self) -> int:
        """Return how many properties in use were added to the account."""
        return sum(
            1 for item in self.definitions.values() if not item.hubspot_defined and item.archived_ms is None
        )

    def create(
        self, body: Mapping[str, Any], settings: HubSpotSandboxSettings, now_ms: int
    ) -> PropertyDefinition:
        """Add a property, or bring an archived one of the same name back with its old type.

        Raises:
            RefusedError: 409 for a name in use; 400 for a definition that breaks a rule or a limit.
        """
        made = self._checked(body, now_ms)
        former = self.definitions.get(made.name)
        if former is not None and former.archived_ms is None:
            raise property_exists(made.name)
        if former is not None:
            made = replace(made, type=former.type, field_type=former.field_type, unique=former.unique)
        self._check_room(made, settings)
        self.definitions[made.name] = made
        return made

    def update(self, name: str, body: Mapping[str, Any], now_ms: int) -> PropertyDefinition:
        """Change a property; ``hasUniqueValue`` and ``name`` are ignored (reference: hubspot 8).

        Raises:
            RefusedError: 404 for an unknown name; 400 for one of HubSpot's own or a type that does not fit.
        """
        definition = self.existing(name)
        if definition.hubspot_defined and set(body) - {"options", "label", "description", "hidden"}:
            raise bad_request(f"Property {name} is defined by HubSpot and cannot be changed.")
        kind, field = body.get("type", definition.type), body.get("fieldType", definition.field_type)
        _check_types(kind, field)
        changed = replace(
            definition,
            label=body.get("label", definition.label),
            description=body.get("description", definition.description),
            group=self._group(body.get("groupName", definition.group)),
            type=kind,
            field_type=field,
            hidden=bool(body.get("hidden", definition.hidden)),
            form_field=bool(body.get("formField", definition.form_field)),
            display_order=body.get("displayOrder", definition.display_order),
            options=_options(kind, body["options"]) if "options" in body else definition.options,
            updated_ms=now_ms,
        )
        self.definitions[name] = changed
        return changed

    def archive(self, name: str, settings: HubSpotSandboxSettings, now_ms: int) -> None:
        """Archive a property; its values stay with the records.

        Raises:
            RefusedError: 404 for an unknown name; 400 for one in use or one of HubSpot's own.
        """
        definition = self.existing(name)
        if definition.hubspot_defined or (self.type.name, name) in settings.properties_in_use:
            raise RefusedError(
                400,
                f"Property {name} cannot be deleted because it is in use.",
                sub_category="PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE",
            )
        self.definitions[name] = replace(definition, archived_ms=now_ms)

    def existing(self, name: str, *, archived: bool = False) -> PropertyDefinition:
        """Return a definition in use, or an archived one.

        Raises:
            RefusedError: 404 OBJECT_NOT_FOUND.
        """
        definition = self.definitions.get(name)
        if definition is None or (definition.archived_ms is not None) != archived:
            raise not_found(f"Property {name} does not exist on {self.type.type_id}")
        return definition

    def create_group(self, body: Mapping[str, Any]) -> PropertyGroup:
        """Add a group.

        Raises:
            RefusedError: 409 for a name in use; 400 for a body without name and label.
        """
        name, label = body.get("name"), body.get("label")
        if not isinstance(name, str) or not isinstance(label, str) or NAME.fullmatch(name) is None:
            raise bad_request(
                "A property group needs a name of lower case letters, digits and _, and a label."
            )
        known = self.groups.get(name)
        if known is not None and not known.archived:
            raise RefusedError(
                409,
                f"A property group named {name} already exists.",
                "OBJECT_ALREADY_EXISTS",
                sub_category="Properties.GROUP_WITH_NAME_EXISTS",
            )
        self.groups[name] = PropertyGroup(name, label, int(body.get("displayOrder", -1)))
        return self.groups[name]

    def archive_group(self, name: str) -> None:
        """Archive a group that no property in use belongs to.

        Raises:
            RefusedError: 404 for an unknown group; 400 for one that still has properties.
        """
        group = self.group(name)
        if any(item.group == name and item.archived_ms is None for item in self.definitions.values()):
            raise RefusedError(
                400,
                f"Property group {name} still has active properties.",
                sub_category="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
            )
        self.groups[name] = replace(group, archived=True)

    def group(self, name: str) -> PropertyGroup:
        """Return a group in use.

        Raises:
            RefusedError: 404 OBJECT_NOT_FOUND.
        """
        group = self.groups.get(name)
        if group is None or group.archived:
            raise not_found(f"Property group {name} does not exist on {self.type.type_id}")
        return group

    def _group(self, name: object) -> str:
        if not isinstance(name, str) or name not in self.groups or self.groups[name].archived:
            raise RefusedError(
                400, f"Property group {name} does not exist.", sub_category="Properties.GROUP_DOES_NOT_EXIST"
            )
        return name

    def _checked(self, body: Mapping[str, Any], now_ms: int) -> PropertyDefinition:
        missing = [key for key in ("groupName", "name", "label", "type", "fieldType") if not body.get(key)]
        if missing:
            raise bad_request(f"Some required fields were not set: {missing}")
        name, kind, field = str(body["name"]), str(body["type"]), str(body["fieldType"])
        if NAME.fullmatch(name) is None or (name.startswith("hs_") and name not in self.definitions):
            raise RefusedError(
                400,
                f"Property name {name} is not valid: lower case letters, digits and _, no hs_ in front.",
                sub_category="PropertyValidationError.INVALID_PROPERTY_NAME",
            )
        _check_types(kind, field)
        return PropertyDefinition(
            name,
            str(body["label"]),
            kind,
            field,
            self._group(body["groupName"]),
            str(body.get("description") or ""),
            _options(kind, body.get("options") or ()),
            unique=body.get("hasUniqueValue") is True,
            external_options=body.get("externalOptions") is True,
            hidden=body.get("hidden") is True,
            form_field=body.get("formField") is True,
            display_order=int(body.get("displayOrder", -1)),
            created_ms=now_ms,
            updated_ms=now_ms,
        )

    def _check_room(self, made: PropertyDefinition, settings: HubSpotSandboxSettings) -> None:
        unique = sum(1 for item in self.definitions.values() if item.unique and item.archived_ms is None)
        if made.unique and unique >= settings.unique_properties_per_object:
            raise RefusedError(
                400,
                f"{self.type.type_id} may have {settings.unique_properties_per_object} unique properties at most.",
                sub_category="PropertyValidationError.MAX_UNIQUE_PROPERTIES_REACHED",
            )
        if self.custom_count() >= settings.custom_properties_per_object:
            raise RefusedError(
                400,
                f"{self.type.type_id} may have {settings.custom_properties_per_object} custom properties at most.",
                sub_category="PropertyValidationError.MAX_PROPERTIES_REACHED",
            )


def property_exists(name: str) -> RefusedError:
    """Return the 409 for a property name in use (reference: hubspot 8)."""
    return RefusedError(
        409,
        f"A property named '{name}' already exists.",
        "OBJECT_ALREADY_EXISTS",
        sub_category="Properties.PROPERTY_WITH_NAME_EXISTS",
    )


def _check_types(kind: object, field: object) -> None:
    if kind not in FIELD_TYPES:
        raise bad_request(f"{kind} is not a property type; use one of {sorted(FIELD_TYPES)}.")
    if field not in FIELD_TYPES[str(kind)]:
        raise RefusedError(
            400,
            f"Field type {field} does not fit property type {kind}.",
            sub_category="PropertyValidationError.INVALID_FIELD_TYPE",
        )


def _options(kind: object, sent: Any) -> tuple[Option, ...]:
    try:
        options = tuple(
            Option(
                str(item["value"]),
                str(item["label"]),
                str(item.get("description") or ""),
                int(item.get("displayOrder", -1)),
                item.get("hidden") is True,
            )
            for item in sent
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise bad_request("An option needs a label and a value.") from None
    if len({option.value for option in options}) != len(options):
        raise RefusedError(
            400, "Option values must be unique.", sub_category="PropertyValidationError.DUPLICATE_OPTIONS"
        )
    if kind == "bool" and {option.value for option in options} != {option.value for option in BOOL_OPTIONS}:
        raise RefusedError(
            400,
            "A bool property needs exactly the options true and false.",
            sub_category="PropertyValidationError.INVALID_BOOLEAN_OPTION",
        )
    if kind == "enumeration" and not options:
        raise bad_request("A property of type enumeration needs options.")
    return options
