"""A plan beside what the ledger has of a run: which operations are the same, and how the others differ."""

from typing import Any

import sqlalchemy as sa

from ml_connector.ledger.entries import Entry
from ml_connector.plan.operations import Action
from ml_connector.replay.comparison import Comparison, Verdict, compare
from ml_connector_tests.ledger.rows import ended, entry, journal, operation
from ml_connector_tests.plan.chain import empty_ledger, ledger_engine

__all__ = ["empty_ledger", "ledger_engine"]


def compared(engine: sa.Engine, *planned: Any, most: int | None = None) -> Comparison:
    """Compare planned operations with run-1."""
    return compare(engine, "acme", "run-1", planned, most=most)


def test_each_operation_has_a_verdict(empty_ledger: sa.Engine) -> None:
    mine = journal(empty_ledger)
    mine.intend([entry(1), entry(2), entry(3), entry(4)])
    journal(empty_ledger, "run-2").intend([entry(5)])
    found = compared(
        empty_ledger,
        operation(1),
        operation(2, values={"name": "Fj\x00ord"}),
        operation(3, action=Action.SKIP, reason="older"),
        operation(5),
        operation(1, values={}),
    )
    assert found.counts == {"companies": dict.fromkeys(Verdict, 1)}
    by_key = {one.key: one for one in found.different}
    assert by_key["customer:2"].as_json() == {
        "entity": "companies",
        "record": "customer:2",
        "verdict": "other_values",
        "then": {
            "action": "create",
            "values": {"visma_customer_id": "acme:2", "name": "Fjord"},
            "reason": None,
        },
        "now": {"action": "create", "values": {"name": "Fjord"}, "reason": None},
    }
    assert by_key["customer:4"].now is None


def test_the_first_row_of_a_key_is_what_was_planned(empty_ledger: sa.Engine) -> None:
    """A create that HubSpot refused because the record existed was carried out as an update."""
    mine = journal(empty_ledger)
    mine.intend([entry(1)])
    mine.intend([Entry("t-2", operation(1, action=Action.UPDATE, values={"name": "Fjord"}))])
    assert compared(empty_ledger, operation(1)).different == []


def test_what_an_opening_that_waited_would_have_written_is_not_known(empty_ledger: sa.Engine) -> None:
    how: dict[str, Any] = {"entity": "openings", "object_type": "invoices", "action": Action.OPEN}
    mine = journal(empty_ledger)
    mine.intend([entry(1, values={}, **how), entry(2, values={"hs_invoice_status": "open"}, **how)])
    mine.settle([ended(entry(1), "pending"), ended(entry(2))])
    paid = {"hs_invoice_status": "paid"}
    found = compared(empty_ledger, operation(1, values=paid, **how), operation(2, values=paid, **how))
    assert [one.key for one in found.different] == ["customer:2"]


def test_all_are_counted_and_the_first_of_each_kind_named(empty_ledger: sa.Engine) -> None:
    journal(empty_ledger).intend([entry(number) for number in range(2500)])
    found = compared(empty_ledger, *[operation(number) for number in range(1000, 5000)], most=2)
    assert [found.many(verdict) for verdict in Verdict] == [1500, 0, 0, 1000, 2500]
    assert len(found.different) == 4
