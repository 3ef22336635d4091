"""Journal batches as Visma rows: lines of debit or credit (reference: visma 4)."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ml_connector.sandbox.books.journal import ACTUAL, BUDGET, STATISTICS, Batch, Entry
from ml_connector.sandbox.books.money import ZERO
from ml_connector.sandbox.visma.book_parts import NOTHING, account, four, moment, subaccount, vat_code

LEDGERS = {
    ACTUAL: ("Actual", "Hovedbok"),
    BUDGET: ("Budget", "Budsjett"),
    STATISTICS: ("Statistical", "Statistikk"),
}
CODES = {
    "Invoice": "INV",
    "CreditNote": "CRM",
    "DebitNote": "DRM",
    "Payment": "PMT",
    "Prepayment": "PPM",
    "Refund": "REF",
    "VoidPayment": "RPM",
    "SmallBalanceWo": "SMB",
    "CreditAdj": "ACR",
    "DebitAdj": "ADR",
    "Check": "CHK",
}
"""Types of documents to the short codes of the screens."""


def batch_row(batch: Batch, *, codes: bool) -> dict[str, Any]:
    """Return a batch without its stamp; ``codes`` names types of documents by their short codes."""
    debit = sum((entry.amount for entry in batch.entries if entry.amount > 0), ZERO)
    debit_base = sum((entry.base for entry in batch.entries if entry.base > 0), ZERO)
    credit = -sum((entry.amount for entry in batch.entries if entry.amount < 0), ZERO)
    credit_base = -sum((entry.base for entry in batch.entries if entry.base < 0), ZERO)
    return {
        "module": f"Module{batch.module}",
        "batchNumber": batch.number,
        "status": batch.status,
        "hold": batch.status == "Hold",
        "transactionDate": moment(batch.day),
        "postPeriod": batch.period,
        "financialPeriod": batch.period,
        "ledger": batch.ledger,
        "ledgerDescription": LEDGERS[batch.ledger][1],
        "currencyId": batch.currency,
        "exchangeRate": batch.rate,
        "autoReversing": batch.auto_reversing,
        "reversingEntry": batch.reversing,
        "description": batch.text,
        "originalBatchNumber": batch.original,
        "debitTotal": four(debit_base),
        "debitTotalInCurrency": four(debit),
        "creditTotal": four(credit_base),
        "creditTotalInCurrency": four(credit),
        "controlTotal": four(debit_base),
        "controlTotalInCurrency": four(debit),
        "createVatTransaction": False,
        "skipVatAmountValidation": False,
        "lastModifiedDateTime": None,
        "transactionCode": None,
        "transactionCodeDescription": None,
        "branch": "1",
        "timeStamp": None,
        "journalTransactionLines": [
            _line(place, entry, batch.module, codes=codes) for place, entry in enumerate(batch.entries, 1)
        ],
        "attachments": [],
        "errorInfo": None,
    }


GLANCE: Mapping[str, Callable[[Batch], Any]] = {
    "financialPeriod": lambda batch: batch.period,
    "module": lambda batch: batch.module,
    "status": lambda batch: batch.status,
    "branch": lambda _: "1",
}
"""What the list filters batches by."""


def ledger_rows() -> list[dict[str, Any]]:
    """Return the rows of ``/v1/ledger``."""
    return [
        {
            "internalId": place,
            "number": number,
            "description": description,
            "balanceType": kind,
            "currencyId": "NOK",
            "consolidationSource": False,
            "consolBranch": None,
            "branchAccounting": False,
            "postInterCompany": False,
        }
        for place, (number, (kind, description)) in enumerate(LEDGERS.items(), 1)
    ]


def currency_rows() -> list[dict[str, Any]]:
    """Return the rows of ``/v1/currency``."""
    known = (
        ("NOK", "Norsk krone", "kr"),
        ("SEK", "Svensk krona", "kr"),
        ("DKK", "Dansk krone", "kr"),
        ("EUR", "Euro", "€"),
        ("USD", "Amerikansk dollar", "$"),
        ("GBP", "Britisk pund", "£"),
    )
    return [
        {
            "id": code,
            "description": name,
            "symbol": sign,
            "isBaseCurrency": code == "NOK",
            "decimalPrecision": 2,
            "isUsedForAccounting": code != "GBP",
        }
        for code, name, sign in known
    ]


def _line(number: int, entry: Entry, module: str, *, codes: bool) -> dict[str, Any]:
    debit, debit_base = _side(entry.amount), _side(entry.base)
    credit, credit_base = _side(-entry.amount), _side(-entry.base)
    vat = vat_code(entry.vat) if entry.vat else None
    return {
        "lineNumber": number,
        "accountNumber": entry.account,
        "description": account(entry.account)["description"],
        "subaccount": subaccount(entry.subaccount),
        "referenceNumber": entry.reference,
        "debitAmount": debit_base,
        "debitAmountInCurrency": debit,
        "creditAmount": credit_base,
        "creditAmountInCurrency": credit,
        "transactionDescription": entry.text,
        "vatCode": vat,
        "vat": vat,
        "branch": "1",
        "customerSupplier": entry.partner,
        "transactionType": CODES.get(entry.kind, entry.kind) if codes and entry.kind else entry.kind,
        "module": f"Module{module}",
        "uom": None,
        "project": None,
        "projectTask": None,
        "attachments": None,
        "quantity": four(entry.quantity),
        "inventoryNumber": None,
        "note": None,
    }


def _side(value: Decimal) -> Decimal:
    return four(value) if value > 0 else NOTHING
