"""Reading rows that others name, whose keys are known, with as few calls as can be.

One call each is the rule. Many at once are cheaper with a list: of everything dated from a day on, or of one customer.
A list is only the short way: what it does not bring is asked for by its key.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from ml_connector.errors import PermanentApiError
from ml_connector.visma.client import VismaClient
from ml_connector.visma.closure import Wanted
from ml_connector.visma.entities import entity_named
from ml_connector.visma.narrowing import Narrowing
from ml_connector.visma.rows import Row

FEW = 20
"""Calls that are made without looking for a shorter way: looking costs a call too."""

OF_ONE_PARTY = 3
"""Rows of one customer from which its list is read instead."""

OLDEST = 10
"""One in so many rows may be older than the list that is read by date: a debt of years ago must not prolong it."""


Keep = Callable[[str, Sequence[Row]], None]
"""Takes a partition key and rows."""


class Fetch:
    """Reads wanted rows of one entity: ``found``, ``with_lists`` of them with lists, and ``unknown`` that do not exist.

    Args:
        client: reads Visma.
        entity: name of the entity.
        keep: takes what is found.
    """

    def __init__(self, client: VismaClient, entity: str, keep: Keep) -> None:
        self.found = self.with_lists = self.unknown = 0
        self._client = client
        self._entity = entity_named(entity)
        self._keep = keep

    def fetch(self, wanted: Mapping[str, Wanted]) -> None:
        """Read the wanted rows, by key."""
        left = dict(wanted)
        self._by_date(left)
        self._by_party(left)
        for key, one in left.items():
            row = self._one(key)
            if row is None:
                self.unknown += 1
            else:
                self.found += 1
                self._keep(one.partition, [row])

    def _by_date(self, left: dict[str, Wanted]) -> None:
        """Read most of the rows with one list, if its pages are fewer than the calls they would take otherwise."""
        calls = self._calls(left.values())
        if calls <= FEW or not self._entity.paged:
            return
        since = mostly_since(left.values()) if self._entity.dated else None
        narrowing = Narrowing(dated_from=since)
        older = {key for key, one in left.items() if since and (one.dated is None or one.dated < since)}
        pages = pages_of(self._client, self._entity.name, narrowing)
        if 1 + pages + self._calls(left[key] for key in older) < calls:
            self._browse(narrowing, left, left.keys() - older)

    def _by_party(self, left: dict[str, Wanted]) -> None:
        """Read the rows of customers who have several with one list each."""
        if self._entity.party is None:
            return
        keys_of: dict[str, set[str]] = defaultdict(set)
        for key, one in left.items():
            if one.party is not None:
                keys_of[one.party].add(key)
        for party, keys in keys_of.items():
            if len(keys) >= OF_ONE_PARTY:
                dates = [left[key].dated for key in keys]
                known = [dated for dated in dates if dated is not None]
                since = min(known) if len(known) == len(dates) else None
                self._browse(Narrowing(party, since), left, keys)

    def _calls(self, wanted: Iterable[Wanted]) -> int:
        """Return how many calls rows take without the list by date."""
        if self._entity.party is None:
            return sum(1 for _ in wanted)
        of_party = Counter(one.party for one in wanted)
        alone = of_party.pop(None, 0)
        return alone + sum(1 if many >= OF_ONE_PARTY else many for many in of_party.values())

    def _browse(self, narrowing: Narrowing, left: dict[str, Wanted], expected: Iterable[str]) -> None:
        """Take wanted rows out of a list until those expected in it are found."""
        missing = set(expected)
        try:
            for page in self._client.browse(self._entity, narrowing):
                self._take(page, left)
                missing &= left.keys()
                if not missing:
                    return
        except PermanentApiError as error:
            if concerns_all(error):
                raise

    def _take(self, page: Iterable[Row], left: dict[str, Wanted]) -> None:
        rows: dict[str, list[Row]] = defaultdict(list)
        for row in page:
            one = left.pop(row.key, None)
            if one is not None:
                rows[one.partition].append(row)
        for partition, some in rows.items():
            self.found += len(some)
            self.with_lists += len(some)
            self._keep(partition, some)

    def _one(self, key: str) -> Row | None:
        """Return a row; None also where Visma takes the number for another's or for none: one row stops no window."""
        try:
            return self._client.one(self._entity, key)
        except PermanentApiError as error:
            if concerns_all(error):
                raise
            return None


def concerns_all(error: PermanentApiError) -> bool:
    """Whether a refusal is about more than the one record or filter that was asked for: 401, 403 and the like."""
    return error.status not in (None, 400)


def mostly_since(wanted: Iterable[Wanted]) -> date | None:
    """Return the date from which on nine in ten of the rows are dated, or None if no date is known."""
    dates = sorted(one.dated for one in wanted if one.dated is not None)
    return dates[len(dates) // OLDEST] if dates else None


def pages_of(client: VismaClient, entity: str, narrowing: Narrowing) -> int:
    """Return how many pages a list has; costs a call."""
    return -(-client.count(entity, narrowing) // entity_named(entity).page_size)
