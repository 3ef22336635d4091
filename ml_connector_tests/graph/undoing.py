"""What the tests of undo share: the command, and a picture of everything a portal holds, ids included."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from ml_connector.cli import undo as command
from ml_connector.cli.main import main
from ml_connector_tests.graph.harness import NAME, World

MOVING = frozenset({"hs_lastmodifieddate", "lastmodifieddate"})
"""Properties that every write moves."""

LINES = "0-8"
OF_THE_RECORD = frozenset({"hs_object_id", "hs_createdate"})
"""Properties that tell a line that was made again from the one that was archived."""

Picture = dict[str, Any]


def picture(world: World) -> Picture:
    """Return all records in use with their values and all associations with their types, by type and id.

    Lines go by their number in the document: one that was archived and made again is the same line.
    """
    account = world.sandbox.hubspot.account
    names: dict[tuple[str, str], str] = {}
    held: Picture = {}
    for type_id, store in account.stores.items():
        moving = MOVING | OF_THE_RECORD if type_id == LINES else MOVING
        for number in map(str, store.active):
            values = store.records[number].values
            own = values.get("visma_line_id", number) if type_id == LINES else number
            names[type_id, number] = f"{type_id} {own}"
            held[f"{type_id} {own}"] = {name: value for name, value in values.items() if name not in moving}
    for start in account.stores:
        for end in account.stores:
            for from_id, to_id in account.links.pairs(start, end):
                types = sorted(item.id for item in account.links.described(start, from_id, end, to_id))
                held[f"{names[start, from_id]} > {names[end, to_id]}"] = types
    return held


def differences(before: Picture, after: Picture) -> dict[str, Any]:
    """Return what two pictures differ in, as (before, after) by name."""
    return {
        name: (before.get(name), after.get(name))
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }


def undo(world: World, run_id: str | None, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command on the world's connection and return its exit code and its document."""
    chosen = arguments or ("--yes",)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "find_connection", lambda _: world.settings)
        result = CliRunner().invoke(main, ["undo", NAME, "--run", str(run_id), *chosen, "--json"])
    assert result.stdout, result.exception
    return result.exit_code, json.loads(result.stdout)


def stays(document: dict[str, Any]) -> dict[str, str]:
    """Return why records stay, by key."""
    return {one["record"]: one["reason"] for one in document["stays"]}
