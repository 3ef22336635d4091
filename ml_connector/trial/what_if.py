"""What other settings would change: every customer, supplier and contact mapped, matched and merged by both.

Rows come from stored snapshots, so Visma is not asked; HubSpot's companies and contacts are read once. A record is
matched twice: as if we had never been, by the rules alone, which tells what links the rules would make; and as it is
linked, which tells what values it would get. What both settings make alike is no change, whatever HubSpot holds.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.inventory import CONTACT_ADDRESSES
from ml_connector.ledger.queries import Identity, LedgerReader
from ml_connector.plan.candidates import COMPARED
from ml_connector.plan.operations import Operation
from ml_connector.settings import ConnectionSettings
from ml_connector.trial.changed import Changed, WhatIf
from ml_connector.trial.fates import LINKED, Fate, Kind, Shift, Values, shift_of, value_shifts, values_of
from ml_connector.trial.portal import Memory, PortalAsItIs, PortalWithoutUs, remember
from ml_connector.trial.record import reading
from ml_connector.trial.sides import Side, Snapshots
from ml_connector.trial.traces import traces_of

OBJECTS = ("companies", "contacts")

LOOKED_AT = frozenset({"matching", "merging", "mapping", "take", "region", "record_links", "visma_timezone"})
"""The settings whose change is looked at."""


class SettingsTrial:
    """Compares other settings of one connection with today's.

    Args:
        engine: of the ledger; it is only read.
        today, other: the settings.
        client: of the portal.
        snapshots: what is stored of Visma.
        most: how many examples of each kind and property are kept; None keeps all.
    """

    def __init__(
        self,
        engine: sa.Engine,
        today: ConnectionSettings,
        other: ConnectionSettings,
        client: HubSpotClient,
        snapshots: Snapshots,
        most: int | None,
    ) -> None:
        self._engine = reading(engine)
        self._today, self._other = today, other
        self._client = client
        self._snapshots = snapshots
        self._most = most
        self._ledger = LedgerReader(self._engine, today.name)
        self._traces = {
            name: traces_of(self._engine, today.name, name, self._matched_by(name)) for name in OBJECTS
        }

    def compare(self) -> WhatIf:
        """Return what would change.

        Raises:
            UsageError: the portal lacks a property or option that the other settings name.
            ApiError: HubSpot cannot be asked.
            StorageError: a snapshot is damaged.
        """
        before = self._client.requests.calls
        memories = {name: self._remember(name) for name in OBJECTS}
        as_it_is = PortalAsItIs(self._client, memories)
        without_us = PortalWithoutUs(self._client, memories, self._traces)
        sides = [
            Side(self._engine, settings, as_it_is, without_us, self._snapshots)
            for settings in (self._today, self._other)
        ]
        companies = self._compared("companies", *sides)
        del memories["companies"]
        contacts = self._compared("contacts", *sides)
        calls = self._client.requests.calls - before
        return WhatIf(companies, contacts, not_looked_at(self._today, self._other), calls)

    def _remember(self, object_type: str) -> Memory:
        names = {name for one in (self._today, self._other) for name in one.filled(object_type)}
        linked = ("companies",) if object_type == "contacts" else ()
        asked = {*names, *self._matched_by(object_type)}
        return remember(self._client, self._today.name, object_type, asked, linked)

    def _matched_by(self, object_type: str) -> list[str]:
        """Return the properties that matching looks at, by either settings."""
        if object_type == "contacts":
            return list(CONTACT_ADDRESSES)
        names = set(COMPARED)
        for one in (self._today, self._other):
            names |= {str(step.hubspot) for step in one.matching.companies if step.hubspot}
            names |= set(one.matching.organisation_number_properties)
        return sorted(names)

    def _compared(self, object_type: str, today: Side, other: Side) -> Changed:
        comparison = _Comparison(
            Changed(object_type, self._most), self._ledger, self._traces[object_type].made, {}, {}
        )
        today.run(object_type, comparison.note_fates, comparison.note_values)
        other.run(object_type, comparison.compare_fates, comparison.compare_values)
        return comparison.found


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Compares the plans of one object by both settings: first today's are noted, then the others' are compared.

    Args:
        found: what would change.
        ledger: tells what records are linked to.
        made: HubSpot ids of the records that we made.
        fates, values: what today's settings make of records, by key.
    """

    found: Changed
    ledger: LedgerReader
    made: Collection[str]
    fates: dict[str, Fate]
    values: dict[str, Values]

    def note_fates(self, operations: Sequence[Operation]) -> None:
        """Note what today's rules alone make of records."""
        for operation in operations:
            self.fates.update(dict.fromkeys(operation.keys, Fate.of(operation)))

    def note_values(self, operations: Sequence[Operation]) -> None:
        """Note what linked records would get today."""
        self.values.update((one.key, values_of(one)) for one in operations if one.action in LINKED)

    def compare_fates(self, operations: Sequence[Operation]) -> None:
        """Count the records of which the other rules alone make something else."""
        linked = self.ledger.identities(self.found.entity, [key for one in operations for key in one.keys])
        for operation in operations:
            self.found.records += 1
            for shift in self._shifts(operation, linked):
                self.found.add(shift)

    def compare_values(self, operations: Sequence[Operation]) -> None:
        """Count the values that linked records would not get today."""
        for one in operations:
            if one.action in LINKED and (then := self.values.pop(one.key, None)) is not None:
                for shift in value_shifts(then, one):
                    self.found.add_value(shift)

    def _shifts(self, operation: Operation, linked: Mapping[str, Identity]) -> Iterator[Shift]:
        """Yield how the fate of an operation's records changes, what they share once."""
        seen: set[tuple[Kind, str | None, str | None]] = set()
        for key in operation.keys:
            held = linked[key].hubspot_id if key in linked else None
            then = self.fates.get(key)
            shift = shift_of(then, operation, key, held, made=held in self.made) if then is not None else None
            if shift is not None and (name := (shift.kind, shift.old, shift.new)) not in seen:
                seen.add(name)
                yield shift


def not_looked_at(today: ConnectionSettings, other: ConnectionSettings) -> tuple[str, ...]:
    """Return the names of the settings that differ and of which a trial tells nothing."""
    left, right = today.model_dump(mode="json"), other.model_dump(mode="json")
    names = [name for name in right if left[name] != right[name] and name not in LOOKED_AT]
    if left["mapping"]["invoices"] != right["mapping"]["invoices"]:
        names.append("mapping.invoices")
    return tuple(names)
