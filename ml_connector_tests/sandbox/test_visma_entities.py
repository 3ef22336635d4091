"""Details, the ledger's tables, journal paging by lines, limits and refusals of the Visma half."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.errors import UsageError
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma import fields
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector.sandbox.visma.tables import TABLES
from ml_connector_tests.sandbox.visma_calls import VismaCaller

STAMP = datetime(2026, 11, 20, 9, 30, 15)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(customers=60, suppliers=20)) as running:
        yield running


@pytest.fixture
def visma(sandbox: Sandbox) -> VismaCaller:
    sandbox.reset()
    return VismaCaller(sandbox)


def batch(number: str, lines: int, module: str = "ModuleAR", status: str = "Posted") -> dict[str, Any]:
    amount = Decimal("100.0000")
    return {
        "module": module,
        "batchNumber": number,
        "status": status,
        "financialPeriod": "202611",
        "journalTransactionLines": [
            {"lineNumber": place + 1, "creditAmount": amount} for place in range(lines)
        ],
    }


def test_a_detail_is_found_by_its_number(visma: VismaCaller) -> None:
    response = visma.call("/v1/customer/10003")
    row = response.json()
    assert row["number"] == "10003"
    assert "metadata" not in row
    assert response.headers["ETag"] == f'"{row["timeStamp"]}"'
    contact = visma.sandbox.visma.keys("contacts")[0]
    assert visma.call(f"/v1/contact/{contact}").json()["contactId"] == int(contact)


def test_a_detail_that_does_not_exist_is_404(visma: VismaCaller) -> None:
    response = visma.call("/v1/customer/99999")
    assert response.status_code == 404
    assert response.json()["message"].startswith("VismaId: ")
    assert visma.call("/v1/nothing").status_code == 404


def test_a_number_with_a_slash_is_reached_in_base64_only(visma: VismaCaller) -> None:
    number = next(key for key in visma.sandbox.visma.keys("customers") if "/" in key)
    encoded = base64.urlsafe_b64encode(number.encode()).decode().rstrip("=")
    assert visma.call(f"/v1/customer/b64({encoded})").json()["number"] == number
    assert visma.call(f"/v1/customer/{number.replace('/', '%2F')}").status_code == 404
    assert visma.call("/v1/customer/b64(!!)").status_code == 400


def test_a_deleted_row_leaves_no_trace(visma: VismaCaller) -> None:
    visma.sandbox.visma.delete("suppliers", "50001")
    assert visma.call("/v1/supplier/50001").status_code == 404
    assert visma.rows("/v1/supplier")[0]["metadata"]["totalCount"] == 19


def test_an_added_contact_gets_a_number_and_every_field(visma: VismaCaller) -> None:
    key = visma.sandbox.visma.add("contacts", {"lastName": "Ås", "businessAccount": "10001"}, stamp=STAMP)
    row = visma.call(f"/v1/contact/{key}").json()
    assert set(row) == set(fields.CONTACT)
    assert (row["contactId"], row["email"], row["lastModifiedDateTime"]) == (
        int(key),
        None,
        "2026-11-20T09:30:15",
    )


def test_hooks_refuse_what_cannot_be(visma: VismaCaller) -> None:
    company = visma.sandbox.visma
    with pytest.raises(UsageError):
        company.add("customers", {"number": "10001"})
    with pytest.raises(UsageError):
        company.add("customers", {"name": "Uten nummer"})
    with pytest.raises(UsageError):
        company.update("customers", "1", {})
    with pytest.raises(UsageError):
        company.delete("customers", "1")
    with pytest.raises(UsageError):
        company.keys("orders")


def test_every_table_answers(visma: VismaCaller) -> None:
    for table in TABLES:
        needed = {"periodId": "202611"} if table.needs_one_of else {}
        assert visma.call(table.path, **needed).status_code == 200, table.name


def test_invoices_are_empty_until_added_and_then_complete(visma: VismaCaller) -> None:
    assert visma.rows("/v1/customerinvoice", pageNumber=1, pageSize=100) == []
    invoice = {"documentType": "Invoice", "referenceNumber": "100023", "amount": Decimal("9257.5")}
    assert visma.sandbox.visma.add("customer_invoices", invoice, stamp=STAMP) == "Invoice:100023"
    row = visma.rows("/v1/customerinvoice")[0]
    assert set(row) == {*fields.CUSTOMER_INVOICE, "metadata"}
    assert row["amount"] == Decimal("9257.5")
    assert visma.call("/v1/customerinvoice/100023").json()["createdDateTime"] == "2026-11-20T09:30:15"


def test_supplier_invoices_are_also_found_by_type_and_number(visma: VismaCaller) -> None:
    visma.sandbox.visma.add("supplier_invoices", {"documentType": "CreditAdj", "referenceNumber": "7"})
    assert visma.call("/v1/supplierInvoice/CreditAdj/7").status_code == 200
    assert visma.call("/v1/supplierInvoice/Invoice/7").status_code == 404


def test_documents_filter_by_customer_number_in_customer_only(visma: VismaCaller) -> None:
    for number, customer in (("1", "10001"), ("2", "10002")):
        row = {
            "documentType": "Invoice",
            "referenceNumber": number,
            "customer": {"number": customer, "name": "X"},
        }
        visma.sandbox.visma.add("customer_invoices", row)
    assert [row["referenceNumber"] for row in visma.rows("/v1/customerinvoice", customer="10002")] == ["2"]
    assert len(visma.rows("/v1/customerinvoice", customerNumber="10002")) == 2


def test_a_document_date_filter_needs_its_condition(visma: VismaCaller) -> None:
    for number, day in (("1", 1), ("2", 20)):
        row = {"documentType": "Invoice", "referenceNumber": number, "documentDate": datetime(2026, 11, day)}
        visma.sandbox.visma.add("customer_invoices", row)
    dated = {"documentDate": "2026-11-10"}
    assert len(visma.rows("/v1/customerinvoice", **dated)) == 2
    assert len(visma.rows("/v1/customerinvoice", **dated, documentDateCondition=">=")) == 1


def test_journal_pages_count_lines_and_split_batches(visma: VismaCaller) -> None:
    for number, lines in (("000001", 3), ("000002", 2)):
        visma.sandbox.visma.add("journal_transactions", batch(number, lines))
    pages = [
        visma.rows("/v2/journaltransaction", periodId="202611", pageNumber=page, pageSize=2)
        for page in (1, 2, 3)
    ]
    shape = [
        [
            (row["batchNumber"], [line["lineNumber"] for line in row["journalTransactionLines"]])
            for row in page
        ]
        for page in pages
    ]
    assert shape == [[("000001", [1, 2])], [("000001", [3]), ("000002", [1])], [("000002", [2])]]
    assert all(row["metadata"]["totalCount"] == 5 for page in pages for row in page)


def test_journal_takes_a_date_without_condition_as_since(visma: VismaCaller) -> None:
    visma.sandbox.visma.add("journal_transactions", batch("000001", 1), stamp=STAMP)
    visma.sandbox.visma.add("journal_transactions", batch("000002", 1), stamp=STAMP + timedelta(days=1))
    rows = visma.rows(
        "/v2/journaltransaction", lastModifiedDateTime="2026-11-21", lastModifiedDateTimeCondition="<"
    )
    assert [row["batchNumber"] for row in rows] == ["000002"]


def test_journal_needs_a_period_or_a_date(visma: VismaCaller) -> None:
    assert visma.call("/v2/journaltransaction").status_code == 400


def test_journal_filters_modules_by_their_short_code(visma: VismaCaller) -> None:
    visma.sandbox.visma.add("journal_transactions", batch("000001", 1, "ModuleAR"))
    visma.sandbox.visma.add("journal_transactions", batch("000001", 1, "ModuleGL", "Hold"))
    rows = visma.rows("/v2/journaltransaction", periodId="202611", module="GL")
    assert [row["module"] for row in rows] == ["ModuleGL"]
    assert visma.rows("/v2/journaltransaction", periodId="202611", status="Posted")[0]["module"] == "ModuleAR"


def test_journal_attachments_are_null_until_expanded(visma: VismaCaller) -> None:
    attached = batch("000001", 1) | {"attachments": [{"name": "bilag.pdf", "id": "1", "revision": 1}]}
    visma.sandbox.visma.add("journal_transactions", attached)
    plain = visma.rows("/v2/journaltransaction", periodId="202611")[0]
    expanded = visma.rows("/v2/journaltransaction", periodId="202611", expandAttachments="true")[0]
    assert plain["attachments"] is None
    assert expanded["attachments"][0]["name"] == "bilag.pdf"


def test_dimensions_are_a_list_of_names_with_details(visma: VismaCaller) -> None:
    assert "SUBACCOUNT" in visma.rows("/v1/dimension")
    detail = visma.call("/v1/dimension/SUBACCOUNT").json()
    assert [value["valueId"] for value in detail["segments"][0]["segmentValues"]] == [
        "00",
        "10",
        "20",
        "30",
        "40",
    ]
    assert visma.call("/v1/dimension/NOTHING").status_code == 404


def test_accounts_are_unpaged_and_tell_their_type(visma: VismaCaller) -> None:
    rows = visma.rows("/v1/account", pageNumber=1, pageSize=2)
    kinds = {row["accountCD"]: row["type"] for row in rows}
    assert len(rows) > 30
    assert (kinds["3000"], kinds["2700"]) == ("Income", "Liability")


def test_subaccounts_page(visma: VismaCaller) -> None:
    rows = visma.rows("/v1/subaccount", pageNumber=2, pageSize=10)
    assert len(rows) == 10
    assert rows[0]["metadata"]["totalCount"] == 25


def test_credit_terms_come_in_a_wrapper(visma: VismaCaller) -> None:
    answer = visma.call("/v1/creditTerm", pageNumber=2, pageSize=4).json()
    assert {name: answer[name] for name in ("pageNumber", "pageSize", "totalCount")} == {
        "pageNumber": 2,
        "pageSize": 4,
        "totalCount": 6,
    }
    assert len(answer["records"]) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_writing_is_refused_and_counted(visma: VismaCaller, method: str) -> None:
    assert visma.send(method, "/v1/customer/10001", visma.token).status_code == 403
    everything = visma.ask_token(scope="vismanet_erp_service_api:read vismanet_erp_service_api:update").json()
    assert visma.send(method, "/v1/customer", everything["access_token"]).status_code == 405
    assert visma.sandbox.visma.refused_writes == [(method, "/v1/customer/10001"), (method, "/v1/customer")]


def test_the_hourly_limit_answers_429_until_the_window_ends() -> None:
    settings = SandboxSettings(customers=1, visma=VismaSandboxSettings(hourly_limit=2, limit_seconds=600))
    with Sandbox(settings) as running:
        running.clock.set(datetime(2026, 11, 20, 8, tzinfo=UTC))
        visma = VismaCaller(running)
        first = visma.call("/v1/customer")
        running.clock.advance(timedelta(seconds=189))
        statuses = [visma.call("/v1/customer").status_code for _ in range(2)]
        refused = visma.call("/v1/customer")
        assert first.headers["X-RateLimit-Policy"] == "4-fixed-window"
        assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("2", "1")
        assert statuses == [200, 429]
        assert refused.headers["Retry-After"] == refused.headers["X-RateLimit-Reset"] == "411"
        assert running.visma.window.refused == 2
        running.clock.advance(timedelta(seconds=411))
        assert visma.call("/v1/customer").status_code == 200


def test_stamps_are_the_companys_local_time(visma: VismaCaller) -> None:
    visma.sandbox.clock.set(datetime(2026, 8, 18, 6, 57, 32, 590_000, tzinfo=UTC))
    visma.sandbox.visma.update("customers", "10001", {"name": "Ny AS"})
    row = visma.call("/v1/customer/10001").json()
    assert row["lastModifiedDateTime"] == "2026-08-18T08:57:32.59"


def test_a_long_contact_list_is_streamed_whole() -> None:
    with Sandbox(SandboxSettings(customers=1500, suppliers=0, contacts_per_customer=2)) as running:
        response = VismaCaller(running).call("/v1/contact")
        assert response.headers.get("Transfer-Encoding") == "chunked"
        assert len(response.json()) == running.company.contacts > 2000
