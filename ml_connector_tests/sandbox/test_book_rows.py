"""The books as Visma serves them: rows that add up on their own, expansions, stamps, currencies."""

from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest

from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma import fields
from ml_connector.sandbox.visma.sandbox import VismaSandbox
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector_tests.sandbox.book_keeping import AS_OF, STAMP, everything, journal, sold, total
from ml_connector_tests.sandbox.visma_calls import VismaCaller

CENT = Decimal("0.01")
EXPANDED = {"expandApplications": "true", "expandTaxDetails": "true", "expandInvoiceAddress": "true"}
PATHS = {
    "/v1/customerinvoice": ("customer_invoices", "invoiceLines"),
    "/v1/customerCreditNote": ("customer_credit_notes", "lines"),
    "/v1/customerDebitNote": ("customer_debit_notes", "lines"),
}


@pytest.fixture(scope="module")
def visma(served: VismaCaller) -> VismaCaller:
    return served


@pytest.mark.parametrize("path", sorted(PATHS))
def test_a_served_document_adds_up(visma: VismaCaller, path: str) -> None:
    _, lines = PATHS[path]
    rows = everything(visma, path, **EXPANDED)
    assert len(rows) >= 10
    for row in rows:
        for kind in ("", "InCurrency"):
            net = total([line[f"amount{kind}"] for line in row[lines]])
            assert net == row[f"detailTotal{kind}"]
            assert (
                row[f"vatTaxableTotal{kind}"] + row[f"vatExemptTotal{kind}"]
                == net - row[f"discountTotal{kind}"]
            )
            rounding = row["roundingDiff"]
            parts = net - row[f"discountTotal{kind}"] + row[f"vatTotal{kind}"] + rounding
            assert parts == row[f"amount{kind}"], row["referenceNumber"]
        taxes = row["taxDetails"]
        assert total([tax["vatAmount"] for tax in taxes]) == row["vatTotalInCurrency"]
        for tax in taxes:
            exact = tax["taxableAmount"] * tax["vatRate"] / 100
            assert tax["vatAmount"] == exact.quantize(CENT, ROUND_HALF_UP)
        used = total([item["amountPaid"] for item in row["applications"]])
        owed = 0 if row["status"] == "Voided" else row["amountInCurrency"]
        assert row["balanceInCurrency"] == owed - used
        if row["status"] in ("Open", "Closed"):
            assert (row["balanceInCurrency"] == 0) == (row["status"] == "Closed")
        assert row["amountInCurrency"] >= 0


def test_the_lines_arithmetic_is_that_of_quantity_price_and_discount(visma: VismaCaller) -> None:
    for row in everything(visma, "/v1/customerinvoice"):
        for line in row["invoiceLines"]:
            gross = (line["quantity"] * line["unitPriceInCurrency"]).quantize(CENT, ROUND_HALF_UP)
            assert line["manualAmountInCurrency"] == gross
            assert line["amountInCurrency"] == gross - line["discountAmountInCurrency"]


def test_every_served_batch_balances_and_the_control_account_is_the_sum_of_open_balances(
    visma: VismaCaller,
) -> None:
    receivable: dict[str, Decimal] = defaultdict(lambda: Decimal(0))
    for key, batch in journal(visma).items():
        lines = batch["journalTransactionLines"]
        assert [line["lineNumber"] for line in lines] == list(range(1, len(lines) + 1))
        if batch["ledger"] != "ACTUAL":
            continue
        for kind in ("", "InCurrency"):
            debit = total([line[f"debitAmount{kind}"] for line in lines])
            credit = total([line[f"creditAmount{kind}"] for line in lines])
            assert debit == credit == batch[f"debitTotal{kind}"] == batch[f"creditTotal{kind}"], key
        if batch["status"] in ("Posted", "Unposted"):
            for line in lines:
                receivable[line["accountNumber"]] += line["debitAmount"] - line["creditAmount"]
    owed = Decimal(0)
    for path, sign in (
        ("/v1/customerinvoice", 1),
        ("/v1/customerDebitNote", 1),
        ("/v1/customerCreditNote", -1),
    ):
        owed += sign * total([row["balance"] for row in everything(visma, path) if row["status"] == "Open"])
    unused = [
        row["availableBalance"]
        for row in everything(visma, "/v1/customerPayment")
        if row["type"] == "Payment"
    ]
    prepaid = [
        row["availableBalance"]
        for row in everything(visma, "/v1/customerPayment")
        if row["type"] == "Prepayment"
    ]
    assert receivable["1500"] + receivable["1510"] == owed - total(unused)
    assert receivable["2900"] == -total(prepaid)
    balances = visma.rows("/v1/customer/balance")
    assert total([row["balance"] for row in balances]) == owed - total(unused) - total(prepaid)


def test_journal_lines_lead_back_to_their_documents(visma: VismaCaller) -> None:
    invoices = {row["referenceNumber"]: row for row in everything(visma, "/v1/customerinvoice")}
    posted: dict[str, Decimal] = defaultdict(lambda: Decimal(0))
    for batch in journal(visma).values():
        for line in batch["journalTransactionLines"]:
            if line["transactionType"] == "Invoice" and batch["module"] == "ModuleAR":
                row = invoices[line["referenceNumber"]]
                assert line["customerSupplier"] == row["customer"]["number"]
                if line["accountNumber"] == row["account"]["number"]:
                    posted[row["referenceNumber"]] += (
                        line["debitAmountInCurrency"] - line["creditAmountInCurrency"]
                    )
    for number, row in invoices.items():
        released = row["status"] in ("Open", "Closed")
        assert posted[number] == (row["amountInCurrency"] if released else 0), row["status"]


def test_applications_and_payments_say_the_same(visma: VismaCaller) -> None:
    paid: dict[tuple[str, str, str, str], Decimal] = defaultdict(lambda: Decimal(0))
    for payment in everything(visma, "/v1/customerPayment"):
        if payment["type"] in ("VoidPayment", "Refund"):
            continue
        for line in payment["paymentLines"]:
            key = (payment["type"], payment["refNbr"], line["documentType"], line["refNbr"])
            paid[key] += line["amountPaid"]
    applied: dict[tuple[str, str, str, str], Decimal] = defaultdict(lambda: Decimal(0))
    for path in ("/v1/customerinvoice", "/v1/customerDebitNote"):
        for row in everything(visma, path, **EXPANDED):
            for item in row["applications"]:
                if item["docType"] != "VoidPayment":
                    own = (item["docType"], item["refNbr"], row["documentType"], row["referenceNumber"])
                    applied[own] += item["amountPaid"]
    assert len(paid) > 150
    assert paid == applied


def test_a_void_payment_lists_a_document_more_than_once(visma: VismaCaller) -> None:
    voids = everything(visma, "/v1/customerPayment", paymentType="VoidPayment")
    assert voids
    for void in voids:
        amounts = [line["amountPaid"] for line in void["paymentLines"]]
        assert min(amounts) < 0 < max(amounts)
        assert void["status"] == "Closed"
        original = visma.call(f"/v1/customerPayment/{void['refNbr']}").json()
        assert (original["type"], original["status"]) in {("Payment", "Voided"), ("Prepayment", "Voided")}


def test_credit_notes_are_positive_and_among_the_payments(visma: VismaCaller) -> None:
    notes = {
        row["referenceNumber"]: row for row in everything(visma, "/v1/customerCreditNote", released="true")
    }
    listed = {
        row["refNbr"]: row for row in everything(visma, "/v1/customerPayment", paymentType="CreditNote")
    }
    assert notes.keys() == listed.keys()
    for number, note in notes.items():
        assert note["amountInCurrency"] == listed[number]["paymentAmountInCurrency"] > 0
        assert note["balanceInCurrency"] == listed[number]["availableBalanceInCurrency"]
        assert note["lastModifiedDateTime"] == listed[number]["lastModifiedDateTime"]


@pytest.mark.parametrize("path", sorted(PATHS))
def test_what_is_not_expanded_is_null_in_lists_and_there_in_details(visma: VismaCaller, path: str) -> None:
    plain = visma.rows(path, pageSize=20)
    for name in ("applications", "taxDetails", "invoiceAddress"):
        assert all(row.get(name) is None for row in plain)
    full = visma.rows(path, pageSize=20, **EXPANDED)
    assert all(isinstance(row["applications"], list) and isinstance(row["taxDetails"], list) for row in full)
    detail = visma.call(f"{path}/{plain[0]['referenceNumber']}").json()
    assert isinstance(detail["applications"], list)
    assert visma.call(f"{path}/999999").status_code == 404


def test_rows_have_the_fields_of_the_api_and_leave_some_empty_ones_out(visma: VismaCaller) -> None:
    lists = {
        "/v1/customerinvoice": fields.CUSTOMER_INVOICE,
        "/v1/customerCreditNote": fields.CUSTOMER_CREDIT_NOTE,
        "/v1/customerDebitNote": fields.CUSTOMER_DEBIT_NOTE,
        "/v1/customerPayment": fields.PAYMENT,
        "/v1/supplierInvoice": fields.SUPPLIER_INVOICE,
        "/v1/purchaseorder": fields.PURCHASE_ORDER,
    }
    for path, names in lists.items():
        rows = everything(visma, path)
        seen = {name for row in rows for name in row} - {"metadata"}
        assert seen == set(names), path
        assert any(set(row) != set(names) | {"metadata"} for row in rows)
    batch = visma.rows("/v2/journaltransaction", periodId="202606")[0]
    assert set(batch) == {*fields.JOURNAL, "metadata"}


def test_currency_reads_one_way_on_invoices_and_the_other_on_orders(visma: VismaCaller) -> None:
    foreign = [row for row in everything(visma, "/v1/customerinvoice") if row["currencyId"] == "EUR"]
    for row in foreign:
        assert row["exchangeRate"] > 10
        if row["amountInCurrency"]:
            assert abs(row["amount"] - row["amountInCurrency"] * row["exchangeRate"]) < 1
    orders = [row for row in everything(visma, "/v1/purchaseorder") if row["currency"] == "EUR"]
    assert foreign
    assert orders
    for row in orders:
        assert row["orderTotalInBaseCurrency"] == (row["orderTotal"] * row["exchangeRate"]).quantize(
            CENT, ROUND_HALF_UP
        )
    assert all(row["orderTotalInBaseCurrency"] > row["orderTotal"] for row in orders if row["orderTotal"])
    assert any(row["orderTotal"] for row in orders)


def test_ledgers_currencies_and_the_base_currency(visma: VismaCaller) -> None:
    assert {row["number"]: row["balanceType"] for row in visma.rows("/v1/ledger")} == {
        "ACTUAL": "Actual",
        "BUDSJETT": "Budget",
        "STATISTIKK": "Statistical",
    }
    base = [row["id"] for row in visma.rows("/v1/currency") if row["isBaseCurrency"]]
    assert base == ["NOK"]
    assert visma.rows("/v1/organization")[0]["baseCurrency"] == "NOK"


def test_contacts_of_documents_are_contacts_of_their_customer(visma: VismaCaller) -> None:
    named = [row for row in everything(visma, "/v1/customerinvoice") if row.get("contact")]
    assert len(named) > 50
    for row in named[:40]:
        contact = visma.call(f"/v1/contact/{row['contact']['id']}").json()
        assert contact["businessAccount"] == row["customer"]["number"]
        assert contact["displayName"] == row["contact"]["name"]
        assert row["invoiceContact"]["attention"] == row["contact"]["name"]


def test_money_has_four_places_on_the_wire(visma: VismaCaller) -> None:
    text = visma.call("/v1/customerinvoice", pageSize=1).text
    assert '"cashDiscount":0.0000' in text
    row = visma.rows("/v1/customerinvoice", pageSize=1)[0]
    assert row["amount"].as_tuple().exponent == -4


def test_a_late_payment_moves_the_payment_and_not_the_invoice() -> None:
    settings = SandboxSettings(customers=20, visma=VismaSandboxSettings(as_of=AS_OF), books=BooksSettings())
    with Sandbox(settings) as running:
        visma = VismaCaller(running)
        key = next(one.key for one in running.visma.books.books.invoices if one.status == "Open")
        running.visma.books.pay(key, stamp=STAMP)
        changed = {"lastModifiedDateTime": "2026-11-20", "lastModifiedDateTimeCondition": ">="}
        assert visma.rows("/v1/customerinvoice", **changed) == []
        payments = visma.rows("/v1/customerPayment", **changed)
        assert [line["refNbr"] for line in payments[0]["paymentLines"]] == [key.partition(":")[2]]
        assert len(visma.rows("/v2/journaltransaction", lastModifiedDateTime="2026-11-20")) == 1
        new = running.visma.books.add_invoice("10003", sold("100"), stamp=STAMP)
        assert [row["referenceNumber"] for row in visma.rows("/v1/customerinvoice", **changed)] == [
            new.partition(":")[2]
        ]


def test_short_codes_of_types_are_a_setting() -> None:
    def kinds(codes: bool) -> set[str]:
        settings = BooksSettings(transaction_types="codes" if codes else "words")
        with Sandbox(
            SandboxSettings(customers=20, visma=VismaSandboxSettings(as_of=AS_OF), books=settings)
        ) as one:
            rows = everything(VismaCaller(one), "/v2/journaltransaction", periodId="202605")
            lines = [line for row in rows for line in row["journalTransactionLines"]]
            return {line["transactionType"] for line in lines if line["transactionType"]}

    assert {"INV", "PMT"} <= kinds(codes=True)
    assert {"Invoice", "Payment"} <= kinds(codes=False)


def test_a_sandbox_without_books_has_none_and_hooks_still_work() -> None:
    with Sandbox(SandboxSettings(customers=5, suppliers=5)) as running:
        visma = VismaCaller(running)
        company: VismaSandbox = running.visma
        assert visma.rows("/v1/customerinvoice") == []
        assert visma.rows("/v1/customer/balance") == []
        company.books.add_invoice("10003", sold("100"), stamp=datetime(2026, 11, 2, 8))
        assert len(visma.rows("/v1/customerinvoice")) == 1
        assert company.books.problems() == []
