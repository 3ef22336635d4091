"""A year of small books into an empty portal, and the same again: to the cent, and nothing twice."""

from decimal import Decimal
from typing import Any

from ml_connector.settings import RecordKind
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import empty_company
from ml_connector_tests.graph.money.ledgers import SMALL, ZERO, Money


def test_every_document_lands_whole_and_the_same_again_writes_nothing(make_world: MakeWorld) -> None:
    world = make_world(empty_company(customers=15, suppliers=4, books=SMALL), records=list(RecordKind))
    money = Money(world)
    first = world.sync()
    assert first.status == "success", first
    assert world.rejects() == []
    statement = money.equal()
    assert len({total["month"] for total in statement["totals"]}) >= 12
    assert len({total["currency"] for total in statement["totals"]}) > 1
    for document_type in ("Invoice", "CreditNote", "DebitNote"):
        assert_same_sums(money, document_type, statement)

    held = money.portrait()
    world.forget_calls()
    again = world.sync()
    assert again.status == "success"
    assert world.writes() == []
    assert len(world.calls()) <= 10, world.counted()
    assert money.portrait() == held
    assert again.entities["invoices"]["unchanged"] == first.entities["invoices"]["created"] > 60


def assert_same_sums(money: Money, document_type: str, statement: dict[str, Any]) -> None:
    """Hold both sides of a statement to what the books add up to."""
    totals = [total for total in statement["totals"] if total["kind"] == document_type.lower()]
    released = [
        one
        for one in money.documents()
        if one.type == document_type and one.released and one.stage != "Voided"
    ]
    sign = -1 if document_type == "CreditNote" else 1
    amount = sign * sum((one.totals.amount for one in released), ZERO)
    balance = sign * sum((one.balance for one in released), ZERO)
    assert amount != 0
    for side in ("visma", "hubspot"):
        assert sum((Decimal(total[side]["amount"]) for total in totals), ZERO) == amount
        assert sum((Decimal(total[side]["balance"]) for total in totals), ZERO) == balance
