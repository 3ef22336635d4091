"""The plan of an undo: the operations that take back what a run wrote, and what stays, with the reason."""

from collections.abc import Iterator

from ml_connector.plan.openings import DRAFT, STATUS
from ml_connector.plan.operations import Action, Operation
from ml_connector.undo.changed import ChangedRecords
from ml_connector.undo.ledger import UndoReader
from ml_connector.undo.links import ChangedLinks
from ml_connector.undo.made import LINES, MadeJudge, MadeRecords, Place
from ml_connector.undo.model import PREFIX, RULE
from ml_connector.undo.portal import Portal
from ml_connector.undo.removed import RemovedRecords

OPENINGS = f"{PREFIX}openings"


def plan_undo(reader: UndoReader, portal: Portal, mark: str) -> Iterator[Operation]:
    """Yield the operations that take back what a run wrote, in no order of their carrying out. Reads only.

    What is as it was before the run already needs nothing, so a second undo goes on where a first one was broken off.

    Args:
        reader: the ledger, about the run.
        portal: the portal.
        mark: see :class:`ChangedRecords`.
    """
    made = MadeJudge(reader, portal).judge()
    yield from _gone(made)
    changed = ChangedRecords(reader, portal, mark)
    for some in reader.written():
        rest = [one for one in some if not one.made and one.archived is None]
        yield from changed.plan(rest)
        lines = portal.writable(LINES) if some[0].object_type == LINES else ()
        yield from RemovedRecords(reader, lines).plan(some)
    yield from ChangedLinks(reader, portal, made).plan()


def _gone(made: MadeRecords) -> Iterator[Operation]:
    """Yield the end of records that the run made; those that somebody has touched since stay."""
    for place, one in made.made.items():
        kept = made.kept.get(place)
        if kept is not None:
            yield _operation(made, place, Action.SKIP, reason=kept.reason)
            continue
        if one.status:
            # HubSpot archives drafts only, unless the account allows more (reference: hubspot 5).
            values = {STATUS: DRAFT}
            yield _operation(made, place, Action.UPDATE, entity=OPENINGS, values=values)
        yield _operation(made, place, Action.ARCHIVE)


def _operation(
    made: MadeRecords,
    place: Place,
    action: Action,
    *,
    entity: str | None = None,
    values: dict[str, str] | None = None,
    reason: str | None = None,
) -> Operation:
    one = made.made[place]
    return Operation(
        entity=entity or one.entity,
        object_type=place[0],
        action=action,
        keys=one.keys,
        partition=one.partition,
        hubspot_id=place[1],
        rule=None if action is Action.SKIP else RULE,
        values=values or {},
        previous={STATUS: one.status} if values else {},
        reason=reason,
        edits=() if action is Action.ARCHIVE else None,
    )
