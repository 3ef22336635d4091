"""Carrying out link operations: associations are tracked like records, and pending with a reason if not made."""

from collections.abc import Iterable, Sequence, Set
from uuid import uuid4

from ml_connector.chunks import chunks
from ml_connector.hubspot.associations import (
    CONTACT_TO_COMPANY,
    CONTACT_TO_PRIMARY_COMPANY,
    Link,
    create_links,
    read_links,
)
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.outcomes import Outcome, OutcomeStatus
from ml_connector.ledger.journal import Entry, Journal, LinkRow, Settlement
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.operations import Operation

HUBSPOT_DEFINED = "HUBSPOT_DEFINED"
TWIN_FAILED = "the same association of another Visma contact was not confirmed"

Pair = tuple[str, str]
"""The HubSpot ids of a contact and a company."""

CHUNK = 10_000
"""Links worked on at once."""


class LinkLoader:
    """Associates contacts with companies, primary where a contact has none.

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
        self._trace = f"{run_id[:8]}-{uuid4().hex[:8]}"
        self._sequence = 0

    def load(self, plan: Iterable[Operation], created: Set[str]) -> LoadCounts:
        """Carry out link operations.

        Args:
            plan: the operations; a pair that comes twice is made once.
            created: HubSpot ids of contacts this run has made, which have no associations to read.
        """
        counts = LoadCounts()
        unlinked = set(created)
        for chunk in chunks(plan, CHUNK):
            self._load_chunk(
                list({operation.key: operation for operation in chunk}.values()), unlinked, counts
            )
        return counts

    def _load_chunk(self, operations: Sequence[Operation], unlinked: set[str], counts: LoadCounts) -> None:
        counts.read += len(operations)
        entries = [self._entry(operation) for operation in operations]
        contacts = self._ids("contacts", (_from(entry) for entry in entries))
        companies = self._ids("companies", (_to(entry) for entry in entries))
        ready = [entry for entry in entries if _from(entry) in contacts and _to(entry) in companies]
        whole = {entry.trace_id for entry in ready}
        self._wait([entry for entry in entries if entry.trace_id not in whole], contacts, counts)
        self._make(ready, contacts, companies, unlinked, counts)

    def _entry(self, operation: Operation) -> Entry:
        self._sequence += 1
        return Entry(f"{self._trace}-{self._sequence}", operation)

    def _ids(self, object_type: str, keys: Iterable[str]) -> dict[str, str]:
        return {key: found.hubspot_id for key, found in self._ledger.identities(object_type, keys).items()}

    def _wait(
        self, entries: Sequence[Entry], contacts: dict[str, str], counts: LoadCounts, why: str | None = None
    ) -> None:
        """Note links whose other end is not in HubSpot yet, or that wait for another reason; all come again."""
        rows: list[LinkRow] = []
        for entry in entries:
            missing = _to(entry) if _from(entry) in contacts else _from(entry)
            reason = why or f"{missing} is not in HubSpot yet"
            counts.waiting(why or "the other record is not in HubSpot yet", entry.operation.key)
            rows.append(_row(entry, contacts.get(_from(entry)), None, (), "pending", reason))
        self._journal.intend(entries)
        settlements = [
            Settlement(entry, "pending", message=row.reason) for entry, row in zip(entries, rows, strict=True)
        ]
        self._journal.settle(settlements, links=rows)

    def _make(
        self,
        entries: Sequence[Entry],
        contacts: dict[str, str],
        companies: dict[str, str],
        unlinked: set[str],
        counts: LoadCounts,
    ) -> None:
        """Make links; ``unlinked`` are contacts known to have none, which those that come here are no more."""
        mine = {contacts[_from(entry)] for entry in entries}
        held = read_links(self._client, "contacts", "companies", sorted(mine - unlinked))
        unlinked -= mine
        has_primary = {
            contact
            for contact, linked in held.items()
            if any(CONTACT_TO_PRIMARY_COMPANY in one.type_ids for one in linked)
        }
        standing = {(contact, one.id) for contact, linked in held.items() for one in linked}
        links: dict[Pair, Link] = {}
        by_trace: dict[str, Entry] = {}
        done: list[Entry] = []
        twins: list[tuple[Pair, Entry]] = []
        for entry in entries:
            pair = contacts[_from(entry)], companies[_to(entry)]
            if pair in standing:
                done.append(entry)
            elif pair in links:
                twins.append((pair, entry))
            else:
                by_trace[entry.trace_id] = entry
                links[pair] = _link(pair, entry.trace_id, primary=pair[0] not in has_primary)
                has_primary.add(pair[0])
        self._stand(done, contacts, companies, counts)

        def intend(batch: Sequence[Link]) -> None:
            self._journal.intend([by_trace[item.key] for item in batch])

        made: set[Pair] = set()
        batches = create_links(self._client, "contacts", "companies", links.values(), before=intend)
        for batch, outcomes in batches:
            made |= self._settle(batch, outcomes, by_trace, counts)
        # Two Visma contacts may be one HubSpot contact: their links to one company are one association.
        self._stand([entry for pair, entry in twins if pair in made], contacts, companies, counts)
        self._wait([entry for pair, entry in twins if pair not in made], contacts, counts, TWIN_FAILED)

    def _stand(
        self,
        entries: Sequence[Entry],
        contacts: dict[str, str],
        companies: dict[str, str],
        counts: LoadCounts,
    ) -> None:
        """Note links that HubSpot holds already."""
        counts.unchanged += len(entries)
        self._journal.note(entries)
        rows = [
            _row(
                entry, contacts[_from(entry)], companies[_to(entry)], (CONTACT_TO_COMPANY,), "confirmed", None
            )
            for entry in entries
        ]
        self._journal.settle([], links=rows)

    def _settle(
        self,
        batch: Sequence[Link],
        outcomes: Sequence[Outcome],
        by_trace: dict[str, Entry],
        counts: LoadCounts,
    ) -> set[Pair]:
        """Write outcomes to the ledger and count them; return the pairs that are associated now."""
        by_key = {item.key: item for item in batch}
        made_pairs: set[Pair] = set()
        rows: list[LinkRow] = []
        settlements: list[Settlement] = []
        for outcome in outcomes:
            entry, made = by_trace[outcome.key], by_key[outcome.key]
            types = tuple(number for _, number in made.types)
            confirmed = outcome.status is OutcomeStatus.CONFIRMED
            if confirmed:
                counts.done(entry.operation)
                made_pairs.add((made.from_id, made.to_id))
            elif outcome.status is OutcomeStatus.REJECTED:
                counts.refused(
                    outcome.message or "HubSpot refused it and gave no reason", entry.operation.key
                )
            else:
                counts.waiting("HubSpot did not say what became of it", entry.operation.key)
            status = {OutcomeStatus.CONFIRMED: "confirmed", OutcomeStatus.REJECTED: "rejected"}
            state = status.get(outcome.status, "pending")
            rows.append(_row(entry, made.from_id, made.to_id, types, state, outcome.message))
            settlements.append(
                Settlement(
                    entry,
                    str(outcome.status),
                    http_status=outcome.http_status,
                    category=outcome.category,
                    message=outcome.message,
                    correlation_id=outcome.correlation_id,
                )
            )
        self._journal.settle(settlements, links=rows)
        return made_pairs


def _link(pair: Pair, trace_id: str, *, primary: bool) -> Link:
    types = (CONTACT_TO_PRIMARY_COMPANY, CONTACT_TO_COMPANY) if primary else (CONTACT_TO_COMPANY,)
    return Link(pair[0], pair[1], tuple((HUBSPOT_DEFINED, one) for one in types), trace_id)


def _from(entry: Entry) -> str:
    return str(entry.operation.values["from"])


def _to(entry: Entry) -> str:
    return str(entry.operation.values["to"])


def _row(
    entry: Entry,
    from_id: str | None,
    to_id: str | None,
    types: Iterable[int],
    status: str,
    reason: str | None,
) -> LinkRow:
    return LinkRow(
        from_type="contacts",
        from_key=_from(entry),
        to_type="companies",
        to_key=_to(entry),
        from_id=from_id,
        to_id=to_id,
        types=",".join(str(one) for one in types),
        status=status,
        reason=reason,
    )
