"""What HubSpot checks and works out for invoices, line items and deals beyond one value (reference: hubspot 5, 7).

Transitions of a billable invoice follow its guide; one that is not billable is a record of what happened elsewhere, and
nothing about it is checked unless the account's settings say so.
"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal, InvalidOperation

from ml_connector.sandbox.hubspot.account import Account, NewLink
from ml_connector.sandbox.hubspot.problems import RefusedError, invalid_value
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.times import iso

TRANSITIONS: Mapping[str, Collection[str]] = {
    "draft": {"draft", "open"},
    "open": {"open", "voided"},
    "paid": {"paid"},
    "voided": {"voided"},
}
"""What a billable invoice may become through the API. Paid is left to payments: they cannot be recorded by hand."""

NEEDED = (("0-1", "INVOICE_TO_CONTACT"), ("0-8", "INVOICE_TO_LINE_ITEM"))
DATES = ("hs_invoice_date", "hs_due_date")
CLOSED_STAGES = {"closedwon": ("true", "true"), "closedlost": ("true", "false")}


def check_invoice(
    account: Account,
    record: Record | None,
    after: Mapping[str, str],
    changes: Mapping[str, str],
    links: Iterable[NewLink],
) -> None:
    """Check what an invoice is to become.

    Raises:
        RefusedError: 400 for a changed ``hs_invoice_billable``, a status it cannot have, or a missing association.
    """
    billable = after.get("hs_invoice_billable", "true")
    if record is not None and billable != record.values.get("hs_invoice_billable", "true"):
        raise invalid_value(
            "hs_invoice_billable", "READ_ONLY_VALUE", "hs_invoice_billable can only be set at creation."
        )
    wanted = changes.get("hs_invoice_status")
    if wanted is None:
        return
    if billable == "false":
        if account.settings.lines_needed_when_not_billable and wanted not in ("draft", "voided"):
            _check_links(account, record, links, NEEDED[1:])
        return
    before = record.values.get("hs_invoice_status", "draft") if record is not None else "draft"
    if wanted not in TRANSITIONS.get(before, ()):
        raise invalid_value(
            "hs_invoice_status",
            "INVALID_STATUS_TRANSITION",
            f"An invoice cannot go from {before} to {wanted}.",
        )
    if wanted == "open" and before == "draft":
        _check_links(account, record, links, NEEDED)


def _check_links(
    account: Account, record: Record | None, links: Iterable[NewLink], needed: Iterable[tuple[str, str]]
) -> None:
    linked = {link.to_type.type_id for link in links}
    for type_id, code in needed:
        has_one = record is not None and account.links.of("0-53", record.id, type_id)
        if not has_one and type_id not in linked:
            raise RefusedError(
                400,
                f"Invoice status cannot change: a required association is missing: {code}",
                sub_category="INVOICE_VALIDATION_ERROR",
                context={"association": [code]},
            )


def with_dates(account: Account, changes: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a new invoice with its dates: one that is left out is now (reference: hubspot 5)."""
    now = iso(account.now_ms())
    return {**changes, **{name: now for name in DATES if not changes.get(name)}}


def invoice_amounts(after: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return what is worked out of the amount billed and the status: what is paid and what is due."""
    if not {"hs_amount_billed", "hs_invoice_status"} & changes.keys() or not after.get("hs_amount_billed"):
        return {}
    billed, status = decimal(after, "hs_amount_billed"), after.get("hs_invoice_status", "draft")
    due = Decimal(0) if status in ("paid", "voided") else billed
    paid = billed if status == "paid" else Decimal(0)
    return {"hs_balance_due": shown(due), "hs_amount_paid": shown(paid)}


def line_amounts(account: Account, after: Mapping[str, str]) -> dict[str, str]:
    """Return the calculated amounts of a line item; a tax rate of the library gives its tax.

    Raises:
        RefusedError: 400 for a negative price, or a tax rate that the library does not have.
    """
    price = decimal(after, "price")
    if price < 0:
        raise invalid_value("price", "INVALID_NUMBER", "price must not be negative.")
    percent = _tax_percent(account, after.get("hs_tax_rate_group_id"))
    if not after.get("price"):
        return {}
    quantity = decimal(after, "quantity", "1")
    gross = price * quantity
    off = decimal(after, "discount") * quantity or gross * decimal(after, "hs_discount_percentage") / 100
    cost = decimal(after, "hs_cost_of_goods_sold") * quantity
    net = gross - off
    tax = decimal(after, "hs_tax_amount") if percent is None else net * percent / 100
    figures = {
        "hs_pre_discount_amount": gross,
        "hs_total_discount": off,
        "amount": net,
        "hs_post_tax_amount": net + tax,
        "hs_margin": net - cost,
    }
    if percent is not None:
        figures["hs_tax_amount"] = tax
    return {name: shown(figure) for name, figure in figures.items()}


def deal_flags(changes: Mapping[str, str]) -> dict[str, str]:
    """Return whether a deal is closed, and won, where its stage is written."""
    stage = changes.get("dealstage")
    if not stage:
        return {}
    closed, won = CLOSED_STAGES.get(stage, ("false", "false"))
    return {"hs_is_closed": closed, "hs_is_closed_won": won}


def decimal(values: Mapping[str, str], name: str, default: str = "0") -> Decimal:
    """Return a value as a number, the default where it is none."""
    try:
        return Decimal(values.get(name) or default)
    except InvalidOperation:
        return Decimal(default)


def shown(figure: Decimal) -> str:
    """Return a number as HubSpot keeps it: no zeros at the end."""
    return f"{figure.normalize():f}"


def _tax_percent(account: Account, rate_id: str | None) -> Decimal | None:
    if not rate_id:
        return None
    rates = {rate.id: rate.percentage for rate in account.settings.tax_rates}
    if rate_id not in rates:
        raise invalid_value(
            "hs_tax_rate_group_id", "INVALID_TAX_RATE", f"{rate_id} is not a tax rate of this account."
        )
    return Decimal(rates[rate_id])
