"""Operations and outcomes as what HubSpot is sent and what the ledger keeps: pure functions between these shapes."""

from collections.abc import Iterable

from ml_connector.causes.catalogue import cause_named, cause_of_reason
from ml_connector.hubspot.link_kinds import LinkKind, from_key, to_key
from ml_connector.hubspot.outcomes import Outcome, WriteInput
from ml_connector.ledger.entries import Entry, IdentityRow, LinkRow, RejectRow, Settlement
from ml_connector.plan.decided import RELEASES
from ml_connector.plan.operations import Action, Operation


def write_input(entry: Entry) -> WriteInput:
    """Return an operation as an input of a batch: an upsert on the unique id for a create, else an update by id.

    Where it archives, the record goes by its id, and there are no values.
    """
    operation = entry.operation
    if operation.action is Action.ARCHIVE:
        return WriteInput(entry.trace_id, operation.key, {}, str(operation.hubspot_id), None, archive=True)
    properties = {name: value or "" for name, value in operation.values.items()}
    if operation.id_property is None:
        return WriteInput(entry.trace_id, operation.key, properties, str(operation.hubspot_id), None)
    unique = properties.pop(operation.id_property)
    return WriteInput(entry.trace_id, operation.key, properties, unique, operation.id_property)


def identity_rows(operation: Operation, hubspot_id: str | None = None) -> list[IdentityRow]:
    """Return what is known of each Visma key once an operation stands: all are the same HubSpot record.

    What a record is let go of says nothing of where it is: that comes with the record that a person chose.
    """
    found = hubspot_id or operation.hubspot_id
    if found is None or operation.entity == RELEASES:
        return []
    return [
        IdentityRow(
            object_type=operation.object_type,
            key=key,
            hubspot_id=found,
            email=operation.email,
            fingerprint=operation.fingerprint,
            values={**operation.remembered, **operation.values},
            stamp=operation.stamp,
        )
        for key in operation.keys
    ]


def link_row(
    entry: Entry,
    kind: LinkKind,
    ids: tuple[str | None, str | None],
    types: Iterable[tuple[str, int]],
    status: str,
    reason: str | None,
) -> LinkRow:
    """Return the state of a link; ``ids`` are the HubSpot ids of its ends, where they are known."""
    return LinkRow(
        from_type=kind.from_type,
        from_key=from_key(entry),
        to_type=kind.to_type,
        to_key=to_key(entry),
        from_id=ids[0],
        to_id=ids[1],
        types=",".join(str(number) for _, number in types),
        status=status,
        reason=reason,
    )


def settlement(entry: Entry, outcome: Outcome) -> Settlement:
    """Return the ledger's line for an outcome."""
    return Settlement(
        entry=entry,
        status=str(outcome.status),
        hubspot_id=outcome.hubspot_id,
        http_status=outcome.http_status,
        category=outcome.category,
        message=outcome.message,
        correlation_id=outcome.correlation_id,
        created=outcome.created if entry.operation.action is Action.CREATE else None,
    )


def rejected_row(operation: Operation, outcome: Outcome) -> RejectRow:
    """Return an operation that HubSpot refused or did not confirm, to be tried again."""
    message = outcome.message or "HubSpot did not confirm it and it could not be read back."
    return _reject_row(operation, outcome.cause, message)


def unsendable_row(operation: Operation) -> RejectRow:
    """Return an operation that was planned as a conflict or as refused, to be tried again."""
    return _reject_row(operation, cause_of_reason(operation.reason), operation.reason or "")


def _reject_row(operation: Operation, cause: str, message: str) -> RejectRow:
    return RejectRow(
        entity=operation.entity,
        key=operation.key,
        cause=cause,
        message=message,
        remedy=cause_named(cause).remedy,
        record=operation.record,
        partition=operation.partition,
        version=operation.stamp or operation.partition,
    )
