"""What an undo came to, told from a plan that is read from the disk each time and never held."""

import json
from collections.abc import Iterator

import pytest

from ml_connector.cli.undo_view import Undone, show
from ml_connector.plan.operations import Action, Operation

PLANNED = (
    (Action.UPDATE, "undo_openings", "invoice:1", "2026-11-20"),
    (Action.ARCHIVE, "undo_invoices", "invoice:1", "2026-11-20"),
    (Action.UPDATE, "undo_companies", "customer:1", "2026-11-18"),
    (Action.SKIP, "undo_companies", "customer:2", "2026-11-19"),
)


def stored() -> Iterator[Operation]:
    """Read the plan."""
    for action, entity, key, window in PLANNED:
        yield Operation(entity, entity.removeprefix("undo_"), action, (key,), window)


def test_all_that_is_told_comes_from_reading_the_plan_again(capsys: pytest.CaptureFixture[str]) -> None:
    undone = Undone("acme", "5d1f0c3e-9a", "sync", None)
    undone.plan(stored)
    assert (undone.in_words, undone.status) == ("archive 1 records, restore values of 1 records", "planned")
    show(undone, everything=False, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["windows"] == ["2026-11-18", "2026-11-20"]
    assert [one["entity"] for one in told["operations"]] == ["openings", "invoices", "companies"]
    assert [one["record"] for one in told["stays"]] == ["customer:2"]


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("sync", "replay acme --run 5d1f0c3e"),
        ("retry", "replay acme --from 2026-11-18 --to 2026-11-20"),
        ("reconcile", "reconcile acme --repair"),
    ],
)
def test_it_says_how_to_have_it_again(kind: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    undone = Undone("acme", "5d1f0c3e-9a", kind, None, dry=False)
    undone.plan(stored)
    show(undone, everything=False, as_json=False)
    told = capsys.readouterr().out
    assert told.rstrip().endswith(f"once the cause is repaired: ml-connector {command}")
