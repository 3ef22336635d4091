"""The plan for payments and sales transactions, with their links to documents, companies and contacts."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.hubspot.linking import LinkLoader
from ml_connector.hubspot.transaction_object import ensure_transaction_object, transaction_object
from ml_connector.plan.bookings import Booking, BookingPlanner, left_alone, not_taken
from ml_connector.plan.due import with_due
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.payments import PAYMENTS, payments_in
from ml_connector.plan.transactions import transactions
from ml_connector.plan.upcoming import UpcomingDocuments
from ml_connector.records.booking_model import PaymentRecord, TransactionRecord
from ml_connector.sandbox.hubspot.settings import PoisonRule
from ml_connector.settings.money import InvoiceSettings
from ml_connector_tests.hubspot.test_transaction_object import make
from ml_connector_tests.plan.chain import NAME
from ml_connector_tests.plan.money import LATER, Books, actions, document, of
from ml_connector_tests.records.snapshots import DAY, STAMP, contact

KEY = "payment:Payment:400017"

PAYMENT = PaymentRecord(
    kind="Payment",
    number="400017",
    status="Closed",
    stamp=STAMP,
    partition=DAY,
    customer="customer:10",
    documents=("invoice:100234",),
    properties={
        "visma_payment_id": f"{NAME}:Payment:400017",
        "hs_initial_amount": "125.00",
        "hs_initiated_date": "2026-11-10T11:00:00.000Z",
        "hs_currency_code": "NOK",
        "hs_latest_status": "succeeded",
        "hs_payment_method": "not ours to write",
        "visma_last_modified": "2026-11-20T05:35:22.153Z",
    },
)

SALE = TransactionRecord(
    module="AR",
    batch="001234",
    status="Posted",
    stamp=STAMP,
    partition=DAY,
    customer="customer:10",
    document="invoice:100234",
    amount=Decimal(100),
    properties={
        "visma_transaction_id": f"{NAME}:AR:001234",
        "visma_module": "AR",
        "visma_amount": "100.00",
        "visma_last_modified": "2026-11-20T05:35:22.153Z",
    },
)


def plan(
    books: Books,
    *records: Any,
    booking: Booking[Any] = PAYMENTS,
    documents: Sequence[Operation] = (),
    exists: bool = True,
) -> list[Operation]:
    """Plan payments or transactions, earlier rejects and links that are owed."""
    ledger = books.chain.ledger
    read = PaymentRecord if booking.kind is PAYMENTS.kind else TransactionRecord
    due = [read.from_row(one.record) for one in books.chain.due(booking.kind.entity)]
    upcoming = UpcomingDocuments()
    for operation in documents:
        upcoming.add(operation)
    planner = BookingPlanner(booking, ledger, books.chain.client, upcoming, exists=exists)
    both: Any = with_due(records, due, {one.key: one.stamp for one in records})
    return list(planner.plan(both, len(records), DAY))


def load(books: Books, planned: Sequence[Operation], booking: Booking[Any] = PAYMENTS) -> None:
    """Carry out a plan in a new run."""
    journal = books.chain.journal()
    loader = books.chain.loader(journal)
    kind, ties = booking.kind, booking.ties
    loader.load(kind.object_type, [one for one in planned if one.entity == kind.entity])
    links = LinkLoader(books.chain.client, journal, books.chain.ledger, books.chain.runs[-1])
    made = links.load([one for one in planned if one.entity == ties.entity], loader.created_ids)
    assert made.adds_up


@pytest.fixture
def paying(books: Books) -> Books:
    """Books on a portal that is set up for payments, with an invoice and its contact."""
    books.chain.portal.configure(payments_enabled=True, enterprise=True)
    people = [contact(1, email="p1@fjord.no", lastName="Lie", businessAccount="10")]
    books.chain.load_contacts(books.chain.plan_contacts(books.chain.contacts(people)))
    books.sync(document())
    return books


class TestPayments:
    """Payments become records with three kinds of links."""

    def test_are_made_once_and_linked_like_their_invoice(self, paying: Books) -> None:
        planned = plan(paying, PAYMENT)
        assert of(planned, "payments")[KEY].action is Action.CREATE
        assert "hs_payment_method" not in of(planned, "payments")[KEY].values
        assert {key: one.values["to_type"] for key, one in of(planned, "payment_links").items()} == {
            f"{KEY}>invoice:100234": "invoices",
            f"{KEY}>contact:1": "contacts",
            f"{KEY}>customer:10": "companies",
        }
        load(paying, planned)
        assert len(paying.chain.portal.links("commerce_payments", "invoices")) == 1
        assert actions(plan(paying, PAYMENT)) == {"payments": {"unchanged": 1}}

    def test_of_the_same_run_as_their_invoice(self, books: Books) -> None:
        coming = books.plan(document(2))
        paid = replace(PAYMENT, documents=("invoice:2",))
        assert f"{KEY}>invoice:2" in of(plan(books, paid, documents=coming), "payment_links")

    def test_are_refunded_when_voided_and_left_out_when_never_sent(self, paying: Books) -> None:
        voided = replace(
            PAYMENT,
            status="Voided",
            stamp=LATER,
            properties={**PAYMENT.properties, "hs_latest_status": "refunded"},
        )
        (one,) = plan(paying, voided)
        assert one.action is Action.SKIP
        load(paying, plan(paying, PAYMENT))
        assert of(plan(paying, voided), "payments")[KEY].values == {"hs_latest_status": "refunded"}

    def test_that_stop_settling_an_invoice_lose_the_link(self, paying: Books) -> None:
        paying.sync(document(2))
        load(paying, plan(paying, PAYMENT))
        moved = replace(PAYMENT, documents=("invoice:2",), stamp=LATER)
        links = of(plan(paying, moved), "payment_links")
        assert links[f"{KEY}>invoice:100234"].action is Action.UNLINK
        assert links[f"{KEY}>invoice:2"].action is Action.LINK

    def test_a_link_that_did_not_go_is_tried_again_without_its_payment(self, paying: Books) -> None:
        load(paying, plan(paying, PAYMENT))
        held = ("commerce_payments", KEY, "contacts", "contact:1", "HubSpot said no")
        paying.chain.journal().settle([], unwanted=[held])
        (again,) = plan(paying)
        assert (again.key, again.action) == (f"{KEY}>contact:1", Action.UNLINK)
        load(paying, [again])
        assert plan(paying) == []

    def test_that_settle_nothing_any_more_keep_their_contact(self, paying: Books) -> None:
        load(paying, plan(paying, PAYMENT))
        links = of(plan(paying, replace(PAYMENT, documents=(), stamp=LATER)), "payment_links")
        assert {key: one.action for key, one in links.items()} == {f"{KEY}>invoice:100234": Action.UNLINK}

    def test_of_an_invoice_still_to_come_are_linked_when_it_comes(self, paying: Books) -> None:
        load(paying, plan(paying, replace(PAYMENT, documents=("invoice:7",))))
        assert f"{KEY}>invoice:7" in of(plan(paying), "payment_links")
        paying.sync(document(7))
        load(paying, plan(paying))
        assert len(paying.chain.portal.links("commerce_payments", "invoices")) == 1
        assert plan(paying) == []

    def test_wait_for_no_invoice_that_is_never_sent(self, paying: Books) -> None:
        load(paying, plan(paying, replace(PAYMENT, documents=("invoice:7", "invoice:8"))))
        paying.sync(document(7, status="Voided"))
        skipped = paying.plan(document(8, status="Voided"))
        links = of(plan(paying, documents=skipped), "payment_links")
        assert {key: one.action for key, one in links.items()} == {
            f"{KEY}>invoice:7": Action.UNLINK,
            f"{KEY}>invoice:8": Action.UNLINK,
        }
        again = replace(PAYMENT, number="1", documents=("invoice:7", "invoice:8"))
        assert (
            set(of(plan(paying, again, documents=skipped), "payment_links"))
            & {
                "payment:Payment:1>invoice:7",
                "payment:Payment:1>invoice:8",
            }
            == set()
        )

    def test_that_are_refused_come_again(self, paying: Books) -> None:
        paying.chain.portal.poison(PoisonRule("commerce_payments", "visma_payment_id", ".*"))
        load(paying, plan(paying, PAYMENT))
        assert set(paying.chain.rejects()) == {KEY}
        paying.chain.portal.poison()
        load(paying, plan(paying))
        assert paying.chain.rejects() == {}

    def test_in_a_currency_the_portal_lacks_are_refused_with_the_remedy_or_converted(
        self, paying: Books
    ) -> None:
        in_kroner = {"hs_initial_amount": "130.00", "hs_currency_code": "NOK"}
        swedish = replace(
            PAYMENT, properties={**PAYMENT.properties, "hs_currency_code": "SEK"}, in_base=in_kroner
        )
        paying.chain.portal.configure(additional_currencies=())
        account = paying.chain.client.account()
        booking = payments_in(account, InvoiceSettings())
        load(paying, plan(paying, swedish, booking=booking))
        assert paying.chain.rows("reject", "record_key, cause") == [(KEY, "currency-not-in-portal")]

        # It is converted once the settings say so, or sent as it is once the portal has the currency.
        converting = payments_in(account, InvoiceSettings(convert_currency=True))
        (made,) = of(plan(paying, booking=converting), "payments").values()
        assert in_kroner.items() <= made.values.items()
        paying.chain.portal.configure(additional_currencies=("SEK",))
        richer = payments_in(replace(account, additional_currencies=("SEK",)), InvoiceSettings())
        load(paying, plan(paying, booking=richer))
        (held,) = paying.chain.portal.records("commerce_payments").values()
        assert (held.values["hs_currency_code"], held.values["hs_initial_amount"]) == ("SEK", "125.00")
        assert paying.chain.rejects() == {}

    def test_are_left_alone_where_the_portal_takes_none(self, books: Books) -> None:
        refund = replace(PAYMENT, number="1", skip="it moves no money of its own: type Refund")
        left = list(left_alone([PAYMENT, refund], PAYMENTS.kind, "the portal takes no payments"))
        assert [(one.entity, one.action, one.reason) for one in left] == [
            ("payments", Action.SKIP, "the portal takes no payments"),
            ("payments", Action.SKIP, "it moves no money of its own: type Refund"),
        ]


class TestTransactions:
    """Transactions go into whatever object keeps them."""

    def test_into_a_custom_object(self, paying: Books) -> None:
        where = ensure_transaction_object(
            paying.chain.client, paying.settings.transactions, sleep=lambda _: None
        )
        booking = transactions(str(where.name))
        planned = plan(paying, SALE, booking=booking)
        assert set(of(planned, "transaction_links")) == {
            "transaction:AR:001234>invoice:100234",
            "transaction:AR:001234>customer:10",
        }
        load(paying, planned, booking)
        (made,) = paying.chain.portal.records(str(where.name)).values()
        assert made.values["visma_amount"] == "100.00"
        assert actions(plan(paying, SALE, booking=booking)) == {"transactions": {"unchanged": 1}}

    def test_into_one_that_the_sync_makes_first(self, books: Books) -> None:
        books.chain.portal.configure(enterprise=True)
        where = transaction_object(books.chain.client, books.settings.transactions)
        assert not where.exists
        booking = transactions(str(where.name))
        planned = plan(books, SALE, booking=booking, exists=where.exists)
        ensure_transaction_object(books.chain.client, books.settings.transactions, sleep=lambda _: None)
        load(books, planned, booking)
        assert len(books.chain.portal.records(str(where.name))) == 1

    def test_into_one_of_a_person_s_own_are_not_looked_for(self, books: Books) -> None:
        """Its number is not unique, so nothing can be looked up by it: the load says so, and the run goes on."""
        books.chain.portal.configure(enterprise=True)
        make(books.chain, "visma_transaction_id")
        where = transaction_object(books.chain.client, books.settings.transactions)
        planned = plan(books, SALE, booking=transactions(str(where.name)))
        assert of(planned, "transactions")[SALE.key].action is Action.CREATE
        assert ensure_transaction_object(books.chain.client, books.settings.transactions).name is None

    def test_that_turned_out_not_to_be_taken_are_skipped(self, books: Books) -> None:
        planned = plan(books, SALE, booking=transactions("p1_visma_transaction"), exists=False)
        left = list(not_taken(planned, "no Enterprise"))
        assert {(one.action, one.reason) for one in left} == {(Action.SKIP, "no Enterprise")}
        assert all(one.values == {} for one in left)

    def test_without_company_or_document(self, books: Books) -> None:
        alone = replace(SALE, customer=None, document=None)
        planned = plan(books, alone, booking=transactions("p1_visma_transaction"), exists=False)
        assert actions(planned) == {"transactions": {"create": 1}}
