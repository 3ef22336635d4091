"""The portal's properties: what the connector needs, what is there, what is wrong, and making what is missing."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.errors import PermanentApiError, UsageError
from ml_connector.hubspot import answers, paths
from ml_connector.hubspot.calls import Call
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import PropertyDefinition

__all__ = [
    "EnsureReport",
    "GroupSpec",
    "PreflightReport",
    "PropertyDefinition",
    "PropertySpec",
    "ensure",
    "preflight",
    "schema_scope",
]

MOST_UNIQUE = 10
"""Properties with unique values an object type may have (reference: hubspot 8)."""

_CUSTOM = re.compile(r"2-\d+|p\d+_\w+")
"""Names of custom objects: by type id, or with the portal's number (reference: hubspot 2, 3)."""

SETTLE_SECONDS = 0.5
SETTLE_READS = 6
"""A new property is readable after 0.25 to 0.7 s (reference: hubspot 8); reads half a second apart wait for it."""


@dataclass(frozen=True, slots=True)
class PropertySpec:
    """A property the connector writes. ``options`` are (value, label) pairs; ``unique`` cannot be changed later."""

    object_type: str
    name: str
    label: str
    type: str
    field_type: str
    options: tuple[tuple[str, str], ...] = ()
    unique: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """The group that made properties are shown under."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class PreflightReport:
    """How the portal differs from what is needed, as property names; every tuple is empty where all is well.

    ``no_room`` are missing unique properties beyond the ten an object type may have; ``missing_options`` are
    (property, option value) pairs. Missing properties and options can be made, the rest needs a person.
    """

    missing: tuple[str, ...] = ()
    wrong_type: tuple[str, ...] = ()
    not_unique: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    no_room: tuple[str, ...] = ()
    missing_options: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the portal has everything as it is needed."""
        return not self.problems()

    def problems(self) -> tuple[str, ...]:
        """Return one sentence per problem, with the property it is about."""
        return (
            *(f"The property {name} is missing." for name in self.missing),
            *(f"The property {name} has another type than it needs." for name in self.wrong_type),
            *(
                f"The property {name} does not enforce unique values; make it anew."
                for name in self.not_unique
            ),
            *(f"The property {name} cannot be written." for name in self.read_only),
            *(f"There is no room for {name}: ten unique properties exist already." for name in self.no_room),
            *(f"The property {name} lacks the option {value}." for name, value in self.missing_options),
        )


@dataclass(frozen=True, slots=True)
class EnsureReport:
    """What :func:`ensure` made, as ``companies.visma_status``, and what is still wrong by object type."""

    created: tuple[str, ...]
    options_added: tuple[str, ...]
    left: dict[str, PreflightReport]

    @property
    def ok(self) -> bool:
        """Whether every object type now has everything as it is needed."""
        return all(report.ok for report in self.left.values())

    def problems(self) -> tuple[str, ...]:
        """Return one sentence per remaining problem, with its object type."""
        return tuple(f"{kind}: {text}" for kind, report in self.left.items() for text in report.problems())

    def require(self) -> None:
        """Raise UsageError with every remaining problem; writing would fail or double records."""
        if not self.ok:
            raise UsageError(
                f"The HubSpot portal does not fit. {' '.join(self.problems())}",
                remedy="Correct or delete these properties in HubSpot's settings, then try again.",
            )


def preflight(
    specs: Iterable[PropertySpec], definitions: Mapping[str, PropertyDefinition]
) -> PreflightReport:
    """Compare what is needed with the definitions of one object type; pure, asks nothing."""
    specs = tuple(specs)
    there = [(spec, definitions[spec.name]) for spec in specs if spec.name in definitions]
    missing = [spec for spec in specs if spec.name not in definitions]
    taken = sum(item.unique and not item.hubspot_defined for item in definitions.values())
    crowded = [spec.name for spec in missing if spec.unique][max(0, MOST_UNIQUE - taken) :]
    return PreflightReport(
        missing=tuple(spec.name for spec in missing if spec.name not in crowded),
        wrong_type=tuple(spec.name for spec, found in there if not _same_type(spec, found)),
        not_unique=tuple(spec.name for spec, found in there if spec.unique and not found.unique),
        read_only=tuple(spec.name for spec, found in there if found.read_only),
        no_room=tuple(crowded),
        missing_options=tuple(
            (spec.name, value)
            for spec, found in there
            if spec.type == found.type == "enumeration"
            for value, _ in spec.options
            if value not in found.options
        ),
    )


def schema_scope(object_type: str) -> str:
    """Return the scope that making properties of a type needs; some types have none of their own (hubspot 12)."""
    if object_type in ("line_items", "products"):
        return "e-commerce"
    if _CUSTOM.fullmatch(object_type):
        return "crm.schemas.custom.write"
    name = "commercepayments" if object_type == "commerce_payments" else object_type
    return f"crm.schemas.{name}.write"


def ensure(
    client: HubSpotClient,
    group: GroupSpec,
    specs: Iterable[PropertySpec],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> EnsureReport:
    """Make the group, the missing properties and the missing options, then verify; repeating it changes nothing.

    What exists with another type, not unique or read-only is left alone and reported: HubSpot restores an archived
    property under its old definition, so what was asked for is not always what is there (reference: hubspot 8).

    Args:
        client: the client.
        group: the group of the properties.
        specs: the properties of any object types that the connector owns; never HubSpot's own.
        sleep: waits between reads until new properties show, replaced in tests.

    Raises:
        PermanentApiError: a scope is missing (named), or HubSpot refuses a definition.
        CredentialsError, TransientApiError: as for the client.
    """
    kinds: dict[str, list[PropertySpec]] = {}
    for spec in specs:
        kinds.setdefault(spec.object_type, []).append(spec)
    created: list[str] = []
    added: list[str] = []
    left: dict[str, PreflightReport] = {}
    for kind, wanted in kinds.items():
        report = preflight(wanted, client.properties(kind))
        missing = [spec for spec in wanted if spec.name in report.missing]
        if missing:
            _make_group(client, kind, group)
            _make_properties(client, kind, group, missing)
            created.extend(f"{kind}.{spec.name}" for spec in missing)
        added.extend(f"{kind}.{name}" for name in _add_options(client, kind, wanted, report))
        left[kind] = _settled(client, kind, wanted, sleep) if missing or report.missing_options else report
    return EnsureReport(tuple(created), tuple(added), left)


def _same_type(spec: PropertySpec, found: PropertyDefinition) -> bool:
    """Compare types; of enumerations also whether several values may be chosen."""
    several = (spec.field_type == "checkbox") == (found.field_type == "checkbox")
    return spec.type == found.type and (spec.type != "enumeration" or several)


def _settled(
    client: HubSpotClient, kind: str, wanted: Sequence[PropertySpec], sleep: Callable[[float], None]
) -> PreflightReport:
    """Read the definitions until what was made shows, or for three seconds."""
    report = preflight(wanted, client.refresh_properties(kind))
    for _ in range(SETTLE_READS):
        if not report.missing and not report.missing_options:
            break
        sleep(SETTLE_SECONDS)
        report = preflight(wanted, client.refresh_properties(kind))
    return report


def _make_group(client: HubSpotClient, kind: str, group: GroupSpec) -> None:
    _change(client, kind, "POST", paths.property_groups(kind), {"name": group.name, "label": group.label})


def _make_properties(
    client: HubSpotClient, kind: str, group: GroupSpec, specs: Sequence[PropertySpec]
) -> None:
    """Make properties in one call; where one of them exists after all, each for itself."""
    inputs = [_definition(group, spec) for spec in specs]
    if not _change(client, kind, "POST", paths.property_batch_create(kind), {"inputs": inputs}):
        for definition in inputs:
            _change(client, kind, "POST", paths.properties(kind), definition)


def _definition(group: GroupSpec, spec: PropertySpec) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "groupName": group.name,
        "name": spec.name,
        "label": spec.label,
        "type": spec.type,
        "fieldType": spec.field_type,
        "description": spec.description,
        "hasUniqueValue": spec.unique,
    }
    if spec.options:
        definition["options"] = [
            _option(value, label, place) for place, (value, label) in enumerate(spec.options)
        ]
    return definition


def _option(value: str, label: str, place: int) -> dict[str, Any]:
    return {"label": label, "value": value, "displayOrder": place, "hidden": False}


def _add_options(
    client: HubSpotClient, kind: str, wanted: Sequence[PropertySpec], report: PreflightReport
) -> list[str]:
    """Add missing options to own properties, keeping those that are there, and return the properties changed."""
    definitions = client.properties(kind)
    changed: list[str] = []
    for spec in wanted:
        lacking = {value for name, value in report.missing_options if name == spec.name}
        if not lacking or definitions[spec.name].hubspot_defined:
            continue
        there = definitions[spec.name].option_items
        new = [pair for pair in spec.options if pair[0] in lacking]
        options = [*there, *(_option(value, label, len(there) + n) for n, (value, label) in enumerate(new))]
        _change(client, kind, "PATCH", paths.property_named(kind, spec.name), {"options": options})
        changed.append(spec.name)
    return changed


def _change(client: HubSpotClient, kind: str, method: str, path: str, body: dict[str, Any]) -> bool:
    """Send a change of the schema; False when HubSpot says that what it makes exists already.

    Such a change may be repeated: a second one meets the first as a conflict.
    """
    answer = client.exchange(Call(method, path, body, write=True)).answer
    problems = answers.problems_in(answer.json())
    exists = answer.status == 409 or (
        answer.ok and any(problem.category in ("OBJECT_ALREADY_EXISTS", "CONFLICT") for problem in problems)
    )
    if exists:
        return False
    if answer.ok and not problems:
        return True
    error = answers.error_of(answer, path, partial=True)
    if (
        answer.status == 403
        and isinstance(error, PermanentApiError)
        and schema_scope(kind) not in error.message
    ):
        error.message = f"{error.message} Properties of {kind} need the scope {schema_scope(kind)}."
    raise error
