"""How values read on the portal's pages: labels for codes, dates and amounts in words and groups, links where safe."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import quote

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.definitions import PropertyDefinition
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.pages.markup import Child, tag
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.times import parse_moment

EMPTY = "–"
NARROW_SPACE = "\u202f"
LONGEST_WHOLE = 26
AMOUNT_NAMES = re.compile(r"(amount|balance|price|revenue|purchases|fees|billed|paid)(_|$)")
DOCUMENTS = {"CreditNote": "Credit note", "DebitNote": "Debit note"}
"""What an invoice record is called when it stands for another document."""
STATUS_TONES = {
    "paid": "good",
    "succeeded": "good",
    "closedwon": "good",
    "customer": "good",
    "open": "busy",
    "draft": "calm",
    "voided": "calm",
    "closedlost": "calm",
    "failed": "bad",
}


def title_of(object_type: ObjectType, record: Record) -> str:
    """Return what a record is called."""
    values = record.values
    if object_type.type_id == "0-1":
        name = " ".join(part for part in (values.get("firstname"), values.get("lastname")) if part)
        return name or values.get("email") or f"Contact {record.id}"
    if object_type.type_id == "0-53":
        number = values.get("hs_number") or values.get("visma_number")
        word = DOCUMENTS.get(values.get("visma_document_type", ""), "Invoice")
        return f"{word} {number or record.id}"
    known = values.get(object_type.display_property) or values.get("domain")
    return known or f"{object_type.singular_label} {record.id}"


def initials(title: str) -> str:
    """Return one or two letters for a badge."""
    words = [word for word in re.split(r"[\s\-–/]+", title) if word and word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def day(text: str) -> str:
    """Return a date or moment as ``20 Nov 2026``."""
    moment = parse_moment(text)
    if moment is None:
        return text
    shown = datetime.fromtimestamp(moment / 1000, UTC)
    return f"{shown.day} {shown:%b %Y}"


def moment(text: str) -> str:
    """Return a moment as ``20 Nov 2026, 08:15 UTC``; midnight is shown as the day."""
    parsed = parse_moment(text)
    if parsed is None:
        return text
    if parsed % 86_400_000 == 0:
        return day(text)
    return f"{day(text)}, {datetime.fromtimestamp(parsed / 1000, UTC):%H:%M} UTC"


def number(text: str, *, amount: bool = False) -> str:
    """Return a number with its thousands apart; amounts always have two decimals or more."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    value = abs(value) if value == 0 else value
    decimals = max(-int(value.as_tuple().exponent), 2) if amount else max(-int(value.as_tuple().exponent), 0)
    return f"{value:,.{decimals}f}".replace(",", NARROW_SPACE)


def plain(account: Account, definition: PropertyDefinition | None, text: str) -> str:
    """Return a value as words."""
    if definition is None:
        return text
    if definition.external_options:
        owners = {owner.id: f"{owner.first_name} {owner.last_name}" for owner in account.settings.owners}
        return owners.get(text, text)
    if definition.type in ("enumeration", "bool") and definition.options:
        labels = {option.value: option.label for option in definition.options}
        return ", ".join(labels.get(part, part) for part in text.split(";"))
    if definition.type == "date":
        return day(text)
    if definition.type == "datetime":
        return moment(text)
    if definition.type == "number" and not definition.name.endswith(("_id", "companyid")):
        return number(text, amount=AMOUNT_NAMES.search(definition.name) is not None)
    return text


def shown(account: Account, definition: PropertyDefinition | None, text: str | None) -> Child:
    """Return a value for a page: a link for addresses and telephone numbers, a dash for nothing."""
    if not text:
        return tag("span", EMPTY, class_="none")
    name = definition.name if definition is not None else ""
    if name == "email":
        return tag("a", text, href=f"mailto:{quote(text, safe='@')}", class_=whole(text))
    if name in ("phone", "mobilephone"):
        return tag("a", text, href=f"tel:{re.sub(r'[^0-9+]', '', text)}", class_="whole")
    if name in ("website", "domain"):
        address = text if text.startswith(("http://", "https://")) else f"https://{text}"
        return tag("a", text, href=address, rel="noreferrer", class_=whole(text))
    words = plain(account, definition, text)
    if definition is not None and definition.type in ("date", "datetime", "number"):
        return tag("span", words, class_="whole")
    return words


def whole(text: str) -> str | None:
    """Return the class that keeps a short text on one line; a long one may break."""
    return "whole" if len(text) <= LONGEST_WHOLE else None


def pill(label: str, code: str = "") -> Child:
    """Return a small coloured word."""
    return tag("span", label, class_=f"pill {STATUS_TONES.get(code, 'plain')}")


def money(text: str | None, currency: str | None) -> Child:
    """Return an amount with its currency."""
    if not text:
        return tag("span", EMPTY, class_="none")
    return f"{number(text, amount=True)} {currency or ''}".strip()
