"""Rules that go beyond one value: what a record of a certain type must be, become or not be."""

from collections.abc import Iterable, Mapping

from ml_connector.sandbox.hubspot.account import Account, NewLink
from ml_connector.sandbox.hubspot.commerce_rules import (
    check_invoice,
    deal_flags,
    invoice_amounts,
    line_amounts,
    with_dates,
)
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import (
    bad_request,
    invalid_value,
    required_properties,
)
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.standard.common import LIFECYCLE_STAGES

STAGE_ORDER = {value: order for order, (value, _) in enumerate(LIFECYCLE_STAGES)}
CURRENCY_PROPERTIES = {
    "0-53": "hs_currency",
    "0-101": "hs_currency_code",
    "0-8": "hs_line_item_currency_code",
}


def check_new(account: Account, object_type: ObjectType, changes: Mapping[str, str]) -> None:
    """Check that a new record has what it needs (reference: hubspot 3).

    Raises:
        RefusedError: 400 that names the missing properties.
    """
    given = {name for name, value in changes.items() if value}
    needed = (*object_type.required_all, *account.settings.required_on_create.get(object_type.name, ()))
    missing = [name for name in needed if name not in given]
    if missing:
        raise required_properties(missing)
    if object_type.required_any and given.isdisjoint(object_type.required_any):
        raise required_properties(object_type.required_any)
    if object_type.type_id == "0-101" and not account.settings.payments_enabled:
        raise bad_request("This account is not set up to collect payments.")


def settled(
    account: Account,
    object_type: ObjectType,
    record: Record | None,
    changes: dict[str, str],
    links: Iterable[NewLink] = (),
) -> dict[str, str]:
    """Return the changes with what HubSpot adds or leaves out by itself.

    Raises:
        RefusedError: 400 for a change the record's type does not allow.
    """
    before = record.values if record is not None else {}
    code = CURRENCY_PROPERTIES.get(object_type.type_id)
    if code is not None and changes.get(code):
        _check_currency(account, code, changes[code])
    stage = changes.get("lifecyclestage")
    if stage and STAGE_ORDER.get(stage, 0) < STAGE_ORDER.get(before.get("lifecyclestage", ""), 0):
        changes = {name: value for name, value in changes.items() if name != "lifecyclestage"}
    if object_type.type_id == "0-53":
        changes = with_dates(account, changes) if record is None else changes
        after = {**before, **changes}
        check_invoice(account, record, after, changes, links)
        changes = {**changes, **invoice_amounts(after, changes)}
    if object_type.type_id == "0-8":
        changes = _with_product(account, changes) if record is None else changes
        changes = {**changes, **line_amounts(account, {**before, **changes})}
    if object_type.type_id == "0-3":
        changes = {**({"pipeline": "default"} if record is None else {}), **changes, **deal_flags(changes)}
    return {**changes, **_searchable(changes), **_contact_extras(object_type, before, changes)}


def check_archive(account: Account, object_type: ObjectType, record: Record) -> None:
    """Check that a record may be archived: of invoices drafts only, unless the account allows open ones.

    Raises:
        RefusedError: 400 for an invoice that must stay.
    """
    if object_type.type_id != "0-53":
        return
    status = record.values.get("hs_invoice_status", "draft")
    allowed = {"draft", "open"} if account.settings.open_invoices_deletable else {"draft"}
    if status not in allowed:
        raise bad_request(f"Invoice {record.id} is {status} and cannot be deleted.")


def _check_currency(account: Account, name: str, code: str) -> None:
    settings = account.settings
    if code not in (settings.company_currency, *settings.additional_currencies):
        raise invalid_value(name, "INVALID_CURRENCY", f"{code} is not a currency of this account.")


def _with_product(account: Account, changes: dict[str, str]) -> dict[str, str]:
    """Return the changes of a new line item with what it takes over from its product."""
    product = account.stores["0-7"].get(changes.get("hs_product_id", ""))
    if product is None:
        return changes
    taken = {name: product.values[name] for name in FROM_PRODUCT if name in product.values}
    return {**taken, **changes}


FROM_PRODUCT = ("name", "price", "hs_sku", "description", "hs_cost_of_goods_sold")
CALLING_CODES = ("354", "358", "44", "45", "46", "47", "49")
PHONES = {
    "phone": "hs_searchable_calculated_phone_number",
    "mobilephone": "hs_searchable_calculated_mobile_number",
}


def _searchable(changes: Mapping[str, str]) -> dict[str, str]:
    """Return the forms of telephone numbers that search uses: digits without the country's code."""
    return {PHONES[name]: local_number(changes[name]) for name in PHONES if name in changes}


def local_number(phone: str) -> str:
    """Return the digits of a telephone number without a Nordic, British or German calling code."""
    digits = "".join(sign for sign in phone if sign.isdigit())
    if not phone.strip().startswith(("+", "00")):
        return digits
    digits = digits.removeprefix("00")
    return next((digits.removeprefix(code) for code in CALLING_CODES if digits.startswith(code)), digits)


def _contact_extras(
    object_type: ObjectType, before: Mapping[str, str], changes: Mapping[str, str]
) -> dict[str, str]:
    if object_type.type_id != "0-1" or not {"email", "firstname", "lastname"} & set(changes):
        return {}
    after = {**before, **changes}
    name = " ".join(part for part in (after.get("firstname", ""), after.get("lastname", "")) if part)
    email = after.get("email", "")
    return {"hs_full_name_or_email": name or email, "hs_email_domain": email.rpartition("@")[2]}
