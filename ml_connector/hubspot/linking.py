"""Carrying out link operations: associations are tracked like records, and pending with a reason if not made."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from uuid import uuid4

from ml_connector.chunks import chunks
from ml_connector.hubspot.associations import Link, create_links, read_links
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.ledger_rows import link_row, settlement
from ml_connector.hubspot.link_kinds import LinkKind, Types, finished, from_key, kind_of, to_key
from ml_connector.hubspot.moving import LinkMover
from ml_connector.hubspot.outcomes import Outcome, OutcomeStatus
from ml_connector.hubspot.strays import Strays, gone, is_optional
from ml_connector.hubspot.unlinking import Unlinker
from ml_connector.ledger.entries import Entry, LinkRow, Settlement
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.links import DEAL
from ml_connector.plan.operations import SENT, Action, Operation

TWIN_FAILED = "the same association of another Visma record was not confirmed"

Pair = tuple[str, str]
"""The HubSpot ids of the two ends."""

CHUNK = 10_000
"""Links of one kind worked on at once: five full calls."""

STATES = {OutcomeStatus.CONFIRMED: "confirmed", OutcomeStatus.REJECTED: "rejected"}


@dataclass(frozen=True, slots=True)
class _Ended:
    """A link that was sent, and what HubSpot said."""

    entry: Entry
    link: Link
    outcome: Outcome

    @property
    def refused(self) -> bool:
        """Whether HubSpot does not take it."""
        return self.outcome.status is OutcomeStatus.REJECTED


@dataclass(slots=True)
class _Work:
    """The links of one kind that are worked on at once: the HubSpot ids of their ends, and how they count."""

    kind: LinkKind
    types: Types
    counts: LoadCounts
    starts: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[str, str] = field(default_factory=dict)

    def pair(self, entry: Entry) -> Pair:
        """Return the HubSpot ids of both ends, which are known."""
        return self.starts[from_key(entry)], self.ends[to_key(entry)]

    def is_ready(self, entry: Entry) -> bool:
        """Whether both ends are in HubSpot."""
        return from_key(entry) in self.starts and to_key(entry) in self.ends

    def missing(self, entry: Entry) -> str:
        """Return the end that is not in HubSpot, of two the one it starts from."""
        return to_key(entry) if from_key(entry) in self.starts else from_key(entry)


class LinkLoader:
    """Makes and removes associations between records of any two types.

    A contact's first company becomes its primary one, unless it has one.

    Args:
        client: the portal; its one writer.
        journal: the run's ledger.
        ledger: where the HubSpot ids of both ends are found.
        run_id: the run; trace ids start with it and are unique for each attempt at a step.
    """

    def __init__(self, client: HubSpotClient, journal: Journal, ledger: LedgerReader, run_id: str) -> None:
        self._client = client
        self._journal = journal
        self._ledger = ledger
        self._run_id = run_id
        self._unlinker = Unlinker(client, journal, ledger)
        self._strays = Strays(client, journal, ledger)
        self._trace = f"{run_id[:8]}-{uuid4().hex[:8]}"
        self._sequence = 0
        self._types: dict[LinkKind, Types] = {}

    def mover(self) -> LinkMover:
        """Return what takes links from records that people say are not the ones."""
        return LinkMover(self._client, self._journal, self._ledger, self._run_id)

    def load(self, plan: Iterable[Operation], created: Set[str]) -> LoadCounts:
        """Carry out link operations.

        Links of invoices to companies are made after all their others, so that a confirmed one means that the ledger
        has a row for each of the others. Links of one record that follow each other are worked on together: a record
        that this run has made is not asked for links that this run has given it.

        Args:
            plan: the operations; a pair that comes twice is made once, and what is not sent is only noted.
            created: HubSpot ids of records this run has made, which have no associations to read. That of another type
                among them only makes an association again that stands.
        """
        counts = LoadCounts()
        left_out: list[Entry] = []
        waiting: dict[LinkKind, dict[str, Entry]] = {}
        linked: dict[LinkKind, set[str]] = {}
        for operation in plan:
            entry = self._entry(operation)
            if operation.action not in SENT:
                left_out.append(entry)
                continue
            kind, start = kind_of(entry), from_key(entry)
            mine = waiting.setdefault(kind, {})
            if len(mine) >= CHUNK and not kind.closes:
                some = list(mine.values())
                cut = finished(some, start)
                mine = waiting[kind] = {one.operation.key: one for one in some[cut:]}
                self._load_chunk(kind, some[:cut], created, linked.setdefault(kind, set()), counts)
            mine[operation.key] = entry
        self._note(left_out, counts)
        for kind in sorted(waiting, key=lambda kind: (kind.closes, kind.place)):
            for some in chunks(waiting[kind].values(), CHUNK):
                self._load_chunk(kind, some, created, linked.setdefault(kind, set()), counts)
        return counts

    def _note(self, entries: Sequence[Entry], counts: LoadCounts) -> None:
        """Note links that were left out, such as one with a deal where two fit."""
        counts.read += len(entries)
        for entry in entries:
            counts.done(entry.operation)
        for some in chunks(entries, CHUNK):
            self._journal.note(some)

    def _load_chunk(
        self,
        kind: LinkKind,
        entries: Sequence[Entry],
        created: Set[str],
        linked: set[str],
        counts: LoadCounts,
    ) -> None:
        """Remove and make links; ``linked`` are the records that this load has given links, which are added to it."""
        counts.read += len(entries)
        gone = [entry for entry in entries if entry.operation.action is Action.UNLINK]
        made = [entry for entry in entries if entry.operation.action is not Action.UNLINK]
        self._unlinker.unlink(kind, gone, counts)
        if not made:
            return
        work = _Work(
            kind,
            self._types_of(kind),
            counts,
            self._ids(kind.from_type, map(from_key, made)),
            self._ids(kind.to_type, map(to_key, made)),
        )
        waits = [entry for entry in made if not work.is_ready(entry)]
        ready = [entry for entry in made if work.is_ready(entry)]
        self._wait(work, waits, None)
        if ready and not work.types:
            self._wait(work, ready, f"HubSpot has no association from {kind.from_type} to {kind.to_type}")
        elif ready:
            refused = self._make(work, ready, created - linked)
            if refused:
                self._follow(work, refused)
            linked.update(work.starts.values())

    def _entry(self, operation: Operation) -> Entry:
        self._sequence += 1
        return Entry(f"{self._trace}-{self._sequence}", operation)

    def _types_of(self, kind: LinkKind) -> Types:
        if kind not in self._types:
            self._types[kind] = kind.types(self._client)
        return self._types[kind]

    def _ids(self, object_type: str, keys: Iterable[str]) -> dict[str, str]:
        """Return the HubSpot ids of keys; a deal's key has its id in it."""
        if object_type == "deals":
            return {key: key.removeprefix(DEAL) for key in keys}
        return {key: found.hubspot_id for key, found in self._ledger.identities(object_type, keys).items()}

    def _wait(self, work: _Work, entries: Sequence[Entry], why: str | None) -> None:
        """Note links whose other end is not in HubSpot yet, or that wait for another reason; all come again."""
        rows: list[LinkRow] = []
        for entry in entries:
            reason = why or f"{work.missing(entry)} is not in HubSpot yet"
            work.counts.waiting(why or "the other record is not in HubSpot yet", entry.operation.key)
            start = work.starts.get(from_key(entry))
            rows.append(link_row(entry, work.kind, (start, None), (), "pending", reason))
        self._journal.intend(entries)
        settlements = [
            Settlement(entry, "pending", message=row.reason) for entry, row in zip(entries, rows, strict=True)
        ]
        self._journal.settle(settlements, links=rows)

    def _make(self, work: _Work, entries: Sequence[Entry], unlinked: Set[str]) -> list[_Ended]:
        """Make links and return those that HubSpot refuses; ``unlinked`` are records known to have none."""
        kind = work.kind
        mine = {work.starts[from_key(entry)] for entry in entries}
        held = read_links(self._client, kind.from_type, kind.to_type, sorted(mine - unlinked))
        has_primary = {
            record
            for record, others in held.items()
            if any(one.types.issuperset(kind.primary) for one in others)
        }
        standing = {(record, one.id) for record, others in held.items() for one in others}
        links: dict[Pair, Link] = {}
        by_trace: dict[str, Entry] = {}
        done: list[Entry] = []
        twins: list[tuple[Pair, Entry]] = []
        for entry in entries:
            pair = work.pair(entry)
            if pair in standing:
                done.append(entry)
            elif pair in links:
                twins.append((pair, entry))
            else:
                by_trace[entry.trace_id] = entry
                types = work.types if pair[0] in has_primary else (*kind.primary, *work.types)
                links[pair] = Link(pair[0], pair[1], types, entry.trace_id)
                has_primary.add(pair[0])
        self._stand(work, done)

        def intend(batch: Sequence[Link]) -> None:
            self._journal.intend([by_trace[item.key] for item in batch])

        made: set[Pair] = set()
        refused: list[_Ended] = []
        for batch, outcomes in create_links(
            self._client, kind.from_type, kind.to_type, links.values(), before=intend
        ):
            ended = [_Ended(by_trace[one.key], item, one) for item, one in zip(batch, outcomes, strict=True)]
            refused.extend(one for one in ended if one.refused)
            made |= self._settle(work, [one for one in ended if not one.refused])
        # Two Visma contacts may be one HubSpot contact: their links to one company are one association.
        self._stand(work, [entry for pair, entry in twins if pair in made])
        self._wait(work, [entry for pair, entry in twins if pair not in made], TWIN_FAILED)
        return refused

    def _follow(self, work: _Work, refused: Sequence[_Ended]) -> None:
        """Make links again whose ends a person has merged into other records, and settle those whose ends are gone."""
        kind = work.kind
        ends = self._strays.look(kind.to_type, (one.link.to_id for one in refused))
        starts = self._strays.look(kind.from_type, (one.link.from_id for one in refused))
        again: list[Entry] = []
        rest: list[_Ended] = []
        for one in refused:
            if one.link.to_id in ends.gone:
                self._lose(work, one, to_key(one.entry))
            elif one.link.from_id in starts.gone:
                self._lose(work, one, from_key(one.entry))
            elif one.link.to_id in ends.moved or one.link.from_id in starts.moved:
                self._journal.settle([settlement(one.entry, one.outcome)])
                again.append(self._entry(one.entry.operation))
            else:
                rest.append(one)
        if again:
            work.starts = self._ids(kind.from_type, map(from_key, again))
            work.ends = self._ids(kind.to_type, map(to_key, again))
            rest.extend(self._make(work, again, frozenset()))
        self._settle(work, rest)

    def _lose(self, work: _Work, lost: _Ended, key: str) -> None:
        """Settle a link with an end that is gone: it waits for a person, or is given up where nobody needs it."""
        kind, entry = work.kind, lost.entry
        told = gone(key)
        if is_optional(kind) and key == to_key(entry):
            work.counts.skipped += 1
            row_key = (kind.from_type, from_key(entry), kind.to_type, key)
            self._journal.settle([Settlement(entry, "done", message=told)], unlinked=[row_key])
        else:
            work.counts.waiting(told, entry.operation.key)
            row = link_row(entry, kind, (lost.link.from_id, None), (), "pending", told)
            self._journal.settle([Settlement(entry, "pending", message=told)], links=[row])

    def _stand(self, work: _Work, entries: Sequence[Entry]) -> None:
        """Note links that HubSpot holds already."""
        work.counts.unchanged += len(entries)
        self._journal.note(entries)
        rows = [
            link_row(entry, work.kind, work.pair(entry), work.types, "confirmed", None) for entry in entries
        ]
        self._journal.settle([], links=rows)

    def _settle(self, work: _Work, ended: Sequence[_Ended]) -> set[Pair]:
        """Write outcomes to the ledger and count them; return the pairs that are associated now."""
        made: set[Pair] = set()
        rows: list[LinkRow] = []
        for one in ended:
            pair = one.link.from_id, one.link.to_id
            if one.outcome.status is OutcomeStatus.CONFIRMED:
                work.counts.done(one.entry.operation)
                made.add(pair)
            else:
                work.counts.ended_badly(one.outcome, one.entry.operation.key)
            state = STATES.get(one.outcome.status, "pending")
            rows.append(link_row(one.entry, work.kind, pair, one.link.types, state, one.outcome.message))
        self._journal.settle([settlement(one.entry, one.outcome) for one in ended], links=rows)
        return made
