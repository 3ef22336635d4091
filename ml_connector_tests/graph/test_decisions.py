"""What people decide about duplicates, from the conflict over the decision to every later run."""

import pytest
from click.testing import CliRunner

from ml_connector.cli import conflicts as command
from ml_connector.cli.main import main
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose connection the commands know."""
    monkeypatch.setattr(command, "find_connection", lambda name: world.settings)
    return world


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


def test_a_link_lands_on_the_right_one_and_is_remembered(desk: World) -> None:
    _, right = twins(desk)
    assert desk.sync(0).status == "rejects"
    assert "customer:1" in decide("list")
    assert "next run" in decide("link", "customer:1", right)
    assert desk.sync(1).status == "success"
    assert desk.company(1).id == right
    assert len(desk.companies()) == 2
    change(desk, 1, 2)
    desk.sync(2)
    assert desk.company(1).id == right
    assert desk.company(1).values["name"] == "Nytt 1"
    assert (right in decide("list"), desk.rejects()) == (True, [])
    assert desk.sandbox.hubspot.links("contacts", "companies") == {(desk.contact(1).id, right)}


def test_a_new_one_is_made_though_two_fit(desk: World) -> None:
    ids = twins(desk)
    desk.sync(0)
    decide("create", "customer:1")
    assert desk.sync(1).status == "success"
    assert desk.company(1).id not in ids
    assert len(desk.companies()) == 3
    change(desk, 1, 2)
    desk.sync(2)
    assert (len(desk.companies()), desk.company(1).values["name"]) == (3, "Nytt 1")


def test_one_that_is_ignored_stays_out_with_its_contacts_until_that_is_taken_back(desk: World) -> None:
    ids = twins(desk)
    desk.sync(0)
    decide("ignore", "customer:1")
    assert desk.sync(1).status == "success"
    change(desk, 1, 2)
    summary = desk.sync(2)
    assert (summary.status, summary.entities["companies"]["skipped"]) == ("success", 1)
    assert desk.rejects() == []
    decide("forget", "customer:1")
    assert desk.sync(3).status == "rejects"
    assert desk.rejected_keys() == {"customer:1"}
    assert {one.id for one in desk.companies()} == set(ids)


def test_a_choice_that_was_archived_is_a_conflict_until_another_is_made(desk: World) -> None:
    left, right = twins(desk)
    desk.sync(0)
    decide("link", "customer:1", right)
    desk.sandbox.hubspot.archive_as_person("companies", right)
    assert desk.sync(1).status == "rejects"
    assert [one.cause for one in desk.rejects()] == ["choice-gone"]
    assert "customer:1" in decide("list")
    decide("link", "customer:1", left)
    assert desk.sync(2).status == "success"
    assert (desk.company(1).id, len(desk.companies())) == (left, 1)


def test_a_choice_that_was_merged_is_followed(desk: World) -> None:
    left, right = twins(desk)
    desk.sync(0)
    decide("link", "customer:1", right)
    desk.sandbox.hubspot.merge_as_person("companies", left, right)
    assert desk.sync(1).status == "success"
    assert (desk.company(1).id, len(desk.companies())) == (left, 1)
    change(desk, 1, 2)
    assert desk.sync(2).status == "success"


def test_a_choice_that_another_record_has_by_now_is_a_conflict(desk: World) -> None:
    _, right = twins(desk)
    desk.sync(0)
    decide("link", "customer:1", right)
    desk.sandbox.hubspot.edit_as_person("companies", right, {"visma_customer_id": f"{NAME}:99"})
    assert desk.sync(1).status == "rejects"
    assert [one.cause for one in desk.rejects()] == ["choice-taken"]
    assert desk.sandbox.hubspot.record("companies", right).values["visma_customer_id"] == f"{NAME}:99"


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
