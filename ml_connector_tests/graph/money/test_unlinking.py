"""A link that is not wanted any more and that HubSpot did not let go: the next run takes it away, whatever it has."""

from collections.abc import Callable

import pytest

from ml_connector.sandbox.hubspot.settings import Fault
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money
from ml_connector_tests.graph.money.test_trouble import buried

REMOVAL = "/crm/associations/2026-09/invoices/contacts/batch/archive"


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A company with two customers and their contacts, which sends documents."""
    made = make_world(records=DOCUMENTS)
    made.enter_pairs([1, 2])
    return made


def refused(world: World) -> None:
    """Sync a window in which HubSpot refuses to take links away."""
    world.sandbox.hubspot.fail(Fault(status=400, path_contains=REMOVAL))
    assert world.sync(1).entities["invoice_links"]["rejected"] == 1


def killed(world: World) -> None:
    """Sync a window and kill the run before HubSpot has taken the link away; its link to another is not made yet."""
    run = Elsewhere(world, 1)
    with killed_at_call(world, run, 1, path=REMOVAL, carried_out=False):
        assert run.start().died()
    buried(world)


@pytest.mark.parametrize("trouble", [refused, killed])
def test_it_is_taken_away_by_the_next_run(world: World, trouble: Callable[[World], None]) -> None:
    money = Money(world)
    key, other = money.bill(1, "100", contact=1), money.bill(2, "100")
    world.sync(0)
    money.books.edit(key, contact=2, stamp=rows.at(1))
    trouble(world)
    held = {one.values["visma_contact_id"] for one in money.linked(key, "contacts")}
    assert f"{NAME}:1" in held

    # A window without the invoice.
    money.books.pay(other, stamp=rows.at(2))
    summary = world.sync(2)
    assert summary.status == "success"
    assert summary.entities["invoice_links"]["archived"] == 1
    assert f"{NAME}:1" not in {one.values["visma_contact_id"] for one in money.linked(key, "contacts")}
    assert world.sync(1).status == "success"
    assert [one.values["visma_contact_id"] for one in money.linked(key, "contacts")] == [f"{NAME}:2"]
    money.equal()
    world.forget_calls()
    world.sync(0, 2)
    assert world.writes() == []


def test_one_that_is_wanted_again_stays(world: World) -> None:
    money = Money(world)
    key = money.bill(1, "100", contact=1)
    world.sync(0)
    money.books.edit(key, contact=2, stamp=rows.at(1))
    refused(world)
    money.books.edit(key, contact=1, stamp=rows.at(2))
    assert world.sync(2).status == "success"
    assert [one.values["visma_contact_id"] for one in money.linked(key, "contacts")] == [f"{NAME}:1"]
    world.forget_calls()
    world.sync(2)
    assert world.writes() == []
    money.equal()
