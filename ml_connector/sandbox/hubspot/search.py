"""Search: its own limits, its letter-case rules, and the time a change takes to be found (reference: hubspot 3)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.calls import Call, Reply
from ml_connector.sandbox.hubspot.definitions import PropertyDefinition
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import bad_request, invalid_json
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.search_filters import Test, comparable, listed, test_of
from ml_connector.sandbox.hubspot.showing import read_json

BODY_LIMIT = 3_000
RESULT_LIMIT = 10_000
PAGE_LIMIT = 200
MOST_GROUPS, MOST_FILTERS_IN_GROUP, MOST_FILTERS = 5, 6, 18
QUERY_PROPERTIES = (
    "name",
    "domain",
    "phone",
    "email",
    "firstname",
    "lastname",
    "company",
    "dealname",
    "website",
)


def search(call: Call) -> Reply:
    """POST /crm/objects/V/{type}/search."""
    object_type = call.object_type()
    call.require_records("read", object_type)
    if len(call.raw.decode("utf-8", errors="replace")) > BODY_LIMIT:
        raise bad_request(f"The request body is longer than {BODY_LIMIT} characters.")
    body = call.mapping()
    limit, after = _page(body)
    groups = _groups(body)
    order = _order(body)
    query = str(body.get("query") or "")
    if not groups and not query and order is None:
        page, total = _everything(call.account, object_type, limit, after)
    else:
        tests = [[test_of(call.account, object_type, item) for item in group] for group in groups]
        found = _found(call.account, object_type, groups, tests, query)
        if order is not None:
            found = _sorted(found, call.account.catalogue(object_type).get(order[0]), order)
        page, total = [record for record, _ in found[after : after + limit]], len(found)
    wanted = [str(name) for name in body.get("properties") or []]
    answer: dict[str, Any] = {
        "total": total,
        "results": [read_json(call.account, object_type, record, wanted) for record in page],
    }
    if after + limit < total:
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return Reply(200, answer)


def _everything(
    account: Account, object_type: ObjectType, limit: int, after: int
) -> tuple[list[Record], int]:
    """Return a page of all records and their number without looking at each: only the newest can be unseen."""
    store, now = account.store(object_type), account.now_ms()
    total = len(store.active)
    while total and store.records[str(store.active[total - 1])].seen_by_search(now) is None:
        total -= 1
    numbers = store.active[:total][after : after + limit]
    return [store.records[str(number)] for number in numbers], total


def _page(body: Mapping[str, Any]) -> tuple[int, int]:
    limit, after = body.get("limit", 10), body.get("after") or "0"
    if not isinstance(limit, int) or not 0 < limit <= PAGE_LIMIT:
        raise bad_request(f"Invalid limit: it must be between 1 and {PAGE_LIMIT}.")
    if not str(after).isdigit():
        raise bad_request("Invalid after: it must be a whole number.")
    if int(after) + limit > RESULT_LIMIT:
        raise bad_request(f"Search returns at most {RESULT_LIMIT} results; paging further is not possible.")
    return limit, int(after)


def _groups(body: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    try:
        groups = [list(group["filters"]) for group in body.get("filterGroups") or []]
    except (KeyError, TypeError):
        raise invalid_json("a filter group needs filters") from None
    if len(groups) > MOST_GROUPS:
        raise bad_request(f"too many filterGroups (count: {len(groups)}, max allowed: {MOST_GROUPS})")
    if any(len(group) > MOST_FILTERS_IN_GROUP for group in groups):
        raise bad_request(f"too many filters in a group (max allowed: {MOST_FILTERS_IN_GROUP})")
    if sum(map(len, groups)) > MOST_FILTERS:
        raise bad_request(f"too many filters (max allowed: {MOST_FILTERS})")
    return groups


def _order(body: Mapping[str, Any]) -> tuple[str, bool] | None:
    sorts = body.get("sorts") or []
    if len(sorts) > 1:
        raise bad_request(f"too many sorts (count: {len(sorts)}, max allowed: 1)")
    if not sorts:
        return None
    if isinstance(sorts[0], str):
        return sorts[0].lstrip("-"), sorts[0].startswith("-")
    return str(sorts[0].get("propertyName")), sorts[0].get("direction") == "DESCENDING"


def _found(
    account: Account,
    object_type: ObjectType,
    groups: Sequence[Sequence[Mapping[str, Any]]],
    tests: Sequence[Sequence[Test]],
    query: str,
) -> list[tuple[Record, Mapping[str, str]]]:
    """Return the records that pass all tests of one group, in the order of their ids, with the values search sees."""
    now = account.now_ms()
    found: list[tuple[Record, Mapping[str, str]]] = []
    for record in _candidates(account, object_type, groups):
        seen = record.seen_by_search(now)
        if seen is None:
            continue
        if tests and not any(all(test(record.id, seen) for test in group) for group in tests):
            continue
        if query and not _matches_query(seen, query.lower()):
            continue
        found.append((record, seen))
    return found


def _matches_query(seen: Mapping[str, str], query: str) -> bool:
    text = " ".join(seen.get(name, "") for name in QUERY_PROPERTIES).lower()
    return all(word in text for word in query.split())


def _candidates(
    account: Account, object_type: ObjectType, groups: Sequence[Sequence[Mapping[str, Any]]]
) -> Iterator[Record]:
    """Yield the records worth testing: those an index names when every group asks for exact values, else all."""
    store = account.store(object_type)
    lookups = [_lookup(account, object_type, group) for group in groups]
    if lookups and all(lookup is not None for lookup in lookups):
        hits = {
            int(record.id): record
            for lookup in lookups
            if lookup is not None
            for record in store.ever_had(lookup[0], lookup[1])
        }
        yield from (hits[number] for number in sorted(hits))
        return
    for number in store.active:
        yield store.records[str(number)]


def _lookup(
    account: Account, object_type: ObjectType, group: Iterable[Mapping[str, Any]]
) -> tuple[str, list[str]] | None:
    """Return a property and values (lower case) that an exact filter on text in the group asks for."""
    for item in group:
        definition = account.catalogue(object_type).get(str(item.get("propertyName")))
        if definition is None or definition.type not in ("string", "phone_number"):
            continue
        if item.get("operator") == "EQ":
            return definition.name, [str(item.get("value")).lower()]
        if item.get("operator") == "IN":
            return definition.name, [value.lower() for value in listed(item)]
    return None


def _sorted(
    found: list[tuple[Record, Mapping[str, str]]],
    definition: PropertyDefinition | None,
    order: tuple[str, bool],
) -> list[tuple[Record, Mapping[str, str]]]:
    """Return the hits in the asked order; records without a value come last."""
    if definition is None:
        raise bad_request(f"Property {order[0]} to sort by does not exist.")
    name, descending = order
    with_value: list[tuple[Any, tuple[Record, Mapping[str, str]]]] = [
        (comparable(definition, seen[name]), (record, seen)) for record, seen in found if name in seen
    ]
    with_value.sort(key=lambda pair: pair[0], reverse=descending)
    return [hit for _, hit in with_value] + [hit for hit in found if name not in hit[1]]
