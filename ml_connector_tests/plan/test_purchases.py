"""The plan for what suppliers' companies show of buying from them."""

from collections.abc import Sequence

import pytest

from ml_connector.hubspot.counts import LoadCounts
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.purchases import PurchasesPlanner, with_companies
from ml_connector.records.booking_model import PurchasesRecord
from ml_connector_tests.plan.money import Books
from ml_connector_tests.records.snapshots import supplier

KEY = "supplier:50001"
MONDAY, TUESDAY = "2026-11-19", "2026-11-20"


def record(orders: int = 2, partition: str = MONDAY, newest: str = "2026-11-02") -> PurchasesRecord:
    return PurchasesRecord(
        "50001",
        partition,
        {
            "visma_open_po_count": str(orders),
            "visma_open_po_amount": f"{orders * 100}.00",
            "visma_newest_po_date": newest,
        },
    )


def plan(books: Books, *records: PurchasesRecord) -> list[Operation]:
    return list(PurchasesPlanner(books.chain.ledger, books.chain.client).plan(records))


def load(books: Books, planned: Sequence[Operation]) -> LoadCounts:
    counts = books.chain.loader().load("companies", with_companies(planned, books.chain.ledger))
    assert counts.adds_up
    return counts


def shown(books: Books) -> str | None:
    return books.chain.company(KEY).values.get("visma_open_po_count")


@pytest.fixture
def known(books: Books) -> Books:
    """Books with supplier 50001 in HubSpot."""
    books.chain.sync((), [supplier()])
    books.forget()
    return books


class TestSums:
    """Sums that change, or do not."""

    def test_are_written_to_the_company_and_leave_its_version_alone(self, known: Books) -> None:
        before = known.chain.ledger.identities("companies", [KEY])
        load(known, plan(known, record()))
        assert shown(known) == "2"
        assert known.chain.ledger.identities("companies", [KEY]) == before
        (again,) = known.chain.plan_companies(known.chain.companies((), [supplier()]))
        assert again.action is Action.UNCHANGED

    def test_that_are_the_same_cost_no_call(self, known: Books) -> None:
        load(known, plan(known, record()))
        known.forget()
        (one,) = plan(known, record(partition=TUESDAY))
        assert one.action is Action.UNCHANGED
        load(known, [one])
        assert known.calls() == 0

    def test_that_change_send_only_what_changed(self, known: Books) -> None:
        load(known, plan(known, record()))
        (one,) = plan(known, record(1, TUESDAY))
        assert one.values == {"visma_open_po_count": "1", "visma_open_po_amount": "100.00"}
        assert one.previous == {"visma_open_po_count": "2", "visma_open_po_amount": "200.00"}

    def test_that_went_are_cleared(self, known: Books) -> None:
        load(known, plan(known, record()))
        load(known, plan(known, record(0, TUESDAY, newest="")))
        assert not known.chain.company(KEY).values.get("visma_newest_po_date")
        assert plan(known, record(0, TUESDAY, newest=""))[0].action is Action.UNCHANGED

    def test_of_an_older_window_never_replace_newer_ones(self, known: Books) -> None:
        load(known, plan(known, record(1, TUESDAY)))
        assert plan(known, record())[0].action is Action.SKIP

    def test_of_an_older_window_are_old_although_the_newer_one_changed_nothing(self, known: Books) -> None:
        load(known, plan(known, record(1, "2026-11-17")))
        load(known, plan(known, record(1, TUESDAY)))
        assert plan(known, record(7))[0].action is Action.SKIP

    def test_the_portal_shows_already_are_remembered(self, known: Books) -> None:
        known.chain.portal.edit_as_person(
            "companies", known.chain.company(KEY).id, {"visma_open_po_count": "2"}
        )
        (one,) = plan(known, record())
        assert "visma_open_po_count" not in one.values
        load(known, [one])
        known.forget()
        assert plan(known, record())[0].action is Action.UNCHANGED
        assert known.calls() == 0


class TestCompanies:
    """Suppliers that are new, gone or refused."""

    def test_one_made_in_the_same_run_gets_them(self, books: Books) -> None:
        (one,) = plan(books, record())
        assert (one.action, one.hubspot_id) == (Action.UPDATE, None)
        books.chain.sync((), [supplier()])
        load(books, [one])
        assert shown(books) == "2"

    def test_one_without_a_company_is_refused_and_comes_again(self, books: Books) -> None:
        load(books, plan(books, record()))
        assert books.chain.rejects() == {KEY: "company-missing"}
        books.chain.sync((), [supplier()])
        (due,) = books.chain.due("purchases")
        load(books, plan(books, PurchasesRecord.from_row(due.record)))
        assert (shown(books), books.chain.rejects()) == ("2", {})

    def test_one_archived_by_a_person_is_a_conflict(self, known: Books) -> None:
        known.chain.portal.archive_as_person("companies", known.chain.company(KEY).id)
        assert plan(known, record())[0].action is Action.CONFLICT

    def test_what_cannot_be_sent_is_refused(self, known: Books) -> None:
        refused = PurchasesRecord("50001", MONDAY, {}, "a row of it cannot be read")
        assert plan(known, refused)[0].action is Action.REJECT
