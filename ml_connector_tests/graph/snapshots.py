"""Reading what the runs of a test have stored, as the next step would get it."""

import json
from decimal import Decimal
from typing import Any

import dagster as dg

from ml_connector.storage import Dataset, Storage, recorded_dataset
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.harness import NAME, World

EXTRACT = ("visma",)
"""The steps of a run that takes snapshots and nothing more."""


def dataset(world: World, entity: str, *days: int | str) -> Dataset:
    """Return the newest snapshot of windows, named by key or number."""
    keys = [rows.day(day) if isinstance(day, int) else day for day in days]
    with world.instance() as instance:
        return recorded_dataset(instance, Storage(), dg.AssetKey([NAME, "visma", entity]), keys)


def stored(world: World, entity: str, *days: int | str) -> list[dict[str, Any]]:
    """Return the stored rows of windows."""
    return list(dataset(world, entity, *days).rows())


def keys(world: World, entity: str, *days: int | str) -> list[str]:
    """Return the keys stored in windows, in order."""
    return sorted(row["key"] for row in stored(world, entity, *days))


def values(world: World, entity: str, key: str, *days: int | str) -> dict[str, Any]:
    """Return the one stored row of a key, parsed."""
    (found,) = [row for row in stored(world, entity, *days) if row["key"] == key]
    parsed: dict[str, Any] = json.loads(found["raw"], parse_float=Decimal)
    return parsed


def figures(world: World, entity: str) -> dict[str, Any]:
    """Return the metadata of an entity's newest materialisation."""
    with world.instance() as instance:
        found = instance.get_latest_materialization_event(dg.AssetKey([NAME, "visma", entity]))
    assert found is not None
    assert found.asset_materialization is not None
    return {name: value.value for name, value in found.asset_materialization.metadata.items()}


def asked(world: World, path: str) -> list[str]:
    """Return the queries of the calls to a Visma path since the counts were set to zero."""
    return [call.query for call in world.calls("visma") if call.path == path]


def asked_below(world: World, path: str) -> int:
    """Return how many single records were asked for below a Visma path."""
    return sum(call.path.startswith(f"{path}/") for call in world.calls("visma"))
