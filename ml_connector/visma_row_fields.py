"""The fields of Visma's rows that a connection's settings may name, as paths such as ``customerClass.description``.

Data and a few lines to read it (reference: visma 4.3, 4.4). Left out are lists other than attributes, and what Visma
sends only when it is asked to, which this project does not: ledger accounts, notes of suppliers, dunning letters.
"""

from collections.abc import Iterator
from functools import cache

from ml_connector.nearest import nearest

ATTRIBUTES = "attributes"
"""The list of a row's attributes; the path of one is ``attributes.<id>``, and stands for its value."""

_ADDRESS = (
    "{addressId addressLine1 addressLine2 addressLine3 postalCode city country{id name} county{id name}}"
)
_CONTACT = "{contactId name attention email web phone1 phone2 fax}"
_CODED = "{id description}"
_NAMED = "{number name}"
_VAT_ZONE = "{id description defaultVatCategory defaultTaxCategory{number description}}"

_PARTNER = f"""
internalId number name status mainAddress{_ADDRESS} mainContact{_CONTACT} accountReference parentRecord{_NAMED}
creditTerms{_CODED} currencyId vatRegistrationId corporateId vatZone{_VAT_ZONE} location{{countryId id name}}
lastModifiedDateTime numberOfEmployees
"""

_CUSTOMER = f"""
{_PARTNER} customerClass{_CODED} creditVerification creditLimit creditDaysPastDue invoiceAddress{_ADDRESS}
invoiceContact{_CONTACT} printInvoices acceptAutoInvoices sendInvoicesByEmail sendDunningLettersViaEMail
printDunningLetters printStatements sendStatementsByEmail printMultiCurrencyStatements statementType
deliveryAddress{_ADDRESS} deliveryContact{_CONTACT} gln createdDateTime priceClass{_CODED} invoiceToDefaultLocation
eInvoiceContract{{fInvoiceContractID fInvoiceIntermediatorID}} defaultPaymentMethodId excludeDebtCollection
"""

_SUPPLIER = f"""
{_PARTNER} supplierClass{_CODED} documentLanguage remitAddress{_ADDRESS} remitContact{_CONTACT} paymentMethod{_CODED}
cashAccount chargeBearer accountUsedForPayment paymentBy paymentLeadTime paymentRefDisplayMask paySeparately
supplierAddress{_ADDRESS} supplierContact{_CONTACT} retainageApply retainageCashAccountID retainagePct naceCode
landedCostSupplier currencyOverride currencyRateOverride
"""

_PERSON = f"""
contactId displayName active title firstName lastName position businessAccount businessAccountType sameAsAccount
address{_ADDRESS} email web phone1 phone2 phone3 fax contactMethod doNotCall doNotFax doNotEmail doNotMail noMassMail
noMarketing lastModifiedDateTime
"""

_DOCUMENT = f"""
documentType referenceNumber status customer{_NAMED} contact{{id name}} creditTerms{_CODED} documentDate origInvoiceDate
documentDueDate cashDiscountDate externalReference isRotRutDeductible exchangeRate sendToAutoInvoice roundingDiff
customerVatZone{_CODED} startDate endDate accountingCostRef originatorDocRef contractDocRef childRecord{_NAMED}
directDebitMandate{{id mandateId mandateDescription}} excludeDebtCollection hold discountTotal discountTotalInCurrency
detailTotal detailTotalInCurrency vatTaxableTotal vatTaxableTotalInCurrency vatExemptTotal vatExemptTotalInCurrency
salesPersonID salesPersonDescr salesPerson{_CODED} paymentReference
invoiceAddress{{addressId addressLine1 addressLine2 addressLine3 postalCode city country{{id name}} county{{id name}}
overrideAddress}} invoiceContact{{contactId businessName attention email phone1 overrideContact}} dontPrint dontEmail
revoked postPeriod financialPeriod closedFinancialPeriod currencyId amount amountInCurrency balance balanceInCurrency
cashDiscount cashDiscountInCurrency paymentMethod{_CODED} customerRefNumber invoiceText lastModifiedDateTime
createdDateTime note vatTotal vatTotalInCurrency location{{countryId id name}} branchNumber{_NAMED} cashAccount
project{{internalId id description}} account{{type externalCode1 externalCode2 active number description}}
subaccount{{subaccountNumber subaccountId description lastModifiedDateTime active}} customerProject
"""

_ROWS = {"customers": _CUSTOMER, "suppliers": _SUPPLIER, "contacts": _PERSON, "invoices": _DOCUMENT}
_WITH_ATTRIBUTES = frozenset({"customers", "suppliers"})

DOCUMENTS = "invoices"
"""The name here of the rows of invoices, credit notes and debit notes; some fields are on invoices alone."""


@cache
def paths_of(rows: str) -> frozenset[str]:
    """Return the paths to single values in some rows: ``customers``, ``suppliers``, ``contacts``, ``invoices``."""
    words = _ROWS[rows].replace("{", " { ").replace("}", " } ").split()
    return frozenset(_paths(iter(words), ""))


def _paths(words: Iterator[str], prefix: str) -> Iterator[str]:
    """Yield the paths below a prefix; a brace follows the name that it opens, so each name waits for the next word."""
    waiting: str | None = None
    for word in words:
        if word == "{":
            yield from _paths(words, f"{waiting}.")
            waiting = None
            continue
        if waiting is not None:
            yield waiting
        if word == "}":
            return
        waiting = prefix + word
    if waiting is not None:
        yield waiting


def unknown_field(rows: str, path: str) -> str | None:
    """Return what is wrong with a path into some rows, as a sentence's end; None for a good one.

    >>> unknown_field("customers", "customerClass")
    'customerClass has parts: name one of customerClass.description, customerClass.id'
    """
    known = paths_of(rows)
    first, _, rest = path.partition(".")
    if path in known or (first == ATTRIBUTES and rest and rows in _WITH_ATTRIBUTES):
        return None
    if first == ATTRIBUTES:
        return (
            f"name one attribute by its id, such as {ATTRIBUTES}.INDUSTRY"
            if rows in _WITH_ATTRIBUTES
            else f"Visma's {rows} have no attributes"
        )
    parts = sorted(one for one in known if one.startswith(f"{path}."))
    if parts:
        return f"{path} has parts: name one of {', '.join(parts)}"
    return f"Visma's {rows} have no field {path}; nearest: {', '.join(nearest(path, known))}"
