"""One call to the account as its handlers see it, and the answer they give."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import QueryParams

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.object_types import ObjectType, require_scopes
from ml_connector.sandbox.hubspot.problems import bad_request, invalid_json, too_many_inputs

NEWEST = "2026-09"
OBJECT_BATCH = 100


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, JSON body (None for an empty one) and extra headers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated call. ``path`` holds the parts of the path, ``version`` is such as ``2026-09`` or ``v3``."""

    account: Account
    version: str
    path: Mapping[str, str]
    query: QueryParams
    raw: bytes

    def object_type(self, part: str = "object_type") -> ObjectType:
        """Return the object type a part of the path names."""
        return self.account.types.find(self.path[part])

    def require(self, *needed: tuple[str, ...]) -> None:
        """Check the token's scopes: one of every group. Raises RefusedError 403."""
        require_scopes(self.account.settings.scopes, *needed)

    def require_records(self, right: str, *types: ObjectType) -> None:
        """Check the scopes that open records of ``types``. Raises RefusedError 403."""
        self.require(*((object_type.record_scopes(right),) for object_type in types))

    def json(self) -> Any:
        """Return the parsed body. Raises RefusedError 400."""
        try:
            return json.loads(self.raw)
        except ValueError as error:
            raise invalid_json(f"unexpected content ({type(error).__name__})") from None

    def mapping(self) -> dict[str, Any]:
        """Return the parsed body, which must be an object. Raises RefusedError 400."""
        body = self.json()
        if not isinstance(body, dict):
            raise invalid_json("an object is expected")
        return body

    def inputs(self, limit: int = OBJECT_BATCH) -> list[dict[str, Any]]:
        """Return the ``inputs`` of a batch. Raises RefusedError 400 over the limit or when they are no objects."""
        inputs = self.mapping().get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
            raise invalid_json("inputs must be a list of objects")
        if not inputs:
            raise bad_request("The batch has no inputs.")
        if len(inputs) > limit:
            raise too_many_inputs(limit)
        return inputs

    def names(self, parameter: str) -> list[str]:
        """Return a list parameter of the query, given repeatedly or with commas."""
        return [name for value in self.query.getlist(parameter) for name in value.split(",") if name]

    def flag(self, parameter: str) -> bool:
        """Return a true or false parameter of the query."""
        return self.query.get(parameter, "false").lower() == "true"

    def whole(self, parameter: str, default: int, largest: int) -> int:
        """Return a positive whole number of the query. Raises RefusedError 400 for others or one over ``largest``."""
        text = self.query.get(parameter)
        if not text:
            return default
        if not text.isdigit() or not 1 <= int(text) <= largest:
            raise bad_request(f"Invalid value for {parameter}: it must be between 1 and {largest}.")
        return int(text)

    def created(self) -> int:
        """Return the status of a batch create in this version (reference: hubspot 2)."""
        return self.account.settings.batch_create_status if self.version == NEWEST else 201

    def partial(self) -> int:
        """Return the status of a batch answer with errors in this version (reference: hubspot 2)."""
        return self.account.settings.partial_status if self.version == NEWEST else 207


def text_id(item: Mapping[str, Any], name: str = "id") -> str:
    """Return an id of an input as text. Raises RefusedError 400 when there is none."""
    value = item.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise invalid_json(f"{name} must be a string that is not empty")
    return value


def repeated(values: Sequence[str]) -> list[str]:
    """Return the values that occur more than once, each once."""
    seen: set[str] = set()
    found: dict[str, None] = {}
    for value in values:
        if value in seen:
            found[value] = None
        seen.add(value)
    return list(found)
