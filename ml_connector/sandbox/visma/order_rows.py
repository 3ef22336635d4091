"""Purchase orders as Visma rows (reference: visma 4.4).

Currency is the other way round: ``X`` is the order's currency, ``XInBaseCurrency`` base (reference: visma 4.1).
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ml_connector.sandbox.books.money import ZERO, cents
from ml_connector.sandbox.books.orders import OrderLine, PurchaseOrder
from ml_connector.sandbox.visma.book_parts import (
    BRANCH,
    NOTHING,
    account,
    four,
    moment,
    sparse,
    subaccount,
)

_NULLS: Mapping[str, Any] = {
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


def order_row(order: PurchaseOrder) -> dict[str, Any]:
    """Return a purchase order without its stamp."""
    partner, rate, total = order.partner, order.rate, order.total
    open_quantity = sum((line.open_quantity for line in order.lines), ZERO)
    open_amount = sum((cents(line.open_quantity * line.cost) for line in order.lines), ZERO)
    row = {
        **_NULLS,
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


GLANCE: Mapping[str, Callable[[PurchaseOrder], Any]] = {
    "orderType": lambda order: order.type,
    "status": lambda order: order.status,
    "supplier": lambda order: {"number": order.partner.number},
    "branch": lambda _: BRANCH,
    "date": lambda order: moment(order.day),
    "promisedOn": lambda order: moment(order.promised),
}
"""What the list filters orders by."""


def _twice(name: str, amount: Decimal, rate: Decimal) -> dict[str, Decimal]:
    """Return an amount of an order: ``X`` in its currency, ``XInBaseCurrency`` in base."""
    return {name: four(amount), f"{name}InBaseCurrency": four(cents(amount * rate))}


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
