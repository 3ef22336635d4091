"""What becomes of a create that HubSpot refused because a record is in its way: take it over, leave it, or try again.

Pure: the record in the way has been read.
"""

from collections.abc import Mapping
from dataclasses import replace

from ml_connector.hubspot.models import HubSpotRecord, PropertyDefinition
from ml_connector.plan.contacts import PROPOSED
from ml_connector.plan.merging import changes
from ml_connector.plan.operations import Action, Operation
from ml_connector.settings.merging import Policy

ANOTHER_RECORDS = "a HubSpot company of another Visma record holds one of its ids; a person has to choose"

ADDRESSES = ("email", "hs_additional_emails")
"""The properties that hold a contact's e-mail addresses."""


def adopted(
    operation: Operation,
    found: HubSpotRecord | None,
    *,
    policies: Mapping[str, Policy],
    definitions: Mapping[str, PropertyDefinition],
    proposed: bool = False,
) -> Operation:
    """Return a refused create as what it should be.

    A contact's address can belong to one that a person made between plan and load, or hold it as a further one; a
    contact of another Visma contact is that mailbox and is left as it is. A company of another Visma record is a
    conflict. What has gone, or given the address away, is no longer in the way.

    Args:
        operation: the create.
        found: the record HubSpot named, with the create's properties and, of a contact, :data:`ADDRESSES`; None where
            it has gone.
        policies: who wins, per property.
        definitions: the portal's properties; they say how values are compared.
        proposed: whether a person has to say that a record which nobody has taken is the one.
    """
    address = operation.values.get("email")
    if found is None or (address and address not in addresses_of(found)):
        return operation
    unique = str(operation.id_property)
    owner = found.properties.get(unique)
    taken = replace(operation, hubspot_id=found.id, id_property=None, rule="email" if address else unique)
    if owner and owner != operation.values[unique]:
        if operation.object_type == "contacts":
            return replace(taken, action=Action.UNCHANGED, values={})
        return _undecided(operation, found, ANOTHER_RECORDS)
    if proposed and not owner:
        return _undecided(operation, found, PROPOSED)
    new = changes(
        {name: value for name, value in operation.values.items() if name != "email"},
        found.properties,
        policies=policies,
        clear_on_null=frozenset(),
        definitions=definitions,
    )
    return replace(
        taken,
        action=Action.UPDATE if new else Action.UNCHANGED,
        values={name: change.new for name, change in new.items()},
        previous={name: change.old for name, change in new.items()},
    )


def _undecided(operation: Operation, found: HubSpotRecord, reason: str) -> Operation:
    return replace(operation, action=Action.CONFLICT, values={}, candidates=(found.id,), reason=reason)


def addresses_of(contact: HubSpotRecord) -> frozenset[str]:
    """Return all e-mail addresses of a contact that was read with :data:`ADDRESSES`, in lower case."""
    held = (
        contact.properties.get("email"),
        *(contact.properties.get("hs_additional_emails") or "").split(";"),
    )
    return frozenset(address.strip().lower() for address in held if address)
