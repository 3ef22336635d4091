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
from ml_connector.visma.stamps import Span, parsed_stamp

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
    _empty: int = 0
    _edges: tuple[bytes, bytes] | None = None
    _last_page_units: int = 0

    def __post_init__(self) -> None:
        if self.entity.lines is not None:
            self.seams = Seams(self.entity)

    def take(self, rows: Sequence[Row], totals: Totals, span: Span, *, continued: bool = False) -> list[Row]:
        """Count a page and return its rows that may be handed on now.

        Args:
            rows: of the page.
            totals: what the page says about the list.
            span: the time from the beginning of the reading to this page.
            continued: whether the rows are more of the same answer, not a page of their own.
        """
        self.pages += not continued
        if totals.total is not None:
            self.first_total = totals.total if self.first_total is None else self.first_total
            self.total = totals.total
        if totals.max_page_size is not None:
            self.size = min(self.size, totals.max_page_size)
        self._last_page_units = 0
        if not rows:
            return []
        edges = (rows[0].version, rows[-1].version)
        self.repeats = edges == self._edges and not continued
        self._edges = edges
        if self.repeats:
            return []
        for row in rows:
            self._count(row, span)
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
            going_on, limit = len(self._units) < self.total, 2 * (self.total // self.size + 1) + 10
        if going_on and self.pages >= limit:
            raise TransientApiError(
                f"Visma gave {self.pages} pages of {self.entity.name} and still not all of its {self.total} rows.",
                remedy="Try again; if it stays so, report it to Visma with the entity's name.",
            )
        return going_on

    @property
    def read(self) -> int:
        """How many different rows (or lines) were read."""
        return len(self._units)

    @property
    def missing(self) -> int:
        """How many rows (or lines) fewer were read than the list said it had at the end."""
        return max(0, (self.total or 0) - len(self._units) - self._empty)

    @property
    def shrank(self) -> bool:
        """Whether the list became shorter while it was read."""
        return self.first_total is not None and self.total is not None and self.total < self.first_total

    @property
    def whole(self) -> bool:
        """Whether, by its own count, the reading missed nothing."""
        return not (self.missing or self.shrank or self.torn)

    def _count(self, row: Row, span: Span) -> None:
        lines = line_numbers(self.entity, row) if self.entity.lines else None
        if lines is None:
            self._units.add(hash(row.key or row.raw))
        else:
            self._units.update(hash((row.key, line)) for line in lines)
            self._empty += not lines
        self._last_page_units += 1 if lines is None else max(1, len(lines))
        self.fingerprint = (self.fingerprint + hash((row.version, len(lines or ())))) % 2**64
        self.touched = self.touched or span.holds(parsed_stamp(row.modified))
        self.without_key += not row.key

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
        self._seen: set[bytes] = set()
        self.too_old = 0

    def new(self, rows: Iterable[Row], reading: Reading, first: bool, call: Span) -> list[Row]:
        """Return the rows to hand on; in a repeated reading count those the earlier ones should have had."""
        fresh: list[Row] = []
        for row in rows:
            version = row.version
            if not row.key or version in self._seen:
                continue
            self._seen.add(version)
            stamp = parsed_stamp(row.modified)
            if not first and not call.holds(stamp):
                reading.added_old += 1
            if self._since is None or stamp is None or stamp >= self._since:
                fresh.append(row)
            elif stamp < self._since - FILTER_SLACK:
                self.too_old += 1
        return fresh
