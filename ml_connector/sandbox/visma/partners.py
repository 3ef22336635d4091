"""Customers, suppliers and contacts as Visma rows, made from the company's facts.

A row carries the fields of ``fields.py``; what is unknown is null, and in a third of the cases left out, as the real
API may do with any field (reference: visma 4.1).
"""

from collections.abc import Mapping
from typing import Any

from ml_connector.sandbox.company import Company, Topic
from ml_connector.sandbox.draws import mix, source
from ml_connector.sandbox.visma.chart import (
    CUSTOMER_CLASSES,
    SUPPLIER_CLASSES,
    account_reference,
    reference,
)
from ml_connector.sandbox.visma.partner_parts import (
    address,
    attributes,
    contact_info,
    credit,
    currency,
    organisation_number,
    region,
    terms,
    vat_zone,
)
from ml_connector.sandbox.visma.rendering import money

_CUSTOMER_STATUSES = ("Active", "OnHold", "CreditHold", "Inactive", "OneTime")
_SUPPLIER_STATUSES = ("Active", "OnHold", "HoldPayments", "Inactive", "OneTime")
_STATUS_SHARES = (90, 2, 3, 4, 1)
_TITLES = ("Mr", "Ms", "Mrs", "Doctor")

_CUSTOMER_ACCOUNTS = {
    "customerLedgerAccount": account_reference("1500"),
    "customerLedgerSubaccount": None,
    "salesAccount": account_reference("3000"),
    "salesNonTaxableAccount": account_reference("3100"),
    "salesEuAccount": account_reference("3110"),
    "salesExportAccount": account_reference("3110"),
    "salesSubaccount": None,
    "discountAccount": account_reference("3000"),
    "discountSubaccount": None,
    "freightAccount": account_reference("3900"),
    "freightSubaccount": None,
    "cashDiscountAccount": None,
    "cashDiscountSubaccount": None,
    "prepaymentAccount": account_reference("2900"),
    "prepaymentSubaccount": None,
}
_SUPPLIER_ACCOUNTS = {
    "supplierAccount": account_reference("2400"),
    "supplierSubaccount": {"active": True, "id": "00-0", "description": "Felles, Ikke angitt"},
    "expenseAccount": account_reference("4300"),
    "expenseAccountNonTax": account_reference("4300"),
    "expenseEUAccount": account_reference("4300"),
    "expenseAccountImport": account_reference("4360"),
    "expenseSubaccount": None,
}
_ODD_NAMES = {
    7: "Å & Ø <Drift> AS",
    19: "  Sjøhuset   Restaurant AS ",
    31: 'Verkstedet "Gode Råd" DA',
    43: "Blåbær 🫐 Catering AS",
    61: "Andelslaget Bjørnøya\tog Omegn SA",
}
"""Names at fixed places that break careless code: markup, stray white space, quotes, emoji, a tab."""


def thinned(row: Mapping[str, Any], seed: int, serial: int) -> dict[str, Any]:
    """Return the row without a third of its null fields."""
    return {
        name: value
        for place, (name, value) in enumerate(row.items())
        if value is not None or mix(seed, place, serial) % 3
    }


def customer_row(company: Company, index: int) -> dict[str, Any]:
    """Return customer ``index`` without its stamps."""
    chance = source(company.seed, Topic.CUSTOMER, index)
    entity = company.entity(company.customer_entity(index))
    home = address(entity, 200_000 + 4 * index)
    info = contact_info(company, entity, 600_000 + 4 * index, chance.randrange(8), chance)
    name = _ODD_NAMES.get(index, entity.name)
    second_of_group = index != entity.index
    customer_class = "KON" if second_of_group else region(entity)
    by_mail = entity.mailbox is not None and chance.random() < 0.8
    location = {"countryId": entity.country.code, "id": "MAIN", "name": "Hovedadresse"}
    parent = (
        {"number": company.customer_number(entity.index), "name": entity.name} if second_of_group else None
    )
    row = {
        "internalId": 20_000 + index,
        "number": company.customer_number(index),
        "name": f"{name}, avd. {entity.place.city.title()}" if second_of_group else name,
        "status": chance.choices(_CUSTOMER_STATUSES, _STATUS_SHARES)[0],
        "mainAddress": None if index % 47 == 11 else home,
        "mainContact": None if index % 59 == 13 else info,
        "accountReference": None,
        "parentRecord": parent,
        "customerClass": reference(*CUSTOMER_CLASSES[customer_class]),
        "creditTerms": terms(chance),
        "currencyId": currency(entity, chance),
        **credit(chance),
        "invoiceAddress": home | {"addressId": 200_001 + 4 * index},
        "invoiceContact": info | {"contactId": 600_001 + 4 * index},
        "printInvoices": not by_mail,
        "acceptAutoInvoices": entity.country.code == "NO" and chance.random() < 0.5,
        "sendInvoicesByEmail": by_mail,
        "sendDunningLettersViaEMail": by_mail,
        "printDunningLetters": not by_mail,
        "printStatements": False,
        "sendStatementsByEmail": by_mail,
        "printMultiCurrencyStatements": False,
        "statementType": "OpenItem",
        "deliveryAddress": home | {"addressId": 200_002 + 4 * index},
        "deliveryContact": info | {"contactId": 600_002 + 4 * index, "email": None},
        "vatRegistrationId": entity.numbers.vat if entity.numbers and chance.random() < 0.75 else None,
        "corporateId": organisation_number(entity, chance.randrange(12)),
        "gln": None,
        "vatZone": vat_zone(entity),
        "location": location,
        "attributes": attributes(chance),
        "lastModifiedDateTime": None,
        "createdDateTime": None,
        "directDebitLines": [],
        "priceClass": None,
        "glAccounts": _CUSTOMER_ACCOUNTS,
        "invoiceToDefaultLocation": False,
        "eInvoiceContract": None,
        "paymentMethods": [{"paymentMethodId": "1", "isDefault": True}],
        "defaultPaymentMethodId": "1",
        "numberOfEmployees": chance.randint(1, 900) if chance.random() < 0.3 else None,
        "excludeDebtCollection": False,
        "timeStamp": None,
        "errorInfo": None,
    }
    return thinned(row, company.seed, index)


def supplier_row(company: Company, index: int) -> dict[str, Any]:
    """Return supplier ``index`` without its stamps. One that is a customer too may be written differently there."""
    chance = source(company.seed, Topic.SUPPLIER, index)
    entity = company.entity(company.supplier_entity(index))
    home = address(entity, 8_000_000 + 4 * index)
    info = contact_info(company, entity, 9_000_000 + 4 * index, chance.randrange(8), chance)
    bank = {
        "paymentMethodDetailDescription": "Kontonummer",
        "paymentMethodDetailValue": f"{chance.randrange(10**11):011d}",
        "paymentMethodDetailBankingDetailType": "BBAN",
        "paymentMethodDetailID": "1",
    }
    row = {
        "internalId": 5_000_000 + index,
        "number": company.supplier_number(index),
        "name": entity.name.upper() if chance.random() < 0.2 else entity.name,
        "status": chance.choices(_SUPPLIER_STATUSES, _STATUS_SHARES)[0],
        "mainAddress": home,
        "mainContact": info,
        "accountReference": str(chance.randint(10_000, 99_999)) if chance.random() < 0.3 else None,
        "parentRecord": None,
        "supplierClass": reference(*SUPPLIER_CLASSES[region(entity)]),
        "creditTerms": terms(chance),
        "documentLanguage": None,
        "currencyId": currency(entity, chance),
        "remitAddress": home | {"addressId": 8_000_001 + 4 * index},
        "remitContact": info | {"contactId": 9_000_001 + 4 * index},
        "paymentMethod": reference("2", "Remittering"),
        "cashAccount": "1920",
        "chargeBearer": "Payer",
        "accountUsedForPayment": "BBAN" if entity.country.code == "NO" else "IBAN",
        "paymentBy": "DueDate",
        "paymentLeadTime": 0,
        "paymentRefDisplayMask": None,
        "paySeparately": False,
        "supplierAddress": home | {"addressId": 8_000_002 + 4 * index},
        "supplierContact": info | {"contactId": 9_000_002 + 4 * index},
        "location": {"countryId": entity.country.code, "id": "MAIN", "name": "Hovedadresse"},
        "vatRegistrationId": entity.numbers.vat if entity.numbers and chance.random() < 0.6 else None,
        "corporateId": organisation_number(entity, chance.randrange(12)),
        "vatZone": vat_zone(entity),
        "glAccounts": _SUPPLIER_ACCOUNTS,
        "attributes": attributes(chance),
        "lastModifiedDateTime": None,
        "supplierPaymentMethodDetails": [bank],
        "retainageApply": False,
        "retainageCashAccountID": None,
        "retainagePct": money(0),
        "note": None,
        "numberOfEmployees": None,
        "naceCode": None,
        "landedCostSupplier": False,
        "currencyOverride": False,
        "currencyRateOverride": False,
        "timeStamp": None,
        "errorInfo": None,
    }
    return thinned(row, company.seed, 1_000_000 + index)


def contact_row(company: Company, index: int, contact_id: int) -> dict[str, Any]:
    """Return contact ``index`` without its stamp; ``businessAccount`` is the customer's or supplier's number."""
    contact = company.contact(index)
    entity = company.entity(contact.entity)
    person = company.person(contact.entity, contact.person)
    owner_type = "Vendor" if contact.supplier else "Customer"
    row = {
        "displayName": f"{person.family}, {person.given}",
        "active": person.active,
        "title": _TITLES[index % 4] if index % 9 == 0 else None,
        "firstName": None if index % 23 == 11 else person.given,
        "lastName": person.family,
        "position": person.position,
        "businessAccount": contact.number,
        "businessAccountType": owner_type if contact.number else None,
        "sameAsAccount": True,
        "address": address(entity, 12_000_000 + index),
        "email": person.email,
        "web": entity.web if index % 5 == 0 else None,
        "phone1": person.phone.written(index) if person.phone else None,
        "phone2": person.mobile.written(index + 2) if person.mobile else None,
        "phone3": None,
        "fax": None,
        "contactMethod": "Any",
        "doNotCall": False,
        "doNotFax": False,
        "doNotEmail": index % 41 == 3,
        "doNotMail": False,
        "noMassMail": False,
        "noMarketing": index % 41 == 3,
        "lastModifiedDateTime": None,
        "contactId": contact_id,
        "timeStamp": None,
        "errorInfo": None,
    }
    return thinned(row, company.seed, 2_000_000 + index)
