"""The lists of the books: filters that later work needs, and batches that a page cuts in two."""

from collections import defaultdict

import pytest

from ml_connector_tests.sandbox.book_keeping import everything, journal
from ml_connector_tests.sandbox.visma_calls import VismaCaller


@pytest.fixture(scope="module")
def visma(served: VismaCaller) -> VismaCaller:
    return served


def test_invoices_filter_by_what_later_work_needs(visma: VismaCaller) -> None:
    rows = everything(visma, "/v1/customerinvoice")
    customer = rows[0]["customer"]["number"]

    def numbers(**params: str) -> list[str]:
        return [row["referenceNumber"] for row in everything(visma, "/v1/customerinvoice", **params)]

    def expected(**wanted: object) -> list[str]:
        return [
            row["referenceNumber"]
            for row in rows
            if all(row[name] == value for name, value in wanted.items())
        ]

    assert numbers(customer=customer) == expected(customer=rows[0]["customer"])
    assert numbers(status="Hold") == expected(status="Hold") != []
    assert numbers(financialPeriod="202603") == expected(financialPeriod="202603") != []
    assert numbers(documentType="CreditNote") == expected()
    released = [row["referenceNumber"] for row in rows if row["status"] in ("Open", "Closed", "Voided")]
    assert numbers(released="true") == released
    assert numbers(released="false") == [number for number in expected() if number not in released]
    since = {"documentDate": "2026-11-01"}
    assert numbers(**since) == expected()
    late = [row["referenceNumber"] for row in rows if row["documentDate"] >= "2026-11-01"]
    assert numbers(**since, documentDateCondition=">=") == late != []
    referenced = next(row for row in rows if row.get("customerRefNumber"))
    assert referenced["referenceNumber"] in numbers(customerRefNumber=referenced["customerRefNumber"])
    quoted = {"paymentReference": rows[3]["paymentReference"]}
    assert numbers(**quoted) == [rows[3]["referenceNumber"]]


def test_payments_are_found_by_invoice_and_customer(visma: VismaCaller) -> None:
    rows = everything(visma, "/v1/customerPayment")
    several = next(row for row in rows if len(row["paymentLines"]) > 1 and row["type"] == "Payment")
    number = several["paymentLines"][-1]["refNbr"]
    found = everything(visma, "/v1/customerPayment", invoiceRefNbr=number)
    assert several["refNbr"] in {row["refNbr"] for row in found}
    assert all(number in {line["refNbr"] for line in row["paymentLines"]} for row in found)
    own = everything(visma, "/v1/customerPayment", customer=several["customer"]["number"])
    assert {row["customer"]["number"] for row in own} == {several["customer"]["number"]}
    assert len(own) < len(rows)


def test_purchases_filter_by_supplier_date_and_balance(visma: VismaCaller) -> None:
    bills = everything(visma, "/v1/supplierInvoice")
    supplier = bills[0]["supplier"]["number"]
    own = everything(visma, "/v1/supplierInvoice", supplier=supplier)
    assert own == [
        row | {"metadata": own[0]["metadata"]} for row in bills if row["supplier"]["number"] == supplier
    ]
    owed = everything(visma, "/v1/supplierInvoice", balance="0", balanceCondition=">")
    assert [row["referenceNumber"] for row in owed] == [
        row["referenceNumber"] for row in bills if row["balance"] > 0
    ]
    assert everything(visma, "/v1/supplierInvoice", balance="0") == bills
    assert visma.call("/v1/supplierInvoice", balance="mye", balanceCondition=">").status_code == 400
    dated = everything(visma, "/v1/supplierInvoice", docDate="2026-06-01", docDateCondition="<")
    assert 0 < len(dated) < len(bills)
    orders = everything(visma, "/v1/purchaseorder")
    still = everything(visma, "/v1/purchaseorder", orderStatus="Open")
    assert [row["orderNbr"] for row in still] == [
        row["orderNbr"] for row in orders if row["status"] == "Open"
    ]
    theirs = everything(visma, "/v1/purchaseorder", supplier=orders[0]["supplier"]["number"])
    assert {row["supplier"]["number"] for row in theirs} == {orders[0]["supplier"]["number"]}


def test_journal_filters_by_period_module_and_status(visma: VismaCaller) -> None:
    batches = list(journal(visma).values())
    found = everything(visma, "/v2/journaltransaction", periodId="202604", module="AR", status="Posted")
    wanted = [
        row["batchNumber"]
        for row in batches
        if (row["financialPeriod"], row["module"], row["status"]) == ("202604", "ModuleAR", "Posted")
    ]
    assert [row["batchNumber"] for row in found] == wanted != []
    assert {row["ledger"] for row in batches} == {"ACTUAL", "BUDSJETT", "STATISTIKK"}
    detail = visma.call(f"/v2/journaltransaction/{wanted[0]}")
    assert detail.status_code == 200


def test_a_batch_is_split_where_a_page_ends_and_whole_when_put_together(visma: VismaCaller) -> None:
    seen: dict[str, list[int]] = defaultdict(list)
    split = 0
    for page in range(1, 400):
        rows = visma.rows("/v2/journaltransaction", periodId="202604", pageNumber=page, pageSize=7)
        if not rows:
            break
        assert sum(len(row["journalTransactionLines"]) for row in rows) <= 7
        for row in rows:
            key = f"{row['module']}:{row['batchNumber']}"
            split += key in seen
            seen[key] += [line["lineNumber"] for line in row["journalTransactionLines"]]
    assert split > 3
    assert all(lines == list(range(1, len(lines) + 1)) for lines in seen.values())
    assert rows == []
