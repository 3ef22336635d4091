"""HubSpot's search lags behind and the ledger may be lost: identity rests on neither."""

import pytest

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, empty_company

LAGS = (0.0, 60.0)


def lagging(make_world: MakeWorld, seconds: float) -> World:
    return make_world(empty_company(hubspot={"search_lag_seconds": seconds}))


class TestImmediateRerun:
    """The same window again before search knows of the first run."""

    @pytest.mark.parametrize("lag", LAGS)
    def test_doubles_nothing_with_the_ledger_nor_without(self, make_world: MakeWorld, lag: float) -> None:
        world = lagging(make_world, lag)
        world.enter_pairs(range(130))
        world.sync()
        before = world.portrait()
        world.forget_calls()
        world.sync()
        assert world.writes() == []
        world.lose_ledger()
        summary = world.sync()
        assert summary.entities["companies"]["unchanged"] == 130
        assert summary.entities["contacts"]["unchanged"] == 130
        assert summary.entities["links"]["unchanged"] == 130
        assert world.writes() == []
        assert world.portrait() == before

    def test_of_a_few_records_in_a_big_portal_asks_without_search(self, make_world: MakeWorld) -> None:
        """Where the portal is too big to be read whole, our own ids are read by key, which does not lag."""
        world = lagging(make_world, 60.0)
        for number in range(1300):
            world.sandbox.hubspot.add_record("companies", {"name": f"Fremmed {number}"})
        world.enter_pairs(range(5))
        world.sync()
        world.lose_ledger()
        world.forget_calls()
        world.sync()
        assert world.writes() == []
        assert len(world.companies()) == 1305


class TestCustomerAndSupplierOfOneNumber:
    """They meet in different windows, so soon that search does not know the first one yet."""

    @pytest.mark.parametrize(("lag", "big"), [(60.0, False), (0.0, True), (60.0, True)])
    def test_become_one_company(self, make_world: MakeWorld, lag: float, *, big: bool) -> None:
        world = lagging(make_world, lag)
        for number in range(1300 if big else 0):
            world.sandbox.hubspot.add_record("companies", {"name": f"Fremmed {number}"})
        world.enter("suppliers", [rows.supplier(50, corporateId="NO 912 345 678 MVA")])
        world.sync(0)
        world.enter("customers", [rows.customer(10, corporateId="912345678")], day=1)
        world.sync(1)
        company = world.company(10)
        assert company.values["visma_supplier_id"] == f"{NAME}:50"
        assert set(company.values["visma_relationship"].split(";")) == {"customer", "supplier"}
        assert len(world.companies()) == 1 + (1300 if big else 0)
