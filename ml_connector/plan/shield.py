"""The human-edit shield: a planned update, without the values that people changed in HubSpot where the rule keeps them.

It stands between a planner and the plan, and looks only at updates of records that were synced before. What HubSpot
holds is compared with what the ledger knows we wrote; only where the two differ is the property's history read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.comparison import same_value
from ml_connector.hubspot.history import Entry
from ml_connector.hubspot.visma_group import DIFFERENCES
from ml_connector.ledger.synced import LastSynced, SyncedReader
from ml_connector.plan.edits import Edit, Kept, by_person
from ml_connector.plan.matching import VISMA_ID
from ml_connector.plan.merging import STAMP_PROPERTIES
from ml_connector.plan.operations import Action, Operation
from ml_connector.settings.merging import Policy

CHUNK = 2000
"""Operations looked at together."""

SHIELDED = {Policy.OVERWRITE_UNLESS_EDITED: Kept.KEPT, Policy.FLAG_IF_EDITED: Kept.FLAGGED}

LONGEST_NOTE = 2000
"""Characters of the note on a HubSpot record; more fields than that are named in the list of edits."""

History = Mapping[str, Mapping[str, tuple[Entry, ...]]]
"""Entries newest first, by HubSpot id and property."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A value that HubSpot holds and we did not write: the property, our value where known, and what the rule is."""

    name: str
    ours: str | None
    known: bool
    policy: Policy


class Shield:
    """Keeps what people changed in one object's records.

    Args:
        object_type: ``companies`` or ``contacts``.
        policies: who wins, per property; one not named is overwritten.
        client: reads histories.
        synced: what the ledger knows we wrote.
    """

    def __init__(
        self, object_type: str, policies: Mapping[str, Policy], client: HubSpotClient, synced: SyncedReader
    ) -> None:
        self._object_type = object_type
        self._policies = policies
        self._client = client
        self._synced = synced

    def hold(self, operations: Iterable[Operation]) -> Iterator[Operation]:
        """Yield the operations; updates lose the values that are kept, and say which edits were met."""
        for some in chunks(operations, CHUNK):
            yield from self._chunk(some)

    def _chunk(self, operations: Sequence[Operation]) -> Iterator[Operation]:
        mine = [one for one in operations if self._is_compared(one)]
        synced = self._synced.of(self._object_type, [one.key for one in mine]) if mine else {}
        suspects = {
            one.key: found
            for one in mine
            if (known := synced.get(one.key)) and (found := self._suspects(one, known))
        }
        history = self._history(operations, suspects)
        for operation in operations:
            if not self._is_compared(operation):
                yield operation
                continue
            known = synced.get(operation.key)
            edits = self._edits(operation, suspects.get(operation.key, []), known, history)
            yield self._held(operation, edits, known)

    def _is_compared(self, operation: Operation) -> bool:
        """Whether an operation comes of comparing a record that was synced before with what HubSpot holds."""
        return (
            operation.object_type == self._object_type
            and operation.action in (Action.UPDATE, Action.UNCHANGED)
            and operation.rule == VISMA_ID
        )

    def _policy(self, name: str) -> Policy:
        return self._policies.get(name, Policy.OVERWRITE)

    def _suspects(self, operation: Operation, synced: LastSynced) -> list[Suspect]:
        found: list[Suspect] = []
        for name in operation.values:
            policy, known = self._policy(name), name in synced.values
            ours, held = synced.values.get(name), operation.previous.get(name)
            if name in STAMP_PROPERTIES or (known and self._same(name, ours, held)):
                continue
            if policy in SHIELDED or known:
                found.append(Suspect(name, ours, known, policy))
        return found

    def _same(self, name: str, left: str | None, right: str | None) -> bool:
        definition = self._client.properties(self._object_type).get(name)
        return same_value(name, left or "", right, definition)

    def _history(self, operations: Sequence[Operation], suspects: Mapping[str, Sequence[Suspect]]) -> History:
        """Read the histories that decide; an overwritten value needs none."""
        ids: list[str] = []
        names: set[str] = set()
        for operation in operations:
            shielded = {one.name for one in suspects.get(operation.key, ()) if one.policy in SHIELDED}
            if shielded and operation.hubspot_id:
                ids.append(operation.hubspot_id)
                names |= shielded
        if not ids:
            return {}
        found = self._client.history(self._object_type, ids, sorted(names))
        return {one.record.id: one.history for one in found}

    def _edits(
        self,
        operation: Operation,
        suspects: Sequence[Suspect],
        synced: LastSynced | None,
        history: History,
    ) -> tuple[Edit, ...]:
        found: list[Edit] = []
        for suspect in suspects:
            name = suspect.name
            edit = Edit(
                name=name,
                ours=suspect.ours,
                theirs=operation.previous.get(name),
                wanted=operation.values[name] or "",
                outcome=SHIELDED.get(suspect.policy, Kept.OVERWRITTEN),
            )
            if edit.outcome is Kept.OVERWRITTEN:
                found.append(edit)
                continue
            entries = history.get(str(operation.hubspot_id), {}).get(name, ())
            since = None if suspect.known or synced is None else synced.at
            entry = by_person(entries, partial(self._same, name, suspect.ours), since)
            if entry is not None:
                before = next((one.value for one in entries if one.written_at < entry.written_at), None)
                ours = suspect.ours if suspect.known else before
                found.append(replace(edit, ours=ours, source=entry.source_type, edited_at=entry.written_at))
        return tuple(found)

    def _held(self, operation: Operation, edits: tuple[Edit, ...], synced: LastSynced | None) -> Operation:
        """Return an operation without the values that are kept, and with the note for the sales team."""
        kept = {edit.name: edit for edit in edits if edit.outcome is not Kept.OVERWRITTEN}
        values = {name: value for name, value in operation.values.items() if name not in kept}
        previous = {name: value for name, value in operation.previous.items() if name not in kept}
        note = _note(edit for edit in edits if edit.outcome is Kept.FLAGGED)
        noted = (synced.values.get(DIFFERENCES) if synced else None) or ""
        if note != noted:
            values[DIFFERENCES] = note
            previous[DIFFERENCES] = noted or None
        if STAMP_PROPERTIES.issuperset(values):
            values, previous = {}, {}
        # What we wrote before a kept edit stays known, so that the next version is compared with it too.
        ours = {name: edit.ours for name, edit in kept.items() if edit.ours is not None}
        return replace(
            operation,
            action=Action.UPDATE if values else Action.UNCHANGED,
            values=values,
            previous=previous,
            remembered={**operation.remembered, **ours},
            edits=edits,
            reason=operation.reason or (_reason(kept) if kept and not values else None),
        )


def _reason(kept: Iterable[str]) -> str:
    return f"kept what was changed in HubSpot: {', '.join(sorted(kept))}"


def _note(flagged: Iterable[Edit]) -> str:
    """Return what the sales team reads on the record: where Visma says something else."""
    lines = [f"{edit.name}: Visma has {edit.wanted or 'nothing'}" for edit in flagged]
    return "\n".join(lines)[:LONGEST_NOTE]
