"""Snapshots of the money over HTTP: what belongs to a window, and what it must hold because others name it."""

import json
from datetime import datetime
from decimal import Decimal
from functools import partial

import dagster as dg
import pytest

from ml_connector.automation import job_name
from ml_connector.errors import StorageError
from ml_connector.sandbox.visma.new_lines import NewLine
from ml_connector.settings import RecordKind
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, empty_company
from ml_connector_tests.graph.snapshots import EXTRACT, asked, asked_below, figures, keys, stored, values

LINE = [NewLine(text="Vare", item="V-1", quantity=Decimal(1), price=Decimal(1000), vat="3")]
TOTAL = Decimal("1250.0000")
LONG_AGO = datetime(2025, 6, 2, 10)


@pytest.fixture
def make_world(make_world: MakeWorld) -> MakeWorld:
    """Makes worlds whose connection carries everything."""
    return partial(make_world, records=list(RecordKind))


def invoice(world: World, customer: int = 1, day: int = 0, **how: object) -> str:
    """Enter an invoice on a window's day and return its key."""
    return world.sandbox.visma.books.add_invoice(str(customer), LINE, stamp=rows.at(day), **how)  # type: ignore[arg-type]


def sold(world: World, *customers: int) -> list[str]:
    """Enter customers with an invoice each in the first window, take it, and forget the calls."""
    world.enter("customers", [rows.customer(number) for number in customers])
    made = [invoice(world, number) for number in customers]
    world.sync(0, steps=EXTRACT)
    world.forget_calls()
    return made


class TestDocumentsThatPaymentsName:
    """A payment does not touch the stamp of the invoice it pays."""

    def test_come_into_the_window_of_the_payment_whatever_kind_it_is_of(self, world: World) -> None:
        """For two invoices, of a credit note, of types that share a number, of a stray number, and one taken back."""
        books = world.sandbox.visma.books
        world.enter("customers", [rows.customer(1), rows.customer(2)])
        first, second, unpaid = invoice(world), invoice(world), invoice(world)
        seven = [invoice(world, number="7", kind=kind) for kind in ("Invoice", "CreditNote", "DebitNote")]
        voided = invoice(world, 2)
        payment = books.pay(voided, stamp=rows.at(0))
        world.sync(0, steps=EXTRACT)
        assert values(world, "customer_invoices", second, 0)["status"] == "Open"

        books.pay({first: Decimal(500), second: TOTAL, seven[2]: Decimal(50)}, stamp=rows.at(1))
        books.apply(seven[1], {seven[0]: Decimal(100)}, stamp=rows.at(1))
        stray = {"documentType": "Invoice", "refNbr": "999999"}
        world.enter("customer_payments", [{"type": "Payment", "refNbr": "9", "paymentLines": [stray]}], 1)
        assert world.sync(1, steps=EXTRACT).status == "planned"
        named = stored(world, "customer_invoices", 1)
        assert sorted(row["key"] for row in named) == sorted([first, second, seven[0]]), f"not {unpaid}"
        assert keys(world, "customer_credit_notes", 1) == [seven[1]]
        assert keys(world, "customer_debit_notes", 1) == [seven[2]]
        assert figures(world, "customer_invoices")["named but unknown to Visma"] == 1
        (row,) = [row for row in named if row["key"] == second]
        assert (row["partition"], row["names"]) == (rows.day(1), ["customer:1"])
        assert json.loads(row["raw"])["lastModifiedDateTime"].startswith(rows.day(0)), "as it was"
        assert row["modified"].startswith(rows.day(1)), "the payment's, which tells it from the one before"
        assert '"amountInCurrency":1250.0000' in row["raw"]
        settled = values(world, "customer_invoices", second, 1)
        assert (settled["status"], settled["balance"]) == ("Closed", Decimal("0.0000"))
        assert settled["applications"][0]["amountPaid"] == TOTAL
        assert values(world, "customer_invoices", first, 1)["balance"] == Decimal("750.0000")

        books.void_payment(payment, stamp=rows.at(2))
        world.sync(2, steps=EXTRACT)
        assert keys(world, "customer_payments", 2) == sorted([payment, payment.replace("Pay", "VoidPay")])
        assert values(world, "customer_invoices", voided, 2)["balance"] == TOTAL
        assert figures(world, "customer_invoices")["fetched by number"] == 1

    def test_over_several_windows_belong_to_the_newest_that_names_them(self, world: World) -> None:
        early, late = sold(world, 1, 2)
        for day, amount in ((1, 100), (3, 200)):
            world.sandbox.visma.books.pay({early: Decimal(amount)}, stamp=rows.at(day))
        world.sandbox.visma.books.pay({late: Decimal(100)}, stamp=rows.at(1))
        changed = invoice(world, 1, day=3)
        world.sandbox.visma.books.pay({changed: Decimal(100)}, stamp=rows.at(3, 15))
        world.sync(1, 3, steps=EXTRACT)
        assert [keys(world, "customer_invoices", day) for day in (1, 2, 3)] == [
            [late],
            [],
            sorted([early, changed]),
        ]
        assert values(world, "customer_invoices", early, 3)["balance"] == TOTAL - 300
        assert asked_below(world, "/v1/customerinvoice") == 2, (
            "one that changed in the windows is there already"
        )

    def test_in_the_first_window_come_with_the_whole_list(self, world: World) -> None:
        world.enter("customers", [rows.customer(1)])
        paid, edited = invoice(world), invoice(world)
        world.sandbox.visma.books.pay({paid: TOTAL, edited: TOTAL}, stamp=rows.at(0))
        world.sandbox.visma.books.edit(edited, text="I dag", stamp=rows.at(1))
        unnamed = invoice(world, day=1)
        world.sync(0, steps=EXTRACT)
        # The one that was edited after the window is named in it: its payment must not wait for it.
        assert keys(world, "customer_invoices", 0) == sorted([paid, edited])
        assert asked_below(world, "/v1/customerinvoice") == 0
        world.sync(1, steps=EXTRACT)
        assert keys(world, "customer_invoices", 1) == sorted([edited, unnamed])

    def test_of_a_big_window_cost_few_calls(self, world: World) -> None:
        made = sold(world, *range(1, 61))
        for key in made[:40]:
            world.sandbox.visma.books.pay(key, stamp=rows.at(1))
        more = [invoice(world, 60, day=-1 - day) for day in range(20)]
        world.sandbox.visma.books.pay(dict.fromkeys(more, TOTAL), stamp=rows.at(1))
        world.forget_calls()
        world.sync(1, steps=EXTRACT)
        assert keys(world, "customer_invoices", 1) == sorted([*made[:40], *more])
        calls = asked(world, "/v1/customerinvoice")
        assert len(calls) + asked_below(world, "/v1/customerinvoice") <= 4
        assert sum("documentDate=" in call and "customer=" not in call for call in calls) == 2
        assert figures(world, "customer_invoices")["fetched with lists"] >= 58


class TestJournal:
    """Pages count lines, so a batch may end on the next one."""

    def test_batches_are_whole(self, make_world: MakeWorld) -> None:
        world = make_world(empty_company(visma={"page_caps": {"journal_transactions": 2}}))
        world.enter("customers", [rows.customer(1)])
        for _ in range(3):
            invoice(world, day=1)
        world.sync(1, steps=EXTRACT)
        assert keys(world, "journal_transactions", 1) == ["AR:000001", "AR:000002", "AR:000003"]
        for key in keys(world, "journal_transactions", 1):
            batch = values(world, "journal_transactions", key, 1)
            sides = [line["debitAmount"] - line["creditAmount"] for line in batch["journalTransactionLines"]]
            assert (len(sides), sum(sides)) == (3, 0)
        assert len(asked(world, "/v2/journaltransaction")) == 5
        assert keys(world, "customers", 1) == ["1"]


class TestPartners:
    """Customers and suppliers that documents name and that nobody has synced."""

    def test_come_with_the_documents(self, world: World) -> None:
        visma = world.sandbox.visma
        for number in (1, 2, 3, 4, 5):
            visma.add("customers", rows.customer(number), stamp=LONG_AGO)
        for number in (50, 51, 52):
            visma.add("suppliers", rows.supplier(number), stamp=LONG_AGO)
        invoice(world, 1, day=1)
        invoice(world, 2, day=1, kind="CreditNote")
        visma.books.prepay("3", Decimal(10), stamp=rows.at(1))
        line = {"lineNumber": 1, "module": "ModuleAR", "customerSupplier": "4"}
        batch = {"module": "ModuleAR", "batchNumber": "9", "journalTransactionLines": [line]}
        world.enter("journal_transactions", [batch], 1)
        visma.purchasing.order("50", LINE, stamp=rows.at(1))
        visma.purchasing.add_invoice("51", LINE, stamp=rows.at(1))
        world.enter("customer_debit_notes", [{"documentType": "DebitNote", "referenceNumber": "1"}], 1)
        world.sync(1, steps=EXTRACT)
        assert keys(world, "customers", 1) == ["1", "2", "3", "4"]
        assert keys(world, "suppliers", 1) == ["50", "51"]

    def test_are_fetched_once(self, world: World) -> None:
        world.sandbox.visma.add("customers", rows.customer(1), stamp=LONG_AGO)
        invoice(world, day=1)
        world.sync(1)
        world.forget_calls()
        invoice(world, day=2)
        world.sync(2, steps=EXTRACT)
        assert asked_below(world, "/v1/customer") == 0
        assert keys(world, "customers", 2) == []


class TestPurchases:
    """All that a supplier's sums are made of comes again when anything of the supplier changed."""

    def test_of_a_supplier_with_a_change_are_whole(self, world: World) -> None:
        world.enter("suppliers", [rows.supplier(number) for number in (50, 51, 52)])
        buying = world.sandbox.visma.purchasing
        orders = {number: buying.order(str(number), LINE, stamp=LONG_AGO) for number in (50, 51, 52)}
        bills = {number: buying.add_invoice(str(number), LINE, stamp=LONG_AGO) for number in (50, 51, 52)}
        delivered = buying.order("50", LINE, stamp=LONG_AGO)
        buying.receive(delivered, stamp=LONG_AGO)
        of_old = buying.add_invoice("50", LINE, stamp=datetime(2024, 12, 31, 12))
        world.sync(0, steps=EXTRACT)
        assert keys(world, "purchase_orders", 0) == sorted([*orders.values(), delivered])
        world.forget_calls()
        bought = buying.add_invoice("50", LINE, stamp=rows.at(1))
        ordered = buying.order("51", LINE, stamp=rows.at(1))
        world.sync(1, steps=EXTRACT)
        # Each of the two lists is closed over the suppliers that changed in either; nothing comes twice.
        assert keys(world, "purchase_orders", 1) == sorted([orders[50], orders[51], ordered])
        assert keys(world, "supplier_invoices", 1) == sorted([bills[50], bills[51], bought])
        assert of_old not in keys(world, "supplier_invoices", 1), "older than last year"
        assert keys(world, "suppliers", 1) == ["50", "51"], "nobody has synced them: this run goes no further"
        assert len(asked(world, "/v1/purchaseorder")) + len(asked(world, "/v1/supplierInvoice")) == 6

    def test_over_several_windows_lie_in_the_newest_with_a_change(self, world: World) -> None:
        world.enter("suppliers", [rows.supplier(50), rows.supplier(51)])
        buying = world.sandbox.visma.purchasing
        old = [buying.order(number, LINE, stamp=LONG_AGO) for number in ("50", "51")]
        world.sync(0, steps=EXTRACT)
        first = buying.order("50", LINE, stamp=rows.at(1))
        other = buying.order("51", LINE, stamp=rows.at(1))
        second = buying.add_invoice("50", LINE, stamp=rows.at(2))
        world.sync(1, 3, steps=EXTRACT)
        assert keys(world, "purchase_orders", 1) == sorted([first, old[1], other])
        assert keys(world, "purchase_orders", 2) == sorted([old[0], first])
        assert keys(world, "supplier_invoices", 2) == [second]
        assert keys(world, "purchase_orders", 3) == []

    def test_of_everybody_come_on_1_january(self, make_world: MakeWorld) -> None:
        """Last year's sum becomes the one of the year before, and nothing where nothing was bought."""
        world = make_world(start="2025-12-30")
        world.enter("suppliers", [rows.supplier(number) for number in (50, 51, 52)])
        buying = world.sandbox.visma.purchasing
        years = [
            buying.add_invoice("50", LINE, stamp=datetime(year, 3, 1, 12)) for year in (2023, 2024, 2025)
        ]
        only = buying.add_invoice("51", LINE, stamp=datetime(2024, 3, 1, 12))
        waiting = buying.order("52", LINE, stamp=datetime(2024, 3, 1, 12))
        world.sync("2025-12-31", steps=EXTRACT)
        assert keys(world, "supplier_invoices", "2025-12-31") == []
        world.sync("2026-01-01", steps=EXTRACT)
        assert keys(world, "supplier_invoices", "2026-01-01") == sorted([years[1], years[2], only])
        assert keys(world, "purchase_orders", "2026-01-01") == [waiting]

    def test_changed_since_come_with_the_first_window(self, world: World) -> None:
        world.enter("suppliers", [rows.supplier(50)])
        buying = world.sandbox.visma.purchasing
        made = [buying.order("50", LINE, stamp=rows.at(day)) for day in (0, 1)]
        world.sync(0, steps=EXTRACT)
        assert keys(world, "purchase_orders", 0) == sorted(made)


def test_reference_lists_are_kept_whole(world: World) -> None:
    world.sync(1, steps=EXTRACT)
    base = [
        key for key in keys(world, "currencies", 1) if values(world, "currencies", key, 1)["isBaseCurrency"]
    ]
    assert base == ["NOK"]
    assert values(world, "ledgers", "ACTUAL", 1)["balanceType"] == "Actual"


def test_a_small_list_can_be_taken_alone(world: World) -> None:
    """The lists without a history are one step of a run, and still assets of their own."""
    one = dg.AssetKey([NAME, "visma", "ledgers"])
    with world.instance() as instance:
        job = world.definitions().resolve_job_def(job_name(NAME)).get_subset(asset_selection={one})
        assert job.execute_in_process(instance=instance, partition_key=rows.day(0)).success
    assert keys(world, "ledgers", 0)
    with pytest.raises(StorageError, match="never been materialised"):
        keys(world, "accounts", 0)
