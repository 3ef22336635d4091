"""The records that a run put into the recycle bin: lines are made again from the ledger, the rest is for a person.

HubSpot has no call that restores (reference: hubspot 3).
"""

from collections.abc import Iterable, Iterator, Sequence

from ml_connector.plan.lines import INVOICE_TIES
from ml_connector.plan.operations import Action, Operation
from ml_connector.records.invoice_model import document_key
from ml_connector.undo.ledger import UndoReader
from ml_connector.undo.made import INVOICES, LINES
from ml_connector.undo.model import PREFIX, RULE, Write, Written

LINE_ID = "visma_line_id"
IN_THE_BIN = "that run archived it; a person can restore it from HubSpot's recycle bin for 90 days"
NOT_KNOWN = "that run archived it, and the ledger does not know all it held; see HubSpot's recycle bin"


class RemovedRecords:
    """Plans what becomes of the records that a run archived.

    Args:
        reader: the ledger.
        writable: the names of the properties of line items that can be written.
    """

    def __init__(self, reader: UndoReader, writable: Iterable[str]) -> None:
        self._reader = reader
        self._writable = frozenset(writable)

    def plan(self, some: Sequence[Written]) -> Iterator[Operation]:
        """Yield what makes lines again with their links, and what stays away with the reason; of one type."""
        gone = [one.archived for one in some if one.archived is not None]
        if not gone:
            return
        there = self._reader.known(gone[0].object_type, (one.key for one in gone))
        gone = [one for one in gone if one.key not in there]
        if gone and gone[0].object_type == LINES:
            yield from self._lines(gone)
        else:
            yield from (_operation(one, Action.SKIP, reason=IN_THE_BIN) for one in gone)

    def _lines(self, gone: Sequence[Write]) -> Iterator[Operation]:
        histories = self._reader.histories(one.key for one in gone)
        parents = self._reader.known(INVOICES, (parent_of(one.key) for one in gone))
        for one in gone:
            values = self._values(one, histories.get(one.key, ()))
            if LINE_ID not in values or parent_of(one.key) not in parents:
                yield _operation(one, Action.SKIP, reason=NOT_KNOWN)
                continue
            yield _operation(one, Action.CREATE, values=values, id_property=LINE_ID)
            yield _link(one)

    def _values(self, gone: Write, history: Iterable[Write]) -> dict[str, str | None]:
        """Return what the ledger knows a record to have held when it was archived."""
        values: dict[str, str | None] = {}
        for write in history:
            if write.hubspot_id == gone.hubspot_id and write.id < gone.id:
                values.update(write.values)
        return {name: value for name, value in values.items() if value and name in self._writable}


def parent_of(line: str) -> str:
    """Return the key of a line's document: ``invoice:100234`` of ``line:Invoice:100234:3``."""
    _, document_type, rest = line.split(":", 2)
    return document_key(document_type, rest.rpartition(":")[0])


def _link(gone: Write) -> Operation:
    parent = parent_of(gone.key)
    return Operation(
        entity=PREFIX + INVOICE_TIES.entity,
        object_type=INVOICES,
        action=Action.LINK,
        keys=(f"{parent}>{gone.key}",),
        partition=gone.partition,
        values={"from": parent, "to": gone.key, "to_type": LINES},
        rule=RULE,
    )


def _operation(
    gone: Write,
    action: Action,
    *,
    values: dict[str, str | None] | None = None,
    id_property: str | None = None,
    reason: str | None = None,
) -> Operation:
    return Operation(
        entity=PREFIX + gone.entity,
        object_type=gone.object_type,
        action=action,
        keys=(gone.key,),
        partition=gone.partition,
        hubspot_id=None if action is Action.CREATE else gone.hubspot_id,
        id_property=id_property,
        values=values or {},
        rule=RULE if action is Action.CREATE else None,
        reason=reason,
    )
