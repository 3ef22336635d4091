"""The fields that settings may name: those of Visma's description, as far as its lists send them."""

import pytest

from ml_connector.sandbox.company import Company
from ml_connector.sandbox.visma.partners import contact_row, customer_row, supplier_row
from ml_connector.visma_row_fields import paths_of, unknown_field

NOT_SENT = {"glAccounts"}
"""What Visma sends only when it is asked to; the sandbox always has it."""


@pytest.mark.parametrize(
    ("rows", "path"),
    [
        ("customers", "customerClass.description"),
        ("customers", "mainAddress.country.id"),
        ("customers", "attributes.INDUSTRY"),
        ("suppliers", "supplierClass.id"),
        ("suppliers", "numberOfEmployees"),
        ("contacts", "address.county.name"),
        ("invoices", "salesPerson.description"),
        ("invoices", "invoiceAddress.overrideAddress"),
        ("invoices", "project.internalId"),
    ],
)
def test_fields_of_the_description_are_known(rows: str, path: str) -> None:
    assert unknown_field(rows, path) is None


@pytest.mark.parametrize(
    ("rows", "path", "word"),
    [
        ("customers", "attributes", "name one attribute by its id"),
        ("customers", "glAccounts.salesAccount.number", "have no field"),
        ("customers", "status.id", "nearest: status"),
        ("contacts", "attributes.X", "have no attributes"),
        ("invoices", "invoiceLines.amount", "have no field"),
    ],
)
def test_others_are_refused_with_a_sentence(rows: str, path: str, word: str) -> None:
    assert word in str(unknown_field(rows, path))


def test_every_single_value_of_the_sandboxes_rows_can_be_named() -> None:
    """The sandbox is written from Visma's description by other hands."""
    company = Company(seed=1, customers=30, suppliers=10, contacts_per_customer=1.6)
    rows = {
        "customers": [customer_row(company, index) for index in range(30)],
        "suppliers": [supplier_row(company, index) for index in range(10)],
        "contacts": [contact_row(company, index, index) for index in range(20)],
    }
    for kind, found in rows.items():
        named = {path for row in found for path in single_values(row)}
        unknown = {path for path in named if path.split(".")[0] not in NOT_SENT} - paths_of(kind)
        assert unknown - {"timeStamp", "errorInfo", "note"} == set(), kind


def single_values(row: object, prefix: str = "") -> set[str]:
    """Return the paths to all values of a row that are neither lists nor objects nor null."""
    if isinstance(row, dict):
        return {path for name, value in row.items() for path in single_values(value, f"{prefix}{name}.")}
    return set() if row is None or isinstance(row, list) else {prefix.removesuffix(".")}
