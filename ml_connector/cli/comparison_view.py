"""How a plan beside what a run did looks on a terminal: the differences by name, then all by count."""

from collections.abc import Sequence
from typing import Any

from ml_connector.cli.output import console, show_lines, show_table
from ml_connector.replay.comparison import Compared, Comparison, Verdict

NOTHING = "nothing"

WIDTH = 12
"""Columns of the word for a difference."""


def show_comparison(found: Comparison, run_id: str | None) -> None:
    """Print what differs and a table of all; without a run of that time everything is new, which is said once."""
    if run_id is None:
        console.print("No run has loaded these windows yet, so there is nothing to compare the plan with.")
        return
    show_lines((((_word(one.verdict), WIDTH),), _sentence(one)) for one in found.different)
    left = sum(found.many(verdict) for verdict in Verdict if verdict is not Verdict.SAME) - len(
        found.different
    )
    if left:
        console.print(f"And {left:,} more; see all with --all or --json.")
    rows: Sequence[tuple[object, ...]] = [
        (entity.replace("_", " "), *(counts[verdict] for verdict in Verdict))
        for entity, counts in found.counts.items()
    ]
    show_table(f"Planned now, beside what run {run_id[:8]} did", ("", *map(_word, Verdict)), rows)


def as_document(found: Comparison, run_id: str | None) -> dict[str, Any]:
    """Return a comparison under the names that scripts rely on."""
    return {
        "of_run": run_id,
        "compared": {
            entity: {str(verdict): counts[verdict] for verdict in Verdict}
            for entity, counts in found.counts.items()
        },
        "differences": [one.as_json() for one in found.different],
    }


def _word(verdict: Verdict) -> str:
    return str(verdict).replace("_", " ")


def _sentence(one: Compared) -> str:
    """Return what was done then, what would be now, and where the two differ or why."""
    then, now = one.then, one.now
    actions = f"{then.action if then else NOTHING} then, {now.action if now else NOTHING} now"
    names: list[str] = []
    if then is not None and now is not None and one.verdict is Verdict.OTHER_VALUES:
        names = sorted(
            name
            for name in {*then.values, *now.values}
            if then.values.get(name, NOTHING) != now.values.get(name, NOTHING)
        )
    reasons = [side.reason for side in (now, then) if side is not None and side.reason]
    more = "".join([f" ({', '.join(names)})" if names else "", f"; {reasons[0]}" if reasons else ""])
    return f"{one.entity.replace('_', ' ')} {one.key}: {actions}{more}"
