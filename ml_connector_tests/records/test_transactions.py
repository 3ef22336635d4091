"""Journal batches: which are sales by the rules, what they come to, and whose they are."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.errors import StorageError
from ml_connector.records.booking_model import TRANSACTION_SCHEMA, TransactionRecord
from ml_connector.records.transactions import Chart, chart_of, transactions
from ml_connector.sandbox.visma.rendering import json_text
from ml_connector.settings.money import TransactionRules
from ml_connector_tests.records.documents import BOUNDED, OSLO, amount
from ml_connector_tests.records.snapshots import DAY, Rows, stored

ACCOUNTS = {"1500": "Asset", "2700": "Liability", "3000": "Income", "3080": "Income", "7770": "Expense"}
CHART = Chart(ACCOUNTS, {"1"})
RULES = TransactionRules()

SALES = {
    "segmentId": 1,
    "segmentDescription": "Avdeling",
    "segmentValue": "10",
    "segmentValueDescription": "Salg",
}
NORTH = {"segmentId": 2, "segmentDescription": "Region", "segmentValue": "2", "segmentValueDescription": None}


def line(account: str = "3000", credit: Any = 0, debit: Any = 0, **fields: Any) -> dict[str, Any]:
    """Return one line of a batch."""
    return {
        "accountNumber": account,
        "creditAmount": credit,
        "debitAmount": debit,
        "customerSupplier": "10023",
        "transactionType": "Invoice",
        "referenceNumber": "100234",
        "subaccount": {"segments": [SALES]},
    } | fields


INVOICED = [line("1500", debit=Decimal(125)), line(credit=Decimal(100)), line("2700", credit=Decimal(25))]


def batch(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a batch; without lines, one of an invoice of 100 without VAT."""
    return {
        "ledger": "1",
        "status": "Posted",
        "financialPeriod": "202611",
        "transactionDate": "2026-11-02T00:00:00",
        "description": "Faktura 100234",
        "journalTransactionLines": list(lines or INVOICED),
    } | fields


def sale(
    row: dict[str, Any], rules: TransactionRules = RULES, key: str = "AR:001234", chart: Chart = CHART
) -> TransactionRecord | None:
    """Return the record of a batch, None where it says that it is no sale and nothing else."""
    snapshot = Rows(stored(key, json_text(row)))
    (found,) = transactions(snapshot, chart, rules, connection="acme", stamp_zone=OSLO)
    assert not (found.no_sale and found.properties)
    return None if found.no_sale else found


def sold(row: dict[str, Any], key: str = "AR:001234") -> TransactionRecord:
    """Return the record of a batch that is a sale."""
    found = sale(row, key=key)
    assert found is not None
    return found


def taken(row: dict[str, Any], **rules: Any) -> bool:
    """Return whether rules take a batch."""
    return sale(row, TransactionRules(**rules)) is not None


def test_a_sale_carries_what_hubspot_shows() -> None:
    record = sold(batch())
    assert record.properties == {
        "visma_transaction_id": "acme:AR:001234",
        "visma_module": "AR",
        "visma_batch_number": "001234",
        "visma_amount": "100.00",
        "visma_period": "202611",
        "visma_transaction_date": "2026-11-02",
        "visma_description": "Faktura 100234",
        "visma_dimensions": "Avdeling: Salg",
        "visma_last_modified": "2026-11-20T05:35:22.153Z",
    }
    assert (record.key, record.keys) == ("transaction:AR:001234", ("transaction:AR:001234",))
    assert (record.amount, record.customer, record.document) == (
        Decimal(100),
        "customer:10023",
        "invoice:100234",
    )
    assert (record.partition, record.skip, record.refusal) == (DAY, None, None)


@BOUNDED
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(ACCOUNTS)), amount("0", "99999", 4), amount("0", "99999", 4)),
        min_size=1,
        max_size=12,
    )
)
def test_the_amount_is_credit_less_debit_on_income_accounts(
    entries: list[tuple[str, Decimal, Decimal]],
) -> None:
    record = sale(batch(*(line(account, credit, debit) for account, credit, debit in entries)))
    income = [credit - debit for account, credit, debit in entries if ACCOUNTS[account] == "Income"]
    assert (record is None) == (not income)
    if record is not None:
        assert record.amount == Decimal(str(record.properties["visma_amount"])) == sum(income)


class TestRules:
    """Which batches are sales."""

    def test_by_default_any_module_with_income_in_an_actual_ledger(self) -> None:
        assert sold(batch(), "GL:000007").module == "GL"
        assert not taken(batch(line("7770", Decimal(9))))
        assert not taken(batch(ledger="2"))
        assert not taken(batch(ledger=None))

    def test_modules_narrow(self) -> None:
        assert taken(batch(), modules=("GL", "AR"))
        assert not taken(batch(), modules=("GL",))

    def test_ledgers_replace_the_actual_ones(self) -> None:
        assert taken(batch(ledger="2"), ledgers=("2",))
        assert not taken(batch(ledger="1"), ledgers=("2",))

    def test_other_account_types(self) -> None:
        assert taken(batch(line("7770", Decimal(9))), account_types=("Expense",))
        assert not taken(batch(line("3000", Decimal(9))), account_types=("Expense",))

    @pytest.mark.parametrize(
        ("account", "expected"),
        [
            ("3000", True),
            ("3099", True),
            ("3100", False),
            ("300", False),  # as numbers, not letter by letter
            ("30000", False),
            ("3000A", True),  # as text where one is no number
            ("A5", True),
            ("B1", False),
        ],
    )
    def test_ranges_replace_account_types(self, account: str, expected: bool) -> None:
        ranges = (("3000", "3099"), ("A1", "A9"))
        assert taken(batch(line(account, Decimal(9))), account_ranges=ranges) is expected

    def test_dimensions_have_to_be_on_the_line(self) -> None:
        both = {"segments": [SALES, NORTH]}
        row = batch(line(credit=Decimal(9), subaccount=both), line(credit=Decimal(5)))
        record = sale(row, TransactionRules(dimensions={"1": ("10", "20"), "2": ("2",)}))
        assert record is not None
        assert record.amount == Decimal(9)  # the other line says nothing of segment 2
        assert not taken(row, dimensions={"1": ("20",)})
        assert not taken(batch(line(credit=Decimal(9), subaccount=None)), dimensions={"1": ("10",)})

    @pytest.mark.parametrize("status", ["Posted", "Unposted"])
    def test_released_batches_travel(self, status: str) -> None:
        assert sold(batch(status=status)).skip is None

    @pytest.mark.parametrize("status", ["Hold", "Balanced", "Scheduled", "Completed", "PartiallyReleased"])
    def test_others_stay_behind_and_say_so(self, status: str) -> None:
        assert sold(batch(status=status)).skip == f"it is not released: status {status}"

    def test_a_voided_batch_is_followed_and_comes_to_nothing(self) -> None:
        record = sold(batch(status="Voided"))
        assert (record.voided, record.skip, record.amount) == (True, None, Decimal(0))
        assert record.properties["visma_amount"] == "0.00"


class TestWhose:
    """The customer and the document of a batch."""

    @pytest.mark.parametrize(
        ("kind", "key"),
        [
            ("Invoice", "invoice:100234"),
            ("INV", "invoice:100234"),
            ("CreditNote", "creditnote:100234"),
            ("CRM", "creditnote:100234"),
            ("DebitNote", "debitnote:100234"),
            ("DRM", "debitnote:100234"),
            ("Payment", None),
            ("PMT", None),
            (None, None),
        ],
    )
    def test_a_document_is_known_by_word_or_code(self, kind: str | None, key: str | None) -> None:
        assert sold(batch(line(credit=Decimal(9), transactionType=kind))).document == key

    def test_a_batch_of_one_document_has_it_once(self) -> None:
        assert (
            sold(batch(line(credit=Decimal(9)), line("3080", debit=Decimal(1)))).document == "invoice:100234"
        )

    def test_a_batch_of_several_documents_has_none_and_keeps_its_one_customer(self) -> None:
        record = sold(batch(line(credit=Decimal(9)), line(credit=Decimal(9), referenceNumber="100235")))
        assert (record.document, record.customer) == (None, "customer:10023")

    def test_a_batch_of_a_document_and_a_payment_came_from_neither(self) -> None:
        paid = line("3080", debit=Decimal(1), transactionType="Payment", referenceNumber="400017")
        assert sold(batch(line(credit=Decimal(9)), paid)).document is None

    def test_a_batch_of_several_customers_has_none(self) -> None:
        record = sold(batch(line(credit=Decimal(9)), line(credit=Decimal(9), customerSupplier="10024")))
        assert record.customer is None

    def test_lines_without_a_customer_do_not_count(self) -> None:
        record = sold(batch(line(credit=Decimal(9)), line(credit=Decimal(9), customerSupplier=None)))
        assert record.customer == "customer:10023"

    @pytest.mark.parametrize("key", ["AP:000123", "GL:000123"])
    def test_what_other_modules_name_is_a_supplier_or_nobody_sure(self, key: str) -> None:
        record = sold(batch(), key)
        assert (record.customer, record.document) == (None, None)


def test_dimensions_are_named_once_each() -> None:
    lines = [line(credit=Decimal(9), subaccount={"segments": [SALES, NORTH]}), line(credit=Decimal(9))]
    assert sold(batch(*lines)).properties["visma_dimensions"] == "Avdeling: Salg; Region: 2"
    assert sold(batch(line(credit=Decimal(9), subaccount=None))).properties["visma_dimensions"] is None


def test_the_chart_is_read_from_the_reference_data() -> None:
    accounts = Rows(
        stored("3000", {"accountCD": "3000 ", "type": "Income"}), stored("1500", {"accountCD": "1500"})
    )
    ledgers = Rows(
        stored("1", {"number": "1", "balanceType": "Actual"}),
        stored("2", {"number": "2", "balanceType": "Budget"}),
    )
    chart = chart_of(accounts, ledgers)
    assert sale(batch(), chart=chart) is not None
    assert sale(batch(ledger="2"), chart=chart) is None
    assert sale(batch(line("1500", Decimal(9))), chart=chart) is None


@pytest.mark.parametrize("chart", [Chart({}, {"1"}), Chart(ACCOUNTS, set())])
def test_without_the_reference_data_nothing_is_left_out_silently(chart: Chart) -> None:
    with pytest.raises(StorageError, match="no accounts or no actual ledger"):
        sale(batch(), chart=chart)
    enough = TransactionRules(account_ranges=(("3000", "3999"),), ledgers=("1",))
    assert sale(batch(), enough, chart=chart) is not None
    assert list(transactions(Rows(), chart, RULES, connection="acme", stamp_zone=OSLO)) == []


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (batch(line(credit="Hemmelig")), "type str stands where a number should"),
        (batch(journalTransactionLines=["Hemmelig"]), "unknown shape"),
        (batch(transactionDate="Hemmelig"), "a text stands where a date should"),
        (batch(description=["Hemmelig"]), "type list stands where text should"),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused(row: dict[str, Any], why: str) -> None:
    record = sold(row)
    assert why in str(record.refusal)
    assert "Hemmelig" not in str(record.refusal)
    assert (record.key, record.properties) == ("transaction:AR:001234", {})


def test_a_record_keeps_through_its_row() -> None:
    records = [sold(batch()), sold(batch(line(credit=Decimal("9.1234")))), sold(batch(transactionDate="?"))]
    table = pa.Table.from_pylist([record.to_row() for record in records], schema=TRANSACTION_SCHEMA)
    assert [TransactionRecord.from_row(row) for row in table.to_pylist()] == records
