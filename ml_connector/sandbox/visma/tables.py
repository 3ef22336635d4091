"""What each list of the Visma half is: its path, its key, how it pages and what it filters. One row per list.

A new entity is a row here, its fields in ``fields.py`` and, if it comes filled, its rows in ``content.py``.
Source of every fact: reference: visma 2, 3.1, 3.3.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ml_connector.sandbox.visma import fields
from ml_connector.sandbox.visma.table import Filter, Kind, Paging, Table


def _by(*names: str) -> Callable[[Mapping[str, Any]], str]:
    """Return the key made of these fields, joined by colons."""
    return lambda row: ":".join(str(row[name]) for name in names)


def _journal_key(row: Mapping[str, Any]) -> str:
    return f"{str(row['module']).removeprefix('Module')}:{row['batchNumber']}"


_PARTNER_FILTERS = {
    "name": Filter("name"),
    "status": Filter("status"),
    "corporateId": Filter("corporateId"),
    "vatRegistrationId": Filter("vatRegistrationId"),
}
_DOCUMENT_FILTERS = {
    "customer": Filter("customer.number"),
    "status": Filter("status"),
    "released": Filter("status", Kind.RELEASED),
    "financialPeriod": Filter("financialPeriod"),
    "closedFinancialPeriod": Filter("closedFinancialPeriod"),
    "externalReference": Filter("externalReference"),
    "paymentReference": Filter("paymentReference"),
    "customerRefNumber": Filter("customerRefNumber"),
    "branch": Filter("branchNumber.number"),
    "documentDate": Filter("documentDate", Kind.MOMENT),
    "documentDueDate": Filter("documentDueDate", Kind.MOMENT),
    "dunningLetterDateTime": Filter("dunningLetterDate", Kind.MOMENT),
}
_DOCUMENT_EXPANSIONS = {
    "expandApplications": "applications",
    "expandAttachments": "attachments",
    "expandTaxDetails": "taxDetails",
    "expandInvoiceAddress": "invoiceAddress",
}
_PAYMENT_TYPES = (
    "Payment:",
    "CreditNote:",
    "Prepayment:",
    "Refund:",
    "VoidPayment:",
    "SmallBalanceWo:",
    "VoidRefund:",
)
_PURCHASE_TYPES = ("Invoice:", "CreditAdj:", "DebitAdj:", "Prepayment:", "Refund:", "QuickCheck:", "Check:")
_ORDER_TYPES = ("RegularOrder:", "DropShip:", "Blanket:", "StandardBlanket:")
_MODULES = tuple(f"{module}:" for module in "GL AP AR CA CM IN SO PO DR FA EP PM TX CR".split())

TABLES = (
    Table(
        # Before the customers, whose detail path would take its name for a number.
        name="customer_balances",
        path="/v1/customer/balance",
        fields=fields.CUSTOMER_BALANCE,
        key=lambda row: str(row["customer"]["number"]),
        paging=Paging.UNPAGED,
        detail_prefixes=(),
        modified_field="lastModified",
    ),
    Table(
        name="customers",
        path="/v1/customer",
        fields=fields.CUSTOMER,
        key=_by("number"),
        created_field="createdDateTime",
        filters=_PARTNER_FILTERS
        | {"email": Filter("mainContact.email"), "phone": Filter("mainContact.phone1")},
        expansions={
            "expandAccountInformation": "glAccounts",
            "expandPaymentMethods": "paymentMethods",
            "expandDirectDebit": "directDebitLines",
        },
    ),
    Table(
        name="contacts",
        path="/v1/contact",
        fields=fields.CONTACT,
        key=_by("contactId"),
        paging=Paging.UNPAGED,
        filters={
            "displayName": Filter("displayName"),
            "active": Filter("active", Kind.FLAG),
            "firstName": Filter("firstName"),
            "lastName": Filter("lastName"),
            "businessAccount": Filter("businessAccount"),
            "email": Filter("email"),
        },
    ),
    Table(
        name="suppliers",
        path="/v1/supplier",
        fields=fields.SUPPLIER,
        key=_by("number"),
        filters=_PARTNER_FILTERS,
        expansions={"expandAccountInformation": "glAccounts", "expandNote": "note"},
    ),
    Table(
        name="customer_invoices",
        path="/v1/customerinvoice",
        fields=fields.CUSTOMER_INVOICE,
        key=_by("documentType", "referenceNumber"),
        detail_prefixes=("Invoice:",),
        created_field="createdDateTime",
        filters=_DOCUMENT_FILTERS,
        expansions=_DOCUMENT_EXPANSIONS,
    ),
    Table(
        name="customer_credit_notes",
        path="/v1/customerCreditNote",
        fields=fields.CUSTOMER_CREDIT_NOTE,
        key=_by("documentType", "referenceNumber"),
        detail_prefixes=("CreditNote:",),
        created_field="createdDateTime",
        filters=_DOCUMENT_FILTERS,
        expansions=_DOCUMENT_EXPANSIONS,
    ),
    Table(
        name="customer_debit_notes",
        path="/v1/customerDebitNote",
        fields=fields.CUSTOMER_DEBIT_NOTE,
        key=_by("documentType", "referenceNumber"),
        detail_prefixes=("DebitNote:",),
        created_field="createdDateTime",
        filters=_DOCUMENT_FILTERS,
        expansions=_DOCUMENT_EXPANSIONS,
    ),
    Table(
        name="customer_payments",
        path="/v1/customerPayment",
        fields=fields.PAYMENT,
        key=_by("type", "refNbr"),
        detail_prefixes=_PAYMENT_TYPES,
        filters={
            "paymentNbr": Filter("refNbr"),
            "paymentType": Filter("type"),
            "customer": Filter("customer.number"),
            "status": Filter("status"),
            "invoiceRefNbr": Filter("paymentLines.refNbr"),
            "branch": Filter("branch"),
            "docDate": Filter("applicationDate", Kind.MOMENT),
            "financialPeriod": Filter("applicationPeriod"),
        },
    ),
    Table(
        name="journal_transactions",
        path="/v2/journaltransaction",
        fields=fields.JOURNAL,
        key=_journal_key,
        paging=Paging.LINES,
        lines="journalTransactionLines",
        detail_prefixes=_MODULES,
        condition=False,
        needs_one_of=("periodId", "lastModifiedDateTime"),
        expansions={"expandAttachments": "attachments"},
        filters={
            "periodId": Filter("financialPeriod"),
            "module": Filter("module"),
            "status": Filter("status"),
            "branch": Filter("branch"),
        },
    ),
    Table(
        name="supplier_invoices",
        path="/v1/supplierInvoice",
        fields=fields.SUPPLIER_INVOICE,
        key=_by("documentType", "referenceNumber"),
        detail_prefixes=_PURCHASE_TYPES,
        created_field="createdDateTime",
        filters={
            "supplier": Filter("supplier.number"),
            "documentType": Filter("documentType"),
            "status": Filter("status"),
            "released": Filter("status", Kind.RELEASED),
            "financialPeriod": Filter("financialPeriod"),
            "item": Filter("invoiceLines.inventoryNumber"),
            "balance": Filter("balance", Kind.NUMBER),
            "branch": Filter("branchNumber.number"),
            "docDate": Filter("date", Kind.MOMENT),
            "dueDate": Filter("dueDate", Kind.MOMENT),
        },
        expansions={
            "expandAttachment": "attachments",
            "expandLandedCosts": "landedCosts",
            "expandNote": "note",
        },
    ),
    Table(
        name="purchase_orders",
        path="/v1/purchaseorder",
        fields=fields.PURCHASE_ORDER,
        key=_by("orderType", "orderNbr"),
        detail_prefixes=_ORDER_TYPES,
        filters={
            "orderType": Filter("orderType"),
            "orderStatus": Filter("status"),
            "supplier": Filter("supplier.number"),
            "branch": Filter("branch.number"),
            "orderDate": Filter("date", Kind.MOMENT),
            "deliveryDate": Filter("promisedOn", Kind.MOMENT),
        },
    ),
    Table(
        name="accounts",
        path="/v1/account",
        fields=fields.ACCOUNT,
        key=_by("accountCD"),
        paging=Paging.UNPAGED,
        filters={"active": Filter("active", Kind.FLAG), "publicCode": Filter("publicCode1")},
        expansions={"includeAccountClassDescription": "accountClassDescription"},
    ),
    Table(
        name="subaccounts",
        path="/v1/subaccount",
        fields=fields.SUBACCOUNT,
        key=_by("subaccountNumber"),
        filters={"active": Filter("active", Kind.FLAG)},
    ),
    Table(
        name="dimensions",
        path="/v1/dimension",
        fields=fields.DIMENSION,
        key=_by("id"),
        paging=Paging.KEYS,
        modified_field=None,
    ),
    Table(
        name="credit_terms",
        detail_prefixes=(),
        path="/v1/creditTerm",
        fields=fields.CREDIT_TERM,
        key=_by("termsId"),
        paging=Paging.WRAPPED,
        created_field="createdDateTime",
        filters={"termsId": Filter("termsId")},
    ),
    Table(
        name="branches",
        path="/v1/branch",
        fields=fields.BRANCH,
        key=_by("number"),
        paging=Paging.UNPAGED,
    ),
    Table(
        name="organisations",
        path="/v1/organization",
        fields=fields.ORGANISATION,
        key=_by("organizationCd"),
        paging=Paging.UNPAGED,
        expansions={"expandBranches": "branches"},
    ),
    Table(
        name="ledgers",
        path="/v1/ledger",
        fields=fields.LEDGER,
        key=_by("number"),
        paging=Paging.UNPAGED,
        detail_prefixes=(),
    ),
    Table(
        name="currencies",
        path="/v1/currency",
        fields=fields.CURRENCY,
        key=_by("id"),
        paging=Paging.UNPAGED,
        modified_field=None,
    ),
)
