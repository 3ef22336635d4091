"""``replay``: the windows of a run again, from its own snapshots, on today's settings or on its own."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from click.testing import CliRunner

from ml_connector.cli import replay as command
from ml_connector.cli.main import main
from ml_connector.database import home
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.harness import NAME, World, connection

PLANNED = "SELECT entity, record_key, action, properties FROM ml_connector.operation WHERE run_id = :run ORDER BY 1, 2"


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that the command finds by its name."""
    monkeypatch.setattr(command, "find_connection", lambda _: world.settings)
    return world


def replay(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command and return its exit code and its document."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["ml-connector"])
        result = CliRunner().invoke(main, ["replay", NAME, *arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


def operations(world: World, run_id: str | None) -> Sequence[Any]:
    """Return the operations of a run in the ledger."""
    return [tuple(row) for row in world.query(PLANNED, run=run_id)]


def about(world: World, run_id: str) -> Any:
    """Return what the ledger says a run was for."""
    return tuple(world.query("SELECT kind, of_run FROM ml_connector.run WHERE run_id = :run", run=run_id)[0])


def test_a_run_again_against_the_portal_as_it_was_does_the_same(world: World) -> None:
    world.enter_pairs(range(30))
    first = world.sync()
    before, done = world.portrait(), operations(world, first.run_id)
    world.sandbox.hubspot.reset()
    world.forget_all_but(first.run_id)
    world.forget_calls()
    code, document = replay("--run", str(first.run_id))
    assert (code, document["status"], world.calls("visma")) == (0, "success", [])
    assert operations(world, document["run_id"]) == done
    assert world.portrait() == before
    assert about(world, document["run_id"]) == ("replay", first.run_id)


def test_a_run_again_against_the_present_portal_writes_nothing(world: World) -> None:
    world.enter_pairs(range(30))
    first = world.sync()
    world.sandbox.visma.update("customers", "3", {"name": "Nyere navn"}, stamp=rows.at(1))
    world.sync(1)
    before = world.portrait()
    world.forget_calls()
    code, document = replay("--run", str(first.run_id)[:8])
    assert (code, world.calls("visma"), world.writes()) == (0, [], [])
    assert world.portrait() == before
    assert document["entities"]["companies"]["skipped"] == 1
    assert document["entities"]["companies"]["unchanged"] == 29


def test_takes_the_snapshots_of_that_run_even_where_newer_ones_exist(world: World) -> None:
    """The same window was read twice; the customer's name was put right in between without a new stamp."""
    world.enter_pairs([1])
    first = world.sync()
    world.sandbox.visma.update("customers", "1", {"name": "Riktig navn"}, stamp=rows.at(0))
    second = world.sync()
    assert world.company(1).values["name"] == "Riktig navn"
    _, old = replay("--run", str(first.run_id))
    assert world.company(1).values["name"] == "Kunde 1 AS"
    replay("--run", str(second.run_id))
    assert world.company(1).values["name"] == "Riktig navn"
    # The replay of a replay is one of what that worked on.
    replay("--run", old["run_id"])
    assert world.company(1).values["name"] == "Kunde 1 AS"
    assert about(world, old["run_id"]) == ("replay", first.run_id)


def test_runs_on_todays_settings_or_on_those_of_that_run(world: World) -> None:
    world.enter_pairs([1])
    first = world.sync()
    world.settings = connection(merging={"companies": {"city": "never_after_create"}})
    world.sandbox.hubspot.edit_as_person("companies", world.company(1).id, {"city": "Bergen"})
    replay("--run", str(first.run_id), "--settings", "now")
    assert world.company(1).values["city"] == "Bergen"
    _, document = replay("--run", str(first.run_id), "--settings", "then")
    assert world.company(1).values["city"] == "Ålesund"
    kept = world.query("SELECT settings FROM ml_connector.run WHERE run_id = :run", run=document["run_id"])
    assert ConnectionSettings.model_validate(kept[0][0]) == connection()


class TestDry:
    """What a replay would do, beside what was done."""

    def test_names_what_is_the_same_other_missing_and_new(self, world: World) -> None:
        world.enter_pairs(range(4))
        first = world.sync()
        world.sandbox.visma.update("customers", "1", {"name": "Nyere navn"}, stamp=rows.at(0, 13))
        world.enter_pairs([9])
        world.sync()
        world.sandbox.hubspot.reset()
        world.forget_all_but(first.run_id)
        world.forget_calls()
        code, document = replay("--partition", rows.day(0), "--dry")
        assert (code, world.calls("visma"), world.writes()) == (0, [], [])
        assert document["of_run"] == first.run_id
        assert document["compared"]["companies"] == {
            "same": 3,
            "other_values": 1,
            "other_action": 0,
            "missing": 0,
            "new": 1,
        }
        found = {(one["entity"], one["record"]): one for one in document["differences"]}
        changed = found["companies", "customer:1"]
        assert changed["then"]["values"]["name"] == "Kunde 1 AS"
        assert changed["now"]["values"]["name"] == "Nyere navn"
        assert found["links", "contact:9>customer:9"]["verdict"] == "new"
        code, document = replay("--run", str(first.run_id), "--dry")
        assert document["differences"] == []
        assert about(world, document["run_id"]) == ("plan", first.run_id)

    def test_against_the_present_portal_tells_what_is_done_already(self, world: World) -> None:
        world.enter_pairs(range(3))
        first = world.sync()
        _, document = replay("--run", str(first.run_id), "--dry")
        assert document["compared"]["companies"]["other_action"] == 3
        assert document["compared"]["links"]["missing"] == 3
        one = next(one for one in document["differences"] if one["record"] == "customer:1")
        assert (one["then"]["action"], one["now"]["action"]) == ("create", "unchanged")


class TestRefusals:
    """What cannot be replayed is said in a sentence with what to do."""

    def test_files_that_were_deleted(self, world: World) -> None:
        world.enter_pairs([1])
        first = world.sync()
        for file in (home() / "storage" / NAME / "visma" / "customers").rglob("*.parquet"):
            file.unlink()
        code, document = replay("--run", str(first.run_id))
        assert (code, document["status"]) == (1, "failed")
        assert "visma/customers" in document["error"]
        assert f"ml-connector sync {NAME} --partition {rows.day(0)}" in document["error"]

    def test_runs_of_an_older_version_kept_no_settings(self, world: World) -> None:
        world.enter_pairs([1])
        first = world.sync()
        world.change("UPDATE ml_connector.run SET settings = NULL")
        code, document = replay("--run", str(first.run_id), "--settings", "then")
        assert code == 2
        assert "older version" in document["error"]["message"]
        assert "--settings" in document["error"]["remedy"]
        world.change("""UPDATE ml_connector.run SET settings = '{"name": "acme", "since": 1}'""")
        code, document = replay("--run", str(first.run_id), "--settings", "then")
        assert (code, "since, start" in document["error"]["message"]) == (2, True)

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            ((), "Name what to replay"),
            (("--run", "12345678", "--partition", "2026-03-02"), "Name what to replay"),
            (("--run", "12345678"), "has no run 12345678"),
            (("--partition", "2026-03-02", "--settings", "then"), "--settings then needs --run"),
            (("--partition", "2020-01-01"), "no partition 2020-01-01"),
        ],
    )
    def test_what_does_not_fit(self, world: World, arguments: tuple[str, ...], sentence: str) -> None:
        code, document = replay(*arguments)
        assert code == 2
        assert sentence in document["error"]["message"]
