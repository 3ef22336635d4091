"""Which runs can be undone: those that wrote, and are over. Pure."""

from ml_connector.errors import UsageError
from ml_connector.ledger.runs import Run


def require_undoable(connection: str, chosen: Run, *, alive: bool) -> None:
    """Check that a run can be undone.

    Args:
        connection: the connection, for the commands in the sentence.
        chosen: the run.
        alive: whether its process lives.

    Raises:
        UsageError: it wrote nothing, is an undo itself, or is not over.
    """
    if chosen.kind == "undo":
        raise UsageError(
            f"Run {chosen.run_id} is itself an undo, which is not undone.",
            remedy=f"To bring back what it took away: `ml-connector replay {connection} --run {chosen.of_run}`.",
        )
    if chosen.kind == "plan":
        raise UsageError(f"Run {chosen.run_id} only planned: there is nothing to undo.")
    if alive:
        raise UsageError(
            f"Run {chosen.run_id} is still going.", remedy="Wait until it ends, or terminate it first."
        )
