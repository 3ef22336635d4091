"""The rules a property value must follow, and the form it is kept in (reference: hubspot 8)."""

import re

from ml_connector.sandbox.hubspot.definitions import PropertyDefinition
from ml_connector.sandbox.hubspot.problems import RefusedError, invalid_json, invalid_value
from ml_connector.sandbox.hubspot.times import iso, parse_date, parse_moment

LONGEST_STRING = 65_536
NUMBER = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@([A-Za-z0-9æøåäöéüÆØÅÄÖÉÜ-]+\.)+[A-Za-z]{2,63}")


def as_text(name: str, value: object) -> str:
    """Return a JSON value of a property as text: numbers and truths are taken, as the real API takes them.

    Raises:
        RefusedError: 400 for null, a list or an object.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise invalid_json(f"cannot read the value of property {name} from {type(value).__name__}")


def kept_value(definition: PropertyDefinition, text: str, current: str | None) -> str:
    """Return the form in which ``text`` is kept; an empty string clears.

    Args:
        definition: the property.
        text: what was sent.
        current: the value now, which a leading ``;`` adds to.

    Raises:
        RefusedError: 400 VALIDATION_ERROR that embeds what is wrong.
    """
    if text == "":
        return ""
    kind = definition.type
    if kind == "string" or kind == "phone_number":
        return _string(definition, text)
    if kind == "number":
        if NUMBER.fullmatch(text) is None:
            raise invalid_value(definition.name, "INVALID_INTEGER", f"{text} was not a valid number.")
        return text
    if kind == "enumeration":
        return _enumeration(definition, text, current)
    if kind == "date":
        return _required(parse_date(text), definition, "INVALID_DATE", f"{text} was not a valid date.")
    if kind == "datetime":
        moment = parse_moment(text)
        if moment is None:
            raise _refusal(definition, "INVALID_DATE", f"{text} was not a valid date.")
        return iso(moment)
    if text not in ("true", "false"):
        raise _refusal(
            definition, "INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]"
        )
    return text


def _refusal(definition: PropertyDefinition, code: str, text: str) -> RefusedError:
    return invalid_value(definition.name, code, text)


def _required(value: str | None, definition: PropertyDefinition, code: str, text: str) -> str:
    if value is None:
        raise _refusal(definition, code, text)
    return value


def _string(definition: PropertyDefinition, text: str) -> str:
    if len(text) > LONGEST_STRING:
        raise _refusal(
            definition,
            "PROPERTY_VALUE_TOO_LONG",
            f"{definition.name} is longer than {LONGEST_STRING} characters",
        )
    return text


def _enumeration(definition: PropertyDefinition, text: str, current: str | None) -> str:
    if definition.field_type != "checkbox":
        chosen = [text]
    else:
        adds = text.startswith(";")
        chosen = [value for value in (current or "").split(";") if adds and value]
        chosen += [value for value in text.removeprefix(";").split(";") if value not in chosen]
    for value in chosen:
        if not definition.allows(value):
            allowed = ", ".join(option.value for option in definition.options)
            raise _refusal(
                definition, "INVALID_OPTION", f"{value} was not one of the allowed options: [{allowed}]"
            )
    return ";".join(chosen)


def checked_email(name: str, text: str) -> str:
    """Return an e-mail address in the lower case it is kept in.

    Raises:
        RefusedError: 400 INVALID_EMAIL.
    """
    if len(text) > 254 or EMAIL.fullmatch(text) is None or ".." in text:
        raise invalid_value(name, "INVALID_EMAIL", f"Email address {text} is invalid")
    return text.lower()
