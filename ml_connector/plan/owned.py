"""The plan for records that are ours alone: known by their unique id, never matched, always as Visma has them.

Invoices, line items, payments and transactions are planned here, each with what is special about it told by its
:class:`Kind`. A person's changes to them are overwritten when Visma's record changes, and an empty value clears.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord, PropertyDefinition
from ml_connector.hubspot.writable import writable
from ml_connector.ledger.queries import Identity, LedgerReader
from ml_connector.plan.known import is_older, read_held
from ml_connector.plan.matching import VISMA_ID
from ml_connector.plan.merging import changes, fingerprint
from ml_connector.plan.operations import STORED, Action, Operation
from ml_connector.plan.presence import Presence
from ml_connector.records.model import Properties

ALIVE = frozenset({Action.CREATE, Action.UPDATE, Action.UNCHANGED})
"""What is planned for a record that is, or is going to be, in HubSpot."""


def _as_it_is(wanted: Properties) -> Properties:
    return wanted


def _whatever_is_held(wanted: Properties, held: Properties) -> Properties:
    return wanted


@dataclass(frozen=True, slots=True)
class Kind:
    """What is special about one type of our records.

    Args:
        entity: what they are counted as.
        object_type: the HubSpot object.
        id_property: the unique property that carries their id.
        passing: values that change by themselves, such as days overdue, and make no record a changed one.
        new: what a new record is made with, from what it wants.
        against: what is compared with what HubSpot holds, from what the record wants and that.
    """

    entity: str
    object_type: str
    id_property: str
    passing: frozenset[str] = frozenset()
    new: Callable[[Properties], Properties] = _as_it_is
    against: Callable[[Properties, Properties], Properties] = _whatever_is_held


@dataclass(frozen=True, slots=True)
class Item:
    """One record to plan.

    Args:
        key: its name everywhere.
        stamp: Visma's last change, naive text.
        partition: the window it came in.
        wanted: what the HubSpot record shall hold; None clears.
        row: returns its stored form, by which it is tried again.
        refusal: why it cannot be sent, or None.
        skip: why it does not travel, or None.
        left_out: why it is not made where HubSpot does not have it yet, or None.
        remembered: what the ledger keeps with it besides.
    """

    key: str
    stamp: str
    partition: str
    wanted: Properties
    row: Callable[[], Mapping[str, Any]]
    refusal: str | None = None
    skip: str | None = None
    left_out: str | None = None
    remembered: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be done with an item; ``found`` is the HubSpot record of one that the ledger did not know."""

    item: Item
    operation: Operation
    found: HubSpotRecord | None = None

    @property
    def alive(self) -> bool:
        """Whether it is, or is going to be, in HubSpot."""
        return self.operation.action in ALIVE


class OwnedPlanner:
    """Plans the records of one kind.

    Args:
        kind: the kind.
        ledger: what was sent before.
        client: reads the portal.
        exists: whether the portal has the object; one that a sync makes first holds nothing yet.
    """

    def __init__(
        self, kind: Kind, ledger: LedgerReader, client: HubSpotClient, *, exists: bool = True
    ) -> None:
        self.dropped: set[str] = set()
        """Names of values that the portal does not let be written."""
        self._kind = kind
        self._ledger = ledger
        self._client = client
        self._exists = exists
        self._writable: dict[str, bool] = {}
        self._presence: Presence | None = None

    def prepare(self, unknown: int) -> None:
        """Choose how to look for records the ledger does not know, given how many there are."""
        if unknown:
            self._presences().prepare(unknown)

    @property
    def _definitions(self) -> Mapping[str, PropertyDefinition]:
        """The portal's properties of the object, asked for when first needed."""
        return self._client.properties(self._kind.object_type) if self._exists else {}

    def _presences(self) -> Presence:
        if self._presence is None:
            kind = self._kind
            self._presence = Presence(self._client, kind.object_type, kind.id_property, self._definitions)
        return self._presence

    def plan(
        self, items: Sequence[Item], present: Mapping[str, HubSpotRecord] | None = None
    ) -> list[Planned]:
        """Return what would be done with each item.

        Args:
            items: the records, each key once.
            present: the records HubSpot holds of those the ledger does not know, by their unique id, where the caller
                knows better than to look for each.
        """
        identities = self._ledger.identities(self._kind.object_type, (item.key for item in items))
        planned: list[Planned] = []
        changed: list[tuple[_Weighed, Identity]] = []
        unknown: list[_Weighed] = []
        for item in items:
            mine, one = identities.get(item.key), self._weighed(item)
            if item.refusal:
                planned.append(self._planned(one, Action.REJECT, reason=item.refusal))
            elif item.skip:
                planned.append(self._planned(one, Action.SKIP, reason=item.skip))
            elif mine is None:
                unknown.append(one)
            elif is_older(item.stamp, [mine]):
                planned.append(self._planned(one, Action.SKIP, hubspot_id=mine.hubspot_id, reason=OLDER))
            elif mine.fingerprint == one.mark:
                planned.append(self._planned(one, Action.UNCHANGED, hubspot_id=mine.hubspot_id))
            else:
                changed.append((one, mine))
        planned.extend(self._plan_changed(changed))
        planned.extend(self._plan_unknown(unknown, present))
        return planned

    def names(self, wanted: Iterable[Properties]) -> list[str]:
        """Return the properties to read to compare some records with what they want, in order."""
        return sorted({name for properties in wanted for name in properties} & self._definitions.keys())

    def _plan_changed(self, changed: "Sequence[tuple[_Weighed, Identity]]") -> Iterator[Planned]:
        """Compare changed records with the values HubSpot holds now."""
        if not changed:
            return
        names = self.names(one.wanted for one, _ in changed)
        ids = [identity.hubspot_id for _, identity in changed]
        held = read_held(self._client, self._kind.object_type, ids, names)
        for one, identity in changed:
            record = held.get(identity.hubspot_id)
            if record is None:
                gone = (identity.hubspot_id,)
                yield self._planned(one, Action.CONFLICT, reason=GONE, candidates=gone)
            else:
                yield self._compared(one, record)

    def _plan_unknown(
        self, unknown: "Sequence[_Weighed]", present: Mapping[str, HubSpotRecord] | None
    ) -> Iterator[Planned]:
        """Look for records in the portal, but for those that an earlier run left out, and make the others."""
        if not unknown:
            return
        leaving = [one.item.key for one in unknown if one.item.left_out]
        left = self._ledger.left_out(self._kind.entity, leaving) if leaving else set()
        if present is None:
            sought = [one for one in unknown if one.item.key not in left]
            names = self.names(one.wanted for one in sought)
            present = self._presences().find([self._id(one) for one in sought], names)
        for one in unknown:
            record = present.get(self._id(one))
            if record is not None:
                yield self._compared(one, record, unknown=True)
            elif one.item.left_out:
                yield self._planned(one, Action.SKIP, reason=one.item.left_out)
            else:
                new = self._changes(self._kind.new(one.wanted), None)
                yield self._planned(one, Action.CREATE, values=new, id_property=self._kind.id_property)

    def _compared(self, one: "_Weighed", record: HubSpotRecord, *, unknown: bool = False) -> Planned:
        """Return what brings a HubSpot record to an item; UNCHANGED where it holds everything already."""
        new = self._changes(self._kind.against(one.wanted, record.properties), record.properties)
        held = {name: value for name, value in record.properties.items() if value} if unknown else {}
        return self._planned(
            one,
            Action.UPDATE if new else Action.UNCHANGED,
            hubspot_id=record.id,
            rule=VISMA_ID,
            values=new,
            previous={name: record.properties.get(name) for name in new},
            held=held,
            found=record if unknown else None,
        )

    def _weighed(self, item: Item) -> "_Weighed":
        """Return an item with what of it can be sent; the values the portal does not let be written are noted."""
        sendable = {name: value for name, value in item.wanted.items() if self._is_writable(name)}
        passing = self._kind.passing
        lasting = {name: value for name, value in sendable.items() if name not in passing}
        return _Weighed(item, sendable, fingerprint({**lasting, **item.remembered}, ""))

    def _is_writable(self, name: str) -> bool:
        if name not in self._writable:
            found = writable((name,), self._definitions)
            self._writable[name] = bool(found.names)
            self.dropped.update(found.dropped)
        return self._writable[name]

    def _id(self, one: "_Weighed") -> str:
        return str(one.wanted[self._kind.id_property])

    def _changes(self, wanted: Properties, held: Properties | None) -> dict[str, str]:
        found = changes(
            wanted, held, policies={}, clear_on_null=frozenset(wanted), definitions=self._definitions
        )
        return {name: change.new for name, change in found.items()}

    def _planned(
        self,
        one: "_Weighed",
        action: Action,
        *,
        hubspot_id: str | None = None,
        id_property: str | None = None,
        values: Properties | None = None,
        previous: Properties | None = None,
        rule: str | None = None,
        reason: str | None = None,
        candidates: tuple[str, ...] = (),
        held: Properties | None = None,
        found: HubSpotRecord | None = None,
    ) -> Planned:
        item = one.item
        operation = Operation(
            entity=self._kind.entity,
            object_type=self._kind.object_type,
            action=action,
            keys=(item.key,),
            partition=item.partition,
            hubspot_id=hubspot_id,
            id_property=id_property,
            values=values or {},
            previous=previous or {},
            rule=rule,
            reason=reason,
            candidates=candidates,
            stamp=item.stamp,
            fingerprint=one.mark,
            record=json.dumps(item.row(), ensure_ascii=False) if action in STORED else None,
            remembered={**(held or {}), **item.remembered} if action in ALIVE else {},
        )
        return Planned(item, operation, found)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """An item with what of it can be sent, and the fingerprint of that."""

    item: Item
    wanted: Properties
    mark: str


OLDER = "a newer version was synced before; an old window never overwrites it"
GONE = "its HubSpot record was archived or merged by a person; it is not made again"
