"""Customer invoices, credit notes and debit notes become HubSpot invoices with line items. Pure.

Amounts are in the document's currency; those of credit notes are negative in our properties, although Visma gives them
as positive (reference: visma 4.1).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.records import normal_forms
from ml_connector.records.amounts import ZERO, cents, decimal, money_text
from ml_connector.records.days import day, iso, noon
from ml_connector.records.field_rules import INVOICES, NO_RULES, FieldRules
from ml_connector.records.fields import free_text, part, trouble, utc_stamp
from ml_connector.records.invoice_model import CREDIT_NOTE, KINDS, VOIDED, Figures, InvoiceRecord
from ml_connector.records.lines import Money, line_records
from ml_connector.records.normal_forms import OddValueError, text
from ml_connector.visma.snapshots import SnapshotRows, Values, Version, newest

RELEASED = frozenset({"Open", "Closed"})
"""Statuses of documents and payments that count; on hold or only balanced, one may still change or vanish (reference:
visma 4.2)."""


def base_currency(currencies: SnapshotRows) -> str | None:
    """Return the ISO code of the company's own currency from a snapshot of ``currencies``, None if it names none."""
    for version in newest(currencies):
        if version.values.get("isBaseCurrency") is True:
            return text(version.values.get("id"))
    return None


def invoices(snapshots: Iterable[SnapshotRows], mapper: "DocumentMapper") -> Iterator[InvoiceRecord]:
    """Yield one record per document of the snapshots (invoices, credit notes, debit notes), each document once."""
    for snapshot in snapshots:
        for version in newest(snapshot):
            yield mapper.document(version)


@dataclass(frozen=True, slots=True)
class DocumentMapper:
    """Maps the documents of one connection.

    Args:
        connection: the connection's name, the first part of every id in HubSpot.
        zone: the company's zone: its dates are days there.
        stamp_zone: the zone of Visma's naive stamps.
        as_of: the day up to which days overdue are counted: the last of the run's newest window.
        reference_fields: fields of a document that may name a deal.
        base_currency: ISO code of the company's own currency, in which documents in others are told as well; None tells
            them in their own alone.
    """

    connection: str
    zone: ZoneInfo
    stamp_zone: ZoneInfo
    as_of: date
    reference_fields: Sequence[str] = ()
    base_currency: str | None = None
    rules: FieldRules = NO_RULES

    def document(self, version: Version) -> InvoiceRecord:
        """Return the record of one row (``CustomerInvoiceDto`` and its kin, reference: visma 4.4).

        A row that cannot be read gives a record with a refusal, so that it never stops its neighbours.
        """
        try:
            return self._document(version)
        except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
            return _unreadable(version, trouble(error))

    def _document(self, version: Version) -> InvoiceRecord:
        row = version.values
        kind, _, number = version.key.partition(":")
        status = text(row.get("status")) or ""
        currency = text(row.get("currencyId")) or ""
        customer = text(part(row, "customer", "number"))
        contact = text(part(row, "contact", "id"))
        address = normal_forms.email(part(row, "invoiceContact", "email"))
        foreign = self.base_currency not in (None, currency)
        fields = self.rules.fields(INVOICES, row)
        own = self.rules.mapped(INVOICES, fields)
        return InvoiceRecord(
            document_type=kind,
            number=number,
            status=status,
            stamp=version.stamp,
            partition=version.partition,
            customer=f"customer:{customer}" if customer else None,
            contacts=(f"contact:{contact}",) if contact else (),
            emails=(address,) if address else (),
            references={name: found for name in self.reference_fields if (found := _word(row.get(name)))},
            document_date=day(row.get("documentDate")),
            figures=self._figures(version, Money(currency, "InCurrency")),
            in_base=self._in_base(version) if foreign else None,
            skip=_skip(kind, status),
            refusal=_refusal(currency, row.get("documentDate")) or own.refusal,
            fields=fields,
            mapped=own.properties,
        )

    def _figures(self, version: Version, money: Money) -> Figures:
        """Return what a document comes to in one currency."""
        row, own_id, sign = version.values, f"{self.connection}:{version.key}", sign_of(version.key)
        amount = sign * money.needed(row, "amount")
        rows = row.get("invoiceLines") if row.get("invoiceLines") is not None else row.get("lines")
        return Figures(
            currency=money.currency,
            amount=amount,
            net=amount - sign * money.of(row, "vatTotal"),
            properties={
                "visma_invoice_id": own_id,
                "hs_currency": money.currency,
                **self._amounts(row, money, sign),
                **self._descriptions(version),
            },
            lines=line_records(rows or (), row, money, document_id=own_id, sign=sign),
        )

    def _in_base(self, version: Version) -> Figures | None:
        """Return what a document comes to in base currency; None where Visma does not say, as few will ask."""
        try:
            return self._figures(version, Money(str(self.base_currency), ""))
        except (OddValueError, ArithmeticError):
            return None

    def _amounts(self, row: Values, money: Money, sign: int) -> dict[str, str | None]:
        """Return what is owed and paid, and the status and dates that follow from it.

        A credit note is never due. HubSpot takes a date-time that is left out for now, so its own is always filled
        (reference: hubspot 5).
        """
        amount, balance = sign * money.needed(row, "amount"), sign * money.needed(row, "balance")
        status = "voided" if row.get("status") == VOIDED else "open" if balance else "paid"
        paid = paid_date(row) if status == "paid" else None
        due = day(row.get("documentDueDate"))
        owed_by = due if sign > 0 else None
        return {
            "hs_invoice_status": status,
            "hs_due_date": noon(due or day(row.get("documentDate")), self.zone),
            "hs_payment_date": noon(paid, self.zone),
            "hs_amount_billed": money_text(max(amount, ZERO)),
            "visma_amount": money_text(amount),
            "visma_vat_amount": money_text(sign * money.of(row, "vatTotal")),
            "visma_balance": money_text(balance),
            "visma_due_date": iso(owed_by),
            "visma_paid_date": iso(paid),
            "visma_days_overdue": str(days_overdue(owed_by, self.as_of if status == "open" else paid)),
            "visma_credited_amount": money_text(credited(row, money)),
        }

    def _descriptions(self, version: Version) -> dict[str, str | None]:
        """Return what does not depend on the currency."""
        row = version.values
        kind, _, number = version.key.partition(":")
        return {
            "hs_number": number,
            "hs_title": f"{kind} {number}",
            "hs_invoice_date": noon(day(row.get("documentDate")), self.zone),
            "hs_purchase_order_number": free_text(row.get("customerRefNumber")),
            "hs_comments": free_text(row.get("invoiceText")),
            "visma_document_type": kind,
            "visma_number": number,
            "visma_status": text(row.get("status")),
            "visma_last_modified": utc_stamp(version.stamp, self.stamp_zone),
        }


def _skip(kind: str, status: str) -> str | None:
    """Return why a document does not travel, or None. The lists may name other types (reference: visma 4.2)."""
    if kind not in KINDS:
        return f"documents of type {kind} do not travel"
    return None if status in RELEASED or status == VOIDED else not_released(status)


def _refusal(currency: str, dated: object) -> str | None:
    """Return why a document cannot be sent, or None. Without a date HubSpot would say that it is of today."""
    if not currency:
        return "it has no currency"
    return None if day(dated) else "it has no date"


def sign_of(key: str) -> int:
    """Return -1 for the key of a credit note, such as ``CreditNote:200012``, else 1."""
    return -1 if key.startswith(f"{CREDIT_NOTE}:") else 1


def not_released(status: str) -> str:
    """Return why a document, payment or batch does not travel."""
    return f"it is not released: status {status or 'unknown'}"


def applications(row: Values) -> Iterator[Mapping[str, Any]]:
    """Yield what was applied to a document and not taken back: no voided application, and no void of one."""
    for item in row.get("applications") or ():
        if item.get("voided") is not True and item.get("docType") != "VoidPayment":
            yield item


def paid_date(row: Values) -> date | None:
    """Return the day of the last application to a document, which is when it was paid if nothing is owed any more."""
    days = (day(item.get("applicationDate")) for item in applications(row))
    return max((found for found in days if found), default=None)


def days_overdue(due: date | None, until: date | None) -> int:
    """Return whole days from the due date to a day, never negative; 0 where either is missing."""
    return max(0, (until - due).days) if due and until else 0


def credited(row: Values, money: Money) -> Decimal:
    """Return how much of a document credit notes have taken.

    Visma says it in the document's currency only; in base it is the same part of the amount in base.
    """
    taken = (
        decimal(item.get("amountPaid")) for item in applications(row) if item.get("docType") == CREDIT_NOTE
    )
    whole = sum(taken, ZERO)
    if money.suffix or not whole:
        return whole
    return cents(whole * money.needed(row, "amount") / decimal(row.get("amountInCurrency")))


def _word(value: object) -> str | None:
    """Return a reference as text; what is no single value is none."""
    return text(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _unreadable(version: Version, refusal: str) -> InvoiceRecord:
    kind, _, number = version.key.partition(":")
    return InvoiceRecord(
        document_type=kind,
        number=number,
        status="",
        stamp=version.stamp,
        partition=version.partition,
        customer=None,
        contacts=(),
        emails=(),
        references={},
        document_date=None,
        figures=Figures("", ZERO, ZERO, {}, ()),
        refusal=refusal,
    )
