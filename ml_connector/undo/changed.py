"""The records that a run changed: which values go back to what they were, and which stay, with the reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector.hubspot.history import Entry
from ml_connector.hubspot.lost import ID_PROPERTIES
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.plan.operations import Action, Operation
from ml_connector.undo.ledger import UndoReader
from ml_connector.undo.made import GONE
from ml_connector.undo.model import ADOPTION, MENDED, RULE, Claim, Since, Written, named, since
from ml_connector.undo.portal import Portal, value_before
from ml_connector.undo.steps import effective

RELINKED = "the Visma record is another HubSpot record, or none, by now"
AS_BEFORE = "it is as it was before that run"
MAYBE_MADE = "HubSpot did not say whether that run made it or found it; archive it by hand if it should go"

UNDONE = "undone"
"""Begins the fingerprints of records that an undo has changed: no record has such a one, so each is compared afresh."""


@dataclass(slots=True)
class Verdict:
    """What becomes of the values that a run wrote to one record.

    Args:
        back: the values to restore; empty text clears.
        already: the values that are as they were before the run.
        stays: the names of values that stay, by the reason.
    """

    back: dict[str, str] = field(default_factory=dict)
    already: dict[str, str] = field(default_factory=dict)
    stays: dict[str, list[str]] = field(default_factory=dict)

    @property
    def parts(self) -> bool:
        """Whether the Visma key is no HubSpot record any more once this is done: the run had linked the two."""
        after = {**self.already, **self.back}
        return any(not after.get(name, "kept") for name in ID_PROPERTIES)

    def keep(self, name: str, reason: str) -> None:
        """Let a value stay."""
        self.stays.setdefault(reason, []).append(name)


class ChangedRecords:
    """Plans what becomes of the records that a run changed.

    Args:
        reader: the ledger.
        portal: the portal.
        mark: the fingerprint that they have afterwards, which no record has.
    """

    def __init__(self, reader: UndoReader, portal: Portal, mark: str) -> None:
        self._reader = reader
        self._portal = portal
        self._mark = mark
        self._run = reader.run.run_id

    def plan(self, some: Sequence[Written]) -> Iterator[Operation]:
        """Yield what is to be done with records of one type that the run changed and did not make."""
        ids = [one.hubspot_id for one in some]
        if not ids:
            return
        object_type = some[0].object_type
        held = self._portal.held(object_type, ids, {name for one in some for name in one.values})
        claims = self._reader.claims(object_type, ids)
        followed = self._reader.followed(object_type, _keys(some, claims))
        histories = self._histories(object_type, some)
        linked = self._linked_later(object_type, claims)
        for one in some:
            mine, record = claims.get(one.hubspot_id, []), held.get(one.hubspot_id)
            create = one.create
            if create is not None and create.created is None:
                yield self._stays(one, mine, MAYBE_MADE)
            elif any((object_type, write.key) in self._reader.mended for write in one.writes):
                yield self._stays(one, mine, MENDED)
            elif record is None:
                yield self._stays(one, mine, GONE)
            else:
                later = since(self._run, followed.get(one.hubspot_id, ()))
                verdict = self._verdict(one, record, later, histories.get(one.hubspot_id, {}))
                if mine:
                    used = later.used_by or linked.get(one.hubspot_id)
                    _keep_identity(
                        verdict, used or next((claim.later for claim in mine if claim.later), None)
                    )
                    yield from self._operations(one, mine, record, verdict)
                elif verdict.back or verdict.stays:
                    yield self._stays(one, mine, RELINKED)

    def _verdict(
        self, one: Written, record: HubSpotRecord, later: Since, history: Mapping[str, tuple[Entry, ...]]
    ) -> Verdict:
        """Return what becomes of each value, looked at for itself."""
        definitions = self._portal.client.properties(one.object_type)
        before = self._before(one, history)
        found = Verdict()
        for name, ours in one.values.items():
            held = record.properties.get(name)
            if name not in before:
                found.keep(name, "what it was before is not known")
            elif self._same(one, name, before[name], held):
                found.already[name] = before[name]
            elif name in later.writers:
                found.keep(name, f"changed by {named(later.writers[name])} since")
            elif name not in definitions or definitions[name].read_only:
                found.keep(name, "it cannot be written in this portal any more")
            elif not self._same(one, name, ours, held):
                found.keep(name, "changed in HubSpot since")
            else:
                found.back[name] = before[name]
        return found

    def _same(self, one: Written, name: str, value: str, held: str | None) -> bool:
        return self._portal.same(one.object_type, name, value, held)

    def _before(self, one: Written, history: Mapping[str, tuple[Entry, ...]]) -> dict[str, str]:
        """Return what the record held before the run: by the ledger, else by HubSpot's history."""
        before = {name: value or "" for name, value in one.before.items()}
        for name in one.values.keys() - before.keys():
            if name in history:
                written = [
                    value or "" for write in one.writes for key, value in write.values.items() if key == name
                ]
                before[name] = value_before(history[name], written, self._reader.run.started_at)
        return before

    def _histories(
        self, object_type: str, some: Sequence[Written]
    ) -> dict[str, Mapping[str, tuple[Entry, ...]]]:
        """Return the histories of values whose predecessors the ledger does not know.

        Not of a record that a create found to exist: what it held already has left no trace of being written again.
        """
        asked = {one.hubspot_id: one.values.keys() - one.before.keys() for one in some if one.create is None}
        ids = [hubspot_id for hubspot_id, names in asked.items() if names]
        if not ids:
            return {}
        return self._portal.histories(object_type, ids, {name for names in asked.values() for name in names})

    def _linked_later(self, object_type: str, claims: Mapping[str, Sequence[Claim]]) -> dict[str, str]:
        """Return the later run that has linked something with a record that the run adopted, by HubSpot id."""
        adopted = {claim.key: one for one, mine in claims.items() for claim in mine if claim.by_run}
        keys = list(adopted)
        links = [*self._reader.links_from(object_type, keys), *self._reader.links_to(object_type, keys)]
        stories = self._reader.link_stories([link.key for link in links])
        found: dict[str, str] = {}
        for link in links:
            last = effective(self._run, stories.get(link.key, ()))
            if last is not None and last.run_id != self._run and last.undoes != self._run:
                for key in (link.from_key, link.to_key):
                    if key in adopted:
                        found[adopted[key]] = last.run_id
        return found

    # --- operations

    def _operations(
        self, one: Written, claims: Sequence[Claim], record: HubSpotRecord, verdict: Verdict
    ) -> Iterator[Operation]:
        held = record.properties
        rule = ADOPTION if verdict.parts else RULE
        if verdict.back:
            address = verdict.back.get("email") or None
            yield self._operation(
                one,
                claims,
                Action.UPDATE,
                rule=rule,
                values=verdict.back,
                previous={name: held.get(name) for name in verdict.back},
                remembered=verdict.already,
                email=address.lower() if address and one.object_type == "contacts" else None,
            )
        elif verdict.already and not all(claim.fingerprint.startswith(UNDONE) for claim in claims):
            yield self._operation(
                one, claims, Action.UNCHANGED, rule=rule, remembered=verdict.already, reason=AS_BEFORE
            )
        for reason, names in verdict.stays.items():
            yield self._operation(
                one,
                claims,
                Action.SKIP,
                values={name: held.get(name) for name in names},
                reason=f"{reason}: {', '.join(sorted(names))}",
            )

    def _stays(self, one: Written, claims: Sequence[Claim], reason: str) -> Operation:
        return self._operation(one, claims, Action.SKIP, reason=reason)

    def _operation(
        self,
        one: Written,
        claims: Sequence[Claim],
        action: Action,
        *,
        rule: str | None = None,
        values: Mapping[str, str | None] | None = None,
        previous: Mapping[str, str | None] | None = None,
        remembered: Mapping[str, str | None] | None = None,
        reason: str | None = None,
        email: str | None = None,
    ) -> Operation:
        first = one.writes[0]
        keys = tuple(claim.key for claim in claims) or (first.key,)
        return Operation(
            entity=one.entity,
            object_type=one.object_type,
            action=action,
            keys=keys,
            partition=first.partition,
            hubspot_id=one.hubspot_id,
            rule=rule,
            values=values or {},
            previous=previous or {},
            remembered=remembered or {},
            reason=reason,
            fingerprint=self._mark,
            email=email,
        )


def mark_of(run_id: str) -> str:
    """Return the fingerprint that an undo gives: one of its own, or a second undo would seem to be carried out."""
    return f"{UNDONE} by {run_id}"


def _keep_identity(verdict: Verdict, later: str | None) -> None:
    """Let a Visma id stay in a record that later runs rely on."""
    for name in ID_PROPERTIES:
        if later is not None and name in verdict.back:
            del verdict.back[name]
            verdict.keep(name, f"{named(later)} has relied on it since")


def _keys(some: Iterable[Written], claims: Mapping[str, Sequence[Claim]]) -> list[str]:
    own = [write.key for one in some for write in one.writes]
    return list(dict.fromkeys([*own, *(claim.key for mine in claims.values() for claim in mine)]))
