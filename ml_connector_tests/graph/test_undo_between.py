"""An undo between a plan and its load, and older versions of records of which a newer one was refused."""

import pytest

from ml_connector.instance import fail_dead_runs
from ml_connector.ledger.due import Selection
from ml_connector.run_life import run_is_alive
from ml_connector.running import REPLAY_STEPS
from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.elsewhere import Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import World
from ml_connector_tests.graph.test_kill import until
from ml_connector_tests.graph.undoing import undo

LOAD = ("hubspot",)


def test_a_plan_made_before_an_undo_is_not_carried_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no word of the name, which HubSpot held as it was made: the ledger would take it for synced for good."""
    # As where both are minutes apart: the plan counts as fresh.
    monkeypatch.setattr("ml_connector.hubspot.assets._is_old", lambda *_: False)
    world.enter("customers", [rows.customer(1)])
    world.sync(0)
    changed = {"name": "Nytt navn AS"}
    world.sandbox.visma.update("customers", "1", changed, stamp=rows.at(1))
    done = world.sync(1)
    world.sandbox.visma.update("customers", "1", {**changed, "status": "OnHold"}, stamp=rows.at(2))
    assert world.plan(2).entities["companies"]["updated"] == 1
    assert undo(world, done.run_id)[0] == 0
    world.forget_calls()
    late = world.sync(2, steps=LOAD)
    assert late.status == "failed"
    assert f"has taken back what run {str(done.run_id)[:8]} wrote" in str(late.error)
    assert world.writes() == []
    assert world.sync(2).status == "success"
    held = world.company(1).values
    assert (held["name"], held["visma_customer_status"]) == ("Nytt navn AS", "OnHold")


def test_a_plan_that_does_not_know_what_a_killed_undo_did_is_not_carried_out(world: World) -> None:
    """Its contact is archived and the ledger has not heard of it; the load reads that back, and the next plan knows."""
    world.enter_pairs([1])
    done = world.sync()
    run = Elsewhere(world, undo=done.run_id)
    path = "/crm/objects/2026-09/contacts/batch/archive"
    with killed_at_call(world, run, 1, path=path, carried_out=True):
        assert run.start().died()
    with world.instance() as instance:
        until(lambda: not any(run_is_alive(one.run_id) for one in instance.get_runs()))
        fail_dead_runs(instance, grace_seconds=0.0)
    early = world.sync(steps=REPLAY_STEPS)
    assert early.status == "failed"
    assert f"has taken back what run {str(done.run_id)[:8]} wrote" in str(early.error)
    assert world.sync(steps=REPLAY_STEPS).status == "success"
    link = world.contact(1).id, world.company(1).id
    assert world.sandbox.hubspot.links("contacts", "companies") == {link}
    assert world.open_intents() == 0


@pytest.mark.parametrize("steps", [REPLAY_STEPS, LOAD])
def test_an_older_version_does_not_clear_the_refusal_of_a_newer_one(
    world: World, steps: tuple[str, ...]
) -> None:
    world.enter("customers", [rows.customer(1), rows.customer(2)])
    world.sync(0)
    world.sandbox.hubspot.poison(PoisonRule("companies", "name", "Giftig.*", PoisonMode.INPUT_ERROR))
    world.sandbox.visma.update("customers", "1", {"name": "Giftig AS"}, stamp=rows.at(1))
    assert world.sync(1).status == "rejects"
    assert world.refused().dismiss(Selection(record="customer:1"), "later") == 1
    world.sync(0, steps=steps)
    assert [one.record for one in world.refused().each(dismissed=True)] == ["customer:1"]
    world.sandbox.hubspot.poison()
    world.refused().make_due(Selection(record="customer:1"))
    world.sync(2)
    assert world.company(1).values["name"] == "Giftig AS"
    assert world.rejects() == []
