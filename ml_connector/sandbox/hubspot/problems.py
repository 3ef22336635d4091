"""The refusals of the sandbox account, with the status, category and text HubSpot is known to use.

Every builder returns a :class:`RefusedError`. Where the exact text of the real API was not found, the category and the
code words a client may look for are right and the sentence is the sandbox's own (reference: hubspot 10 and 15).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

BATCH_LIMIT_TEXT = (
    "The maximum number of inputs supported in a batch is {limit}. "
    "Please reduce the number of items and try again"
)

HISTORY_LIMIT = 50
"""Inputs of a batch read and records of a page where history is asked for: clients of HubSpot have met both."""

HISTORY_LIMIT_TEXT = (
    "The maximum number of inputs supported in a batch request for property histories is {limit}."
)


class RefusedError(Exception):
    """A refusal: an HTTP status and the fields of HubSpot's error body."""

    def __init__(
        self,
        status: int,
        message: str,
        category: str | None = "VALIDATION_ERROR",
        *,
        sub_category: str | None = None,
        context: Mapping[str, Sequence[str]] | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.category = category
        self.sub_category = sub_category
        self.context = dict(context or {})
        self.errors = list(errors)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    def body(self, correlation_id: str) -> dict[str, Any]:
        """Return the body of an answer that is this refusal."""
        body: dict[str, Any] = {"status": "error", "message": self.message, "correlationId": correlation_id}
        if self.category is not None:
            body["category"] = self.category
        if self.sub_category is not None:
            body["subCategory"] = self.sub_category
        if self.context:
            body["context"] = self.context
        if self.errors:
            body["errors"] = self.errors
        return body | self.extra

    def item(self, context: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Return this refusal as one entry of a batch answer's ``errors``, with more context."""
        item: dict[str, Any] = {
            "status": "error",
            "category": self.category or "VALIDATION_ERROR",
            "message": self.message,
            "context": {**self.context, **{name: list(values) for name, values in context.items()}},
            "errors": self.errors,
            "links": {},
        }
        if self.sub_category is not None:
            item["subCategory"] = self.sub_category
        return item


def invalid_value(name: str, code: str, text: str) -> RefusedError:
    """Return the 400 for one bad property value; the message embeds a JSON list (reference: hubspot 8)."""
    embedded = [
        {"isValid": False, "message": text, "error": code, "name": name, "localizedErrorMessage": text}
    ]
    return RefusedError(
        400,
        f"Property values were not valid: {json.dumps(embedded, ensure_ascii=False, separators=(',', ':'))}",
        errors=[{"message": text, "code": code, "context": {"propertyName": [name]}}],
    )


def unknown_property(name: str) -> RefusedError:
    """Return the 400 PROPERTY_DOESNT_EXIST."""
    return invalid_value(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')


def read_only_property(name: str) -> RefusedError:
    """Return the 400 for a property whose value only HubSpot sets."""
    return invalid_value(
        name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
    )


def required_properties(names: Sequence[str]) -> RefusedError:
    """Return the 400 for properties that a new record needs."""
    text = f"Error creating record. Some required properties were not set: {list(names)}"
    return RefusedError(
        400,
        text,
        errors=[
            {"message": text, "code": "MISSING_REQUIRED_PROPERTIES", "context": {"properties": list(names)}}
        ],
    )


def contact_exists(existing_id: str) -> RefusedError:
    """Return the 409 for an e-mail address another contact holds (reference: hubspot 9)."""
    return RefusedError(409, f"Contact already exists. Existing ID: {existing_id}", "CONFLICT")


def same_in_batch() -> RefusedError:
    """Return the 409 for an e-mail address that two inputs of one batch carry."""
    return RefusedError(
        409, "Contact already exists: another input of this batch has the same email.", "CONFLICT"
    )


def unique_conflict(name: str, value: str, existing_id: str) -> RefusedError:
    """Return the 400 for a unique value another record holds; its exact body is not known (reference: hubspot 15)."""
    return invalid_value(
        name,
        "CONFLICTING_UNIQUE_VALUE",
        f"CONFLICTING_UNIQUE_VALUE: {value} is already set on record {existing_id} for {name}",
    )


def non_unique_id_property(type_id: str, name: str, portal_id: int) -> RefusedError:
    """Return the 400 for an idProperty that is not unique (reference: hubspot 3)."""
    return RefusedError(
        400,
        f"Unable to perform update/upsert by non-unique {type_id} property {name} in portal ID {portal_id}",
    )


def duplicate_ids(ids: Sequence[str]) -> RefusedError:
    """Return the 400 for one id or key sent twice in a batch (reference: hubspot 3)."""
    return RefusedError(
        400,
        f"Duplicate IDs found in batch input: [{', '.join(ids)}]. IDs must be unique",
        context={"ids": list(ids)},
    )


def too_many_inputs(limit: int) -> RefusedError:
    """Return the 400 for a batch over its limit."""
    return RefusedError(400, BATCH_LIMIT_TEXT.format(limit=limit))


def too_many_histories() -> RefusedError:
    """Return the 400 for a batch read over the limit of reads with history."""
    return RefusedError(400, HISTORY_LIMIT_TEXT.format(limit=HISTORY_LIMIT))


def bad_request(message: str) -> RefusedError:
    """Return a plain 400 VALIDATION_ERROR."""
    return RefusedError(400, message)


def invalid_json(detail: str) -> RefusedError:
    """Return the 400 for a body that is not the expected JSON; it has no category (reference: hubspot 10)."""
    return RefusedError(400, f"Invalid input JSON on line 1, column 1: {detail}", None)


def not_found(message: str = "resource not found") -> RefusedError:
    """Return the 404 OBJECT_NOT_FOUND."""
    return RefusedError(404, message, "OBJECT_NOT_FOUND")


def some_not_found(singular: str, ids: Sequence[str]) -> RefusedError:
    """Return the entry of a 207 that names records which are not there (reference: hubspot 3)."""
    return RefusedError(
        404,
        f"Could not get some {singular.upper()} objects, they may be deleted or not exist. Check that ids are valid.",
        "OBJECT_NOT_FOUND",
        context={"ids": list(ids)},
    )


def missing_scopes(scopes: Sequence[str]) -> RefusedError:
    """Return the 403 that names the scopes of which one is needed."""
    return RefusedError(
        403,
        "This app hasn't been granted all required scopes to make this call.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
    )


def invalid_authentication() -> RefusedError:
    """Return the 401 for a bearer that is missing or unknown."""
    return RefusedError(401, "Authentication credentials not found or not valid.", "INVALID_AUTHENTICATION")
