"""Comparing two sides: every planted difference is found with its cause, none is invented, and sums are exact."""

import random
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import pytest

from ml_connector.reconciliation import compare as comparing
from ml_connector.reconciliation.compare import Comparison, verdicts
from ml_connector.reconciliation.explain import Cause, Known
from ml_connector.reconciliation.facts import DOCUMENTS, Kind, Standing
from ml_connector.reconciliation.totals import per_month
from ml_connector_tests.reconciliation.made import LATE, Books, around, drawn, fact, mirrored

CENT = Decimal("0.01")

PLANTED: dict[Cause, Callable[[Books, str], object]] = {
    Cause.NOT_SYNCED: Books.wait,
    Cause.REJECTED: Books.refuse,
    Cause.DRAFT: lambda books, key: books.edit(
        key, standing=Standing.DRAFT, shown="draft", note="a line waits"
    ),
    Cause.EDITED: lambda books, key: books.edit(key, amount=books.visma[key].amount + CENT),  # type: ignore[operator]
    Cause.DELETED_IN_VISMA: lambda books, key: books.visma.pop(key),
    Cause.DELETED_IN_HUBSPOT: lambda books, key: books.hubspot.pop(key),
    Cause.MISSING_LINK: lambda books, key: books.edit(key, customers=()),
    Cause.NOT_RELEASED: lambda books, key: books.change(key, standing=Standing.HELD, status="Hold"),
    Cause.UNKNOWN: Books.forget,
}
"""How each cause comes about."""


def passed(found: Comparison) -> dict[str, bool]:
    """The answers by name."""
    return {verdict.name: verdict.passed for verdict in verdicts(found)}


@pytest.mark.parametrize("seed", range(20))
def test_what_was_planted_is_found_with_its_cause_and_nothing_else_is(seed: int) -> None:
    books, draw = drawn(seed), random.Random(seed)
    keys = draw.sample(sorted(key for key in books.visma if not key.startswith("transaction")), 36)
    expected = {key: list(PLANTED)[place % len(PLANTED)] for place, key in enumerate(keys)}
    for key, cause in expected.items():
        PLANTED[cause](books, key)
    found = books.compared()
    assert {item.key: item.cause for item in found.differences} == expected
    assert found.different == len(expected)
    assert sorted(books.asked) == sorted(expected), "the ledger is asked about what differs and nothing else"
    assert found.compared.total() == 200


@pytest.mark.parametrize("seed", range(5))
def test_equal_books_agree_in_everything(seed: int) -> None:
    found = drawn(seed).compared()
    assert found.agrees
    assert found.differences == []
    assert all(passed(found).values())


def test_every_cause_has_a_case() -> None:
    assert PLANTED.keys() == set(Cause)


@pytest.mark.parametrize("seed", range(5))
def test_the_sums_are_those_of_the_single_documents(seed: int) -> None:
    books, draw = drawn(seed), random.Random(seed)
    for key in draw.sample(sorted(books.visma), 40):
        draw.choice(list(PLANTED.values()))(books, key)
    expected: dict[tuple[str, str, str, Kind], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for place, side in enumerate((books.visma, books.hubspot)):
        for one in side.values():
            if one.standing is Standing.RELEASED:
                customer = one.customers[0] if one.customers else ""
                sums = expected[one.month or "", one.currency, customer, one.kind]
                sums[2 * place] += one.amount or 0
                sums[2 * place + 1] += one.balance or 0
    found = {
        tuple(group): [pair.visma.amount, pair.visma.balance, pair.hubspot.amount, pair.hubspot.balance]
        for group, pair in books.compared().totals
    }
    assert found == expected


@pytest.mark.parametrize(
    ("cause", "failing"),
    [
        (Cause.EDITED, {"invoices_agree"}),
        (Cause.MISSING_LINK, {"every_invoice_linked"}),
        (Cause.DRAFT, {"invoices_agree", "balances_agree"}),
        (Cause.DELETED_IN_VISMA, {"invoices_agree", "balances_agree", "nothing_missing"}),
        (Cause.UNKNOWN, {"invoices_agree", "balances_agree", "nothing_missing"}),
    ],
)
def test_each_difference_fails_the_checks_it_belongs_to(cause: Cause, failing: set[str]) -> None:
    books = Books()
    books.enter(fact())
    PLANTED[cause](books, "invoice:100001")
    assert {name for name, good in passed(books.compared()).items() if not good} == failing


def test_one_of_a_thing_is_told_as_one() -> None:
    books = Books()
    books.enter(fact("invoice:1"))
    assert verdicts(books.compared(), DOCUMENTS)[0].sentence == "1 total agrees to the cent."
    PLANTED[Cause.MISSING_LINK](books, "invoice:1")
    assert verdicts(books.compared(), DOCUMENTS)[-1].sentence == "1 is linked to no company or another one."
    books.edit("invoice:1", amount=Decimal(1))
    assert verdicts(books.compared(), DOCUMENTS)[0].sentence.startswith("1 of 1 totals differs")


def test_a_transaction_fails_its_own_check() -> None:
    books = Books()
    books.enter(fact("transaction:AR:000001", status="", shown="", balance=Decimal(0)))
    books.edit("transaction:AR:000001", amount=Decimal(1))
    assert [name for name, good in passed(books.compared()).items() if not good] == ["transactions_agree"]


def test_two_errors_that_cancel_out_are_seen() -> None:
    books = Books()
    books.enter(fact("invoice:1"))
    books.enter(fact("invoice:2"))
    books.edit("invoice:1", amount=Decimal(126))
    books.edit("invoice:2", amount=Decimal(124))
    found = books.compared()
    assert all(pair.agrees for pair in found.totals.by(per_month).values())
    assert passed(found)["invoices_agree"] is False


def test_a_month_is_compared_alone_with_what_either_side_has_in_it() -> None:
    books = Books()
    books.enter(fact("invoice:1", month="2026-10"))
    books.enter(fact("invoice:2"))
    books.enter(fact("invoice:3"))
    books.edit("invoice:1", amount=Decimal(7))
    books.edit("invoice:2", month="2026-12")
    found = books.compared(month="2026-11")
    assert [(item.key, item.fields) for item in found.differences] == [("invoice:2", ("month",))]
    assert found.compared == {Kind.INVOICE: 2}
    assert [(month, pair.amount_difference) for (month, _), pair in found.totals.by(per_month).items()] == [
        ("2026-11", Decimal("-125.00")),
        ("2026-12", Decimal("125.00")),
    ]


def test_a_portal_without_transactions_is_not_blamed_for_them() -> None:
    books = Books()
    books.visma["transaction:AR:1"] = fact("transaction:AR:1", status="", shown="", balance=Decimal(0))
    found = books.compared(kinds=DOCUMENTS)
    assert found.agrees
    assert {verdict.name: verdict.sentence for verdict in verdicts(found, DOCUMENTS)}[
        "transactions_agree"
    ] == "HubSpot keeps none; the statement has Visma's totals."
    assert [pair.visma.amount for _, pair in found.totals] == [Decimal("125.00")]


def test_a_date_that_the_portal_cannot_hold_is_taken_from_visma() -> None:
    books = Books()
    books.enter(fact())
    books.edit("invoice:100001", month=None)
    found = books.compared()
    assert found.agrees
    assert [(group.month, pair.agrees) for group, pair in found.totals] == [("2026-11", True)]


def test_the_right_one_of_several_linked_companies_counts() -> None:
    books = Books()
    books.enter(fact())
    books.edit("invoice:100001", customers=("10009", "10001"))
    found = books.compared()
    assert found.agrees
    assert [group.customer for group, _ in found.totals] == ["10001"]


def test_all_differences_are_counted_and_the_first_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "LISTED", 3)
    monkeypatch.setattr(comparing, "AT_A_TIME", 2)
    books = Books()
    for number in range(7):
        books.visma[f"invoice:{number}"] = fact(f"invoice:{number}", stamp=LATE)
    found = books.compared()
    assert [item.key for item in found.differences] == ["invoice:0", "invoice:1", "invoice:2"]
    assert found.causes == {(Kind.INVOICE, Cause.NOT_SYNCED): 7}
    assert found.only_waiting
    assert sorted(books.asked) == [f"invoice:{number}" for number in range(7)]


def test_what_never_travels_is_no_difference() -> None:
    books = Books()
    for number, (standing, status) in enumerate(
        [(Standing.HELD, "Hold"), (Standing.HELD, "Balanced"), (Standing.VOIDED, "Voided")]
    ):
        books.visma[f"invoice:{number}"] = fact(f"invoice:{number}", standing=standing, status=status)
    found = books.compared()
    assert found.agrees
    assert list(found.totals) == []


def test_what_is_not_taken_counts_on_neither_side_and_is_no_difference() -> None:
    books = Books()
    for number in (1, 2):
        books.enter(fact(f"invoice:{number}"))
        books.change(
            f"invoice:{number}", standing=Standing.NOT_TAKEN, amount=Decimal(7 * number), status="Closed"
        )
    books.visma["invoice:3"] = fact("invoice:3", standing=Standing.NOT_TAKEN)
    books.enter(fact("invoice:4"))
    found = books.compared()
    assert found.agrees
    assert found.not_taken == 3
    assert (
        [pair.visma.count for _, pair in found.totals]
        == [pair.hubspot.count for _, pair in found.totals]
        == [1]
    )


def test_a_voided_document_that_hubspot_shows_as_voided_agrees_and_counts_nowhere() -> None:
    books = Books()
    books.enter(fact(standing=Standing.VOIDED, status="Voided", shown="voided"))
    assert books.compared().agrees
    assert list(books.compared().totals) == []


def test_a_voided_document_that_hubspot_still_shows_is_a_difference() -> None:
    books = Books()
    voided = fact(standing=Standing.VOIDED, status="Voided", shown="voided")
    books.visma[voided.key] = voided
    books.hubspot[voided.key] = mirrored(fact())
    found = books.compared()
    assert [item.fields for item in found.differences] == [("status",)]
    assert passed(found)["invoices_agree"] is False


def test_an_empty_answer_of_visma_deletes_nothing() -> None:
    books = Books()
    books.hubspot["invoice:1"] = mirrored(fact("invoice:1"))
    books.ledger["invoice:1"] = Known(sent=books.hubspot["invoice:1"])
    found = books.compared(around(silent=frozenset({Kind.INVOICE})))
    assert [item.cause for item in found.differences] == [Cause.UNKNOWN]
    assert "fault" in found.differences[0].detail
