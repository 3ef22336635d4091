"""What a planned write is worth by the time it is carried out: other runs may have synced since. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ml_connector.ledger.queries import Identity
from ml_connector.plan.known import is_older
from ml_connector.plan.operations import Action, Operation

OVERTAKEN = "another run synced a newer version since this was planned"
CARRIED_OUT = "this was carried out since it was planned"
NEVER_THERE = "it was never made in HubSpot"


def as_it_stands(operation: Operation, known: Mapping[str, Identity]) -> Operation:
    """Return a write as a skip where a newer version was synced, as unchanged where it was carried out already.

    ``known`` are the identities of its keys.
    """
    # A contact's stamp is that of the row that names it; the other keys share its mailbox only.
    compared = operation.keys if operation.object_type == "companies" else operation.keys[:1]
    mine = [known[key] for key in compared if key in known]
    if is_older(operation.stamp, mine):
        return unsent(operation, Action.SKIP, OVERTAKEN, operation.hubspot_id)
    if operation.action is Action.ARCHIVE:
        return _archive_as_it_stands(operation, mine)
    if _carried_out(operation, known):
        return unsent(operation, Action.UNCHANGED, CARRIED_OUT, mine[0].hubspot_id)
    return operation


def _archive_as_it_stands(operation: Operation, mine: Sequence[Identity]) -> Operation:
    """Return an archive with the record it is about, or as unsent where there is none, or another one by now."""
    held = mine[0].hubspot_id if mine else operation.hubspot_id
    if held is None:
        return unsent(operation, Action.UNCHANGED, NEVER_THERE, None)
    if held != (operation.hubspot_id or held):
        return unsent(operation, Action.SKIP, OVERTAKEN, None)
    return replace(operation, hubspot_id=held, id_property=None)


def unsent(operation: Operation, action: Action, reason: str, hubspot_id: str | None) -> Operation:
    """Return an operation that is not sent, and why."""
    return replace(
        operation, action=action, hubspot_id=hubspot_id, values={}, previous={}, rule=None, reason=reason
    )


def _carried_out(operation: Operation, known: Mapping[str, Identity]) -> bool:
    """Return whether what a plan wants was synced after it was made: by another run, or when it was loaded before."""
    mine = [known[key] for key in operation.keys if key in known]
    whole = bool(operation.fingerprint) and len(mine) == len(operation.keys)
    # One that a person links with another HubSpot record wants what it wanted, but there.
    whole = whole and operation.hubspot_id in (None, mine[0].hubspot_id)
    return whole and all(
        identity.fingerprint == operation.fingerprint and identity.hubspot_id == mine[0].hubspot_id
        for identity in mine
    )
