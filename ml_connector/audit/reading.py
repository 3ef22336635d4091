"""Reading everything that is known of one record: the record's time machine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ml_connector.audit.fields import Known, fields, rules_of
from ml_connector.audit.finding import Found, find, unknown
from ml_connector.audit.keys import OBJECTS, kind_of, meant
from ml_connector.audit.ledger import Done, RecordLedger
from ml_connector.audit.links import links_of
from ml_connector.audit.present import Present, present
from ml_connector.audit.record import RecordAudit
from ml_connector.audit.timeline import timeline
from ml_connector.audit.versions import Version, source_of, versions
from ml_connector.audit.wanted import only_planned, wanted
from ml_connector.dataset_writer import Storage
from ml_connector.errors import ConnectorError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ledger.queries import stamp_text
from ml_connector.settings import ConnectionSettings

MOST_OPERATIONS = 300
MOST_WINDOWS = 40
"""Operations that are read, and windows whose snapshots are opened, where not all are asked for."""

EVERYTHING = 1_000_000

RECENT_RUNS = 10
"""Runs whose windows are opened besides those that operations name: plans and failures leave no operations."""

TYPE_IDS = {"companies": "0-2", "contacts": "0-1", "invoices": "0-53", "commerce_payments": "0-101"}
"""Type ids in the addresses of records that have a page in HubSpot (reference: hubspot 2)."""

OFFLINE = "HubSpot was not asked, as you wished."

Client = Callable[[], HubSpotClient]


class RunTimes:
    """Tells when runs began, asking the ledger once for each."""

    def __init__(self, ledger: RecordLedger) -> None:
        self._ledger = ledger
        self._known: dict[str, datetime | None] = {}

    def __call__(self, run_id: str) -> datetime | None:
        """Return when a run began, None for one that the ledger does not know."""
        if run_id not in self._known:
            found = self._ledger.runs([run_id])
            self._known[run_id] = found[run_id].started_at if found else None
        return self._known[run_id]


def audit_record(
    engine: sa.Engine,
    storage: Storage,
    settings: ConnectionSettings,
    typed: str,
    *,
    client: Client | None,
    everything: bool = False,
) -> RecordAudit:
    """Return all that is known of a record.

    Args:
        engine: of the ledger.
        storage: of the snapshots, records and plans.
        settings: the connection.
        typed: the record as a person typed it.
        client: makes a client of the portal; None asks HubSpot nothing.
        everything: all operations and windows, however many.

    Raises:
        UsageError: there is no such record, or the text fits several.
        StorageError: a stored file is damaged.
    """
    with engine.connect() as database:
        reading = _Reading(RecordLedger(database, settings.name), storage, settings, everything)
        return reading.audit(typed, client)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What HubSpot said of a record, or why it was not asked, and the record's page there."""

    present: Present | None
    why_not: str | None
    url: str | None


class _Reading:
    """One reading of everything; the parts in the order in which they build on each other."""

    def __init__(
        self, ledger: RecordLedger, storage: Storage, settings: ConnectionSettings, everything: bool
    ) -> None:
        self._ledger = ledger
        self._storage = storage
        self._settings = settings
        self._name = settings.name
        self._most = EVERYTHING if everything else MOST_OPERATIONS
        self._most_windows = EVERYTHING if everything else MOST_WINDOWS
        self._started = RunTimes(ledger)
        self._notes: list[str] = []

    def audit(self, typed: str, client: Client | None) -> RecordAudit:
        """Put everything together."""
        found = find(self._ledger, self._name, typed) or self._only_stored(typed)
        types, keys, identities = self._same_record(found.key)
        operations = self._operations(keys)
        windows = self._windows(keys)
        seen = [version for key in keys for version in self._versions(key, windows)]
        wants = wanted(self._storage, self._name, keys, windows, self._started)
        plans = only_planned(
            self._storage, self._name, keys, windows, self._ledger.runs_of(keys), self._started
        )
        object_type = next(iter(types), "")
        hubspot_id = identities[0].hubspot_id if identities else None
        names = {*wants, *(name for row in identities for name in row.properties or ())}
        answer = self._ask(client, object_type, hubspot_id, keys, names, operations)
        now = answer.present
        rejects = self._ledger.rejects(keys)
        decisions = self._ledger.decisions(types, keys)
        edits = self._ledger.edits(types, keys)
        known = self._known(wants, identities, now, operations, rejects, edits, object_type, seen)
        return RecordAudit(
            connection=self._name,
            asked=typed,
            said=found.said,
            key=found.key,
            keys=tuple(keys),
            object_type=object_type,
            hubspot_id=now.hubspot_id if now and now.hubspot_id else hubspot_id,
            url=answer.url,
            present=now,
            not_asked=answer.why_not,
            identities=identities,
            rejects=rejects,
            decisions=decisions,
            edits=edits,
            links=links_of(self._ledger, types, keys),
            fields=fields(known) if ">" not in found.key else [],
            events=timeline(seen, operations, plans, now, decisions),
            notes=tuple(self._notes),
        )

    def _only_stored(self, typed: str) -> Found:
        """Return the record of a text that no run has loaded, where a snapshot has it."""
        asked = meant(typed, self._name)
        for key in asked.keys if asked.certain else ():
            if self._versions(key, self._windows([key])):
                self._notes.append("No run has loaded this record yet.")
                return Found(key, None if key == typed.strip() else f"{typed.strip()} is {key} here.")
        raise unknown(self._ledger, self._name, typed)

    def _same_record(self, key: str) -> tuple[list[str], list[str], list[Any]]:
        """Return the objects a record is in, all its keys with this one first, and what the ledger knows it to be."""
        types = list(OBJECTS.get(kind_of(key), ()))
        if not types:
            types = sorted({one.object_type for one in self._ledger.newest([key]).values()})
        mine = self._ledger.identities(types, [key])
        rows = self._ledger.same_record(types, [row.hubspot_id for row in mine])
        rows.sort(key=lambda row: row.record_key != key)
        return types, list(dict.fromkeys([key, *(row.record_key for row in rows)])), rows

    def _operations(self, keys: Sequence[str]) -> list[Done]:
        found = self._ledger.operations(keys, self._most + 1)
        if len(found) > self._most:
            self._notes.append(
                f"Only the newest {self._most} operations are shown; --all shows every one of them."
            )
        return found[: self._most]

    def _windows(self, keys: Sequence[str]) -> list[str]:
        """Return the windows to open: those the ledger names, and those of runs that left no operations."""
        source = source_of(keys[0])
        if source is None:
            return []
        unfinished = [
            run
            for run in self._ledger.newest_runs(RECENT_RUNS)
            if run.partition_from and (run.kind == "plan" or run.status in ("failed", "started"))
        ]
        stored = self._storage.partitions((self._name, "visma", source.entity)) if unfinished else []
        also = {
            window
            for window in stored
            for run in unfinished
            if run.partition_from <= window <= run.partition_to
        }
        every = sorted({*self._ledger.windows(keys), *also})
        if len(every) <= self._most_windows:
            return every
        self._notes.append(
            f"Its versions are from the first and the newest of {len(every)} windows; --all reads every one of them."
        )
        return [every[0], *every[-self._most_windows + 1 :]]

    def _versions(self, key: str, windows: Sequence[str]) -> list[Version]:
        return versions(self._storage, self._name, key, windows, self._started)

    def _ask(
        self,
        client: Client | None,
        object_type: str,
        hubspot_id: str | None,
        keys: Sequence[str],
        names: set[str],
        operations: Sequence[Done],
    ) -> _Answer:
        """Return what HubSpot says, or why it was not asked; a portal that cannot be asked fails nothing."""
        mine = self._ledger.portal()
        address = _address(mine, object_type, hubspot_id)
        if client is None:
            return _Answer(None, OFFLINE, address)
        if not object_type or ">" in keys[0]:
            return _Answer(None, "There is no record to ask HubSpot for.", address)
        try:
            portal = client()
            account = portal.account()
            if mine not in (None, str(account.portal_id)):
                return _Answer(
                    None,
                    f"The token is for portal {account.portal_id}, and this ledger is of {mine}.",
                    address,
                )
            now = present(portal, self._name, object_type, hubspot_id, keys, names, operations)
        except ConnectorError as error:
            return _Answer(None, f"HubSpot could not be asked: {error}", address)
        there = now.hubspot_id or hubspot_id
        page = object_type in TYPE_IDS and there is not None
        return _Answer(now, None, account.record_url(TYPE_IDS[object_type], str(there)) if page else None)

    def _known(
        self,
        wants: Mapping[str, str | None],
        identities: Sequence[Any],
        now: Present | None,
        operations: Sequence[Done],
        rejects: Sequence[Any],
        edits: Sequence[Any],
        object_type: str,
        seen: Sequence[Version],
    ) -> Known:
        """Return what the verdicts on the properties rest on; the rules are those of the run that touched it last."""
        newest = next((one.run_id for one in operations), None)
        run = self._ledger.runs([newest]).get(newest) if newest else None
        settings = (run.settings if run else None) or self._settings.model_dump(mode="json")
        policies, cleared = rules_of(settings, object_type)
        held: dict[str, str | None] = {}
        for row in sorted(identities, key=lambda row: row.updated_at):
            held |= row.properties or {}
        applied = max((stamp_text(row.stamp) for row in identities), default="")
        return Known(
            wanted=wants,
            held=held,
            present=now,
            policies=policies,
            cleared=cleared,
            operations=operations,
            edited={row.property: row.outcome for row in edits},
            refused=next((row.message for row in rejects if ">" not in row.record_key), None),
            newer=any(version.stamp > applied for version in seen),
        )


def _address(portal: str | None, object_type: str, hubspot_id: str | None) -> str | None:
    """Return the page of a record at the address that leads on to a portal's own, as far as the ledger knows it."""
    if portal is None or hubspot_id is None or object_type not in TYPE_IDS:
        return None
    return f"https://app.hubspot.com/contacts/{portal}/record/{TYPE_IDS[object_type]}/{hubspot_id}"
