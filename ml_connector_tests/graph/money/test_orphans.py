"""Lines that a run made as it died, and that Visma removes before the next one: none stays behind in HubSpot."""

from collections.abc import Callable

import pytest

from ml_connector.hubspot.linking import LinkLoader
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Death, Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money
from ml_connector_tests.graph.money.test_trouble import OBJECTS, buried

LINE_ITEMS = f"{OBJECTS}/line_items/batch"


def killed_before_its_answer(world: World) -> None:
    """HubSpot has made the lines, and nobody has heard of it."""
    run = Elsewhere(world)
    with killed_at_call(world, run, 1, path=f"{LINE_ITEMS}/upsert", carried_out=True):
        assert run.start().died()
    buried(world)


def killed_before_the_links(world: World) -> None:
    """The ledger knows the lines, and not yet which document they belong to."""
    assert Elsewhere(world, death=Death("load", 2, before=True, owner=LinkLoader)).start().died()
    buried(world)


def lost_answers(world: World) -> None:
    """HubSpot has made the lines, no answer comes through, and what it holds cannot be read either."""
    for kind, path in ((FaultKind.DROP_AFTER, "upsert"), (FaultKind.DROP_BEFORE, "read")):
        world.sandbox.faults.add(FaultRule(kind=kind, path=f"{LINE_ITEMS}/{path}"))
    assert world.sync(0).status == "failed"
    world.sandbox.faults.restart([])


@pytest.mark.parametrize("trouble", [killed_before_its_answer, killed_before_the_links, lost_answers])
def test_no_line_is_left_behind(
    make_world: MakeWorld, waits: list[float], trouble: Callable[[World], None]
) -> None:
    world = make_world(records=DOCUMENTS)
    world.enter_pairs([1])
    money = Money(world)
    key, other = money.bill(1, "10", "20", "30"), money.bill(1, "40", "50")
    trouble(world)
    assert len(world.sandbox.hubspot.records("line_items")) == 5

    money.keep_lines(key, 2, day=1)
    assert world.sync(1).entities["line_items"]["archived"] == 2
    assert world.sync(0).status == "success"
    assert [len(money.lines(one)) for one in (key, other)] == [1, 2]
    assert [money.status(one) for one in (key, other)] == [("open", None)] * 2
    money.equal()
    world.forget_calls()
    assert world.sync(0, 1).status == "success"
    assert world.writes() == []
