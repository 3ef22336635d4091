"""``undo`` as people and the UI start it: what is asked, what is refused, and runs of which not all is known."""

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from ml_connector.cli import undo as command
from ml_connector.cli.main import main
from ml_connector.database import advisory_lock
from ml_connector.hubspot import resource
from ml_connector.instance import fail_dead_runs
from ml_connector.run_life import run_is_alive
from ml_connector.undo.assets import job_name
from ml_connector.undo.changed import MAYBE_MADE
from ml_connector_tests.graph.elsewhere import Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.test_kill import until
from ml_connector_tests.graph.undoing import stays, undo


@pytest.fixture
def loaded(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that the command finds, with three companies and their contacts from its one run."""
    world.enter_pairs(range(3))
    world.sync()
    monkeypatch.setattr(command, "find_connection", lambda _: world.settings)
    return world


def run_of(world: World) -> str:
    """Return the world's last run."""
    return str(world.runs[-1].run_id)


def typed(world: World, *arguments: str, answer: str = "") -> Result:
    """Run the command as a person does."""
    return CliRunner().invoke(main, ["undo", NAME, "--run", run_of(world), *arguments], input=answer)


class TestAsking:
    """Nothing is written before a person said yes."""

    def test_a_person_sees_the_plan_and_says_no_or_yes(
        self, loaded: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(command, "someone_is_there", lambda: True)
        loaded.forget_calls()
        said_no = typed(loaded, answer="n\n")
        assert (said_no.exit_code, loaded.writes()) == (0, [])
        assert "Companies to archive: 3" in said_no.output
        assert "Shall I archive 6 records, remove 3 links? [y/N]" in said_no.output
        said_yes = typed(loaded, answer="y\n")
        assert said_yes.exit_code == 0
        assert "Done: archive 6 records, remove 3 links." in said_yes.output
        assert loaded.companies() == []
        again = typed(loaded, answer="y\n")
        assert "was undone before, by run" in again.output
        assert "There is nothing to take back." in again.output
        assert "Shall I" not in again.output

    def test_where_nobody_can_be_asked_it_takes_a_yes(self, loaded: World) -> None:
        refused = typed(loaded)
        assert (refused.exit_code, "Nobody can be asked here" in refused.output) == (2, True)
        assert typed(loaded, "--json").exit_code == 2
        assert len(loaded.companies()) == 3
        assert typed(loaded, "--dry").exit_code == 0
        assert typed(loaded, "--yes").exit_code == 0
        assert loaded.companies() == []

    def test_without_a_terminal_a_dry_run_names_what_it_would_do(self, loaded: World) -> None:
        shown = typed(loaded, "--dry", "--all").output
        assert "Contacts to archive: 3" in shown
        assert "Links to unlink: 3" in shown
        assert "Nothing is written yet" in shown


class TestRefused:
    """Runs that are not undone."""

    def test_undos_plans_and_runs_that_are_not_there(self, loaded: World) -> None:
        first = run_of(loaded)
        _, done = undo(loaded, first)
        code, document = undo(loaded, done["run_id"])
        assert (code, f"replay {NAME} --run {first}" in document["error"]["remedy"]) == (2, True)
        planned = loaded.plan(1)
        assert undo(loaded, planned.run_id)[0] == 2
        code, document = undo(loaded, "12345678")
        assert (code, "has no run 12345678" in document["error"]["message"]) == (2, True)

    def test_while_another_run_writes_to_the_portal(
        self, loaded: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(resource, "WRITER_WAIT_SECONDS", 0.0)
        portal = loaded.sandbox.hubspot.settings.portal_id
        loaded.forget_calls()
        with advisory_lock(f"hubspot portal {portal}", note="run abc"):
            code, document = undo(loaded, run_of(loaded))
            assert (code, "run abc" in document["error"]) == (1, True)
            assert undo(loaded, run_of(loaded), "--dry")[0] == 0
        assert loaded.writes() == []


class TestNotAllIsKnown:
    """What HubSpot did not say, and what a run that died has left."""

    def test_a_record_that_the_run_may_have_found_is_never_archived(self, loaded: World) -> None:
        for number, created in ((1, "false"), (2, "NULL")):
            loaded.change(
                f"UPDATE ml_connector.operation SET created = {created} WHERE record_key = :key",
                key=f"customer:{number}",
            )
        _, document = undo(loaded, run_of(loaded))
        why = stays(document)
        assert set(why) == {"customer:1", "customer:2"}
        assert "what it was before is not known" in why["customer:1"]
        assert why["customer:2"] == MAYBE_MADE
        assert len(loaded.companies()) == 2

    def test_a_run_that_was_killed_in_the_middle(self, world: World) -> None:
        """What it wrote without an answer is read back first; of that nobody knows whether it was made."""
        world.enter_pairs(range(3))
        run = Elsewhere(world)
        with killed_at_call(world, run, 1, path="/crm/objects/2026-09/contacts/batch", carried_out=True):
            assert run.start().died()
        with world.instance() as instance:
            until(lambda: not any(run_is_alive(run.run_id) for run in instance.get_runs()))
            (killed,) = fail_dead_runs(instance, grace_seconds=0.0)
        code, document = undo(world, killed)
        assert (code, world.open_intents(), world.companies()) == (0, 0, [])
        assert len(world.sandbox.hubspot.records("contacts")) == 3
        assert set(stays(document)) == {"contact:0", "contact:1", "contact:2"}
        assert set(stays(document).values()) == {MAYBE_MADE}


def test_the_job_is_launched_in_the_ui(loaded: World) -> None:
    job = loaded.definitions().resolve_job_def(job_name(NAME))
    for dry, left in ((True, 3), (False, 0)):
        config = {"ops": {f"{NAME}__undo__run": {"config": {"run_id": run_of(loaded)[:8], "dry": dry}}}}
        with loaded.instance() as instance:
            done = job.execute_in_process(instance=instance, run_config=config)
        (made,) = done.get_asset_materialization_events()
        assert made.asset_key == dg.AssetKey([NAME, "undo", "run"])
        shown = made.materialization.metadata
        assert shown["undo_companies to archive"].value == 3
        assert shown["carried out"].value is not dry
        assert len(loaded.companies()) == left
        kind = "SELECT kind, of_run, status FROM ml_connector.run WHERE run_id = :run"
        assert tuple(loaded.query(kind, run=done.run_id)[0]) == (
            "plan" if dry else "undo",
            run_of(loaded),
            "done",
        )
