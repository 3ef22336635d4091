"""What people decided, before any rule is asked: takes the records that a decision is about out of a plan's stream.

What a decision has settled for good, such as a link that was made, goes the usual way, as do records that cannot be
sent and versions older than what was synced.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.decisions import Decision, Verdict
from ml_connector.ledger.queries import Identity, LedgerReader
from ml_connector.plan.decided import (
    ADDRESS_TAKEN,
    CHOICE_GONE,
    CHOICE_TAKEN,
    IGNORED,
    OWN_IDS,
    OWNED,
    RULE,
    Decisions,
    is_taken,
    link_moves,
    release,
)
from ml_connector.plan.known import is_older, read_held
from ml_connector.plan.operations import Action, Operation
from ml_connector.records.model import CompanyRecord, ContactRecord, Properties


class Decidable(Protocol):
    """What is asked of a record."""

    @property
    def keys(self) -> tuple[str, ...]:
        """All its Visma keys."""
        ...

    @property
    def stamp(self) -> str:
        """Visma's last change of it."""
        ...

    @property
    def partition(self) -> str:
        """The window it came in."""
        ...

    @property
    def refusal(self) -> str | None:
        """Why it cannot be sent, or None."""
        ...

    @property
    def properties(self) -> Properties:
        """What its HubSpot record shall hold."""
        ...


RecordT = TypeVar("RecordT", bound=Decidable)


@dataclass(frozen=True, slots=True)
class Ruling(Generic[RecordT]):
    """What becomes of a record by a decision.

    Args:
        record: the record, as far as it is to be written.
        action: to update ``held``, to create, to skip, or a conflict.
        held: the HubSpot record that was chosen, with what it holds.
        reason: why it is skipped or in conflict.
        candidates: in a conflict, the HubSpot ids it is about.
    """

    record: RecordT
    action: Action
    held: HubSpotRecord | None = None
    reason: str | None = None
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Link(Generic[RecordT]):
    """A record that a person linked, with the identities it has so far."""

    record: RecordT
    hubspot_id: str
    identities: tuple[Identity, ...]


class Rulings(Generic[RecordT]):
    """Finds what people decided about records of one object.

    Args:
        object_type: ``companies`` or ``contacts``.
        ledger: has the decisions, and which link stands.
        client: reads what was chosen.
        properties: what the plan compares.
    """

    def __init__(
        self, object_type: str, ledger: LedgerReader, client: HubSpotClient, properties: Sequence[str]
    ) -> None:
        self.decisions = Decisions(ledger, object_type)
        self._object_type = object_type
        self._ledger = ledger
        self._client = client
        self._properties = properties
        self._releases: dict[str, list[Operation]] = {}
        self._moving: dict[str, str] = {}

    def sort(
        self, records: Sequence[RecordT], identities: Mapping[str, Identity]
    ) -> tuple[list[RecordT], list[Ruling[RecordT]]]:
        """Return the records that go the usual way, and what becomes of the others.

        Args:
            records: some records of the plan.
            identities: what the ledger knows of their keys.
        """
        if not self.decisions.known:
            return list(records), []
        usual: list[RecordT] = []
        ruled: list[Ruling[RecordT]] = []
        links: list[_Link[RecordT]] = []
        new: list[RecordT] = []
        for record in records:
            decision = self.decisions.of(record.keys)
            mine = tuple(identities[key] for key in record.keys if key in identities)
            if decision is not None and decision.verdict is Verdict.IGNORE:
                ruled.append(Ruling(record, Action.SKIP, reason=IGNORED))
            elif decision is None or not _is_open(decision, mine) or not _is_fit(record, mine):
                usual.append(record)
            elif decision.hubspot_id is None:
                new.append(record)
            else:
                links.append(_Link(record, decision.hubspot_id, mine))
        ruled.extend(self._made(new))
        ruled.extend(self._linked(links, usual))
        return usual, ruled

    def releases(self, claim: Operation) -> Sequence[Operation]:
        """Return what has to be let go before a claim by a decision; its links move once it was carried out."""
        if claim.action in (Action.UPDATE, Action.UNCHANGED) and claim.hubspot_id and claim.rule == RULE:
            self._moving.update(dict.fromkeys(claim.keys, claim.hubspot_id))
            return self._releases.get(claim.key, ())
        return ()

    def moves(self, partition: str) -> Iterator[Operation]:
        """Yield what moves the links of records that were linked otherwise; ask once all is planned."""
        return link_moves(self._ledger, self._object_type, self._moving, self.decisions.known, partition)

    def _made(self, records: Sequence[RecordT]) -> Iterator[Ruling[RecordT]]:
        """Yield records of which a person said that they are none of HubSpot's; no address may be there twice."""
        taken = self._by_address(records)
        for record in records:
            other = taken.get(_address(record) or "")
            if other is not None and not self._is_own(record, other):
                yield Ruling(record, Action.CONFLICT, reason=ADDRESS_TAKEN, candidates=(other.id,))
            else:
                yield Ruling(record, Action.CREATE)

    def _linked(self, links: Sequence[_Link[RecordT]], usual: list[RecordT]) -> Iterator[Ruling[RecordT]]:
        """Yield records that a person linked; those that are linked so by now, as after a merge, join ``usual``."""
        if not links:
            return
        ids = [item.hubspot_id for item in links]
        former = [identity.hubspot_id for item in links for identity in item.identities]
        wanted = {*self._properties, *OWNED[self._object_type], "hs_additional_emails"}
        names = tuple(sorted(wanted & self._client.properties(self._object_type).keys()))
        held = read_held(self._client, self._object_type, [*ids, *former], names)
        taken = self._by_address([item.record for item in links])
        for item in links:
            record = item.record
            # A batch read knows no id that was merged away.
            chosen = held.get(item.hubspot_id) or self._client.survivor(
                self._object_type, item.hubspot_id, names
            )
            if chosen is None:
                yield Ruling(record, Action.CONFLICT, reason=CHOICE_GONE, candidates=(item.hubspot_id,))
            elif item.identities and {one.hubspot_id for one in item.identities} == {chosen.id}:
                usual.append(record)
            elif is_taken(record.properties, chosen, self._object_type):
                yield Ruling(record, Action.CONFLICT, reason=CHOICE_TAKEN, candidates=(chosen.id,))
            else:
                self._leave(item, chosen, held)
                other = taken.get(_address(record) or "")
                elsewhere = other is not None and other.id != chosen.id
                yield Ruling(_without_address(record) if elsewhere else record, Action.UPDATE, chosen)

    def _leave(self, item: _Link[RecordT], chosen: HubSpotRecord, held: Mapping[str, HubSpotRecord]) -> None:
        """Note what is to be let go of the records that a record was linked to."""
        record = item.record
        former = {one.id: one for old in item.identities if (one := held.get(old.hubspot_id))}
        found = (
            release(record.keys, record.partition, record.properties, one, self._object_type)
            for one in former.values()
            if one.id != chosen.id
        )
        self._releases[record.keys[0]] = [one for one in found if one is not None]

    def _is_own(self, record: RecordT, held: HubSpotRecord) -> bool:
        unique = OWN_IDS[self._object_type].values()
        return any(held.properties.get(name) == record.properties.get(name) for name in unique)

    def _by_address(self, records: Sequence[RecordT]) -> Mapping[str, HubSpotRecord]:
        """Return the contacts that have the addresses of records; companies have none."""
        addresses = [address for record in records if (address := _address(record))]
        if not addresses:
            return {}
        names = tuple(OWN_IDS[self._object_type].values())
        return self._client.batch_read(self._object_type, addresses, names, id_property="email")


def each_for_itself(
    records: Sequence[CompanyRecord], decisions: Decisions, identities: Mapping[str, Identity]
) -> Iterator[CompanyRecord]:
    """Yield companies; customer and supplier of one, each for itself where people decided differently about the two."""
    for record in records:
        yield from record.parts if record.parts and decisions.apart(record.keys, identities) else (record,)


def _is_open(decision: Decision, identities: Sequence[Identity]) -> bool:
    """Return whether a decision is still to be carried out, as far as the ledger knows."""
    if decision.hubspot_id is None:
        return not identities
    return not identities or any(one.hubspot_id != decision.hubspot_id for one in identities)


def _is_fit(record: Decidable, identities: Sequence[Identity]) -> bool:
    """Return whether a record may be sent at all: one that is refused, left out or too old is not."""
    left_out = isinstance(record, CompanyRecord) and record.skip is not None
    gone = isinstance(record, ContactRecord) and not record.active and not identities
    return not (left_out or gone or record.refusal or is_older(record.stamp, identities))


def _address(record: Decidable) -> str | None:
    return record.email if isinstance(record, ContactRecord) else None


def _without_address(record: RecordT) -> RecordT:
    """Return a contact without its address, as far as it is to be written: another HubSpot contact has it."""
    if not isinstance(record, ContactRecord):
        return record
    kept = {name: value for name, value in record.properties.items() if name != "email"}
    return replace(record, email=None, properties=kept)
