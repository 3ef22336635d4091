"""The ledger's small tables: accounts, subaccounts, dimensions, branches, the organisation, classes and credit terms.

The account numbers follow the Norwegian standard chart; ``type`` is what tells income from the rest.
"""

import uuid
from datetime import datetime
from typing import Any

from ml_connector.sandbox.company import COMPANY_NAME, COMPANY_NUMBER
from ml_connector.sandbox.identifiers import norwegian_number

ACCOUNTS = {
    "1200": ("Asset", "Maskiner og anlegg"),
    "1250": ("Asset", "Inventar og kontormaskiner"),
    "1460": ("Asset", "Innkjøpte varer for videresalg"),
    "1500": ("Asset", "Kundefordringer"),
    "1510": ("Asset", "Kundefordringer utland"),
    "1530": ("Asset", "Opptjent, ikke fakturert inntekt"),
    "1700": ("Asset", "Forskuddsbetalte kostnader"),
    "1920": ("Asset", "Bankinnskudd"),
    "1950": ("Asset", "Bankinnskudd for skattetrekk"),
    "2000": ("Liability", "Aksjekapital"),
    "2050": ("Liability", "Annen egenkapital"),
    "2400": ("Liability", "Leverandørgjeld"),
    "2410": ("Liability", "Leverandørgjeld utland"),
    "2700": ("Liability", "Utgående merverdiavgift, høy sats"),
    "2701": ("Liability", "Utgående merverdiavgift, middels sats"),
    "2702": ("Liability", "Utgående merverdiavgift, lav sats"),
    "2710": ("Liability", "Inngående merverdiavgift, høy sats"),
    "2740": ("Liability", "Oppgjørskonto merverdiavgift"),
    "2900": ("Liability", "Forskudd fra kunder"),
    "3000": ("Income", "Salgsinntekt varer, avgiftspliktig høy sats"),
    "3010": ("Income", "Salgsinntekt tjenester, avgiftspliktig høy sats"),
    "3020": ("Income", "Salgsinntekt, avgiftspliktig middels sats"),
    "3080": ("Income", "Rabatt og annen salgsinntektsreduksjon"),
    "3100": ("Income", "Salgsinntekt, avgiftsfri"),
    "3110": ("Income", "Salgsinntekt utførsel"),
    "3600": ("Income", "Leieinntekt"),
    "3900": ("Income", "Annen driftsrelatert inntekt"),
    "4300": ("Expense", "Innkjøp av varer for videresalg"),
    "4360": ("Expense", "Frakt og toll, innkjøp"),
    "5000": ("Expense", "Lønn til ansatte"),
    "5400": ("Expense", "Arbeidsgiveravgift"),
    "6300": ("Expense", "Leie lokale"),
    "6340": ("Expense", "Lys, varme"),
    "6700": ("Expense", "Revisjons- og regnskapshonorar"),
    "6900": ("Expense", "Telefon og internett"),
    "7140": ("Expense", "Reisekostnad"),
    "7770": ("Expense", "Bank- og kortgebyr, øreavrunding"),
    "7830": ("Expense", "Tap på fordringer"),
    "8050": ("Income", "Annen renteinntekt"),
    "8060": ("Income", "Valutagevinst"),
    "8150": ("Expense", "Annen rentekostnad"),
    "8160": ("Expense", "Valutatap"),
}
"""Number to type and description."""

DEPARTMENTS = {
    "00": "Felles",
    "10": "Salg",
    "20": "Skip og offshore",
    "30": "Bygg og anlegg",
    "40": "Service",
}
REGIONS = {"0": "Ikke angitt", "1": "Møre og Romsdal", "2": "Nord-Norge", "3": "Østlandet", "4": "Sverige"}

CUSTOMER_CLASSES = {
    "NO": ("1", "Kunder innland"),
    "EU": ("2", "Kunder EU/EØS"),
    "KON": ("9", "Konsernkunder"),
}
SUPPLIER_CLASSES = {"NO": ("1", "Leverandører innland"), "EU": ("2", "Leverandører EU/EØS")}
CREDIT_TERMS = {
    "00": (0, "Kontant"),
    "10": (10, "10 dager netto"),
    "14": (14, "14 dager netto"),
    "30": (30, "30 dager netto"),
    "45": (45, "45 dager netto"),
    "60": (60, "60 dager netto"),
}
VAT_ZONES = {"NO": ("01", "Innland"), "EU": ("03", "EU/EØS")}

_ID_SPACE = uuid.UUID("3f0f3c9e-9d5e-5e0c-8f3b-5b7c7a1f2d10")


def reference(number: str, description: str, key: str = "id") -> dict[str, str]:
    """Return the small object Visma uses to point at a row of another table."""
    return {key: number, "description": description}


def account_reference(number: str) -> dict[str, Any]:
    """Return the account as customers and suppliers point at it."""
    kind, description = ACCOUNTS[number]
    return {"type": kind, "number": number, "description": description}


def account_rows() -> list[dict[str, Any]]:
    """Return the rows of ``/v1/account``; a retired account is not active."""
    return [
        {
            "accountID": 1000 + place,
            "accountCD": number,
            "accountGroupCD": None,
            "accountClass": kind.upper()[:5],
            "type": kind,
            "active": number != "3600",
            "description": description,
            "useDefaultSub": kind in ("Asset", "Liability"),
            "postOption": "Summary" if number in ("1500", "2400") else "Detail",
            "cashAccount": number in ("1920", "1950"),
            "currency": "NOK" if number == "1920" else None,
            "publicCode1": number,
            "controlAccountModule": {"1500": "AR", "2400": "AP"}.get(number),
            "allowManualEntry": number not in ("1500", "2400"),
        }
        for place, (number, (kind, description)) in enumerate(ACCOUNTS.items())
    ]


def subaccount_rows() -> list[dict[str, Any]]:
    """Return the rows of ``/v1/subaccount``: every department in every region."""
    return [
        {
            "subaccountNumber": f"{department}-{region}",
            "subaccountId": int(f"4{department}{region}"),
            "description": f"{department_name}, {region_name}",
            "active": True,
            "segments": [
                _segment(1, "Avdeling", department, department_name),
                _segment(2, "Region", region, region_name),
            ],
        }
        for department, department_name in DEPARTMENTS.items()
        for region, region_name in REGIONS.items()
    ]


def _segment(number: int, name: str, value: str, description: str) -> dict[str, Any]:
    return {
        "segmentId": number,
        "segmentDescription": name,
        "segmentValue": value,
        "segmentValueDescription": description,
    }


def dimension_rows(stamp: datetime) -> list[dict[str, Any]]:
    """Return the dimensions; only SUBACCOUNT has segment values of its own."""
    plain = (("ACCOUNT", 4, "Hovedbok"), ("CUSTOMER", 10, "Kunde"), ("SUPPLIER", 10, "Leverandør"))
    rows = [
        {"id": name, "length": length, "description": text, "segments": []} for name, length, text in plain
    ]
    segments = [
        _dimension_segment(1, "Avdeling", 2, DEPARTMENTS, stamp),
        _dimension_segment(2, "Region", 1, REGIONS, stamp),
    ]
    rows.append({"id": "SUBACCOUNT", "length": 3, "description": "Delkonto", "segments": segments})
    return rows


def _dimension_segment(
    number: int, name: str, length: int, values: dict[str, str], stamp: datetime
) -> dict[str, Any]:
    return {
        "internalId": str(uuid.uuid5(_ID_SPACE, name)),
        "segmentId": number,
        "description": name,
        "length": length,
        "publicId": str(uuid.uuid5(_ID_SPACE, f"public {name}")),
        "timeStamp": None,
        "lastModified": stamp,
        "validate": True,
        "segmentValues": [
            {
                "internalId": str(uuid.uuid5(_ID_SPACE, f"{name} {value}")),
                "segmentId": number,
                "valueId": value,
                "description": description,
                "publicId": str(uuid.uuid5(_ID_SPACE, f"public {name} {value}")),
                "active": True,
                "timeStamp": None,
                "lastModified": stamp,
                "mappedSegValue": None,
            }
            for value, description in values.items()
        ],
        "isAutoNumber": False,
        "consolNumChar": length,
        "consolOrder": number,
    }


def credit_term_rows() -> list[dict[str, Any]]:
    """Return the rows of ``/v1/creditTerm``, the list that comes in a wrapper object."""
    return [
        {
            "termsId": key,
            "description": text,
            "visibleTo": "All",
            "dueDateType": "FixedNumberOfDays",
            "dueDay1": days,
        }
        for key, (days, text) in CREDIT_TERMS.items()
    ]


def branch_rows() -> list[dict[str, Any]]:
    """Return the company's one branch."""
    number = norwegian_number(COMPANY_NUMBER)
    return [
        {
            "branchId": 1,
            "number": "1",
            "name": COMPANY_NAME,
            "organizationId": 1,
            "isMainBranch": True,
            "isActive": True,
            "corporateId": number,
            "vatRegistrationId": f"{number}MVA",
        }
    ]


def organisation_rows() -> list[dict[str, Any]]:
    """Return the company itself as ``/v1/organization`` gives it."""
    number = norwegian_number(COMPANY_NUMBER)
    return [
        {
            "organizationCd": "1",
            "name": COMPANY_NAME,
            "organizationType": "WithoutBranches",
            "fileTaxByBranches": False,
            "baseCurrency": "NOK",
            "corporateId": number,
            "vatRegistrationId": f"{number}MVA",
            "defaultCountry": {"id": "NO", "name": "Norge"},
            "branches": [{"number": "1", "name": COMPANY_NAME}],
        }
    ]
