"""Reading a value of a row by its path."""

import json
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.records.field_values import fields_of, value_at
from ml_connector.records.normal_forms import OddValueError

ROW: dict[str, Any] = json.loads(
    """{"name": "  Fjord AS ", "creditLimit": 25000.5000, "numberOfEmployees": 12, "printInvoices": true,
    "excludeDebtCollection": false, "gln": null, "vatRegistrationId": " ", "customerClass": {"id": "NO"},
    "attributes": [null, {"id": "BRANSJE", "value": "FISK", "description": "Bransje"}, {"id": "SIDEN", "value": null}],
    "invoiceAddress": null}""",
    parse_float=Decimal,
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "Fjord AS"),
        ("creditLimit", "25000.5000"),
        ("numberOfEmployees", "12"),
        ("printInvoices", "true"),
        ("excludeDebtCollection", "false"),
        ("gln", None),
        ("vatRegistrationId", None),
        ("customerClass.id", "NO"),
        ("customerClass.description", None),
        ("invoiceAddress.country.id", None),
        ("corporateId", None),
        ("attributes.BRANSJE", "FISK"),
        ("attributes.bransje", "FISK"),
        ("attributes.SIDEN", None),
        ("attributes.ANNET", None),
    ],
)
def test_every_single_value_is_text(path: str, value: str | None) -> None:
    assert value_at(ROW, path) == value


@pytest.mark.parametrize("attributes", [None, [], "odd", {"id": "BRANSJE"}])
def test_a_row_without_attributes_has_none(attributes: Any) -> None:
    assert value_at({"attributes": attributes}, "attributes.BRANSJE") is None


@pytest.mark.parametrize("odd", [{"id": "NO"}, ["NO"]])
def test_what_is_no_single_value_is_named_and_not_shown(odd: Any) -> None:
    with pytest.raises(OddValueError, match=r"^customerClass: a value of type (dict|list) stands where text"):
        fields_of({"customerClass": odd}, ["name", "customerClass"])
