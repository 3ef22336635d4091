"""Search: its own limits, its letter-case rules, and the time a change takes to be found (reference: hubspot 3)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.calls import Call, Reply
from ml_connector.sandbox.hubspot.definitions import PropertyDefinition
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import RefusedError, bad_request, invalid_json
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.showing import read_json
from ml_connector.sandbox.hubspot.times import parse_moment

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
ORDERED = {"LT", "LTE", "GT", "GTE", "BETWEEN"}
OPERATORS = ORDERED | {
    "EQ", "NEQ", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
}  # fmt: skip

Test = Callable[[str, Mapping[str, str]], bool]
"""Whether a record, by id and the values search sees, passes."""


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
        tests = [[_test(call.account, object_type, item) for item in group] for group in groups]
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


def _test(account: Account, object_type: ObjectType, item: Mapping[str, Any]) -> Test:
    """Return the test of one filter. Raises RefusedError 400 for an unknown property, operator or missing value."""
    name, operator = str(item.get("propertyName")), item.get("operator")
    if operator not in OPERATORS:
        raise bad_request(f"Invalid operator: {operator}")
    if name.startswith("associations."):
        return _association_test(account, object_type, name, str(operator), item)
    definition = account.catalogue(object_type).get(name)
    if definition is None:
        raise RefusedError(400, f"There was a problem with the request: property {name} does not exist.")
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        wanted = operator == "HAS_PROPERTY"
        return lambda _, values: (name in values) is wanted
    if operator in ("IN", "NOT_IN"):
        return _in_test(definition, _listed(item), wanted=operator == "IN")
    value = item.get("value")
    if not isinstance(value, str):
        raise bad_request(f"Filter on {name} needs a value.")
    if operator in ("EQ", "NEQ"):
        return _equal_test(definition, value, wanted=operator == "EQ")
    if operator in ORDERED:
        return _ordered_test(definition, str(operator), value, item.get("highValue"))
    wanted = operator == "CONTAINS_TOKEN"
    return lambda _, values: _has_token(values.get(name, ""), value) is wanted


def _association_test(
    account: Account, object_type: ObjectType, name: str, operator: str, item: Mapping[str, Any]
) -> Test:
    other = account.types.find(name.partition(".")[2])
    if other.custom_name or object_type.custom_name:
        raise bad_request("Searching by association is not possible for custom objects.")
    if operator not in ("EQ", "IN"):
        raise bad_request(f"Invalid operator for {name}: {operator}")
    ids = set(_listed(item)) if operator == "IN" else {str(item.get("value"))}
    return lambda record_id, _: (
        not ids.isdisjoint(account.links.of(object_type.type_id, record_id, other.type_id))
    )


def _listed(item: Mapping[str, Any]) -> list[str]:
    values = item.get("values")
    if not isinstance(values, list) or not values:
        raise bad_request(f"Filter on {item.get('propertyName')} needs values.")
    return [str(value) for value in values]


def _parts(definition: PropertyDefinition, value: str) -> list[str]:
    """Return what a filter compares: the choices of an enumeration in their case, else the value in lower case."""
    if definition.type == "enumeration":
        return value.split(";")
    return [value.lower()]


def _in_test(definition: PropertyDefinition, sent: Sequence[str], *, wanted: bool) -> Test:
    """Values of IN on text must be in lower case already: others match nothing (reference: hubspot 3)."""
    values, name = frozenset(sent), definition.name
    return lambda _, seen: (name in seen and not values.isdisjoint(_parts(definition, seen[name]))) is wanted


def _equal_test(definition: PropertyDefinition, value: str, *, wanted: bool) -> Test:
    name = definition.name
    if definition.type in ("number", "date", "datetime"):
        goal = _comparable(definition, value)
        if goal is None:
            raise bad_request(f"{value} is not a {definition.type}.")
        return lambda _, seen: (name in seen and _comparable(definition, seen[name]) == goal) is wanted
    text = value if definition.type == "enumeration" else value.lower()
    return lambda _, seen: (name in seen and text in _parts(definition, seen[name])) is wanted


def _comparable(definition: PropertyDefinition, value: str) -> Decimal | int | str | None:
    if definition.type in ("date", "datetime"):
        return parse_moment(value)
    if definition.type == "number":
        try:
            return Decimal(value)
        except InvalidOperation:
            return None
    return value.lower()


def _ordered_test(definition: PropertyDefinition, operator: str, value: str, high: object) -> Test:
    low, top = _comparable(definition, value), None
    if operator == "BETWEEN":
        top = _comparable(definition, str(high)) if high is not None else None
    if low is None or (operator == "BETWEEN" and top is None):
        raise bad_request(f"Filter on {definition.name} needs a {definition.type}.")

    def passes(_: str, seen: Mapping[str, str]) -> bool:
        found: Any = _comparable(definition, seen[definition.name]) if definition.name in seen else None
        if found is None:
            return False
        bounds: dict[str, bool] = {
            "LT": found < low,
            "LTE": found <= low,
            "GT": found > low,
            "GTE": found >= low,
            "BETWEEN": found >= low and (top is None or found <= top),
        }
        return bounds[operator]

    return passes


def _has_token(text: str, pattern: str) -> bool:
    words = text.lower().replace("@", " ").replace(".", " ").replace("-", " ").split()
    goal = pattern.lower()
    if goal.startswith("*") or goal.endswith("*"):
        return goal.strip("*") in text.lower()
    tokens = goal.replace("@", " ").replace(".", " ").replace("-", " ").split()
    return all(token in words for token in tokens)


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
            return definition.name, [value.lower() for value in _listed(item)]
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
        (_comparable(definition, seen[name]), (record, seen)) for record, seen in found if name in seen
    ]
    with_value.sort(key=lambda pair: pair[0], reverse=descending)
    return [hit for _, hit in with_value] + [hit for hit in found if name not in hit[1]]
