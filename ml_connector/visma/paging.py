"""When a paged list is read to its end, and whether a reading can be trusted. No request is made here.

Visma promises no order of pages and no consistency between them: a row that is removed or moved while pages are read
shifts the others, and one of them is never seen. So a reading is checked against what the list says about itself, and
repeated until one is whole (reference: visma 3.1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from ml_connector.errors import TransientApiError
from ml_connector.visma.entities import Entity
from ml_connector.visma.journal import Seams, line_numbers
from ml_connector.visma.rows import Row, Totals
from ml_connector.visma.stamps import Span, parsed_stamp, span

MAX_PASSES = 5
"""How often a list is read before it counts as never standing still."""

MAX_PAGES = 100_000
"""A bound for lists that do not say how long they are."""

FILTER_SLACK = timedelta(seconds=1)
"""A database may round the moment asked for; only older rows prove that a filter was ignored."""


@dataclass(slots=True)
class Reading:
    """What one pass over a list has seen so far.

    Args:
        entity: whose list it is.
        size: rows (or lines) of a full page: what was asked for, then the maximum the answers name.
    """

    entity: Entity
    size: int
    pages: int = 0
    began: datetime | None = None
    moment: datetime | None = None
    first_total: int | None = None
    total: int | None = None
    fingerprint: int = 0
    touched: bool = False
    torn: bool = False
    repeats: bool = False
    added_old: int = 0
    without_key: int = 0
    seams: Seams | None = None
    _units: set[int] = field(default_factory=set)
    _empty: set[int] = field(default_factory=set)
    _edges: tuple[int, int] | None = None
    _last_page_units: int = 0

    def __post_init__(self) -> None:
        if self.entity.lines is not None:
            self.seams = Seams(self.entity)

    def take(
        self, rows: Sequence[Row], totals: Totals, moment: datetime, *, continued: bool = False
    ) -> list[Row]:
        """Count a page and return its rows that may be handed on now.

        Args:
            rows: of the page.
            totals: what the page says about the list.
            moment: the server's time (aware) when it answered.
            continued: whether the rows are more of the same answer, not a page of their own.
        """
        self.pages += not continued
        self.began = self.began or moment
        self.moment = moment
        if totals.total is not None:
            self.first_total = totals.total if self.first_total is None else self.first_total
            self.total = totals.total
        if totals.max_page_size is not None:
            self.size = min(self.size, totals.max_page_size)
        self._last_page_units = 0
        if not rows:
            return []
        edges = (self._units_of(rows[0])[0], self._units_of(rows[-1])[-1])
        self.repeats = edges == self._edges and not continued
        self._edges = edges
        if self.repeats:
            return []
        meanwhile = span(self.began, moment)
        for row in rows:
            self._count(row, meanwhile)
        return list(rows) if self.seams is None else self._seamless(self.seams, rows)

    def more(self) -> bool:
        """Whether another page must be asked for.

        Stops on an empty page, on a page that is the one before it once more, when as many rows were read as the list
        says it has, and on a short page only where the list does not say how many it has.

        Raises:
            TransientApiError: pages keep coming without end.
        """
        if self._last_page_units == 0 or self.repeats:
            return False
        if self.total is None:
            going_on, limit = self._last_page_units >= self.size, MAX_PAGES
        else:
            # Whether a batch without lines counts is not known, so it never helps to reach the end.
            going_on, limit = (
                len(self._units) - len(self._empty) < self.total,
                2 * (self.total // self.size + 1) + 10,
            )
        if going_on and self.pages >= limit:
            raise TransientApiError(
                f"Visma gave {self.pages} pages of {self.entity.name} and still not all of its {self.total} rows.",
                remedy="Try again; if it stays so, report it to Visma with the entity's name.",
            )
        return going_on

    def held_back(self) -> list[Row]:
        """Return the rows that could not be handed on before the reading was known to be whole."""
        return self.seams.rest() if self.seams is not None else []

    @property
    def read(self) -> int:
        """How many different rows (or lines) were read."""
        return len(self._units)

    @property
    def missing(self) -> int:
        """How many rows (or lines) fewer were read than the list said it had at the end."""
        return max(0, (self.total or 0) - len(self._units))

    @property
    def shrank(self) -> bool:
        """Whether the list became shorter while it was read."""
        return self.first_total is not None and self.total is not None and self.total < self.first_total

    @property
    def whole(self) -> bool:
        """Whether, by its own count, the reading missed nothing."""
        return not (self.missing or self.shrank or self.torn)

    def _count(self, row: Row, meanwhile: Span) -> None:
        units = self._units_of(row)
        self._units.update(units)
        if self.entity.lines and not row.values.get(self.entity.lines):
            self._empty.update(units)
        self._last_page_units += len(units)
        self.fingerprint = (self.fingerprint + hash((row.version, len(units)))) % 2**64
        self.touched = self.touched or meanwhile.holds(parsed_stamp(row.modified))
        self.without_key += not row.key

    def _units_of(self, row: Row) -> list[int]:
        """Return what the list counts about a row, at least one: its key, or its lines."""
        lines = line_numbers(self.entity, row) if self.entity.lines else []
        return [hash((row.key, line)) for line in lines] or [hash(row.key or row.raw)]

    def _seamless(self, seams: Seams, rows: Sequence[Row]) -> list[Row]:
        complete = seams.whole(rows)
        self.torn = self.torn or seams.torn
        return complete


class Judgement(Enum):
    """What to do after a reading."""

    ENOUGH = "enough"
    """Everything was seen."""
    STEADY = "steady"
    """Two readings were equal and both differ from the list's own count: the count is wrong, or access is limited."""
    AGAIN = "again"
    """A row may have been missed."""


def judge(reading: Reading, before: Reading | None) -> Judgement:
    """Decide whether a reading, after an earlier one or none, is enough.

    A whole reading of one page is: an answer is a picture of one moment. A whole reading of several pages is, if no row
    was changed meanwhile: counts alone do not show one row gone and another one new. In a company that never stands
    still, a repetition is enough if it is whole and all it brought was changed after the first reading began.
    """
    if reading.torn:
        return Judgement.AGAIN
    if reading.whole and (reading.pages == 1 or not reading.touched):
        return Judgement.ENOUGH
    if before is None:
        return Judgement.AGAIN
    if reading.whole and reading.added_old == 0:
        return Judgement.ENOUGH
    if (reading.fingerprint, reading.total) == (before.fingerprint, before.total):
        return Judgement.STEADY if reading.missing else Judgement.ENOUGH
    return Judgement.AGAIN


class Sieve:
    """Lets every version of a row through once, and only what is not older than the moment asked for.

    Args:
        since: the naive moment asked for, or None.

    ``too_old`` counts the rows that prove that the filter was ignored.
    """

    def __init__(self, since: datetime | None) -> None:
        self._since = since
        self._first: Reading | None = None
        self._seen: set[bytes] = set()
        self.too_old = 0

    def new(self, rows: Iterable[Row], reading: Reading) -> list[Row]:
        """Return the rows to hand on; in a repeated reading count those the first one should have had."""
        self._first = self._first or reading
        since_first = _between(self._first, reading)
        fresh: list[Row] = []
        for row in rows:
            version = row.version
            if not row.key or version in self._seen:
                continue
            self._seen.add(version)
            stamp = parsed_stamp(row.modified)
            if reading is not self._first and not since_first.holds(stamp):
                reading.added_old += 1
            if self._since is None or stamp is None or stamp >= self._since:
                fresh.append(row)
            elif stamp < self._since - FILTER_SLACK:
                self.too_old += 1
        return fresh


def _between(first: Reading, reading: Reading) -> Span:
    """Return the span from the beginning of the first reading to the newest page of this one."""
    if first.began is None or reading.moment is None:
        return Span(())
    return span(first.began, reading.moment)
