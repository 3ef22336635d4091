"""The HubSpot properties a connection needs of documents, lines, payments and transactions. Data only.

The names are fixed. Amounts are in the document's currency, those of credit notes negative; HubSpot's own amounts
cannot all be written (reference: hubspot 5), so these are the ERP's truth.
"""

from ml_connector.hubspot.properties import PropertySpec
from ml_connector.hubspot.property_kinds import KEPT, amount, choice, day, moment, number, text

_INVOICES = "invoices"
_LINES = "line_items"
_PAYMENTS = "commerce_payments"

_VERSION = f"{KEPT} Of the version last written here."

INVOICE_PROPERTIES = (
    text(
        _INVOICES,
        "visma_invoice_id",
        "Visma invoice id",
        f"{KEPT} Connection, document type and number.",
        unique=True,
    ),
    choice(
        _INVOICES,
        "visma_document_type",
        "Visma document type",
        f"{KEPT} Invoice, credit note or debit note.",
        ("Invoice", "CreditNote", "DebitNote"),
    ),
    text(_INVOICES, "visma_number", "Visma number", f"{KEPT} The document's number in Visma."),
    amount(_INVOICES, "visma_amount", "Visma amount", f"{KEPT} With VAT; negative on credit notes."),
    amount(_INVOICES, "visma_vat_amount", "Visma VAT amount", f"{KEPT} Negative on credit notes."),
    amount(_INVOICES, "visma_balance", "Visma balance", f"{KEPT} What is still to be paid."),
    text(_INVOICES, "visma_status", "Visma status", f"{KEPT} The document's status in Visma."),
    day(_INVOICES, "visma_due_date", "Visma due date", f"{KEPT} The day it is to be paid by."),
    day(_INVOICES, "visma_paid_date", "Visma paid date", f"{KEPT} The day nothing was left to pay."),
    number(
        _INVOICES,
        "visma_days_overdue",
        "Days overdue",
        f"{KEPT} Days from the due date to the payment, or until now.",
    ),
    amount(
        _INVOICES, "visma_credited_amount", "Credited amount", f"{KEPT} What credit notes have taken off it."
    ),
    text(
        _INVOICES,
        "visma_pending_reason",
        "Why it is still a draft",
        f"{KEPT} An invoice is a draft until its lines and its links are all here.",
    ),
    moment(_INVOICES, "visma_last_modified", "Last changed in Visma", _VERSION),
)

LINE_PROPERTIES = (
    text(
        _LINES,
        "visma_line_id",
        "Visma line id",
        f"{KEPT} Connection, document type, number and line number.",
        unique=True,
    ),
    amount(
        _LINES, "visma_net_amount", "Visma net amount", f"{KEPT} Without VAT; negative where it takes off."
    ),
    number(_LINES, "visma_vat_rate", "Visma VAT rate", f"{KEPT} In percent."),
    amount(_LINES, "visma_vat_amount", "Visma VAT amount", f"{KEPT} The line's part of the document's VAT."),
)

PAYMENT_PROPERTIES = (
    text(
        _PAYMENTS,
        "visma_payment_id",
        "Visma payment id",
        f"{KEPT} Connection, payment type and number.",
        unique=True,
    ),
    moment(_PAYMENTS, "visma_last_modified", "Last changed in Visma", _VERSION),
)

STANDARD_INVOICE_PROPERTIES = (
    "hs_number",
    "hs_title",
    "hs_currency",
    "hs_invoice_status",
    "hs_invoice_billable",
    "hs_invoice_date",
    "hs_due_date",
    "hs_payment_date",
    "hs_purchase_order_number",
    "hs_comments",
    "hs_amount_billed",
)
"""HubSpot's own invoice properties that a document fills, where the portal lets them be written."""

STANDARD_LINE_PROPERTIES = (
    "name",
    "description",
    "hs_sku",
    "quantity",
    "price",
    "hs_discount_percentage",
    "hs_line_item_currency_code",
)
"""HubSpot's own line item properties that a line fills."""

STANDARD_PAYMENT_PROPERTIES = (
    "hs_initial_amount",
    "hs_initiated_date",
    "hs_currency_code",
    "hs_latest_status",
    "hs_payment_method_type",
    "hs_processor_type",
    "hs_reference_number",
)
"""HubSpot's own payment properties that a payment fills."""


def transaction_properties(object_type: str) -> tuple[PropertySpec, ...]:
    """Return the properties of transactions on the object that keeps them; amounts are in base currency."""
    return (
        text(
            object_type,
            "visma_transaction_id",
            "Visma transaction id",
            f"{KEPT} Connection, module and batch number.",
            unique=True,
        ),
        text(object_type, "visma_module", "Visma module", f"{KEPT} Where it was made, such as AR or GL."),
        text(object_type, "visma_batch_number", "Visma batch number", f"{KEPT} Its number in the journal."),
        amount(
            object_type, "visma_amount", "Visma amount", f"{KEPT} Credit less debit on the income accounts."
        ),
        text(object_type, "visma_period", "Visma period", f"{KEPT} Financial period."),
        day(object_type, "visma_transaction_date", "Visma transaction date", f"{KEPT} Date of the batch."),
        text(object_type, "visma_description", "Visma description", f"{KEPT} As in the journal."),
        text(object_type, "visma_dimensions", "Visma dimensions", f"{KEPT} Sub-account segments by name."),
        moment(object_type, "visma_last_modified", "Last changed in Visma", _VERSION),
    )
