"""The plan for what suppliers' companies show of buying from them: some values on a company, apart from its own record.

They leave the company's stamp and fingerprint alone. The sums of an older window never replace those of a newer one,
whose end the ledger remembers with the company.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.known import read_held
from ml_connector.plan.matching import VISMA_ID
from ml_connector.plan.merging import changes
from ml_connector.plan.operations import STORED, Action, Operation
from ml_connector.plan.owned import GONE
from ml_connector.plan.taken import NotTaken
from ml_connector.records.booking_model import PurchasesRecord
from ml_connector.records.model import Properties

OBJECT = "companies"

CHUNK = 2000
"""Records planned at once."""

WINDOW = "purchases_window"
"""Where the ledger remembers the newest window whose sums a company shows."""


class PurchasesPlanner:
    """Plans the purchases of one connection.

    Args:
        ledger: which companies suppliers are, and what was sent to them.
        client: reads the portal.
        not_taken: tells which suppliers do not travel; None where all do.
    """

    def __init__(
        self, ledger: LedgerReader, client: HubSpotClient, not_taken: NotTaken | None = None
    ) -> None:
        self._ledger = ledger
        self._client = client
        self._not_taken = not_taken

    def plan(self, records: Iterable[PurchasesRecord]) -> Iterator[Operation]:
        """Yield one operation per record; that of a supplier that is not in HubSpot yet names no HubSpot record."""
        for chunk in chunks(records, CHUNK):
            yield from self._plan_chunk(chunk)

    def _plan_chunk(self, records: Sequence[PurchasesRecord]) -> Iterator[Operation]:
        identities = self._ledger.identities(OBJECT, (record.key for record in records))
        names = sorted({name for record in records for name in record.properties})
        sent = self._ledger.values_of(OBJECT, (record.key for record in records), (*names, WINDOW))
        left_out = self._not_taken.reasons(record.key for record in records) if self._not_taken else {}
        changed: list[tuple[PurchasesRecord, str]] = []
        for record in records:
            mine, shown = identities.get(record.key), sent.get(record.key, {})
            if record.key in left_out:
                yield _operation(record, Action.SKIP, reason=left_out[record.key])
            elif record.refusal:
                yield _operation(record, Action.REJECT, reason=record.refusal)
            elif mine is None:
                values = {name: value for name, value in record.properties.items() if value}
                yield _operation(record, Action.UPDATE, values=values)
            elif (shown.get(WINDOW) or "") > record.partition:
                yield _operation(record, Action.SKIP, hubspot_id=mine.hubspot_id, reason=OLDER)
            elif all((shown.get(name) or "") == (value or "") for name, value in record.properties.items()):
                rule = None if shown.get(WINDOW) == record.partition else VISMA_ID
                yield _operation(record, Action.UNCHANGED, hubspot_id=mine.hubspot_id, rule=rule)
            else:
                changed.append((record, mine.hubspot_id))
        yield from self._plan_changed(changed, names)

    def _plan_changed(
        self, changed: Sequence[tuple[PurchasesRecord, str]], names: Sequence[str]
    ) -> Iterator[Operation]:
        """Compare changed sums with what HubSpot holds now."""
        if not changed:
            return
        defined = [name for name in names if name in self._client.properties(OBJECT)]
        held = read_held(self._client, OBJECT, [number for _, number in changed], defined)
        for record, number in changed:
            company = held.get(number)
            if company is None:
                yield _operation(record, Action.CONFLICT, reason=GONE, candidates=(number,))
            else:
                yield self._compared(record, company)

    def _compared(self, record: PurchasesRecord, company: HubSpotRecord) -> Operation:
        found = changes(
            record.properties,
            company.properties,
            policies={},
            clear_on_null=frozenset(record.properties),
            definitions=self._client.properties(OBJECT),
        )
        return _operation(
            record,
            Action.UPDATE if found else Action.UNCHANGED,
            hubspot_id=company.id,
            rule=VISMA_ID,
            values={name: change.new for name, change in found.items()},
            previous={name: change.old for name, change in found.items()},
            held={name: value for name, value in company.properties.items() if value},
        )


def with_companies(plan: Iterable[Operation], ledger: LedgerReader) -> Iterator[Operation]:
    """Yield a plan's operations with the companies that the same run has made or linked otherwise since it was planned.

    To be applied when the companies are loaded; a supplier without a company is refused, and tried again by later runs.
    """
    for chunk in chunks(plan, CHUNK):
        known = ledger.identities(OBJECT, [one.key for one in chunk])
        for one in chunk:
            lacking = one.action is Action.UPDATE and one.hubspot_id is None
            if one.key in known and (lacking or one.hubspot_id is not None):
                yield replace(one, hubspot_id=known[one.key].hubspot_id)
            elif not lacking:
                yield one
            else:
                yield replace(one, action=Action.REJECT, values={}, reason=NO_COMPANY)


def _operation(
    record: PurchasesRecord,
    action: Action,
    *,
    hubspot_id: str | None = None,
    values: Properties | None = None,
    previous: Properties | None = None,
    rule: str | None = None,
    reason: str | None = None,
    candidates: tuple[str, ...] = (),
    held: Properties | None = None,
) -> Operation:
    return Operation(
        entity="purchases",
        object_type=OBJECT,
        action=action,
        keys=(record.key,),
        partition=record.partition,
        hubspot_id=hubspot_id,
        values=values or {},
        previous=previous or {},
        rule=rule,
        reason=reason,
        candidates=candidates,
        record=json.dumps(record.to_row(), ensure_ascii=False) if action in STORED else None,
        remembered={**(held or {}), WINDOW: record.partition},
    )


OLDER = "the sums of a newer window were synced before; an old window never overwrites them"
NO_COMPANY = "its supplier has no company in HubSpot"
