"""Invoices, credit notes and debit notes: status, sign, dates, what is owed and credited, and what does not travel."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from ml_connector.records.invoice_model import INVOICE_SCHEMA, InvoiceRecord, document_key
from ml_connector.records.invoices import base_currency, days_overdue, invoices
from ml_connector_tests.records.documents import MAPPER, Sold, document_row, mapped, version
from ml_connector_tests.records.snapshots import DAY, Rows, stored

ZERO = Decimal(0)


def applied(kind: str, amount: str, day: str, **fields: Any) -> dict[str, Any]:
    """Return one application of a document."""
    return {
        "docType": kind,
        "refNbr": "400017",
        "amountPaid": Decimal(amount),
        "applicationDate": f"2026-11-{day}T00:00:00",
        "voided": False,
    } | fields


def paid(*applications: dict[str, Any], balance: str = "0", **fields: Any) -> InvoiceRecord:
    """Return the record of an invoice of 125.00 with applications."""
    owed: dict[str, Any] = dict.fromkeys(("balance", "balanceInCurrency"), Decimal(balance))
    return mapped(
        applications=list(applications), status="Closed" if balance == "0" else "Open", **owed, **fields
    )


def shown(record: InvoiceRecord, *names: str) -> tuple[str | None, ...]:
    """Return values of the HubSpot invoice."""
    return tuple(record.properties[name] for name in names)


class TestDocuments:
    """What an invoice holds."""

    def test_everything_an_invoice_wants_once_it_is_whole(self) -> None:
        record = mapped(customerRefNumber=" PO-77 ", invoiceText="Takk")
        assert record.properties == {
            "visma_invoice_id": "acme:Invoice:100234",
            "hs_currency": "NOK",
            "hs_invoice_status": "open",
            "hs_due_date": "2026-11-16T11:00:00.000Z",
            "hs_payment_date": None,
            "hs_amount_billed": "125.00",
            "visma_amount": "125.00",
            "visma_vat_amount": "25.00",
            "visma_balance": "125.00",
            "visma_due_date": "2026-11-16",
            "visma_paid_date": None,
            "visma_days_overdue": "4",
            "visma_credited_amount": "0.00",
            "hs_number": "100234",
            "hs_title": "Invoice 100234",
            "hs_invoice_date": "2026-11-02T11:00:00.000Z",
            "hs_purchase_order_number": "PO-77",
            "hs_comments": "Takk",
            "visma_document_type": "Invoice",
            "visma_number": "100234",
            "visma_status": "Open",
            "visma_last_modified": "2026-11-20T05:35:22.153Z",
        }
        assert (record.key, record.keys) == ("invoice:100234", ("invoice:100234",))
        assert (record.amount, record.net, record.currency) == (Decimal(125), Decimal(100), "NOK")
        assert (record.customer, record.document_date) == ("customer:10023", date(2026, 11, 2))
        assert (record.partition, record.in_base, record.skip, record.refusal) == (DAY, None, None, None)

    def test_a_credit_note_is_negative_in_our_properties_and_never_due(self) -> None:
        record = mapped([Sold(), Sold(Decimal(2))], kind="CreditNote")
        names = ("visma_amount", "visma_vat_amount", "visma_balance", "hs_amount_billed")
        assert shown(record, *names) == ("-375.00", "-75.00", "-375.00", "0.00")
        assert shown(record, "visma_due_date", "visma_days_overdue") == (None, "0")
        assert shown(record, "hs_due_date", "hs_invoice_status") == ("2026-11-16T11:00:00.000Z", "open")
        assert (record.key, record.amount, record.net) == ("creditnote:100234", Decimal(-375), Decimal(-300))
        assert [line.properties["visma_net_amount"] for line in record.lines] == ["-100.00", "-200.00"]
        assert [line.properties["price"] for line in record.lines] == ["100", "100"]

    def test_a_debit_note_is_as_an_invoice(self) -> None:
        record = mapped(kind="DebitNote")
        assert (record.key, record.amount) == ("debitnote:100234", Decimal(125))

    def test_a_used_up_credit_note_is_paid(self) -> None:
        used: dict[str, Any] = {"balance": ZERO, "balanceInCurrency": ZERO, "status": "Closed"}
        record = mapped(kind="CreditNote", applications=[applied("Invoice", "125", "09")], **used)
        names = ("hs_invoice_status", "visma_paid_date", "visma_balance", "visma_credited_amount")
        assert shown(record, *names) == ("paid", "2026-11-09", "0.00", "0.00")

    def test_without_a_due_date_hubspot_gets_the_document_date(self) -> None:
        record = mapped(documentDueDate=None)
        assert shown(record, "hs_due_date", "visma_due_date") == ("2026-11-02T11:00:00.000Z", None)

    @pytest.mark.parametrize("never", [None, "", "0001-01-01T00:00:00"])
    def test_without_a_date_it_is_refused_as_hubspot_would_date_it_today(self, never: str | None) -> None:
        assert mapped(documentDate=never).refusal == "it has no date"

    def test_figures_in_base_take_the_place_of_its_own(self) -> None:
        record = mapped(rate=Decimal("11.6"), applications=[applied("CreditNote", "62.50", "05")])
        converted = record.converted()
        names = ("hs_currency", "visma_amount", "visma_vat_amount", "visma_credited_amount")
        assert shown(record, *names) == ("EUR", "125.00", "25.00", "62.50")
        assert shown(converted, *names) == ("NOK", "1450.00", "290.00", "725.00")
        assert (converted.net, converted.currency, converted.key) == (Decimal(1160), "NOK", record.key)
        assert converted.lines[0].properties["price"] == "1160"
        with pytest.raises(ValueError, match="invoice:100234 has no figures in base"):
            converted.converted()

    def test_a_document_without_figures_in_base_travels_in_its_own_currency(self) -> None:
        record = mapped(rate=Decimal("11.6"), amount=None)
        assert (record.refusal, record.currency, record.in_base) == (None, "EUR", None)

    def test_without_a_base_currency_nothing_is_converted(self) -> None:
        mapper = replace(MAPPER, base_currency=None)
        assert mapped(rate=Decimal("11.6"), mapper=mapper).in_base is None


class TestWhoIsNamed:
    """Contacts, addresses and references."""

    def test_the_contact_and_the_address_it_was_sent_to(self) -> None:
        sent = {"contactId": 700234, "email": " Faktura@Fjord.no "}
        record = mapped(contact={"id": 4711}, invoiceContact=sent)
        assert (record.contacts, record.emails) == (("contact:4711",), ("faktura@fjord.no",))

    def test_the_number_of_a_billing_address_is_no_contact(self) -> None:
        record = mapped(contact=None, invoiceContact={"contactId": 4711, "email": "nobody"})
        assert (record.contacts, record.emails) == ((), ())

    def test_references_are_the_fields_the_connection_names(self) -> None:
        record = mapped(customerRefNumber="PO-77", externalReference=" ", paymentReference="kid")
        assert record.references == {"customerRefNumber": "PO-77"}
        odd = replace(MAPPER, reference_fields=("customer", "hold", "number"))
        assert mapped(mapper=odd, hold=True, number=17).references == {"number": "17"}


class TestStatus:
    """Which documents travel, and the status they get."""

    @pytest.mark.parametrize(
        "status", ["Hold", "Balanced", "Scheduled", "PendingPrint", "PendingEmail", "CreditHold", "Reserved"]
    )
    def test_what_is_not_released_stays_behind_and_says_so(self, status: str) -> None:
        assert mapped(status=status).skip == f"it is not released: status {status}"

    def test_an_unknown_status_stays_behind(self) -> None:
        assert mapped(status=None).skip == "it is not released: status unknown"

    def test_other_types_that_visma_may_list_stay_behind_too(self) -> None:
        assert mapped(kind="FinCharge").skip == "documents of type FinCharge do not travel"

    def test_a_voided_one_is_followed(self) -> None:
        gone: dict[str, Any] = {"balance": ZERO, "balanceInCurrency": ZERO, "status": "Voided"}
        record = mapped(applications=[applied("Payment", "1", "09", voided=True)], **gone)
        assert (record.voided, record.skip) == (True, None)
        names = ("hs_invoice_status", "visma_status", "visma_paid_date", "visma_days_overdue")
        assert shown(record, *names) == ("voided", "Voided", None, "0")

    @pytest.mark.parametrize(
        ("status", "balance", "expected"),
        [("Open", "125", "open"), ("Open", "0.01", "open"), ("Closed", "0", "paid"), ("Open", "0", "paid")],
    )
    def test_paid_is_what_owes_nothing(self, status: str, balance: str, expected: str) -> None:
        record = mapped(status=status, balanceInCurrency=Decimal(balance))
        assert record.properties["hs_invoice_status"] == expected
        assert not record.voided


class TestPaying:
    """Paid date, credited amount, days overdue."""

    def test_the_last_application_is_the_paid_date(self) -> None:
        record = paid(
            applied("Payment", "100", "03"), applied("Payment", "25", "19"), applied("CreditNote", "0", "07")
        )
        assert shown(record, "visma_paid_date", "hs_payment_date") == (
            "2026-11-19",
            "2026-11-19T11:00:00.000Z",
        )
        assert shown(record, "visma_days_overdue", "visma_balance") == ("3", "0.00")

    def test_an_open_one_has_no_paid_date(self) -> None:
        record = paid(applied("Payment", "100", "03"), balance="25")
        assert shown(record, "visma_paid_date", "hs_payment_date", "visma_balance") == (None, None, "25.00")

    def test_what_was_taken_back_does_not_count(self) -> None:
        record = paid(
            applied("Payment", "125", "10"),
            applied("Payment", "125", "18", voided=True),
            applied("VoidPayment", "-125", "19"),
            applied("CreditNote", "10", "19", voided=True),
        )
        assert shown(record, "visma_paid_date", "visma_credited_amount") == ("2026-11-10", "0.00")

    @pytest.mark.parametrize("applications", [None, []])
    def test_nothing_applied_is_no_paid_date(self, applications: list[Any] | None) -> None:
        record = mapped(applications=applications, status="Closed", balanceInCurrency=ZERO)
        assert shown(record, "hs_invoice_status", "visma_paid_date", "visma_days_overdue") == (
            "paid",
            None,
            "0",
        )

    def test_credit_notes_add_up_to_the_credited_amount(self) -> None:
        record = paid(
            applied("CreditNote", "20.5", "03"),
            applied("Payment", "60", "04"),
            applied("CreditNote", "4.5", "05"),
            balance="40",
        )
        assert shown(record, "visma_credited_amount", "visma_balance") == ("25.00", "40.00")

    @pytest.mark.parametrize(
        ("due", "until", "expected"),
        [
            ("2026-11-16", "2026-11-20", 4),
            ("2026-11-20", "2026-11-20", 0),
            ("2026-11-21", "2026-11-20", 0),
            ("2026-03-28", "2026-03-30", 2),  # over the day of 23 hours
            ("2026-10-24", "2026-10-26", 2),  # over the day of 25 hours
            (None, "2026-11-20", 0),
            ("2026-11-16", None, 0),
        ],
    )
    def test_days_overdue_are_whole_days_and_never_negative(
        self, due: str | None, until: str | None, expected: int
    ) -> None:
        ends = [date.fromisoformat(one) if one else None for one in (due, until)]
        assert days_overdue(*ends) == expected

    def test_days_overdue_are_counted_to_one_day_for_all(self) -> None:
        later = replace(MAPPER, as_of=date(2026, 12, 31))
        assert mapped(mapper=later).properties["visma_days_overdue"] == "45"


class TestOddRows:
    """One row stops no other, and says why without what it holds."""

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"amountInCurrency": None}, "it has no amountInCurrency"),
            ({"balanceInCurrency": None}, "it has no balanceInCurrency"),
            ({"amountInCurrency": "Hemmelig"}, "type str stands where a number should"),
            ({"vatTotalInCurrency": 12.5}, "type float stands where a number should"),
            ({"documentDate": "Hemmelig"}, "a text stands where a date should"),
            ({"documentDueDate": ["Hemmelig"]}, "unknown shape (TypeError)"),
            ({"applications": ["Hemmelig"]}, "unknown shape (AttributeError)"),
            ({"invoiceText": {"a": "Hemmelig"}}, "type dict stands where text should"),
            ({"amountInCurrency": Decimal("1E+99999")}, "unknown shape (InvalidOperation)"),
        ],
    )
    def test_a_row_that_cannot_be_read_is_refused(self, changes: dict[str, Any], why: str) -> None:
        record = mapped(**changes)
        assert record.refusal is not None
        assert record.refusal.startswith("its row in Visma cannot be read: ")
        assert why in record.refusal
        assert "Hemmelig" not in record.refusal
        assert (record.key, record.partition, record.properties) == ("invoice:100234", DAY, {})

    def test_a_document_without_a_currency_is_refused(self) -> None:
        assert mapped(currencyId=None).refusal == "it has no currency"

    def test_neighbours_of_an_odd_row_travel(self) -> None:
        rows = [
            stored("Invoice:1", "{}"),
            stored(
                "Invoice:2",
                '{"amountInCurrency": 1.5, "balanceInCurrency": 0, "currencyId": "NOK", "status": "Closed",'
                ' "documentDate": "2026-11-02T00:00:00"}',
            ),
        ]
        found = list(invoices([Rows(*rows), Rows()], MAPPER))
        assert [(one.key, one.refusal is None) for one in found] == [
            ("invoice:1", False),
            ("invoice:2", True),
        ]
        assert found[1].properties["visma_amount"] == "1.50"


def test_a_document_comes_once_in_its_newest_version() -> None:
    text = '{"amountInCurrency": %d, "balanceInCurrency": 0, "currencyId": "NOK", "status": "Closed"}'
    rows = Rows(
        stored("Invoice:1", text % 1, "2026-11-20T01:00:00", "2026-11-20"),
        stored("Invoice:1", text % 2, "2026-11-21T01:00:00", "2026-11-21"),
    )
    (record,) = invoices([rows], MAPPER)
    assert (record.amount, record.partition) == (Decimal(2), "2026-11-21")


@pytest.mark.parametrize("kind", ["Invoice", "CreditNote"])
def test_a_record_keeps_through_its_row(kind: str) -> None:
    record = mapped([Sold(), Sold(Decimal("0.3333"))], kind=kind, rate=Decimal("11.6"), contact={"id": 1})
    refused = mapped(currencyId=None, amountInCurrency=None)
    table = pa.Table.from_pylist([record.to_row(), refused.to_row()], schema=INVOICE_SCHEMA)
    assert [InvoiceRecord.from_row(row) for row in table.to_pylist()] == [record, refused]


@pytest.mark.parametrize(
    ("kind", "key"), [("Invoice", "invoice:1"), ("DebitNote", "debitnote:1"), ("FinCharge", "fincharge:1")]
)
def test_documents_are_named_by_type_and_number(kind: str, key: str) -> None:
    assert document_key(kind, "1") == key
    assert MAPPER.document(version(document_row([Sold()]), f"{kind}:1")).key == key


def test_the_base_currency_is_the_row_that_says_so() -> None:
    sek = stored("SEK", {"id": "SEK", "isBaseCurrency": False})
    assert base_currency(Rows(sek, stored("NOK", {"id": "NOK", "isBaseCurrency": True}))) == "NOK"
    assert base_currency(Rows(sek)) is None
