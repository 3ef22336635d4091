"""The filters of a search: which operators there are and how each compares (reference: hubspot 3)."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.definitions import PropertyDefinition
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import RefusedError, bad_request
from ml_connector.sandbox.hubspot.times import parse_moment

ORDERED = {"LT", "LTE", "GT", "GTE", "BETWEEN"}
OPERATORS = ORDERED | {
    "EQ", "NEQ", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
}  # fmt: skip

Test = Callable[[str, Mapping[str, str]], bool]
"""Whether a record, by id and the values search sees, passes."""


def test_of(account: Account, object_type: ObjectType, item: Mapping[str, Any]) -> Test:
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
        return _in_test(definition, listed(item), wanted=operator == "IN")
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
    ids = set(listed(item)) if operator == "IN" else {str(item.get("value"))}
    return lambda record_id, _: (
        not ids.isdisjoint(account.links.of(object_type.type_id, record_id, other.type_id))
    )


def listed(item: Mapping[str, Any]) -> list[str]:
    """Return the values of an IN filter. Raises RefusedError 400 without any."""
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
        goal = comparable(definition, value)
        if goal is None:
            raise bad_request(f"{value} is not a {definition.type}.")
        return lambda _, seen: (name in seen and comparable(definition, seen[name]) == goal) is wanted
    text = value if definition.type == "enumeration" else value.lower()
    return lambda _, seen: (name in seen and text in _parts(definition, seen[name])) is wanted


def comparable(definition: PropertyDefinition, value: str) -> Decimal | int | str | None:
    """Return a value in the form it is ordered by; None for one that does not fit the type."""
    if definition.type in ("date", "datetime"):
        return parse_moment(value)
    if definition.type == "number":
        try:
            return Decimal(value)
        except InvalidOperation:
            return None
    return value.lower()


def _ordered_test(definition: PropertyDefinition, operator: str, value: str, high: object) -> Test:
    low, top = comparable(definition, value), None
    if operator == "BETWEEN":
        top = comparable(definition, str(high)) if high is not None else None
    if low is None or (operator == "BETWEEN" and top is None):
        raise bad_request(f"Filter on {definition.name} needs a {definition.type}.")

    def passes(_: str, seen: Mapping[str, str]) -> bool:
        found: Any = comparable(definition, seen[definition.name]) if definition.name in seen else None
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
