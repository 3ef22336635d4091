"""Lines that a run made as it died, and that Visma removes before the next one: none stays behind in HubSpot.

Three runs of one company fail, each in a window of its own; a later one has what became of their documents.
"""

from dataclasses import dataclass

import pytest

from ml_connector.hubspot.linking import LinkLoader
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Death, Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money
from ml_connector_tests.graph.money.test_trouble import OBJECTS, buried

LINE_ITEMS = f"{OBJECTS}/line_items/batch"


def killed_before_the_links(world: World, window: int) -> None:
    """The ledger knows the lines, and not yet which document they belong to."""
    death = Death("load", 2, before=True, owner=LinkLoader)
    assert Elsewhere(world, window, death=death).start().died()
    buried(world)


def killed_before_its_answer(world: World, window: int) -> None:
    """HubSpot has made the lines, and nobody has heard of it."""
    run = Elsewhere(world, window)
    with killed_at_call(world, run, 1, path=f"{LINE_ITEMS}/upsert", carried_out=True):
        assert run.start().died()
    buried(world)


def lost_answers(world: World, window: int) -> None:
    """HubSpot has made the lines, no answer comes through, and what it holds cannot be read either."""
    for kind, path in ((FaultKind.DROP_AFTER, "upsert"), (FaultKind.DROP_BEFORE, "read")):
        world.sandbox.faults.add(FaultRule(kind=kind, path=f"{LINE_ITEMS}/{path}"))
    assert world.sync(window).status == "failed"
    world.sandbox.faults.restart([])


@dataclass(frozen=True)
class Bills:
    """Documents of a run that dies: one that loses two of its three lines afterwards, and one that keeps its two."""

    shortened: str
    kept: str


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A company with one customer, which sends documents."""
    made = make_world(records=DOCUMENTS)
    made.enter_pairs([1])
    return made


def bills(money: Money, window: int) -> Bills:
    """Enter the documents of a window."""
    return Bills(money.bill(1, "10", "20", "30", day=window), money.bill(1, "40", "50", day=window))


def shortened(money: Money, window: int, *those: Bills) -> None:
    """Remove the lines, and hold that the run of a window takes them out of HubSpot."""
    for one in those:
        money.keep_lines(one.shortened, 2, day=window)
    assert money.world.sync(window).entities["line_items"]["archived"] == 2 * len(those)


def test_no_line_is_left_behind(world: World, waits: list[float]) -> None:
    money = Money(world)
    unlinked, unheard = bills(money, 0), bills(money, 1)
    killed_before_the_links(world, 0)
    killed_before_its_answer(world, 1)
    assert len(world.sandbox.hubspot.records("line_items")) == 10
    shortened(money, 2, unlinked, unheard)

    lost = bills(money, 3)
    lost_answers(world, 3)
    assert len(world.sandbox.hubspot.records("line_items")) == 11
    shortened(money, 4, lost)

    assert world.sync(0, 3).status == "success"
    for one in (unlinked, unheard, lost):
        assert [len(money.lines(key)) for key in (one.shortened, one.kept)] == [1, 2]
        assert [money.status(key) for key in (one.shortened, one.kept)] == [("open", None)] * 2
    money.equal()
    world.forget_calls()
    assert world.sync(0, 4).status == "success"
    assert world.writes() == []
