"""HubSpot's search lags behind and the ledger may be lost: identity rests on neither."""

import pytest

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, empty_company

LONGEST = 60.0
"""Seconds by which search lags: longer than the runs of a test."""

STRANGERS = 1300
"""Companies of a portal that is too big to be read whole."""


def lagging(make_world: MakeWorld, strangers: int = 0) -> World:
    """Return a world whose portal holds so many companies of others, and whose search lags."""
    world = make_world(empty_company(hubspot={"search_lag_seconds": LONGEST}))
    for number in range(strangers):
        world.sandbox.hubspot.add_record("companies", {"name": f"Fremmed {number}"})
    return world


@pytest.mark.parametrize("strangers", [0, STRANGERS], ids=["small portal", "big portal"])
def test_what_was_just_made_is_neither_doubled_nor_asked_of_search(
    make_world: MakeWorld, strangers: int
) -> None:
    """A supplier and a customer of one number meet in two windows; then the ledger is lost.

    A small portal is read whole; of a big one our own ids are read by key. Neither lags.
    """
    world = lagging(make_world, strangers)
    world.enter_pairs(range(100, 120))
    world.enter("suppliers", [rows.supplier(50, corporateId="NO 912 345 678 MVA")])
    world.sync(0)
    world.enter("customers", [rows.customer(10, corporateId="912345678")], day=1)
    world.sync(1)
    company = world.company(10)
    assert company.values["visma_supplier_id"] == f"{NAME}:50"
    assert set(company.values["visma_relationship"].split(";")) == {"customer", "supplier"}
    assert len(world.companies()) == 21 + strangers
    before = world.portrait()
    world.forget_calls()
    world.sync(0)
    assert world.writes() == []
    world.lose_ledger()
    summary = world.sync(0)
    assert summary.entities["contacts"]["unchanged"] == 20
    assert summary.entities["links"]["unchanged"] == 20
    assert summary.entities["companies"]["unchanged"] == 21
    assert world.writes() == []
    assert world.portrait() == before
