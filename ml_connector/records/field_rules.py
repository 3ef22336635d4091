"""What a connection's own settings make of Visma's fields: mapped values, and whether a customer travels. Pure.

The same is asked when records are made and again when one that was refused is due: by then the settings may be others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from ml_connector.records.conversion import CannotConvertError, Zones, convert
from ml_connector.records.field_values import fields_of
from ml_connector.records.model import Fields, Properties
from ml_connector.settings import ConnectionSettings
from ml_connector.settings.mapping import FieldMapping, MappingSettings
from ml_connector.settings.matching import CompanyRule, CompanyStep
from ml_connector.settings.taking import TakeSettings
from ml_connector.visma.snapshots import Values
from ml_connector.visma_row_fields import unknown_field

CUSTOMERS = "customers"
SUPPLIERS = "suppliers"
CONTACTS = "contacts"
INVOICES = "invoices"

CLASS_OF = {CUSTOMERS: "customerClass.id", SUPPLIERS: "supplierClass.id"}
STATUS = "status"


NOT_TAKEN = "not taken: "
"""How the reason begins for which a customer or supplier does not travel, and so nothing that belongs to it."""

CANNOT_FILL = " cannot fill "
"""What the sentence about a value that does not fit its property has in it."""

UTC_ONLY = Zones(ZoneInfo("UTC"), ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Mapped:
    """What came of a mapping: values by HubSpot property, and why the record cannot be sent, or None."""

    properties: Properties
    refusal: str | None = None


NOTHING = Mapped({})


@dataclass(frozen=True, slots=True)
class FieldRules:
    """The settings that name fields of Visma's rows.

    Args:
        mapping: which fields fill which properties.
        take: which customers and suppliers travel.
        steps: the steps of matching; the rule ``property`` names fields.
        zones: for dates.
    """

    mapping: MappingSettings = field(default_factory=MappingSettings)
    take: TakeSettings = field(default_factory=TakeSettings)
    steps: Sequence[CompanyStep] = ()
    zones: Zones = UTC_ONLY
    _asked: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @staticmethod
    def of(settings: ConnectionSettings) -> "FieldRules":
        """Return the rules of a connection."""
        zones = Zones(settings.zone, settings.stamp_zone)
        return FieldRules(settings.mapping, settings.take, settings.matching.companies, zones)

    def fields(self, rows: str, row: Values) -> Fields:
        """Return what the settings ask of a row.

        Args:
            rows: what kind of row: ``customers``, ``suppliers``, ``contacts`` or ``invoices``.
            row: the row.

        Raises:
            OddValueError: a list or object stands where a single value should; the text names the field.
        """
        if rows not in self._asked:
            self._asked[rows] = tuple(self._paths(rows))
        return fields_of(row, self._asked[rows])

    def _paths(self, rows: str) -> Iterable[str]:
        paths = [one.visma for one in self._mappings(rows)]
        if rows in CLASS_OF:
            named = (str(step.visma) for step in self.steps if step.rule is CompanyRule.PROPERTY)
            paths += [CLASS_OF[rows], STATUS, *(path for path in named if not unknown_field(rows, path))]
        return dict.fromkeys(paths)

    def _mappings(self, rows: str) -> Sequence[FieldMapping]:
        found: Sequence[FieldMapping] = getattr(self.mapping, rows)
        return found

    def mapped(self, rows: str, fields: Fields) -> Mapped:
        """Return what the mapping of some rows makes of fields.

        A field that was not asked of the row, as the mapping is newer than the record, fills nothing.
        """
        mappings = self._mappings(rows)
        if not mappings:
            return NOTHING
        properties: dict[str, str | None] = {}
        problems: list[str] = []
        for mapping in mappings:
            if mapping.visma not in fields:
                continue
            value = fields[mapping.visma]
            try:
                properties[mapping.hubspot] = None if value is None else convert(value, mapping, self.zones)
            except CannotConvertError as error:
                problems.append(f"{mapping.visma}{CANNOT_FILL}{mapping.hubspot}: {error}")
        return Mapped(properties, "; ".join(problems) or None)

    def not_taken(self, rows: str, fields: Fields) -> str | None:
        """Return why a customer or supplier does not travel, or None; one of an older version has not said."""
        if STATUS not in fields:
            return None
        kind = rows.removesuffix("s")
        classes: Sequence[str] = getattr(self.take, f"{kind}_classes")
        statuses: Sequence[str] = getattr(self.take, f"{kind}_statuses")
        return not_taken(kind, classes, fields.get(CLASS_OF[rows]), statuses, fields.get(STATUS))


def not_taken(
    kind: str, classes: Sequence[str], own_class: str | None, statuses: Sequence[str], status: str | None
) -> str | None:
    """Return why a customer or supplier of a class and status does not travel, or None."""
    if classes and (own_class or "").casefold() not in {one.casefold() for one in classes}:
        return f"{NOT_TAKEN}{kind} class {own_class}" if own_class else f"{NOT_TAKEN}no {kind} class"
    if statuses and (status or "") not in statuses:
        return f"{NOT_TAKEN}{kind} status {status}" if status else f"{NOT_TAKEN}no {kind} status"
    return None


NO_RULES = FieldRules()
"""Nothing is mapped, and everything travels."""


def apart_from_mapping(refusal: str | None) -> str | None:
    """Return why a record cannot be sent for another reason than its mapping, or None."""
    return None if refusal and CANNOT_FILL in refusal else refusal


def merged_values(first: Mapping[str, str | None], second: Mapping[str, str | None]) -> Properties:
    """Return two sets of values as one; the first one's value wins where both have one."""
    return {name: first.get(name) or second.get(name) for name in {**second, **first}}
