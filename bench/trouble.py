"""Trouble on the way of the money: runs that are killed, answers that get lost, errors at random.

Each trouble befalls a first load of the same small company with its books. What it ends with must be what a load
without any trouble makes, record by record, and what the books and the statement say.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.books import Books
from bench.figures import Figure, exactly, shown
from bench.job import JobReport
from bench.planted import POINTS, SHARE, WRITES, at_random, lost_answers
from bench.portrait import Portrait
from bench.trial import SyncFailedError, Trial, trial
from bench.works import PortalSettings

RECORDS = ("invoices", "payments", "transactions")

PART = 0.01
"""Of a mid-size company's year: about 400 documents with four lines, 300 payments and 330 journal batches."""

SEEDS = (1, 2, 3)
"""Of the company and of chance, where errors come at random."""

NAMED = 5
"""So many records are named that are not as they should be."""


@dataclass(frozen=True, slots=True)
class Calm:
    """What a load without trouble reports and makes."""

    report: JobReport
    portrait: Portrait


@dataclass(slots=True)
class Outcome:
    """What a load with trouble came to, compared with one without.

    Args:
        what: the trouble.
        whole: whether the run that had to finish did, with nothing refused but what is refused without trouble.
        books: how the portal compares with the books.
        portrait: what the portal holds.
        unlike: records that are not as they are without trouble.
        writes: HubSpot calls of a run after that, in which nothing changed.
        disagree: what the statement says no to.
    """

    what: str
    whole: bool
    books: Books
    portrait: Portrait
    unlike: list[str]
    writes: int = 0
    disagree: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> str | None:
        """What is wrong in one line, None for nothing."""
        found = [
            *([] if self.whole else ["did not end whole"]),
            *self.books.wrong[:NAMED],
            *self.unlike[:NAMED],
            *([f"{self.writes} writes again"] if self.writes else []),
            *self.disagree,
        ]
        return f"{self.what}: {', '.join(found)}" if found else None


def trouble() -> list[Figure]:
    """Load with each trouble, and compare what comes of it with a load without."""
    calm = _calm(PortalSettings().seed)
    return [*_kills(calm), *_lost_answers(calm), *_at_random()]


def _kills(calm: Calm) -> list[Figure]:
    """Kill a first load at each of the points, and let a plain next run finish it."""
    died, outcomes = 0, []
    for point in POINTS:
        with _small() as here:
            died += here.load_and_die(point)
            here.portal.plant([])
            outcomes.append(_outcome(f"killed {point}", here, calm))
    return [
        exactly("trouble", "kill -9: runs killed, each at another point", died, len(POINTS)),
        *_judged("kill -9", outcomes),
    ]


def _lost_answers(calm: Calm) -> list[Figure]:
    """Lose answers of each kind of write: dropped, cut, and told as an error of a gateway."""
    rules = list(lost_answers())
    with _small() as here:
        here.portal.plant(rules)
        outcome = _outcome("lost answers", here, calm)
        lost = here.portal.struck()
    return [
        shown("trouble", f"lost answers: of {len(WRITES)} kinds of write", f"{sum(lost)}"),
        exactly("trouble", "lost answers: kinds of write without one", _spared(lost), 0),
        *_judged("lost answers", [outcome]),
    ]


def _at_random() -> list[Figure]:
    """Let calls of both APIs fail by chance, over whole runs."""
    outcomes, struck, calls = [], 0, 0
    for seed in SEEDS:
        calm = _calm(seed)
        with _small(seed) as here:
            here.portal.plant(at_random())
            outcomes.append(_outcome(f"errors at random, seed {seed}", here, calm))
            struck += sum(here.portal.struck())
            calls += here.portal.asked()
    name = f"{SHARE:.0%} 5xx and {SHARE:.0%} resets"
    return [shown("trouble", f"{name}: calls hit", f"{struck}"), *_judged(name, outcomes)]


def _spared(lost: Sequence[int]) -> int:
    """Return of how many kinds of write no answer was lost."""
    ways = len(lost) // len(WRITES)
    return sum(not any(lost[first : first + ways]) for first in range(0, len(lost), ways))


@contextmanager
def _small(seed: int = PortalSettings().seed) -> Iterator[Trial]:
    """A small company with its books, beside an empty portal that takes all of it."""
    with trial(PortalSettings(year=PART, takes_all=True, seed=seed), records=RECORDS) as here:
        yield here


def _calm(seed: int) -> Calm:
    with _small(seed) as here:
        return Calm(here.load(), here.portal.portrait())


def _outcome(what: str, here: Trial, calm: Calm) -> Outcome:
    """Load, look at what came of it, load again, and reconcile; the faults in force are those of all runs."""
    try:
        report = here.load()
        whole = (report.status, report.refused) == (calm.report.status, calm.report.refused)
    except SyncFailedError:
        whole = False
    portrait = here.portal.portrait()
    found = Outcome(what, whole, here.portal.books(), portrait, portrait.unlike(calm.portrait))
    try:
        here.load()
        found.writes = here.portal.traffic().writes
        answers = here.reconcile().statement
        found.disagree = [f"{name}: {answer}" for name, answer in answers.items() if answer.startswith("NO")]
    except SyncFailedError as error:
        found.disagree = [str(error)]
    return found


def _judged(name: str, outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return the figures over all loads with one kind of trouble."""
    books = [outcome.books for outcome in outcomes]
    wanted = sum(found.documents for found in books)

    def whole(what: str, measured: int) -> Figure:
        return exactly("trouble", f"{name}: {what}", measured, wanted)

    def none(what: str, measured: int) -> Figure:
        return exactly("trouble", f"{name}: {what}", measured, 0)

    return [
        exactly(
            "trouble",
            f"{name}: runs that ended whole",
            sum(outcome.whole for outcome in outcomes),
            len(outcomes),
        ),
        whole("released documents in HubSpot", sum(found.there for found in books)),
        whole("with exactly their lines, adding up", sum(found.lines for found in books)),
        whole("linked with their company, and deal", sum(found.linked for found in books)),
        whole("with the right status", sum(found.statuses for found in books)),
        whole("with the right balance", sum(found.balances for found in books)),
        none("doubled or stray", sum(found.doubled for found in books)),
        none("records of any type beyond one per key", sum(outcome.portrait.twice for outcome in outcomes)),
        none("line items not of one invoice", sum(outcome.portrait.parentless for outcome in outcomes)),
        none("records archived", sum(outcome.portrait.archived for outcome in outcomes)),
        none(
            "records unlike those of a load without trouble", sum(len(outcome.unlike) for outcome in outcomes)
        ),
        none("statements that do not agree", sum(bool(outcome.disagree) for outcome in outcomes)),
        none("writes of the same again", sum(outcome.writes for outcome in outcomes)),
        *(shown("trouble", f"{name}: wrong", outcome.wrong) for outcome in outcomes if outcome.wrong),
    ]
