"""Removing associations that are not wanted any more, and forgetting those that were never made."""

from collections.abc import Sequence

from ml_connector.hubspot.associations import Link, archive_links
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.ledger_rows import settlement
from ml_connector.hubspot.link_kinds import LinkKind, from_key, to_key
from ml_connector.hubspot.outcomes import OutcomeStatus
from ml_connector.ledger.entries import Entry
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import KnownLink, LedgerReader

RowKey = tuple[str, str, str, str]
"""Both types and keys of a link in the ledger."""


class Unlinker:
    """Removes links as the ledger knows them. One that HubSpot does not let go stays there as unwanted, for later runs.

    Args:
        client: the portal; its one writer.
        journal: the run's ledger.
        ledger: the links with the HubSpot ids of their ends.
    """

    def __init__(self, client: HubSpotClient, journal: Journal, ledger: LedgerReader) -> None:
        self._client = client
        self._journal = journal
        self._ledger = ledger

    def unlink(self, kind: LinkKind, entries: Sequence[Entry], counts: LoadCounts) -> None:
        """Carry out the operations that remove links of one kind."""
        if not entries:
            return
        known = self._ledger.links_of(kind.from_type, list(dict.fromkeys(map(from_key, entries))))
        leaving = {(from_key(entry), to_key(entry)) for entry in entries}
        shared = {
            (one.from_id, one.to_id)
            for pair, one in known.items()
            if pair not in leaving and one.to_type == kind.to_type and one.status == "confirmed"
        }
        nothing: list[Entry] = []
        links: list[Link] = []
        for entry in entries:
            found = _link(entry, known.get((from_key(entry), to_key(entry))))
            if found is None or (found.from_id, found.to_id) in shared:
                nothing.append(entry)
            else:
                links.append(found)
        self._forget(kind, nothing, counts)
        self._remove(kind, links, {entry.trace_id: entry for entry in entries}, counts)

    def _forget(self, kind: LinkKind, entries: Sequence[Entry], counts: LoadCounts) -> None:
        """Note links of which HubSpot holds nothing, or nothing of their own: two contacts may be one there."""
        counts.unchanged += len(entries)
        self._journal.note(entries)
        self._journal.settle([], unlinked=[_row_key(kind, entry) for entry in entries])

    def _remove(
        self, kind: LinkKind, links: Sequence[Link], by_trace: dict[str, Entry], counts: LoadCounts
    ) -> None:
        def intend(batch: Sequence[Link]) -> None:
            entries = [by_trace[item.key] for item in batch]
            self._journal.settle(
                [], unwanted=[(*_row_key(kind, entry), entry.operation.reason) for entry in entries]
            )
            self._journal.intend(entries)

        for _, outcomes in archive_links(self._client, kind.from_type, kind.to_type, links, before=intend):
            results = [(by_trace[outcome.key], outcome) for outcome in outcomes]
            gone: list[RowKey] = []
            there: list[tuple[str, str, str, str, str | None]] = []
            for entry, outcome in results:
                if outcome.status is OutcomeStatus.CONFIRMED:
                    counts.done(entry.operation)
                    gone.append(_row_key(kind, entry))
                else:
                    counts.ended_badly(outcome, entry.operation.key)
                    there.append((*_row_key(kind, entry), outcome.message))
            self._journal.settle(
                [settlement(entry, outcome) for entry, outcome in results], unlinked=gone, unwanted=there
            )


def _link(entry: Entry, known: KnownLink | None) -> Link | None:
    """Return what is to be removed; None where the two were never associated."""
    if known is None or known.from_id is None or known.to_id is None:
        return None
    return Link(known.from_id, known.to_id, (), entry.trace_id)


def _row_key(kind: LinkKind, entry: Entry) -> RowKey:
    return kind.from_type, from_key(entry), kind.to_type, to_key(entry)
