"""A link that is not wanted any more and that HubSpot did not let go: the next run takes it away, whatever it has.

All of it happens in one company and is told once: a window that is refused, one that is killed, and the one after each.
"""

from dataclasses import dataclass, field

import pytest

from ml_connector.cli.sync import Summary
from ml_connector.sandbox.hubspot.settings import Fault
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.elsewhere import Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money
from ml_connector_tests.graph.money.test_trouble import buried

REMOVAL = "/crm/associations/2026-09/invoices/contacts/batch/archive"


@dataclass
class Story:
    """The contacts of each invoice, by the name it has here, and the run, after each stage."""

    world: World
    keys: dict[str, str]
    runs: dict[str, Summary] = field(default_factory=dict)
    contacts: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def note(self, stage: str, summary: Summary | None = None) -> None:
        """Note what a stage has left."""
        money = Money(self.world)
        if summary is not None:
            self.runs[stage] = summary
        self.contacts[stage] = {
            name: sorted(
                one.values["visma_contact_id"].removeprefix(f"{NAME}:")
                for one in money.linked(key, "contacts")
            )
            for name, key in self.keys.items()
        }


def killed(world: World, window: int) -> None:
    """Kill a run before HubSpot has taken the link away; its link to another contact is not made yet."""
    run = Elsewhere(world, window)
    with killed_at_call(world, run, 1, path=REMOVAL, carried_out=False):
        assert run.start().died()
    buried(world)


@pytest.fixture(scope="module")
def story(make_shared_world: MakeWorld) -> Story:
    """Every invoice but one gets the other contact; the windows after the trouble are without those invoices."""
    world = make_shared_world(records=DOCUMENTS)
    world.enter_pairs([1, 2])
    money = Money(world)
    keys = {name: money.bill(1, "100", contact=1) for name in ("refused", "wanted again", "killed")}
    paid = [money.bill(2, "100"), money.bill(2, "200")]
    world.sync(0)
    told = Story(world, keys)

    for name in ("refused", "wanted again"):
        money.books.edit(keys[name], contact=2, stamp=rows.at(1))
    world.sandbox.hubspot.fail(Fault(status=400, path_contains=REMOVAL, times=3))
    told.note("refused", world.sync(1))
    money.books.edit(keys["wanted again"], contact=1, stamp=rows.at(2))
    money.books.pay(paid[0], stamp=rows.at(2))
    told.note("after the refusal", world.sync(2))

    money.books.edit(keys["killed"], contact=2, stamp=rows.at(3))
    killed(world, 3)
    told.note("killed")
    money.books.pay(paid[1], stamp=rows.at(4))
    told.note("after the kill", world.sync(4))
    told.note("at last", world.sync(1, 3))
    return told


def test_one_that_was_refused_is_taken_away_by_the_next_run(story: Story) -> None:
    assert story.runs["refused"].entities["invoice_links"]["rejected"] == 2
    assert "1" in story.contacts["refused"]["refused"]
    after = story.runs["after the refusal"]
    assert after.status == "success"
    assert after.entities["invoice_links"]["archived"] == 2, "this one, and the other one's new contact"
    assert "1" not in story.contacts["after the refusal"]["refused"]


def test_one_of_a_run_that_was_killed_is_taken_away_by_the_next_run(story: Story) -> None:
    assert "1" in story.contacts["killed"]["killed"]
    after = story.runs["after the kill"]
    assert after.status == "success"
    assert after.entities["invoice_links"]["archived"] == 1
    assert "1" not in story.contacts["after the kill"]["killed"]


def test_one_that_is_wanted_again_stays(story: Story) -> None:
    assert "1" in story.contacts["refused"]["wanted again"]
    stages = ("after the refusal", "after the kill", "at last")
    assert [story.contacts[stage]["wanted again"] for stage in stages] == [["1"]] * 3


def test_everything_is_as_in_visma_in_the_end_and_the_same_again_writes_nothing(story: Story) -> None:
    assert story.runs["at last"].status == "success"
    assert story.contacts["at last"] == {"refused": ["2"], "wanted again": ["1"], "killed": ["2"]}
    Money(story.world).equal()
    story.world.forget_calls()
    story.world.sync(0, 4)
    assert story.world.writes() == []
