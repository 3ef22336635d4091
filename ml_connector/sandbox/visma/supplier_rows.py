"""Suppliers' invoices as Visma rows (reference: visma 4.4). ``X`` is base, ``XInCurrency`` the document's currency."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ml_connector.sandbox.books.documents import Document, Line
from ml_connector.sandbox.books.money import ONE
from ml_connector.sandbox.visma.book_parts import (
    BRANCH,
    NOTHING,
    account,
    both,
    closed_period,
    four,
    moment,
    sparse,
    subaccount,
    tax_rows,
    vat_code,
)

_NULLS: Mapping[str, Any] = {
    "attachments": [],
    "approvalDetails": None,
    "landedCosts": [],
    "paymentRefNo": None,
    "retainageApply": False,
    "cashDiscountDate": None,
    "withholdingTax": NOTHING,
    "withholdingTaxInCurrency": NOTHING,
    "buyerReference": None,
    "roundingDiff": NOTHING,
    "roundingDiffInCurrency": NOTHING,
    "taxCalculationMode": "TaxSetting",
    "paySelected": False,
    "curyRetainageTotal": NOTHING,
    "curyRetainageUnreleasedAmt": NOTHING,
    "documentVersionNumber": 1,
    "approvalStatus": "New",
    "cashDiscount": NOTHING,
    "cashDiscountInCurrency": NOTHING,
    "createdDateTime": None,
    "lastModifiedDateTime": None,
    "note": None,
    "paymentMessage": None,
    "cashAccount": "1920",
    "timeStamp": None,
    "errorInfo": None,
}


def supplier_invoice_row(document: Document) -> dict[str, Any]:
    """Return a supplier's document without its stamps; ``amount`` and ``vatAmount`` have no twin and are base."""
    partner, totals, base = document.partner, document.totals, document.base
    row = {
        **_NULLS,
        "taxDetailLines": tax_rows(document.taxes),
        "invoiceLines": [_invoice_line(line, document.rate) for line in document.lines],
        "hold": document.stage == "Hold",
        "exchangeRate": document.rate,
        "creditTerms": partner.terms,
        **both("detailTotal", totals.detail, base.detail),
        **both("discountTotal", totals.discount, base.discount),
        **both("vatTaxableTotal", totals.taxable, base.taxable),
        **both("vatExemptTotal", totals.exempt, base.exempt),
        "amount": four(base.amount),
        "vatAmount": four(base.vat),
        "supplierTaxZone": partner.vat_zone,
        "supplier": {"internalId": partner.internal_id, "number": partner.number, "name": partner.name},
        "documentType": document.type,
        "referenceNumber": document.number,
        "postPeriod": f"{document.day:%m%Y}",
        "financialPeriod": document.period,
        "date": moment(document.day),
        "origInvoiceDate": moment(document.day),
        "dueDate": moment(document.due),
        "status": document.status,
        "currencyId": document.currency,
        **both("balance", document.balance, document.balance_base),
        "paymentMethod": {"id": "2", "description": "Remittering"},
        "supplierReference": document.external,
        "description": document.text,
        "closedFinancialPeriod": closed_period(document),
        "location": partner.location,
        **both("vatTotal", totals.vat, base.vat),
        "branchNumber": BRANCH,
        "payDate": moment(document.due),
    }
    return sparse(row, int(document.number[-3:]))


GLANCE: Mapping[str, Callable[[Document], Any]] = {
    "supplier": lambda document: {"number": document.partner.number},
    "documentType": lambda document: document.type,
    "status": lambda document: document.status,
    "financialPeriod": lambda document: document.period,
    "branchNumber": lambda _: BRANCH,
    "date": lambda document: moment(document.day),
    "dueDate": lambda document: moment(document.due),
    "balance": lambda document: document.balance_base,
    "invoiceLines": lambda document: [{"inventoryNumber": line.item} for line in document.lines],
}
"""What the list filters suppliers' documents by."""


def _invoice_line(line: Line, rate: Decimal) -> dict[str, Any]:
    base_price = line.price if rate == ONE else line.price * rate
    return {
        "lineNumber": line.number,
        "inventoryNumber": line.item,
        "externalInventoryId": None,
        "stockItem": False,
        "transactionDescription": line.text,
        "quantity": four(line.quantity),
        "uom": line.uom,
        "unitCost": four(base_price),
        "unitCostInCurrency": four(line.price),
        "cost": four(line.net_base),
        "costInCurrency": four(line.net),
        "discountPercent": four(line.percent),
        "discountAmount": four(line.discount_base),
        "discountAmountInCurrency": four(line.discount),
        "discountUnitCost": four(base_price),
        "discountUnitCostInCurrency": four(line.price),
        "manualDiscount": False,
        "account": account(line.account),
        "subaccount": subaccount(line.subaccount),
        "prebookAccount": None,
        "prebookSubaccount": None,
        "deferralSchedule": None,
        "deferralScheduleNbr": None,
        "deferralCode": None,
        "vatCode": vat_code(line.vat),
        "poNumber": line.order,
        "poLineNr": line.order_line,
        "poReceiptNbr": None,
        "poReceiptLineNbr": None,
        "branchNumber": BRANCH,
        "note": line.note,
        "splitHierarchy": None,
        "project": None,
        "projectTask": None,
        "attachments": None,
        "retainagePct": NOTHING,
        "curyRetainageAmt": NOTHING,
        "termStartDate": None,
        "termEndDate": None,
    }
