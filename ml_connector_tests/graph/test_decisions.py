"""What people decide about duplicates, from the conflict over the decision to every later run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from click.testing import CliRunner

from ml_connector.cli import conflicts as command
from ml_connector.cli.main import main
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money


def decide(*words: str) -> str:
    """Decide on the command line, and return what it said."""
    result = CliRunner().invoke(main, ["conflicts", NAME, *words])
    assert result.exit_code == 0, result.output
    return result.output


def twins(world: World, number: int = 1) -> list[str]:
    """Enter a customer that two of HubSpot's companies fit, and return their ids."""
    add = world.sandbox.hubspot.add_record
    ids = [add("companies", {"name": f"Salg {n}", "domain": f"kunde{number}.no"}) for n in range(2)]
    world.enter_pairs([number])
    return ids


def change(world: World, number: int, window: int) -> None:
    world.sandbox.visma.update("customers", str(number), {"name": f"Nytt {number}"}, stamp=rows.at(window))


@dataclass
class Desk:
    """What a person decided about customers that two companies fit each, and what the runs made of it."""

    world: World
    fits: dict[int, list[str]]
    saw: dict[str, Any] = field(default_factory=dict)

    def first_decisions(self) -> None:
        """All are in conflict; the person decides, and others meddle with what was chosen."""
        hubspot = self.world.sandbox.hubspot
        self.saw["in conflict"] = (self.world.sync(0).status, decide("list"))
        for number in (LINKED, ARCHIVED, MERGED, TAKEN):
            self.saw[f"said of {number}"] = decide("link", f"customer:{number}", self.fits[number][1])
        decide("create", f"customer:{MADE}")
        decide("ignore", f"customer:{IGNORED}")
        hubspot.archive_as_person("companies", self.fits[ARCHIVED][1])
        hubspot.merge_as_person("companies", *self.fits[MERGED])
        hubspot.edit_as_person("companies", self.fits[TAKEN][1], {"visma_customer_id": f"{NAME}:99"})
        self.world.sync(1)
        self.saw["first causes"] = {one.record: one.cause for one in self.world.rejects()}
        self.saw["first ids"] = {number: self.world.company(number).id for number in (LINKED, MADE, MERGED)}
        self.saw["first list"] = decide("list")

    def second_decisions(self) -> None:
        """Another is chosen for the one that was archived; Visma changes the others; one is no more ignored."""
        decide("link", f"customer:{ARCHIVED}", self.fits[ARCHIVED][0])
        for number in (LINKED, MADE, IGNORED, MERGED):
            change(self.world, number, 2)
        self.saw["skipped"] = self.world.sync(2).entities["companies"]["skipped"]
        self.saw["second refused"] = self.world.rejected_keys()
        decide("forget", f"customer:{IGNORED}")
        self.saw["after forgetting"] = (self.world.sync(3).status, self.world.rejected_keys())


LINKED, MADE, IGNORED, ARCHIVED, MERGED, TAKEN = 1, 2, 3, 4, 5, 6
"""Customers: one linked, one made anew, one ignored, and three whose chosen company changed before the next run."""


@pytest.fixture(scope="module")
def desk(make_shared_world: MakeWorld) -> Iterator[Desk]:
    """The story, told to its end."""
    world = make_shared_world()
    told = Desk(world, {number: twins(world, number) for number in range(1, 7)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "find_connection", lambda name: world.settings)
        told.first_decisions()
        told.second_decisions()
        yield told


def test_what_two_companies_fit_waits_for_a_decision(desk: Desk) -> None:
    status, listed = desk.saw["in conflict"]
    assert status == "rejects"
    assert all(f"customer:{number}" in listed for number in desk.fits)


def test_a_link_lands_on_the_right_one_and_is_remembered(desk: Desk) -> None:
    right = desk.fits[LINKED][1]
    assert "next run" in desk.saw[f"said of {LINKED}"]
    assert (desk.saw["first ids"][LINKED], desk.world.company(LINKED).id) == (right, right)
    assert desk.world.company(LINKED).values["name"] == f"Nytt {LINKED}"
    assert right in decide("list")
    links = desk.world.sandbox.hubspot.links("contacts", "companies")
    assert {end for start, end in links if start == desk.world.contact(LINKED).id} == {right}


def test_a_new_one_is_made_though_two_fit(desk: Desk) -> None:
    new = desk.world.company(MADE)
    assert new.id == desk.saw["first ids"][MADE]
    assert new.id not in desk.fits[MADE]
    assert new.values["name"] == f"Nytt {MADE}"


def test_one_that_is_ignored_stays_out_with_its_contacts_until_that_is_taken_back(desk: Desk) -> None:
    key = f"customer:{IGNORED}"
    assert key not in desk.saw["first causes"]
    assert desk.saw["skipped"] == 1
    assert key not in desk.saw["second refused"]
    assert desk.saw["after forgetting"] == ("rejects", {key, f"customer:{TAKEN}"})
    assert desk.world.sandbox.hubspot.find("companies", "visma_customer_id", f"{NAME}:{IGNORED}") == []


def test_a_choice_that_was_archived_is_a_conflict_until_another_is_made(desk: Desk) -> None:
    assert desk.saw["first causes"][f"customer:{ARCHIVED}"] == "choice-gone"
    assert f"customer:{ARCHIVED}" in desk.saw["first list"]
    assert f"customer:{ARCHIVED}" not in desk.saw["second refused"]
    assert desk.world.company(ARCHIVED).id == desk.fits[ARCHIVED][0]


def test_a_choice_that_was_merged_is_followed(desk: Desk) -> None:
    left = desk.fits[MERGED][0]
    assert (desk.saw["first ids"][MERGED], desk.world.company(MERGED).id) == (left, left)
    assert desk.world.company(MERGED).values["name"] == f"Nytt {MERGED}"


def test_a_choice_that_another_record_has_by_now_is_a_conflict(desk: Desk) -> None:
    assert desk.saw["first causes"] == {
        f"customer:{ARCHIVED}": "choice-gone",
        f"customer:{TAKEN}": "choice-taken",
    }
    taken = desk.world.sandbox.hubspot.record("companies", desk.fits[TAKEN][1])
    assert taken.values["visma_customer_id"] == f"{NAME}:99"


def test_no_decision_makes_a_company_that_was_not_asked_for(desk: Desk) -> None:
    """Of twelve one was archived and one merged away; one was made."""
    assert len(desk.world.companies()) == 12 - 1 - 1 + 1


def test_the_invoices_of_one_that_is_ignored_are_neither_sent_nor_missed(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(records=DOCUMENTS)
    monkeypatch.setattr(command, "find_connection", lambda name: world.settings)
    twins(world)
    world.enter_pairs([2])
    money = Money(world)
    left, sent = money.bill(1, "100"), money.bill(2, "200")
    assert world.sync(0).status == "rejects"
    decide("ignore", "customer:1")
    assert money.reconciled()["agrees"]
    assert world.sync(1).status == "success"
    assert world.sync(0).status == "success"
    assert [one.values["visma_customer_id"] for one in money.linked(sent, "companies")] == [f"{NAME}:2"]
    assert money.linked(left, "companies") == []
