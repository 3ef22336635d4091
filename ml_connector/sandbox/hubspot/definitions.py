"""What a property of the account is: its definition and the JSON other programs see."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ml_connector.sandbox.hubspot.times import iso


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of an enumeration."""

    value: str
    label: str
    description: str = ""
    display_order: int = -1
    hidden: bool = False

    def json(self) -> dict[str, Any]:
        """Return the option as the properties API shows it."""
        return {
            "label": self.label,
            "value": self.value,
            "description": self.description,
            "displayOrder": self.display_order,
            "hidden": self.hidden,
        }


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """One property of an object type. Times are milliseconds; ``archived_ms`` is None while it is in use."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""
    options: tuple[Option, ...] = ()
    unique: bool = False
    read_only: bool = False
    calculated: bool = False
    hubspot_defined: bool = False
    external_options: bool = False
    hidden: bool = False
    form_field: bool = False
    display_order: int = -1
    created_ms: int = 0
    updated_ms: int = 0
    archived_ms: int | None = None

    def allows(self, value: str) -> bool:
        """Return whether an enumeration has ``value``, in this exact case."""
        return self.external_options or any(option.value == value for option in self.options)

    def json(self) -> dict[str, Any]:
        """Return the definition as the properties API shows it (reference: hubspot 8)."""
        body: dict[str, Any] = {
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.updated_ms),
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [option.json() for option in self.options],
            "displayOrder": self.display_order,
            "calculated": self.calculated,
            "externalOptions": self.external_options,
            "archived": self.archived_ms is not None,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "hubspotDefined": self.hubspot_defined,
            "modificationMetadata": {
                "archivable": not self.hubspot_defined,
                "readOnlyDefinition": self.hubspot_defined,
                "readOnlyOptions": self.hubspot_defined and bool(self.options),
                "readOnlyValue": self.read_only,
            },
            "formField": self.form_field,
            "dataSensitivity": "non_sensitive",
        }
        if self.archived_ms is not None:
            body["archivedAt"] = iso(self.archived_ms)
        return body


@dataclass(frozen=True, slots=True)
class PropertyGroup:
    """A group that properties are shown under."""

    name: str
    label: str
    display_order: int = -1
    archived: bool = False

    def json(self) -> dict[str, Any]:
        """Return the group as the properties API shows it."""
        return {
            "name": self.name,
            "label": self.label,
            "displayOrder": self.display_order,
            "archived": self.archived,
        }


class Table:
    """Writes the standard properties of one group in few words; the methods are named after the kind of property."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.rows: list[PropertyDefinition] = []

    def _add(
        self, name: str, label: str, kind: str, field: str, *, read_only: bool = False, **more: Any
    ) -> None:
        self.rows.append(
            PropertyDefinition(
                name, label, kind, field, self.group, hubspot_defined=True, read_only=read_only, **more
            )
        )

    def text(self, name: str, label: str, *, field: str = "text", read_only: bool = False) -> None:
        """Add a string."""
        self._add(name, label, "string", field, read_only=read_only)

    def number(self, name: str, label: str, *, read_only: bool = False, calculated: bool = False) -> None:
        """Add a number."""
        self._add(name, label, "number", "number", read_only=read_only or calculated, calculated=calculated)

    def moment(self, name: str, label: str, *, read_only: bool = False) -> None:
        """Add a date with time."""
        self._add(name, label, "datetime", "date", read_only=read_only)

    def day(self, name: str, label: str) -> None:
        """Add a date."""
        self._add(name, label, "date", "date")

    def truth(self, name: str, label: str, *, read_only: bool = False) -> None:
        """Add a yes or no."""
        self._add(name, label, "bool", "booleancheckbox", read_only=read_only, options=BOOL_OPTIONS)

    def choice(
        self, name: str, label: str, options: Iterable[tuple[str, str]], *, many: bool = False
    ) -> None:
        """Add an enumeration of (value, label) pairs; ``many`` makes it a multiple checkbox."""
        made = tuple(Option(value, shown, "", order) for order, (value, shown) in enumerate(options))
        self._add(name, label, "enumeration", "checkbox" if many else "select", options=made)

    def person(self, name: str, label: str, *, read_only: bool = False) -> None:
        """Add a reference to an owner, whose options are kept elsewhere."""
        self._add(name, label, "enumeration", "select", read_only=read_only, external_options=True)


BOOL_OPTIONS = (Option("true", "Yes", "", 0), Option("false", "No", "", 1))


def same(words: str) -> list[tuple[str, str]]:
    """Return options whose label is the value in readable words: ``IN_PROGRESS`` becomes ``In progress``."""
    return [(word, word.replace("_", " ").capitalize()) for word in words.split()]
