"""The fields every row of an entity carries, in the order Visma gives them (reference: visma 4.4). Data only.

``metadata`` is left out: the list adds it where the entity pages.
"""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CUSTOMER_INVOICE = _names(
    """
    creditTerms documentDueDate cashDiscountDate externalReference isRotRutDeductible exchangeRate
    dunningLetterDate dunningLetterLevel contact attachments taxDetails invoiceLines sendToAutoInvoice
    roundingDiff customerVatZone startDate endDate accountingCostRef originatorDocRef contractDocRef childRecord
    directDebitMandate excludeDebtCollection debtCollection timeStamp hold discountTotal discountTotalInCurrency
    detailTotal detailTotalInCurrency vatTaxableTotal vatTaxableTotalInCurrency vatExemptTotal
    vatExemptTotalInCurrency salesPersonID salesPersonDescr salesPerson paymentReference invoiceAddress
    invoiceContact applications dontPrint dontEmail revoked customer documentType referenceNumber postPeriod
    financialPeriod closedFinancialPeriod documentDate origInvoiceDate status currencyId amount amountInCurrency
    balance balanceInCurrency cashDiscount cashDiscountInCurrency paymentMethod customerRefNumber invoiceText
    lastModifiedDateTime createdDateTime note vatTotal vatTotalInCurrency location branchNumber cashAccount
    project account subaccount customerProject errorInfo
    """
)
PAYMENT = _names(
    """
    type refNbr status hold applicationDate applicationPeriod paymentRef customer location paymentMethod
    cashAccount currency paymentAmount invoiceText appliedToDocuments appliedToOrders availableBalance
    writeOffAmount financeCharges deductedCharges branch lastModifiedDateTime paymentLines ordersToApply
    financialDetails paymentAmountInCurrency availableBalanceInCurrency timeStamp errorInfo
    """
)
JOURNAL = _names(
    """
    module batchNumber status hold transactionDate postPeriod financialPeriod ledger ledgerDescription
    currencyId exchangeRate autoReversing reversingEntry description originalBatchNumber debitTotal
    debitTotalInCurrency creditTotal creditTotalInCurrency controlTotal controlTotalInCurrency
    createVatTransaction skipVatAmountValidation lastModifiedDateTime transactionCode transactionCodeDescription
    branch timeStamp journalTransactionLines attachments errorInfo
    """
)
SUPPLIER_INVOICE = _names(
    """
    taxDetailLines attachments approvalDetails invoiceLines landedCosts hold exchangeRate paymentRefNo
    creditTerms retainageApply cashDiscountDate detailTotal detailTotalInCurrency discountTotal
    discountTotalInCurrency vatTaxableTotal vatTaxableTotalInCurrency vatExemptTotal vatExemptTotalInCurrency
    withholdingTax withholdingTaxInCurrency buyerReference roundingDiff roundingDiffInCurrency amount vatAmount
    taxCalculationMode supplierTaxZone paySelected curyRetainageTotal curyRetainageUnreleasedAmt
    documentVersionNumber supplier documentType referenceNumber postPeriod financialPeriod date origInvoiceDate
    dueDate approvalStatus status currencyId balance balanceInCurrency cashDiscount cashDiscountInCurrency
    paymentMethod supplierReference description createdDateTime lastModifiedDateTime note closedFinancialPeriod
    location vatTotal vatTotalInCurrency branchNumber payDate paymentMessage cashAccount timeStamp errorInfo
    """
)
PURCHASE_ORDER = _names(
    """
    shippingDestinationType shipTo shippingLocation warehouse shippingContact shippingAddress fobPoint shipVia
    shipTerms remitContact remitAddress terms supplierVatZone discountDetails salesOrderType salesOrderNbr
    requisitionRefNbr paymentRefNbr workgroupID dontPrint printed dontEmail emailed openQuantity openBalance
    orderType orderNbr hold status date promisedOn description supplier location owner currency supplierRef
    exchangeRate lineTotal lineTotalInBaseCurrency vatExemptTotal vatExemptTotalInBaseCurrency taxTotal
    taxTotalInBaseCurrency orderTotal orderTotalInBaseCurrency controlTotal controlTotalInBaseCurrency branch
    lines taxDetails purchaseReceipts lastModifiedDateTime note customStr1 customStr2 customStr3 customStr4
    customStr5 customDec1 customDec2 customInt1 customInt2 customDateTimeUTC1 timeStamp errorInfo
    """
)
ACCOUNT = _names(
    """
    accountID accountCD accountGroupCD accountClass type active description accountClassDescription
    useDefaultSub postOption currency taxCategory cashAccount publicCode1 lastModifiedDateTime externalCode1Info
    externalCode2Info analisysCodeInfo controlAccountModule allowManualEntry timeStamp errorInfo
    """
)
SUBACCOUNT = _names(
    """
    subaccountNumber subaccountId description lastModifiedDateTime active segments timeStamp errorInfo
    """
)
BRANCH = _names(
    """
    branchId number name organizationId isMainBranch isActive lastModifiedDateTime corporateId vatRegistrationId
    mainAddress mainContact deliveryAddress deliveryContact defaultCountry industryCode currency vatZone ledger
    bankSettings
    """
)
ORGANISATION = _names(
    """
    organizationCd name organizationType fileTaxByBranches baseCurrency mainAddress mainContact deliveryAddress
    deliveryContact corporateId vatRegistrationId defaultCountry industryCode currency vatZone
    lastModifiedDateTime ledger bankSettings branches timeStamp
    """
)
CREDIT_TERM = _names(
    """
    termsId description visibleTo dueDateType moveDueDateIfOnTheWeekend dueDay1 dueDay1DayFrom1 dueDay1DayTo1
    dueDay2 dueDay2DayFrom1 dueDay2DayTo1 discountType discountDay discountPercent delayDays calculationType
    instalmentType numberOfInstalments instalmentFrequency instalmentMethod instalmentsSchedule createdDateTime
    lastModifiedDateTime
    """
)
DIMENSION = _names(
    """
    id length description segments
    """
)
CUSTOMER = _names(
    """
    internalId number name status mainAddress mainContact accountReference parentRecord customerClass
    creditTerms currencyId creditVerification creditLimit creditDaysPastDue invoiceAddress invoiceContact
    printInvoices acceptAutoInvoices sendInvoicesByEmail sendDunningLettersViaEMail printDunningLetters
    printStatements sendStatementsByEmail printMultiCurrencyStatements statementType deliveryAddress
    deliveryContact vatRegistrationId corporateId gln vatZone location attributes lastModifiedDateTime
    createdDateTime directDebitLines priceClass glAccounts invoiceToDefaultLocation eInvoiceContract
    paymentMethods defaultPaymentMethodId numberOfEmployees excludeDebtCollection timeStamp errorInfo
    """
)
SUPPLIER = _names(
    """
    internalId number name status mainAddress mainContact accountReference parentRecord supplierClass
    creditTerms documentLanguage currencyId remitAddress remitContact paymentMethod cashAccount chargeBearer
    accountUsedForPayment paymentBy paymentLeadTime paymentRefDisplayMask paySeparately supplierAddress
    supplierContact location vatRegistrationId corporateId vatZone glAccounts attributes lastModifiedDateTime
    supplierPaymentMethodDetails retainageApply retainageCashAccountID retainagePct note numberOfEmployees
    naceCode landedCostSupplier currencyOverride currencyRateOverride timeStamp errorInfo
    """
)
CONTACT = _names(
    """
    displayName active title firstName lastName position businessAccount businessAccountType sameAsAccount
    address email web phone1 phone2 phone3 fax contactMethod doNotCall doNotFax doNotEmail doNotMail noMassMail
    noMarketing lastModifiedDateTime contactId timeStamp errorInfo
    """
)
CUSTOMER_BALANCE = _names(
    """
    customer balance totalOrder totalLoan totalSalePeriod totalSaleYear totalDiscountPeriod totalDiscountYear
    lastModified
    """
)
LEDGER = _names(
    """
    internalId number description balanceType currencyId consolidationSource consolBranch branchAccounting
    lastModifiedDateTime postInterCompany
    """
)
CURRENCY = _names(
    """
    id description symbol isBaseCurrency decimalPrecision isUsedForAccounting
    """
)
CREDIT_NOTE_OMITS = frozenset(
    _names(
        """
        excludeDebtCollection originatorDocRef contractDocRef directDebitMandate startDate endDate accountingCostRef
        debtCollection
        """
    )
)
CUSTOMER_CREDIT_NOTE = tuple(
    "lines" if name == "invoiceLines" else name for name in CUSTOMER_INVOICE if name not in CREDIT_NOTE_OMITS
)
CUSTOMER_DEBIT_NOTE = tuple(name for name in CUSTOMER_CREDIT_NOTE if name != "sendToAutoInvoice")
