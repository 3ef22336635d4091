"""Looking records up by id, by unique value, or by search: the calls behind the client's methods of those names."""

from collections.abc import Iterable, Sequence
from typing import Any

from ml_connector.errors import PermanentApiError
from ml_connector.hubspot import paths, search
from ml_connector.hubspot.answers import problems_in
from ml_connector.hubspot.calls import Call, Caller, chunks, results_of
from ml_connector.hubspot.limits import Bucket
from ml_connector.hubspot.models import HubSpotRecord, record_from

NOT_FOUND = 404

BATCH_SIZE = 100
"""Inputs per batch call (reference: hubspot 3)."""


def next_page(body: dict[str, Any]) -> str | None:
    """Return the cursor of the next page, or None on the last one."""
    after = ((body.get("paging") or {}).get("next") or {}).get("after")
    return None if after is None else str(after)


def read_batches(
    caller: Caller,
    object_type: str,
    ids: Iterable[str],
    properties: Sequence[str],
    id_property: str | None,
) -> dict[str, HubSpotRecord]:
    """Do what :meth:`ml_connector.hubspot.client.HubSpotClient.batch_read` says."""
    wanted = list(dict.fromkeys(ids))
    names = list(dict.fromkeys([*properties, *_naming(id_property)]))

    def read(part: Sequence[str]) -> dict[str, HubSpotRecord]:
        found, missing = _read_once(caller, object_type, part, names, id_property)
        silent = [item for item in part if item not in found and item not in missing]
        if silent:
            # An answer that drops a record without a word has been seen; absence needs to be said (peers 2.2).
            found |= _read_once(caller, object_type, silent, names, id_property)[0]
        return found

    found: dict[str, HubSpotRecord] = {}
    for records in caller.parallel(read, chunks(wanted, BATCH_SIZE)):
        found |= records
    return found


def read_one(
    caller: Caller, object_type: str, record_id: str, properties: Sequence[str]
) -> HubSpotRecord | None:
    """Do what :meth:`ml_connector.hubspot.client.HubSpotClient.survivor` says."""
    params = {"properties": ",".join(properties)}
    try:
        body = caller.call(Call("GET", paths.object_named(object_type, record_id), params=params))
    except PermanentApiError as error:
        if error.status == NOT_FOUND:
            return None
        raise
    return record_from(body)


def _read_once(
    caller: Caller, object_type: str, ids: Sequence[str], names: Sequence[str], id_property: str | None
) -> tuple[dict[str, HubSpotRecord], frozenset[str]]:
    """Send one batch read; return the records by the id asked for, and the ids that HubSpot says are missing."""
    body: dict[str, Any] = {
        "inputs": [{"id": item} for item in ids],
        "properties": list(names),
        "propertiesWithHistory": [],
    }
    if id_property:
        body["idProperty"] = id_property
    answer = caller.call_partial(Call("POST", paths.object_batch(object_type, "read"), body))
    found = by_asked_id((record_from(item) for item in results_of(answer)), ids, id_property)
    missing: set[str] = set()
    for problem in problems_in(answer):
        if problem.category != "OBJECT_NOT_FOUND":
            raise PermanentApiError(
                f"HubSpot could not read some {object_type}: {problem.plain()}", category=problem.category
            )
        missing |= problem.ids or frozenset(item for item in ids if item not in found)
    return found, frozenset(missing)


def by_asked_id(
    records: Iterable[HubSpotRecord], ids: Sequence[str], id_property: str | None
) -> dict[str, HubSpotRecord]:
    """Return records by the id asked for, never by position; HubSpot may change the case of a value."""
    exact = set(ids)
    folded = {item.casefold(): item for item in ids}
    found: dict[str, HubSpotRecord] = {}
    for record in records:
        for name in _names_of(record, id_property):
            asked = name if name in exact else folded.get(name.casefold())
            if asked is not None:
                found[asked] = record
    return found


def _naming(id_property: str | None) -> tuple[str, ...]:
    """Return the properties that tell under which value a record was asked for."""
    if id_property is None:
        return ()
    return (id_property, "hs_additional_emails") if id_property == "email" else (id_property,)


def _names_of(record: HubSpotRecord, id_property: str | None) -> tuple[str, ...]:
    """Return what a record may have been asked for by: its value, or its id and the ids merged into it."""
    if id_property is not None:
        first, others = record.properties.get(id_property) or "", "hs_additional_emails"
    else:
        first, others = record.id, "hs_merged_object_ids"
    more = (record.properties.get(others) or "").split(";") if id_property in (None, "email") else []
    return tuple(name for name in (first, *more) if name)


def search_values(
    caller: Caller,
    object_type: str,
    property_name: str,
    values: Iterable[str],
    properties: Sequence[str],
    *,
    fold: bool,
) -> list[HubSpotRecord]:
    """Do what :meth:`ml_connector.hubspot.client.HubSpotClient.search` says; ``fold`` lowers the values' case."""
    parts = search.cut(property_name, values, properties, fold=fold)
    found: dict[str, HubSpotRecord] = {}
    for records in caller.parallel(
        lambda part: _search_part(caller, object_type, property_name, part, properties), parts
    ):
        found.update((record.id, record) for record in records)
    return list(found.values())


def _search_part(
    caller: Caller, object_type: str, property_name: str, values: Sequence[str], properties: Sequence[str]
) -> list[HubSpotRecord]:
    """Read all results for the values; where there are over 10,000 the values are halved."""
    records: list[HubSpotRecord] = []
    after: str | None = "0"
    while after is not None:
        body = search.body_of(property_name, values, properties, after)
        call = Call("POST", paths.search(object_type), body, bucket=Bucket.SEARCH)
        answer = caller.call(call, sensitive=values)
        if int(answer.get("total") or 0) > search.MAX_RESULTS or len(records) > search.MAX_RESULTS:
            return _search_halves(caller, object_type, property_name, values, properties)
        records.extend(record_from(item) for item in results_of(answer))
        after = next_page(answer)
    return records


def _search_halves(
    caller: Caller, object_type: str, property_name: str, values: Sequence[str], properties: Sequence[str]
) -> list[HubSpotRecord]:
    if len(values) == 1:
        raise PermanentApiError(
            f"More than {search.MAX_RESULTS} {object_type} share one value of {property_name}.",
            remedy="Match on a property that tells records apart.",
        )
    middle = len(values) // 2
    return [
        record
        for half in (values[:middle], values[middle:])
        for record in _search_part(caller, object_type, property_name, half, properties)
    ]
