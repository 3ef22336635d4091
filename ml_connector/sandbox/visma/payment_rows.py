"""Customer payments as Visma rows; credit notes are among them (reference: visma 4.1, 4.4).

A VoidPayment lists the same document several times, with positive and negative amounts; what is owed is never a sum of
payment lines but the balance of the document.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.books.payments import Payment, PaymentLine
from ml_connector.sandbox.books.state import Books
from ml_connector.sandbox.visma.book_parts import NOTHING, four, moment, sparse

_METHOD = {"id": "1", "description": "Innbetaling bank"}
_NULLS = {
    "hold": False,
    "cashAccount": "1920",
    "appliedToOrders": NOTHING,
    "writeOffAmount": NOTHING,
    "financeCharges": NOTHING,
    "deductedCharges": NOTHING,
    "branch": "1",
    "lastModifiedDateTime": None,
    "ordersToApply": [],
    "timeStamp": None,
    "errorInfo": None,
}


def payment_row(books: Books, payment: Document | Payment) -> dict[str, Any]:
    """Return a payment, or a credit note in the shape of one, without its stamp."""
    row = _of_credit(books, payment) if isinstance(payment, Document) else _of_payment(payment)
    return sparse(row, int(payment.number[-3:]))


def _numbers(payment: Document | Payment) -> list[str]:
    if isinstance(payment, Document):
        return [item.number for item in payment.applications if item.type in ("Invoice", "DebitNote")]
    return [line.target.number for line in payment.lines]


GLANCE: Mapping[str, Callable[[Document | Payment], Any]] = {
    "refNbr": lambda payment: payment.number,
    "type": lambda payment: payment.type,
    "customer": lambda payment: {"number": payment.partner.number},
    "status": lambda payment: payment.status,
    "branch": lambda _: "1",
    "applicationDate": lambda payment: moment(payment.day),
    "applicationPeriod": lambda payment: payment.period,
    "paymentLines": lambda payment: [{"refNbr": number} for number in _numbers(payment)],
}
"""What the list filters payments by."""


def _of_payment(payment: Payment) -> dict[str, Any]:
    applied = four(payment.amount - payment.available - payment.refunded)
    # The lines of every third VoidPayment also carry the first application again, as one seen in the wild did.
    lines = payment.lines
    if payment.type == "VoidPayment" and int(payment.number) % 3 == 0:
        lines = [*lines, *(line for line in lines if line.amount > 0)]
    return {
        **_NULLS,
        **_head(payment),
        "paymentRef": payment.reference,
        "invoiceText": payment.text,
        "appliedToDocuments": NOTHING if payment.voided else applied,
        "paymentLines": [_line(line, payment) for line in lines],
        "paymentAmount": four(payment.base),
        "paymentAmountInCurrency": four(payment.amount),
        "availableBalance": four(payment.available_base),
        "availableBalanceInCurrency": four(payment.available),
    }


def _of_credit(books: Books, note: Document) -> dict[str, Any]:
    used = [item for item in note.applications if item.type in ("Invoice", "DebitNote")]
    lines = [
        _line(
            PaymentLine(
                books.document(f"{item.type}:{item.number}"), item.amount, item.amount_base, item.day
            ),
            note,
        )
        for item in used
    ]
    return {
        **_NULLS,
        **_head(note),
        "paymentRef": note.reference,
        "invoiceText": note.text,
        "appliedToDocuments": four(sum((item.amount for item in used), NOTHING)),
        "paymentLines": lines,
        "paymentAmount": four(note.base.amount),
        "paymentAmountInCurrency": four(note.totals.amount),
        "availableBalance": four(note.balance_base),
        "availableBalanceInCurrency": four(note.balance),
    }


def _head(payment: Document | Payment) -> dict[str, Any]:
    partner = payment.partner
    return {
        "type": payment.type,
        "refNbr": payment.number,
        "status": payment.status,
        "applicationDate": moment(payment.day),
        "applicationPeriod": payment.period,
        "customer": {"number": partner.number, "name": partner.name},
        "location": partner.location,
        "paymentMethod": _METHOD,
        "currency": payment.currency,
        "financialDetails": {"paymentDate": moment(payment.day)},
    }


def _line(line: PaymentLine, payment: Document | Payment) -> dict[str, Any]:
    """Return one line; ``amountPaid`` is in the payment's currency, ``balance`` what the document still owes."""
    target = line.target
    of_document = isinstance(target, Document)
    return {
        "documentType": target.type,
        "refNbr": target.number,
        "amountPaid": four(line.amount),
        "cashDiscountTaken": NOTHING,
        "balanceWriteOff": NOTHING,
        "writeOffReasonCode": {"id": "BK01", "description": "Avskrevet"}
        if payment.type == "SmallBalanceWo"
        else None,
        "date": moment(target.day),
        "dueDate": moment(target.due) if isinstance(target, Document) else None,
        "cashDiscountDate": moment(target.day),
        "balance": four(target.balance if isinstance(target, Document) else target.available),
        "cashDiscountBalance": NOTHING,
        "description": target.text,
        "currency": target.currency,
        "postPeriod": target.period,
        "customerOrder": target.reference if of_document else None,
        "crossRate": four(NOTHING + 1),
    }
