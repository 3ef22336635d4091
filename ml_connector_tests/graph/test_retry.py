"""Rejects by cause, end to end: many show as few causes, a retry sends the chosen ones only, and others wait."""

from collections import Counter
from typing import Any

import pytest

from ml_connector.cli.sync import Summary, run_windows
from ml_connector.errors import UsageError
from ml_connector.ledger.due import Selection
from ml_connector.options import KIND_TAG
from ml_connector.running import REPLAY_STEPS, RETRY_STEPS
from ml_connector.sandbox.hubspot.calls import Call
from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.harness import World, connection
from ml_connector_tests.graph.test_poison import check_results

FINE, REFUSED, NAMELESS, ODD, ADDRESSLESS = range(20), range(100, 160), range(200, 230), range(300, 315), 45
POISON = PoisonRule("companies", "name", "Kunde 1.. AS", PoisonMode.INPUT_ERROR)


@pytest.fixture
def troubled(world: World) -> World:
    """A company of which one window brought rejects of four causes, each of many records."""
    world.enter_pairs(FINE)
    world.enter("customers", (rows.customer(number) for number in REFUSED))
    unnamed = {"name": None, "mainContact": {"contactId": None, "web": None}}
    world.enter("customers", (rows.customer(number, **unnamed) for number in NAMELESS))
    world.enter("customers", (rows.customer(number, name=["x"]) for number in ODD))
    bad = (rows.contact(500 + number, 0, email=f"person {number}") for number in range(ADDRESSLESS))
    world.enter("contacts", bad)
    world.sandbox.hubspot.poison(POISON)
    assert world.sync().status == "rejects"
    return world


def causes(world: World) -> dict[str, int]:
    return {group.cause.name: group.count for group in world.refused().groups()}


def retry(world: World, chosen: Selection) -> Summary:
    """Try refused records again as the command does, from a clean count of calls."""
    world.refused().make_due(chosen)
    world.forget_calls()
    summary = run_windows(
        world.settings,
        rows.day(0),
        rows.day(0),
        steps=RETRY_STEPS,
        options={"retry": str(chosen), "accept_mass_change": True},
        command="retry",
        tags={KIND_TAG: "retry"},
        quiet=True,
    )
    world.check(summary)
    return summary


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many records the sandbox was sent to write, by HubSpot object."""
    found: Counter[str] = Counter()
    inputs_of = Call.inputs

    def counted(call: Call, *limit: int) -> list[dict[str, Any]]:
        inputs = inputs_of(call, *limit)
        found[call.path.get("object_type", "")] += sum("properties" in one for one in inputs)
        return inputs

    monkeypatch.setattr(Call, "inputs", counted)
    return found


def test_many_rejects_are_a_few_causes_and_a_retry_sends_those_of_one_alone(
    troubled: World, written: Counter[str]
) -> None:
    assert causes(troubled) == {
        "value-refused": len(REFUSED),
        "email-refused": ADDRESSLESS,
        "company-nameless": len(NAMELESS),
        "row-unreadable": len(ODD),
    }
    troubled.sandbox.hubspot.poison()
    written.clear()
    summary = retry(troubled, Selection(cause="value-refused"))
    assert summary.status == "success"
    assert summary.entities["companies"]["created"] == summary.entities["companies"]["read"] == len(REFUSED)
    assert +written == {"companies": len(REFUSED)}
    assert [call.path.rpartition("/")[2] for call in troubled.writes()] == ["upsert"]
    assert troubled.calls("visma") == []
    assert causes(troubled).keys() == {"email-refused", "company-nameless", "row-unreadable"}
    assert {one.attempts for one in troubled.rejects()} == {1}
    kinds = troubled.query("SELECT kind FROM ml_connector.run WHERE run_id = :run", run=summary.run_id)
    assert kinds == [("retry",)]


def test_what_is_refused_again_waits_and_costs_nothing_until_it_is_due(troubled: World) -> None:
    assert troubled.sync(1).entities["companies"]["rejected"] == len(REFUSED) + len(NAMELESS) + len(ODD)
    troubled.forget_calls()
    summary = troubled.sync(2)
    assert (summary.status, summary.exit_code, troubled.writes()) == ("rejects", 3, [])
    assert summary.waiting == {
        "companies": len(REFUSED) + len(NAMELESS) + len(ODD),
        "contacts": ADDRESSLESS,
    }
    assert summary.entities["companies"]["read"] == 0
    assert not [call for call in troubled.calls() if call.path.endswith(("/batch/read", "/search"))]
    passed, said = check_results(troubled, summary)["hubspot/companies", "no_rejects"]
    assert not passed
    assert f"- {len(REFUSED)} x companies: HubSpot does not accept" in said
    assert "since " in said

    # time brings them back, and so does a change of the settings
    troubled.change("UPDATE ml_connector.reject SET due_at = now() - interval '1 second'")
    assert troubled.sync(3).entities["contacts"]["rejected"] == ADDRESSLESS
    assert troubled.sync(4).entities["contacts"]["read"] == 0
    troubled.settings = connection(region="SE")
    assert troubled.sync(5).entities["contacts"]["rejected"] == ADDRESSLESS
    assert {one.attempts for one in troubled.rejects()} == {1}


def test_one_that_waits_is_tried_with_its_new_version_and_not_lost_to_an_older_one(world: World) -> None:
    world.enter_pairs([1])
    world.sync()
    world.sandbox.hubspot.poison(PoisonRule("companies", "name", "Ny .*", PoisonMode.INPUT_ERROR))
    world.sandbox.visma.update("customers", "1", {"name": "Ny 1"}, stamp=rows.at(1))
    world.sync(1)
    world.sync(2)
    world.sandbox.hubspot.poison()
    assert world.sync(3).entities["companies"]["read"] == 0
    world.sync(0, steps=REPLAY_STEPS)
    assert world.company(1).values["name"] == "Ny 1"
    assert world.rejects() == []


def test_a_retry_brings_the_links_of_its_records_and_no_others(world: World) -> None:
    world.enter_pairs([1, 2])
    world.sandbox.hubspot.poison(PoisonRule("companies", "name", ".*", PoisonMode.INPUT_ERROR))
    world.sync()
    world.sandbox.hubspot.poison()
    summary = retry(world, Selection(record="customer:1"))
    assert summary.entities["links"]["created"] == summary.entities["links"]["read"] == 1
    assert len(world.companies()) == len(world.sandbox.hubspot.links("contacts", "companies")) == 1
    assert world.rejected_keys() == {"customer:2"}


@pytest.mark.parametrize("steps", [("records", *RETRY_STEPS), RETRY_STEPS])
def test_a_retry_leaves_no_window_out(world: World, steps: tuple[str, ...]) -> None:
    """A window that was not loaded, or that is mapped anew, must not count as done without its records."""
    world.enter_pairs([1])
    world.plan()
    summary = world.sync(steps=steps, retry="all")
    assert summary.status == "failed"
    assert "rejects acme retry" in str(summary.error)
    assert world.companies() == []


def test_a_wrong_selection_is_a_sentence() -> None:
    with pytest.raises(UsageError, match="selects no refused records"):
        Selection.parse("customer:1")
