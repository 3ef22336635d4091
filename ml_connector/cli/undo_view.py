"""What an undo came to, or would come to, and how it looks on a terminal and as JSON."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ml_connector.cli.output import EXIT_FAILED, EXIT_REJECTS, console, emit, show_error, show_lines
from ml_connector.cli.plan_view import show_views
from ml_connector.cli.program import as_called
from ml_connector.ledger.runs import Refused, Run, UndoOutcome
from ml_connector.plan.operations import SENT, Action, Operation
from ml_connector.plan.view import as_json as plan_row
from ml_connector.plan.view import view
from ml_connector.undo.model import PREFIX

SHOWN = 5
"""Operations of each kind that a terminal shows without ``--all``."""

WORDS = {
    Action.ARCHIVE: "archive {} records",
    Action.UPDATE: "restore values of {} records",
    Action.UNLINK: "remove {} links",
    Action.LINK: "make {} links again",
    Action.CREATE: "make {} records again",
}

DRAFTS = "openings"
"""Invoices that become drafts only to be archived; they are counted once."""

KEY = 40
"""Columns of a record's key."""


@dataclass(slots=True)
class Undone:
    """An undo of one run, or its plan.

    Args:
        connection: the connection.
        of_run: the run that is undone.
        kind: what that run was, such as ``sync`` or ``retry``.
        earlier: an undo of the same run that has ended well.
        stored: reads what was planned, from the disk and each time anew: of a big run it is too much to hold.
        found: how many operations were planned, by what they do; drafts that are archived are counted once.
        windows: the windows that brought what is taken back: those to replay to have it again.
    """

    connection: str
    of_run: str
    kind: str
    earlier: Run | None
    dry: bool = True
    run_id: str | None = None
    seconds: float = 0.0
    stored: Callable[[], Iterable[Operation]] = tuple
    found: Counter[Action] = field(default_factory=Counter)
    windows: list[str] = field(default_factory=list)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    requests: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    refused: Sequence[Refused] = ()
    error: str | None = None

    def take(self, outcome: UndoOutcome) -> None:
        """Note what the ledger says of the run."""
        self.counts = {entity.removeprefix(PREFIX): counts for entity, counts in outcome.counts.items()}
        self.requests, self.refused = outcome.requests, outcome.refused

    def plan(self, stored: Callable[[], Iterable[Operation]]) -> None:
        """Note what it planned."""
        self.stored, self.found, windows = stored, Counter(), set()
        for one in self.operations():
            self.found[one.action] += one.entity != DRAFTS
            if one.action in SENT and one.partition:
                windows.add(one.partition)
        self.windows = sorted(windows)

    def operations(self) -> Iterator[Operation]:
        """Yield what it planned, under the entities that people know."""
        return (replace(one, entity=one.entity.removeprefix(PREFIX)) for one in self.stored())

    def stays(self) -> Iterator[Operation]:
        """Yield what is left as it is, with the reasons."""
        return (one for one in self.operations() if one.action is Action.SKIP)

    @property
    def in_words(self) -> str:
        """What is taken back, in words that follow "shall I"; empty where nothing is."""
        return ", ".join(
            words.format(f"{self.found[action]:,}") for action, words in WORDS.items() if self.found[action]
        )

    @property
    def again(self) -> str:
        """The command that brings back what was taken back: a retry has no snapshots, so its records' windows do."""
        first, last = (self.windows[0], self.windows[-1]) if self.windows else ("", "")
        windows = f"--partition {first}" if first == last else f"--from {first} --to {last}"
        commands = {
            "retry": f"replay {self.connection} {windows}",
            "reconcile": f"reconcile {self.connection} --repair",
        }
        return (
            f"ml-connector {commands.get(self.kind) or f'replay {self.connection} --run {self.of_run[:8]}'}"
        )

    @property
    def status(self) -> str:
        """How it ended, for scripts."""
        if self.error is not None:
            return "failed"
        if self.dry:
            return "planned"
        if self.refused:
            return "rejects"
        return "success" if self.in_words else "nothing to do"

    @property
    def exit_code(self) -> int:
        """0 done, 1 failed, 3 HubSpot refused some of it."""
        return {"failed": EXIT_FAILED, "rejects": EXIT_REJECTS}.get(self.status, 0)


def show(undone: Undone, *, everything: bool, as_json: bool) -> None:
    """Show an undo: as one JSON document, or its operations, what HubSpot refused, and a sentence."""
    if as_json:
        emit(document(undone))
        return
    if undone.error is not None:
        show_error(undone.error)
        return
    if undone.dry:
        show_views(view(undone.operations(), most=None if everything else SHOWN), everything=everything)
        console.print()
    shown = undone.refused if everything else undone.refused[:SHOWN]
    show_lines((((one.key, KEY),), one.message) for one in shown)
    if len(undone.refused) > len(shown):
        console.print(f"And {len(undone.refused) - len(shown):,} more; see all with --all or --json.")
    earlier = undone.earlier
    if earlier is not None:
        console.print(
            f"Run {undone.of_run[:8]} was undone before, by run {earlier.run_id[:8]} on "
            f"{earlier.started_at:%Y-%m-%d}."
        )
    console.print(_verdict(undone), soft_wrap=not console.is_terminal)
    if undone.windows and not undone.dry:
        sentence = f"To have it again, once the cause is repaired: {undone.again}"
        console.print(as_called(sentence), soft_wrap=not console.is_terminal)


def document(undone: Undone) -> dict[str, Any]:
    """Return an undo as the JSON document of the command."""
    found = {
        "connection": undone.connection,
        "run_id": undone.run_id,
        "of_run": undone.of_run,
        "undone_by": undone.earlier.run_id if undone.earlier is not None else None,
        "dry": undone.dry,
        "status": undone.status,
        "seconds": undone.seconds,
        "counts": undone.counts,
        "requests": undone.requests,
        "windows": undone.windows,
        "operations": (plan_row(one) for one in undone.operations() if one.action in SENT),
        "stays": map(plan_row, undone.stays()),
        "refused": [{"record": one.key, "message": one.message} for one in undone.refused],
    }
    return {**found, "error": undone.error} if undone.error is not None else found


def _verdict(undone: Undone) -> str:
    many = undone.found[Action.SKIP]
    stays = f" {many:,} stay as they are." if many else ""
    calls = undone.requests.get("hubspot", {}).get("calls", 0)
    took = f"{undone.seconds:.1f} s, {calls:,} calls to HubSpot. Run {undone.run_id}."
    words = undone.in_words
    if not words:
        return f"There is nothing to take back.{stays} {took}"
    if undone.dry:
        return f"An undo would {words}.{stays} Nothing is written yet; {took}"
    done = f"Done, but HubSpot refused {len(undone.refused):,} operations" if undone.refused else "Done"
    return f"{done}: {words}.{stays} {took}"
