"""Taking associations from a HubSpot record that a person says is not the one; they are made on the right one after it.

A link that is taken away stays in the ledger as pending: should the process die in between, a later run makes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from ml_connector.hubspot.associations import Link, archive_links
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.ledger_rows import link_row, settlement
from ml_connector.hubspot.link_kinds import LinkKind, from_key, kind_of, to_key
from ml_connector.hubspot.outcomes import OutcomeStatus
from ml_connector.ledger.entries import Entry, LinkRow
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import KnownLink, LedgerReader
from ml_connector.plan.operations import Operation

CONFIRMED = "confirmed"
WHY = "a person linked one of its ends with another HubSpot record"

Pair = tuple[str, str]
"""The Visma keys of both ends."""


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A link whose association goes: the operation, and the HubSpot ids it had."""

    entry: Entry
    from_id: str | None
    to_id: str | None


class LinkMover:
    """Removes associations from former records; ``kept`` are the keys of the links that HubSpot did not let go.

    Args:
        client: the portal; its one writer.
        journal: the run's ledger.
        ledger: the links with the HubSpot ids of their ends.
        run_id: the run; trace ids start with it and are unique for each attempt at a step.
    """

    def __init__(self, client: HubSpotClient, journal: Journal, ledger: LedgerReader, run_id: str) -> None:
        self.kept: set[str] = set()
        self._client = client
        self._journal = journal
        self._ledger = ledger
        self._trace = f"{run_id[:8]}-{uuid4().hex[:8]}"

    def release(self, operations: Sequence[Operation]) -> LoadCounts:
        """Remove the associations that links still have with former records; a link that moved by now needs nothing."""
        counts = LoadCounts(read=len(operations))
        by_kind: dict[LinkKind, list[Entry]] = {}
        for place, operation in enumerate(operations):
            entry = Entry(f"{self._trace}-{place}", operation)
            by_kind.setdefault(kind_of(entry), []).append(entry)
        for kind, entries in by_kind.items():
            self._release(kind, entries, counts)
        return counts

    def _release(self, kind: LinkKind, entries: Sequence[Entry], counts: LoadCounts) -> None:
        known = self._ledger.links_of(kind.from_type, list(dict.fromkeys(map(from_key, entries))))
        starts = self._ids(kind.from_type, map(from_key, entries))
        ends = self._ids(kind.to_type, map(to_key, entries))
        leaving: list[_Leaving] = []
        nothing: list[Entry] = []
        for entry in entries:
            held = known.get((from_key(entry), to_key(entry)))
            right = starts.get(from_key(entry)), ends.get(to_key(entry))
            if held is None or (_same(held.from_id, right[0]) and _same(held.to_id, right[1])):
                nothing.append(entry)
            else:
                leaving.append(_Leaving(entry, held.from_id, held.to_id))
        shared = self._shared(kind, leaving)
        removed = [
            one for one in leaving if one.from_id and one.to_id and (one.from_id, one.to_id) not in shared
        ]
        trace_ids = {one.entry.trace_id for one in removed}
        unasked = [one.entry for one in leaving if one.entry.trace_id not in trace_ids]
        counts.unchanged += len(nothing) + len(unasked)
        self._journal.note([*nothing, *unasked])
        self._journal.settle([], links=[self._pending(kind, entry, starts) for entry in unasked])
        self._remove(kind, removed, starts, counts)

    def _ids(self, object_type: str, keys: Iterable[str]) -> dict[str, str]:
        return {key: found.hubspot_id for key, found in self._ledger.identities(object_type, keys).items()}

    def _shared(self, kind: LinkKind, leaving: Sequence[_Leaving]) -> set[tuple[str | None, str | None]]:
        """Return the ids of ends that other links, which stay, associate too: two Visma records may be one there."""
        going = {(from_key(one.entry), to_key(one.entry)) for one in leaving}
        ids = [one.from_id for one in leaving if one.from_id]
        keys = [key for mine in self._ledger.keys_of(kind.from_type, ids).values() for key in mine]
        stays: Mapping[Pair, KnownLink] = self._ledger.links_of(kind.from_type, keys)
        return {
            (held.from_id, held.to_id)
            for pair, held in stays.items()
            if pair not in going and held.to_type == kind.to_type and held.status == CONFIRMED
        }

    def _remove(
        self, kind: LinkKind, leaving: Sequence[_Leaving], starts: Mapping[str, str], counts: LoadCounts
    ) -> None:
        by_trace = {one.entry.trace_id: one for one in leaving}
        links = [Link(str(one.from_id), str(one.to_id), (), trace) for trace, one in by_trace.items()]

        def intend(batch: Sequence[Link]) -> None:
            self._journal.intend([by_trace[item.key].entry for item in batch])

        for _, outcomes in archive_links(self._client, kind.from_type, kind.to_type, links, before=intend):
            gone: list[Entry] = []
            for outcome in outcomes:
                entry = by_trace[outcome.key].entry
                if outcome.status is OutcomeStatus.CONFIRMED:
                    counts.done(entry.operation)
                    gone.append(entry)
                else:
                    counts.ended_badly(outcome, entry.operation.key)
                    self.kept.add(entry.operation.key)
            self._journal.settle(
                [settlement(by_trace[outcome.key].entry, outcome) for outcome in outcomes],
                links=[self._pending(kind, entry, starts) for entry in gone],
            )

    def _pending(self, kind: LinkKind, entry: Entry, starts: Mapping[str, str]) -> LinkRow:
        return link_row(entry, kind, (starts.get(from_key(entry)), None), (), "pending", WHY)


def _same(held: str | None, right: str | None) -> bool:
    """Return whether an end is where it should be; one that the ledger has no record of, such as a deal, is."""
    return right is None or held is None or held == right
