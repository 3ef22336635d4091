"""Customer invoices, credit notes and debit notes as Visma rows (reference: visma 4.4).

``XInCurrency`` is the document's currency, ``X`` base currency. Amounts of credit notes are positive.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ml_connector.sandbox.books.documents import Application, Document, Line
from ml_connector.sandbox.books.items import SELLERS
from ml_connector.sandbox.books.money import ONE
from ml_connector.sandbox.books.payments import Payment
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.identifiers import luhn_digit
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
from ml_connector.sandbox.visma.fields import CREDIT_NOTE_OMITS

_PAYMENT_METHOD = {"id": "1", "description": "Innbetaling bank"}
_INVOICE_LINE_ONLY = {"lineType": None, "startDate": None, "endDate": None}
_LINE_NULLS = {
    "termStartDate": None,
    "termEndDate": None,
    "isRotRutDeductible": False,
    "itemType": None,
    "typeOfWork": None,
    "deductableAmount": None,
    "attachments": None,
    "projectTask": None,
    "soShipmentNbr": None,
    "soOrderType": None,
    "soOrderNbr": None,
    "cost": NOTHING,
    "salesperson": None,
    "deferralSchedule": None,
    "deferralCode": None,
    "discountCode": None,
    "externalLink": None,
}
_HEADER_NULLS: Mapping[str, Any] = {
    "cashDiscountDate": None,
    "isRotRutDeductible": False,
    "dunningLetterDate": None,
    "dunningLetterLevel": None,
    "attachments": [],
    "sendToAutoInvoice": False,
    "startDate": None,
    "endDate": None,
    "accountingCostRef": None,
    "originatorDocRef": None,
    "contractDocRef": None,
    "childRecord": None,
    "directDebitMandate": None,
    "excludeDebtCollection": False,
    "debtCollection": None,
    "timeStamp": None,
    "salesPersonID": None,
    "salesPersonDescr": None,
    "dontPrint": False,
    "dontEmail": False,
    "revoked": False,
    "cashDiscount": NOTHING,
    "cashDiscountInCurrency": NOTHING,
    "lastModifiedDateTime": None,
    "createdDateTime": None,
    "project": None,
    "customerProject": None,
    "cashAccount": "1920",
    "errorInfo": None,
}


def invoice_row(books: Books, document: Document) -> dict[str, Any]:
    """Return an invoice without its stamps."""
    row = _row(books, document)
    row["invoiceLines"] = [_line(line, document.rate) | _INVOICE_LINE_ONLY for line in document.lines]
    return sparse(row, int(document.number[-3:]))


def note_row(books: Books, document: Document) -> dict[str, Any]:
    """Return a credit note or debit note without its stamps."""
    row = {name: value for name, value in _row(books, document).items() if name not in CREDIT_NOTE_OMITS}
    row["lines"] = [_line(line, document.rate) for line in document.lines]
    if document.type == "DebitNote":
        del row["sendToAutoInvoice"]
    return sparse(row, int(document.number[-3:]))


GLANCE: Mapping[str, Callable[[Document], Any]] = {
    "customer": lambda document: {"number": document.partner.number},
    "status": lambda document: document.status,
    "financialPeriod": lambda document: document.period,
    "closedFinancialPeriod": closed_period,
    "externalReference": lambda document: document.external,
    "paymentReference": lambda document: payment_reference(document.number),
    "customerRefNumber": lambda document: document.reference,
    "branchNumber": lambda _: BRANCH,
    "documentDate": lambda document: moment(document.day),
    "documentDueDate": lambda document: moment(document.due),
}
"""What lists filter documents by."""


def payment_reference(number: str) -> str:
    """Return the number customers quote when they pay: the document's with a check digit."""
    return f"{number}{luhn_digit(number)}" if number.isdigit() else number


def _row(books: Books, document: Document) -> dict[str, Any]:
    partner, totals, base = document.partner, document.totals, document.base
    contact = document.contact
    return {
        **_HEADER_NULLS,
        "creditTerms": partner.terms,
        "documentDueDate": moment(document.due),
        "externalReference": document.external,
        "exchangeRate": document.rate,
        "contact": {"id": contact.id, "name": contact.name} if contact else None,
        "taxDetails": tax_rows(document.taxes),
        "roundingDiff": four(base.rounding),
        "customerVatZone": {"id": partner.vat_zone["id"], "description": partner.vat_zone["description"]}
        if partner.vat_zone
        else None,
        "hold": document.stage == "Hold",
        **both("discountTotal", totals.discount, base.discount),
        **both("detailTotal", totals.detail, base.detail),
        **both("vatTaxableTotal", totals.taxable, base.taxable),
        **both("vatExemptTotal", totals.exempt, base.exempt),
        "salesPerson": {"id": document.seller, "description": SELLERS[document.seller]}
        if document.seller
        else None,
        "paymentReference": payment_reference(document.number),
        "invoiceAddress": {**partner.address, "overrideAddress": False} if partner.address else None,
        "invoiceContact": _invoice_contact(document),
        "applications": [_application(books, document, item) for item in document.applications],
        "customer": {"number": partner.number, "name": partner.name},
        "documentType": document.type,
        "referenceNumber": document.number,
        "postPeriod": document.period,
        "financialPeriod": document.period,
        "closedFinancialPeriod": closed_period(document),
        "documentDate": moment(document.day),
        "origInvoiceDate": moment(document.day),
        "status": document.status,
        "currencyId": document.currency,
        **both("amount", totals.amount, base.amount),
        **both("balance", document.balance, document.balance_base),
        "paymentMethod": _PAYMENT_METHOD,
        "customerRefNumber": document.reference,
        "invoiceText": document.text,
        "note": document.note,
        **both("vatTotal", totals.vat, base.vat),
        "location": partner.location,
        "branchNumber": BRANCH,
        "account": account(document.account),
        "subaccount": subaccount("00-0"),
    }


def _invoice_contact(document: Document) -> dict[str, Any]:
    """Return whom the document was sent to: a person where it names one, else the customer's own mailbox."""
    info: Mapping[str, Any] = document.partner.contact_info or {}
    contact = document.contact
    return {
        "contactId": 700_000 + int(document.number) if document.number.isdigit() else None,
        "businessName": document.partner.name,
        "attention": contact.name if contact else info.get("attention"),
        "email": (contact.email if contact else None) or info.get("email"),
        "phone1": info.get("phone1"),
        "overrideContact": contact is not None,
    }


def _line(line: Line, rate: Decimal) -> dict[str, Any]:
    home = rate == ONE
    price = four(line.price)
    extended, net = four(line.extended), four(line.net)
    discount = four(line.discount) if line.discount else NOTHING
    return {
        **_LINE_NULLS,
        "lineNumber": line.number,
        "inventoryNumber": line.item,
        "description": line.text,
        "quantity": four(line.quantity),
        "unitPrice": price if home else four(line.price * rate),
        "unitPriceInCurrency": price,
        "manualAmount": extended if home else four(line.net_base + line.discount_base),
        "manualAmountInCurrency": extended,
        "amount": net if home else four(line.net_base),
        "amountInCurrency": net,
        "account": account(line.account),
        "vatCode": vat_code(line.vat),
        "uom": line.uom,
        "discountPercent": four(line.percent) if line.percent else NOTHING,
        "discountAmount": discount if home else four(line.discount_base),
        "discountAmountInCurrency": discount,
        "manualDiscount": bool(line.percent),
        "subaccount": subaccount(line.subaccount),
        "seller": None,
        "note": line.note,
        "branchNumber": BRANCH,
    }


def _application(books: Books, document: Document, item: Application) -> dict[str, Any]:
    """Return one application; ``amountPaid`` is in the document's currency, ``balance`` what the payer has left."""
    payer = _payer(books, item)
    left = payer.balance if isinstance(payer, Document) else payer.available
    return {
        "docType": item.type,
        "customerCD": item.customer,
        "refNbr": item.number,
        "amountPaid": four(item.amount),
        "cashDiscountTaken": NOTHING,
        "balance": four(left),
        "pendingPPD": False,
        "released": True,
        "hold": False,
        "voided": item.voided,
        "ppdCrMemoRefNbr": None,
        "paymentRef": payer.reference if isinstance(payer, Payment) else None,
        "status": payer.status,
        "applicationDate": moment(item.day),
        "applicationPeriod": f"{item.day:%Y%m}",
        "invoiceText": document.text,
    }


def _payer(books: Books, item: Application) -> Document | Payment:
    key = f"{item.type}:{item.number}"
    if item.type in ("Invoice", "DebitNote"):
        return books.document(key)
    return books.payments.get(key)
