"""Line items: what they come to on either side, why they differ, and what the ledger says of it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector.reconciliation.compare import verdicts
from ml_connector.reconciliation.evidence import Evidence
from ml_connector.reconciliation.explain import Cause, Known, Refusal, differing, explain
from ml_connector.reconciliation.facts import DOCUMENTS, Fact, Facts, Kind, Standing
from ml_connector.reconciliation.line_figures import LineSums, summed
from ml_connector.reconciliation.line_reader import LineReader
from ml_connector_tests.ledger.rows import journal, reject
from ml_connector_tests.plan.chain import empty_ledger, ledger_engine
from ml_connector_tests.reconciliation.made import LATE, Books, around, fact, mirrored
from ml_connector_tests.reconciliation.portal import AS_OF, NAME, Portal, served
from ml_connector_tests.sandbox.book_keeping import sold

__all__ = ["empty_ledger", "ledger_engine"]

FULL = fact(lines=2, line_amount=Decimal("125.00"), line_price=Decimal("100.00"))


def line(**values: str) -> dict[str, str | None]:
    """Return a line item of two pieces at 50 each, with VAT of 25 %."""
    plain = {
        "quantity": "2",
        "price": "50",
        "hs_discount_percentage": None,
        "visma_net_amount": "100.00",
        "visma_vat_amount": "25.00",
    }
    return {**plain, **values}


class TestFigures:
    """What line items come to."""

    def test_net_with_vat_and_what_hubspot_makes_of_them(self) -> None:
        discounted = line(hs_discount_percentage="12.5", visma_net_amount="-1", visma_vat_amount="0")
        assert summed([line(), discounted]) == LineSums(2, Decimal("124.00"), Decimal("187.5"))

    @pytest.mark.parametrize("odd", ["", "much", "1e99"])
    def test_what_is_no_number_counts_as_zero(self, odd: str) -> None:
        assert summed([line(price=odd, visma_net_amount=odd)]) == LineSums(1, Decimal(25), Decimal(0))

    def test_a_fact_with_them_is_kept_as_it_is(self) -> None:
        told = summed([line(price="0.333")]).on(fact(), priced=True)
        (kept,) = Facts([told])
        assert kept == told
        assert (kept.lines, kept.line_price) == (1, Decimal("0.666"))
        assert summed([]).on(fact(), priced=False).line_price is None


class TestCauses:
    """Why line items differ."""

    @pytest.mark.parametrize(
        ("changes", "cause", "detail"),
        [
            (
                {"lines": 1, "loose": 1},
                Cause.MISSING_LINK,
                "1 of its 2 line items are not linked with it.",
            ),
            ({"lines": 1}, Cause.EDITED, "HubSpot has 1 of its line items, Visma 2."),
            ({"lines": 3}, Cause.EDITED, "HubSpot has 3 of its line items, Visma 2."),
            (
                {"line_amount": Decimal("125.01")},
                Cause.EDITED,
                "Its line items do not come to what they were sent with.",
            ),
        ],
    )
    def test_by_how_many_there_are(self, changes: dict[str, Any], cause: Cause, detail: str) -> None:
        found = explain(FULL, mirrored(FULL, **changes), Known(mirrored(fact())), around())
        assert (found.cause, found.detail) == (cause, detail)
        assert found.is_repaired("acme")

    def test_one_that_changed_since_waits_for_its_window(self) -> None:
        later = replace(FULL, stamp=LATE)
        assert explain(later, mirrored(FULL, lines=1), Known(), around()).cause is Cause.NOT_SYNCED

    def test_one_of_which_a_line_is_refused_says_so(self) -> None:
        known = Known(line_refusal=Refusal("line:Invoice:100001:2 is refused: too long."))
        found = explain(FULL, mirrored(FULL, lines=1), known, around())
        assert (found.cause, found.detail) == (
            Cause.REJECTED,
            "line:Invoice:100001:2 is refused: too long.",
        )
        assert not found.is_repaired("acme")

    def test_they_differ_only_where_both_sides_tell(self) -> None:
        assert differing(FULL, mirrored(fact())) == ()
        assert differing(FULL, mirrored(FULL, line_price=None)) == ()
        assert differing(FULL, mirrored(FULL, line_price=Decimal(1))) == ("line_price",)

    def test_the_check_says_how_many_were_compared(self) -> None:
        books = Books()
        for number in (1, 2, 3):
            books.enter(replace(FULL, key=f"invoice:{number}"))
        books.hubspot["invoice:2"] = replace(
            books.hubspot["invoice:2"], line_price=Decimal(1), line_amount=Decimal(1)
        )
        (verdict,) = [one for one in verdicts(books.compared(), DOCUMENTS) if one.name == "lines_agree"]
        assert not verdict.passed
        assert verdict.sentence == "Line items of 3 documents were compared: those of 1 differ."


def test_the_ledger_tells_refused_lines_of_their_document(empty_ledger: sa.Engine) -> None:
    rejects = [
        reject("line:CreditNote:7:2", entity="line_items", message="it is too long."),
        reject("line:Invoice:7:1", entity="invoices"),
    ]
    journal(empty_ledger).settle([], rejects=rejects)
    evidence = Evidence(empty_ledger, "acme", ["invoices"], lambda *_: fact())
    known = evidence.known(["creditnote:7", "invoice:7"])
    assert known == {
        "creditnote:7": Known(line_refusal=Refusal("line:CreditNote:7:2 is refused: it is too long."))
    }


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    """A company with a few documents of two months and many lines, all of them in the portal."""
    with served(None, customers=1) as made:
        books = made.sandbox.visma.books
        customer = made.sandbox.visma.keys("customers")[0]
        for month in (1, 1, 2):
            books.add_invoice(customer, sold(*["10", "-3.333"] * 60), stamp=AS_OF.replace(month=month))
        books.add_credit_note(customer, sold("40", "0"), stamp=AS_OF.replace(month=2))
        made.mirror()
        yield made


def told(portal: Portal, month: str | None = None) -> dict[str, Fact]:
    """Return what HubSpot tells of documents, by key, and hold every call to what was asked."""
    reader = LineReader(portal.hubspot, month)
    facts = list(reader.noting(portal.hubspot.documents()))
    reader.read()
    return {one.key: one for one in reader.told(facts)}


def expected(portal: Portal) -> dict[str, tuple[int | None, Decimal | None, Decimal | None]]:
    """Return what Visma says of the lines of documents, by key."""
    side = replace(portal.visma, with_lines=True)
    return {one.key: (one.lines, one.line_amount, one.line_price) for one in side.documents()}


def figures(facts: dict[str, Fact]) -> dict[str, tuple[int | None, Decimal | None, Decimal | None]]:
    """Return the figures of line items of facts."""
    return {key: (one.lines, one.line_amount, one.line_price) for key, one in facts.items()}


def test_both_sides_come_to_the_same_and_a_month_reads_its_own(portal: Portal) -> None:
    wanted = expected(portal)
    assert sorted(lines or 0 for lines, _, _ in wanted.values()) == [2, 120, 120, 120]
    assert figures(told(portal)) == wanted
    of_january = {key: one for key, one in told(portal, "2026-01").items() if one.lines is not None}
    assert figures(of_january) == {key: wanted[key] for key in of_january}
    assert len(of_january) == 2


def test_what_is_not_ours_is_not_looked_at_and_what_hangs_loose_is_counted(portal: Portal) -> None:
    hubspot, before = portal.sandbox.hubspot, told(portal)
    key, one = next((key, one) for key, one in before.items() if one.kind is Kind.CREDIT_NOTE)
    number = key.partition(":")[2]
    for values in (
        {"name": "Theirs", "price": "7"},
        {"name": "Of another connection", "visma_line_id": f"other:CreditNote:{number}:1"},
        {"name": "Nonsense", "visma_line_id": NAME},
    ):
        hubspot.add_record("line_items", values, [("invoices", one.hubspot_id)])
    assert told(portal) == before
    hubspot.add_record("line_items", {"name": "Loose", "visma_line_id": f"{NAME}:CreditNote:{number}:9"})
    assert told(portal)[key] == replace(one, loose=1)


def test_voided_and_held_documents_are_not_compared(portal: Portal) -> None:
    books = portal.sandbox.visma.books
    customer = portal.sandbox.visma.keys("customers")[0]
    held = books.add_invoice(customer, sold("1"), stamp=AS_OF, stage="Hold")
    side = replace(portal.visma, with_lines=True)
    (found,) = [one for one in side.documents() if one.key == f"invoice:{held.partition(':')[2]}"]
    assert (found.standing, found.lines) == (Standing.HELD, None)


def test_figures_a_portal_keeps_for_itself_are_not_compared(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    definitions = dict(portal.hubspot.client.properties("line_items"))
    definitions["price"] = replace(definitions["price"], read_only=True)
    monkeypatch.setattr(portal.hubspot.client, "properties", lambda _: definitions)
    assert {one.line_price for one in told(portal).values()} == {None}
