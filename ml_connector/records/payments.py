"""Customer payments become HubSpot commerce payment records, for portals that are set up for them. Pure.

Payments, prepayments and refunds travel. A void payment is no record of its own: it turns the payment it takes back
into a refunded one. Credit notes and write-offs settle documents without money and are told on the documents.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from ml_connector.records.amounts import decimal, money_text
from ml_connector.records.booking_model import PaymentRecord
from ml_connector.records.days import day, noon
from ml_connector.records.fields import part, trouble, utc_stamp
from ml_connector.records.invoice_model import KINDS, VOIDED, document_key
from ml_connector.records.invoices import RELEASED, not_released
from ml_connector.records.model import Properties
from ml_connector.records.normal_forms import OddValueError, text
from ml_connector.visma.snapshots import SnapshotRows, Values, Version, newest

TRAVELLING = frozenset({"Payment", "Prepayment", "Refund"})


def payments(
    snapshot: SnapshotRows,
    *,
    connection: str,
    zone: ZoneInfo,
    stamp_zone: ZoneInfo,
    base_currency: str | None = None,
) -> Iterator[PaymentRecord]:
    """Yield one record per row of a snapshot of ``customer_payments``.

    Args:
        snapshot: the rows.
        connection: the connection's name, the first part of every id in HubSpot.
        zone: the company's zone: its dates are days there.
        stamp_zone: the zone of Visma's naive stamps.
        base_currency: ISO code of the company's own currency, in which payments in others are told as well.
    """
    for version in newest(snapshot):
        try:
            record = _payment(version, connection, zone, stamp_zone)
            yield replace(record, in_base=_in_base(version.values, base_currency))
        except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
            yield _unreadable(version, trouble(error))


def _payment(version: Version, connection: str, zone: ZoneInfo, stamp_zone: ZoneInfo) -> PaymentRecord:
    """Return the record of one row (``PaymentDto``, reference: visma 4.4)."""
    row = version.values
    kind, _, number = version.key.partition(":")
    status = text(row.get("status")) or ""
    customer = text(part(row, "customer", "number"))
    given_back = kind == "Refund" or status == VOIDED
    return PaymentRecord(
        kind=kind,
        number=number,
        status=status,
        stamp=version.stamp,
        partition=version.partition,
        customer=f"customer:{customer}" if customer else None,
        documents=documents(row),
        properties={
            "visma_payment_id": f"{connection}:{version.key}",
            "hs_initial_amount": money_text(abs(_amount(row))),
            "hs_initiated_date": noon(day(row.get("applicationDate")), zone),
            "hs_currency_code": text(row.get("currency")),
            "hs_latest_status": "refunded" if given_back else "succeeded",
            "hs_payment_method_type": "other",
            "hs_processor_type": "none",
            "hs_reference_number": text(row.get("paymentRef")) or number,
            "visma_last_modified": utc_stamp(version.stamp, stamp_zone),
        },
        skip=_skip(kind, status),
    )


def _amount(row: Values) -> Decimal:
    """Return the amount in the payment's currency.

    Raises:
        OddValueError: it is missing; to take it for zero would be a lie.
    """
    if row.get("paymentAmountInCurrency") is None:
        raise OddValueError("it has no paymentAmountInCurrency")
    return decimal(row["paymentAmountInCurrency"])


def _in_base(row: Values, base_currency: str | None) -> Properties:
    """Return what is another in base currency; empty for a payment in it, and where Visma does not say."""
    if base_currency in (None, text(row.get("currency"))) or row.get("paymentAmount") is None:
        return {}
    amount = money_text(abs(decimal(row["paymentAmount"])))
    return {"hs_initial_amount": amount, "hs_currency_code": base_currency}


def _skip(kind: str, status: str) -> str | None:
    if kind not in TRAVELLING:
        return f"it moves no money of its own: type {kind}"
    return None if status in RELEASED or status == VOIDED else not_released(status)


def documents(row: Values) -> tuple[str, ...]:
    """Return the keys of the documents that a payment's lines name, each once; payments it names are left out."""
    found = (
        document_key(line["documentType"], str(line.get("refNbr")))
        for line in row.get("paymentLines") or ()
        if line.get("documentType") in KINDS and line.get("refNbr")
    )
    return tuple(dict.fromkeys(found))


def _unreadable(version: Version, refusal: str) -> PaymentRecord:
    kind, _, number = version.key.partition(":")
    return PaymentRecord(kind, number, "", version.stamp, version.partition, None, (), {}, refusal=refusal)
