"""What an error must look like, and what recovering from it means."""

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.harness import World

PAIRS = 130
"""Customers with a contact each."""


def one_sentence(text: str | None, *words: str) -> None:
    """Hold that an error is for people: short, with these words, without a stack trace."""
    assert text is not None
    assert "Traceback" not in text
    assert "\n" not in text.strip()
    assert len(text) < 600
    assert text.rstrip().endswith((".", "`", rows.day(0))), text
    for word in words:
        assert word in text, text


def recovers(world: World) -> None:
    """Hold that the next run finishes what the bad one left."""
    summary = world.sync()
    assert summary.status == "success", summary
    assert len(world.companies()) == PAIRS
    assert len(world.sandbox.hubspot.records("contacts")) == PAIRS
    assert len(world.sandbox.hubspot.links("contacts", "companies")) == PAIRS
    assert world.open_intents() == 0
    assert world.rejects() == []
