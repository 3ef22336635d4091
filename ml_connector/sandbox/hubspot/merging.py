"""Merging two records of a type into one (reference: hubspot 9)."""

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import bad_request, not_found
from ml_connector.sandbox.hubspot.records import Record, Source

MOST_IDENTITIES = 250


def merge(
    account: Account, object_type: ObjectType, primary_id: str, other_id: str, source: Source
) -> Record:
    """Merge the second record into the first and return the survivor.

    The survivor keeps its own values and takes the other's where it has none; extra e-mail addresses and domains are
    kept as additional ones; associations follow. With ``merge_gives_new_id`` the survivor is a third record.

    Raises:
        RefusedError: 404 for a record that is not there; 400 for a record with itself or too many identities.
    """
    store = account.store(object_type)
    primary, other = store.get(primary_id), store.get(other_id)
    if primary is None or other is None:
        raise not_found()
    if primary is other:
        raise bad_request("A record cannot be merged with itself.")
    merged_ids = [*_merged(primary), *_merged(other), other_id]
    if len(merged_ids) > MOST_IDENTITIES:
        raise bad_request(f"Cannot have more than {MOST_IDENTITIES} identities on a profile")
    values = _kept(object_type, primary.values, other.values)
    type_id = object_type.type_id
    if account.settings.merge_gives_new_id:
        survivor = account.create(store, {}, source)
        links = [primary_id, other_id]
        merged_ids.append(primary_id)
        retired = [primary, other]
    else:
        survivor, links, retired = primary, [other_id], [other]
    for record_id in links:
        account.links.move(type_id, record_id, survivor.id)
    for record in retired:
        store.retire(record, merged_into=survivor.id)
    values["hs_merged_object_ids"] = ";".join(merged_ids)
    account.write(store, survivor, values, source)
    if type_id == "0-1":
        account.note_primary(survivor.id)
    return survivor


def _merged(record: Record) -> list[str]:
    return [item for item in record.values.get("hs_merged_object_ids", "").split(";") if item]


def _kept(object_type: ObjectType, first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """Return the values of the survivor, without those HubSpot keeps for each record."""
    own = {*object_type.system_properties, "hs_createdate", "hs_merged_object_ids", "associatedcompanyid"}
    values = {name: value for name, value in {**second, **first}.items() if name not in own}
    for main, additional in (("email", "hs_additional_emails"), ("domain", "hs_additional_domains")):
        if main not in values:
            continue
        everything = [
            part
            for record in (first, second)
            for name in (main, additional)
            for part in record.get(name, "").split(";")
            if part
        ]
        extra = [part for part in dict.fromkeys(everything) if part != values[main]]
        if extra:
            values[additional] = ";".join(extra)
    return values
