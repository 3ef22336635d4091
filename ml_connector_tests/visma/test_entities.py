"""The table of entities: paths, keys and parameters, one expectation per row."""

import base64
import re

import pytest

from ml_connector.errors import UsageError
from ml_connector.visma.entities import ENTITIES, ChangeFilter, Paging, entity_named, path_part, short_module

P, U, IDS = Paging.PAGED, Paging.UNPAGED, Paging.IDS
WITH, ALONE, NONE = ChangeFilter.WITH_CONDITION, ChangeFilter.DATE_ALONE, ChangeFilter.NONE

TABLE = [
    ("customers", "/v1/customer", P, WITH),
    ("contacts", "/v1/contact", U, WITH),
    ("suppliers", "/v1/supplier", P, WITH),
    ("customer_invoices", "/v1/customerinvoice", P, WITH),
    ("customer_credit_notes", "/v1/customerCreditNote", P, WITH),
    ("customer_debit_notes", "/v1/customerDebitNote", P, WITH),
    ("customer_payments", "/v1/customerPayment", P, WITH),
    ("journal_transactions", "/v2/journaltransaction", P, ALONE),
    ("supplier_invoices", "/v1/supplierInvoice", P, WITH),
    ("purchase_orders", "/v1/purchaseorder", P, WITH),
    ("accounts", "/v1/account", U, WITH),
    ("subaccounts", "/v1/subaccount", P, WITH),
    ("dimensions", "/v1/dimension", IDS, NONE),
    ("ledgers", "/v1/ledger", U, WITH),
    ("currencies", "/v1/currency", U, NONE),
]


@pytest.mark.parametrize(("name", "path", "paging", "change_filter"), TABLE)
def test_how_an_entity_is_read(name: str, path: str, paging: Paging, change_filter: ChangeFilter) -> None:
    entity = ENTITIES[name]
    assert (entity.path, entity.paging, entity.change_filter) == (path, paging, change_filter)
    assert entity.condition == (change_filter is WITH)
    assert entity.page_size == 1000


def test_the_table_is_complete() -> None:
    assert set(ENTITIES) == {row[0] for row in TABLE}
    assert {name for name, entity in ENTITIES.items() if entity.reference} == {
        "accounts",
        "subaccounts",
        "dimensions",
        "ledgers",
        "currencies",
    }


@pytest.mark.parametrize(
    ("name", "row", "key"),
    [
        ("customers", {"number": "10023", "internalId": 7}, "10023"),
        ("contacts", {"contactId": 4711}, "4711"),
        ("suppliers", {"number": "50001"}, "50001"),
        ("customer_invoices", {"documentType": "Invoice", "referenceNumber": "000123"}, "Invoice:000123"),
        ("customer_credit_notes", {"documentType": "CreditNote", "referenceNumber": "9"}, "CreditNote:9"),
        ("customer_debit_notes", {"documentType": "DebitNote", "referenceNumber": "9"}, "DebitNote:9"),
        ("customer_payments", {"type": "VoidPayment", "refNbr": "77"}, "VoidPayment:77"),
        ("journal_transactions", {"module": "ModuleAR", "batchNumber": "AR0001"}, "AR:AR0001"),
        ("journal_transactions", {"module": "GL", "batchNumber": "1"}, "GL:1"),
        ("supplier_invoices", {"documentType": "CreditAdj", "referenceNumber": "5"}, "CreditAdj:5"),
        ("purchase_orders", {"orderType": "DropShip", "orderNbr": "P1"}, "DropShip:P1"),
        ("accounts", {"accountID": 3, "accountCD": "3000"}, "3000"),
        ("subaccounts", {"subaccountNumber": "1-2"}, "1-2"),
        ("dimensions", {"id": "SUBACCOUNT"}, "SUBACCOUNT"),
        ("ledgers", {"number": "ACTUAL", "internalId": 2}, "ACTUAL"),
        ("currencies", {"id": "NOK"}, "NOK"),
        ("customers", {"number": None}, ""),
        ("customers", {"number": ""}, ""),
        ("customer_invoices", {"documentType": "Invoice"}, ""),
        ("journal_transactions", {"batchNumber": "1"}, ""),
        ("contacts", {"contactId": 0}, "0"),
    ],
)
def test_keys(name: str, row: dict[str, object], key: str) -> None:
    assert ENTITIES[name].key(row) == key


def test_stamps() -> None:
    stamp = {"lastModifiedDateTime": "2026-11-20T06:35:22.1"}
    assert {name for name, entity in ENTITIES.items() if entity.modified(stamp) is None} == {
        "dimensions",
        "currencies",
    }


@pytest.mark.parametrize(
    ("name", "key", "path"),
    [
        ("customers", "10023", "/v1/customer/10023"),
        ("customer_invoices", "Invoice:000123", "/v1/customerinvoice/000123"),
        ("supplier_invoices", "CreditAdj:5", "/v1/supplierInvoice/CreditAdj/5"),
        ("journal_transactions", "GL:1", "/v2/journaltransaction/1"),
        ("customers", "A:B", "/v1/customer/b64(QTpC)"),
        ("customer_invoices", "Invoice:A/1", "/v1/customerinvoice/b64(QS8x)"),
    ],
)
def test_detail_paths(name: str, key: str, path: str) -> None:
    assert ENTITIES[name].detail(key) == path


@pytest.mark.parametrize("key", ["000123", "Invoice:", ":000123", ""])
def test_a_key_of_another_shape_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match="<kind>:<number>"):
        ENTITIES["customer_invoices"].detail(key)


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("10023", "10023"),
        ("A-1_b.c~", "A-1_b.c~"),
        (":/?#[]@&*+;", "b64(Oi8_I1tdQCYqKzs)"),  # the vendor's own example
        ("two words", "b64(dHdvIHdvcmRz)"),
        ("Ørsted", "%C3%98rsted"),
        ("..", "b64(Li4)"),
    ],
)
def test_reserved_characters_in_paths(key: str, part: str) -> None:
    assert path_part(key) == part
    if found := re.fullmatch(r"b64\((.*)\)", part):
        padded = found.group(1) + "=" * (-len(found.group(1)) % 4)
        assert base64.urlsafe_b64decode(padded).decode() == key


def test_a_list_without_details_says_so() -> None:
    with pytest.raises(UsageError, match="as a list only"):
        ENTITIES["ledgers"].detail("ACTUAL")


def test_documents_ask_for_what_lists_leave_out() -> None:
    for name in ("customer_invoices", "customer_credit_notes", "customer_debit_notes"):
        assert set(ENTITIES[name].extra_params) == {
            "expandApplications",
            "expandTaxDetails",
            "expandInvoiceAddress",
        }


def test_names() -> None:
    assert entity_named("customers") is ENTITIES["customers"]
    assert entity_named(ENTITIES["customers"]) is ENTITIES["customers"]
    with pytest.raises(UsageError, match="accounts, contacts"):
        entity_named("customer")
    assert [short_module(name) for name in ("ModuleAR", "AR")] == ["AR", "AR"]
