"""Supplier invoices and purchase orders as Visma rows (reference: visma 4.4).

The two disagree about currency: for an invoice ``X`` is base and ``XInCurrency`` the document's; for an order ``X`` is
the order's currency and ``XInBaseCurrency`` base (reference: visma 4.1).
"""

from decimal import Decimal
from typing import Any

from ml_connector.sandbox.books.documents import Document, Line
from ml_connector.sandbox.books.money import ONE, ZERO, cents
from ml_connector.sandbox.books.orders import OrderLine, PurchaseOrder
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

_INVOICE_NULLS = {
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
_ORDER_NULLS = {
    "shippingDestinationType": "CompanyLocation",
    "shipTo": None,
    "shippingLocation": None,
    "warehouse": None,
    "shippingContact": None,
    "shippingAddress": None,
    "fobPoint": None,
    "shipVia": None,
    "shipTerms": None,
    "remitContact": None,
    "discountDetails": [],
    "salesOrderType": None,
    "salesOrderNbr": None,
    "requisitionRefNbr": None,
    "paymentRefNbr": None,
    "workgroupID": None,
    "dontPrint": False,
    "dontEmail": True,
    "emailed": False,
    "location": None,
    "owner": None,
    "taxDetails": [],
    "lastModifiedDateTime": None,
    "note": None,
    "customStr1": None,
    "customStr2": None,
    "customStr3": None,
    "customStr4": None,
    "customStr5": None,
    "customDec1": None,
    "customDec2": None,
    "customInt1": None,
    "customInt2": None,
    "customDateTimeUTC1": None,
    "timeStamp": None,
    "errorInfo": None,
}


def supplier_invoice_row(document: Document) -> dict[str, Any]:
    """Return a supplier's document without its stamps; ``amount`` and ``vatAmount`` have no twin and are base."""
    partner, totals, base = document.partner, document.totals, document.base
    row = {
        **_INVOICE_NULLS,
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


def supplier_invoice_glance(document: Document) -> dict[str, Any]:
    """Return just what the list filters suppliers' documents by."""
    return {
        "supplier": {"number": document.partner.number},
        "documentType": document.type,
        "status": document.status,
        "released": document.released,
        "financialPeriod": document.period,
        "branchNumber": BRANCH,
        "date": moment(document.day),
        "dueDate": moment(document.due),
        "balance": document.balance_base,
        "invoiceLines": [{"inventoryNumber": line.item} for line in document.lines],
    }


def order_row(order: PurchaseOrder) -> dict[str, Any]:
    """Return a purchase order without its stamp."""
    partner, rate, total = order.partner, order.rate, order.total
    open_quantity = sum((line.open_quantity for line in order.lines), ZERO)
    open_amount = sum((cents(line.open_quantity * line.cost) for line in order.lines), ZERO)
    row = {
        **_ORDER_NULLS,
        "remitAddress": {**partner.address, "overrideAddress": False} if partner.address else None,
        "terms": partner.terms,
        "supplierVatZone": partner.vat_zone,
        "printed": order.status not in ("Hold", "Balanced", "PendingPrint"),
        "openQuantity": four(open_quantity),
        "openBalance": four(open_amount),
        "orderType": order.type,
        "orderNbr": order.number,
        "hold": order.stage == "Hold",
        "status": order.status,
        "date": moment(order.day),
        "promisedOn": moment(order.promised),
        "description": order.text,
        "supplier": {"internalId": partner.internal_id, "number": partner.number, "name": partner.name},
        "currency": order.currency,
        "supplierRef": order.reference,
        "exchangeRate": rate,
        **_twice("lineTotal", total, rate),
        **_twice("vatExemptTotal", ZERO, rate),
        **_twice("taxTotal", ZERO, rate),
        **_twice("orderTotal", total, rate),
        **_twice("controlTotal", total, rate),
        "branch": BRANCH,
        "lines": [_order_line(order, line) for line in order.lines],
        "purchaseReceipts": [
            {
                "type": "PoReceipt",
                "receiptNumber": receipt.number,
                "status": "Released",
                "supplierName": partner.name,
                "currency": order.currency,
                "totalQty": four(receipt.quantity),
                "totalAmt": four(receipt.amount),
            }
            for receipt in order.receipts
        ],
    }
    return sparse(row, int(order.number[-3:]))


def order_glance(order: PurchaseOrder) -> dict[str, Any]:
    """Return just what the list filters orders by."""
    return {
        "orderType": order.type,
        "status": order.status,
        "supplier": {"number": order.partner.number},
        "branch": BRANCH,
        "date": moment(order.day),
        "promisedOn": moment(order.promised),
    }


def _twice(name: str, amount: Decimal, rate: Decimal) -> dict[str, Decimal]:
    """Return an amount of an order: ``X`` in its currency, ``XInBaseCurrency`` in base."""
    return {name: four(amount), f"{name}InBaseCurrency": four(cents(amount * rate))}


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


def _order_line(order: PurchaseOrder, line: OrderLine) -> dict[str, Any]:
    known = account(line.account)
    return {
        "lineNbr": line.number,
        "branch": BRANCH,
        "inventory": {"number": line.item, "description": line.text} if line.item else None,
        "lineType": "NonStock",
        "warehouse": None,
        "lineDescription": line.text,
        "uom": line.uom,
        "orderQty": four(line.quantity),
        "baseOrderQty": four(line.quantity),
        "qtyOnReceipts": four(line.received),
        "unitCost": four(line.cost),
        "unitCostInBaseCurrency": four(line.cost * order.rate),
        "extCost": four(line.amount),
        "discountPercent": NOTHING,
        "discountAmount": NOTHING,
        "manualDiscount": False,
        "discountCode": None,
        "amount": four(line.amount),
        "receivedAmt": four(line.received_amount),
        "alternateId": None,
        "minReceipt": NOTHING,
        "maxReceipt": four(Decimal(100)),
        "completeOn": four(Decimal(100)),
        "receiptAction": "AcceptButWarn",
        "taxCategory": {"number": "1", "description": "Inngående mva, høy sats"},
        "account": {name: known[name] for name in ("type", "number", "description")},
        "sub": subaccount(line.subaccount),
        "project": None,
        "projectTask": None,
        "requested": moment(order.promised),
        "promised": moment(order.promised),
        "completed": line.completed,
        "canceled": line.canceled,
        "orderType": order.type,
        "orderNumber": order.number,
        "note": None,
        "customStr1": None,
        "customStr2": None,
        "customStr3": None,
        "customStr4": None,
        "customStr5": None,
        "customDec1": None,
        "customDec2": None,
        "customInt1": None,
        "customInt2": None,
        "customDateTimeUTC1": None,
    }
