"""The plan for line items: added, changed and removed with their document, however many there are."""

import json
from decimal import Decimal

import pytest

from ml_connector.plan.operations import Action
from ml_connector_tests.ledger.rows import reject
from ml_connector_tests.plan.money import LATER, Books, actions, document, of
from ml_connector_tests.records.documents import Sold
from ml_connector_tests.records.snapshots import DAY, STAMP

A, B, C = (Sold(price=Decimal(price)) for price in (100, 200, 300))


def line(number: int) -> str:
    return f"line:Invoice:100234:{number}"


DUE = {
    "document": "invoice:100234",
    "key": line(2),
    "stamp": STAMP,
    "partition": DAY,
    "properties": {"visma_line_id": "acme:Invoice:100234:2", "name": "Bolts", "price": "200"},
}
"""Line 2 as a refused one is stored."""


class TestChanges:
    """A document whose lines change in Visma."""

    def test_an_added_line_is_made_and_linked(self, books: Books) -> None:
        books.sync(document(lines=(A,)))
        plan = books.plan(document(lines=(A, B), stamp=LATER))
        assert {key: one.action for key, one in of(plan, "line_items").items()} == {
            line(1): Action.UNCHANGED,
            line(2): Action.CREATE,
        }
        assert set(of(plan, "invoice_links")) == {f"invoice:100234>{line(2)}"}
        books.load(plan)
        assert set(books.lines()) == {"1", "2"}

    def test_a_changed_line_sends_what_changed(self, books: Books) -> None:
        books.sync(document(lines=(A, B)))
        plan = books.plan(document(lines=(A, C), stamp=LATER))
        changed = of(plan, "line_items")[line(2)]
        assert changed.values == {"price": "300", "visma_net_amount": "300.00", "visma_vat_amount": "75.00"}
        assert changed.previous["price"] == "200"
        books.load(plan)
        assert books.lines()["2"].values["price"] == "300"

    def test_a_removed_line_is_archived_and_no_other_touched(self, books: Books) -> None:
        books.sync(document(lines=(A, B)))
        gone = books.lines()["2"].id
        plan = books.plan(document(lines=(A,), stamp=LATER))
        removed = of(plan, "line_items")[line(2)]
        assert (removed.action, removed.hubspot_id) == (Action.ARCHIVE, gone)
        assert "invoice_links" not in actions(plan)
        books.load(plan)
        assert set(books.chain.portal.records("line_items")) == {books.lines()["1"].id}
        assert books.plan() == []
        assert actions(books.plan(document(lines=(A,), stamp=LATER)))["line_items"] == {"unchanged": 1}

    def test_a_removed_line_is_archived_although_it_was_never_linked(self, books: Books) -> None:
        """Nor is it told twice where it was refused as well, as its answer was lost."""
        books.sync(document(lines=(A, B)))
        key = ("invoices", "invoice:100234", "line_items", line(2))
        lost = reject(line(2), entity="line_items", record=json.dumps(DUE))
        books.chain.journal().settle([], unlinked=[key], rejects=[lost])
        plan = books.plan(document(lines=(A,), stamp=LATER))
        assert of(plan, "line_items")[line(2)].action is Action.ARCHIVE
        books.load(plan)
        assert len(books.chain.portal.records("line_items")) == 1
        assert books.chain.rejects() == {}

    def test_a_line_that_comes_back_is_made_again(self, books: Books) -> None:
        books.sync(document(lines=(A, B)))
        books.sync(document(lines=(A,), stamp=LATER))
        books.sync(document(lines=(A, B), stamp="2026-11-20T10:00:00"))
        assert set(books.lines()) == {"1", "2"}

    @pytest.mark.parametrize(("before", "after"), [(0, 3), (3, 0), (120, 119)])
    def test_any_number_converges(self, books: Books, before: int, after: int) -> None:
        books.sync(document(lines=(A,) * before))
        books.sync(document(lines=(A,) * after, stamp=LATER))
        assert len(books.lines()) == after
        assert len(books.chain.portal.records("line_items")) == after
        assert books.invoice().values["hs_invoice_status"] == ("open" if after else "paid")

    def test_lines_of_an_unchanged_document_cost_no_call(self, books: Books) -> None:
        books.sync(document(lines=(A, B)))
        quiet = books.with_settings(deals={"rules": ()})
        books.forget()
        quiet.plan(document(lines=(A, B)))
        assert books.calls() == 0


class TestHands:
    """Lines that people touch in HubSpot."""

    def test_an_edited_line_is_put_right_when_it_changes_in_visma(self, books: Books) -> None:
        books.sync(document(lines=(A, B)))
        books.chain.portal.edit_as_person("line_items", books.lines()["2"].id, {"name": "Noe annet"})
        plan = books.plan(document(lines=(A, C), stamp=LATER))
        assert of(plan, "line_items")[line(2)].values["name"] == "Vare 2"

    def test_a_deleted_line_is_left_to_a_person(self, books: Books) -> None:
        books.sync(document(lines=(A, B)))
        books.chain.portal.archive_as_person("line_items", books.lines()["2"].id)
        plan = books.plan(document(lines=(A, C), stamp=LATER))
        assert of(plan, "line_items")[line(2)].action is Action.CONFLICT


def test_lines_of_a_new_document_are_not_looked_for(books: Books) -> None:
    books.sync(document(1, lines=(A,)))
    quiet = books.with_settings(deals={"rules": ()})
    books.forget()
    plan = quiet.plan(document(2, lines=(A,) * 250))
    assert of(plan, "line_items")["line:Invoice:2:250"].action is Action.CREATE
    assert books.calls() == 1
