"""What was done with a link over time: which step still counts, and whether it was owed before a run."""

from ml_connector.undo.steps import LinkStep, effective, owed_before
from ml_connector_tests.undo.writes import RUN, step


def last(*story: LinkStep) -> tuple[str, str] | None:
    """Return the run and action that still count."""
    found = effective(RUN, story)
    return (found.run_id, found.action) if found is not None else None


def test_the_last_confirmed_step_counts() -> None:
    assert last() is None
    assert last(step(), step("b", status="done"), step("b", status="rejected")) == (RUN, "link")
    assert last(step(), step("b", "unlink")) == ("b", "unlink")


def test_a_step_that_was_undone_does_not() -> None:
    assert last(step(), step("b", "unlink"), step("u", "link", undoes="b")) == (RUN, "link")
    assert last(step("b"), step("u", "unlink", undoes="b")) is None
    assert last(step(), step("b", "unlink"), step("u", "link", "rejected", undoes="b")) == ("b", "unlink")


def test_what_an_undo_of_this_run_did_counts_so_that_the_next_goes_on() -> None:
    assert last(step(), step("u", "unlink", undoes=RUN)) == ("u", "unlink")


def test_a_link_that_an_earlier_run_could_not_make_was_owed() -> None:
    waited = step("a", status="pending")
    assert owed_before(RUN, [waited, step()])
    assert not owed_before(RUN, [step(), waited])
    assert not owed_before(RUN, [step("a"), step()])
    assert not owed_before(RUN, [step("a", status="done"), step()])
    assert not owed_before(RUN, [waited, step("b", "unlink", "done"), step()])
