"""Purchases per supplier, whole: when anything of a supplier changed, all that its sums are made of is read again.

What a company has ordered and bought from a supplier is a sum over many rows, of which few change in a window. With
each supplier that changed, its open orders and its invoices of this and last year are stored, so that the sums follow
from the snapshots of a run alone. They lie in the newest window of the run in which anything of the supplier changed.
Plain Python, as :mod:`ml_connector.visma.extract`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.errors import PermanentApiError
from ml_connector.visma.client import VismaClient
from ml_connector.visma.extract import Extract, Write, snapshot_row
from ml_connector.visma.fetching import FEW, concerns_all, pages_of
from ml_connector.visma.names import names_of
from ml_connector.visma.narrowing import WHOLE, Narrowing
from ml_connector.visma.rows import Row
from ml_connector.windows import Window

PURCHASES = ("supplier_invoices", "purchase_orders")
"""The entities that tell what is bought."""

FINISHED = frozenset({"Closed", "Cancelled", "Voided"})
"""Statuses of purchase orders of which nothing more will come (reference: visma 4.4)."""

_MOMENT = timedelta(microseconds=1)


class PurchaseExtract:
    """One reading of all purchases. ``extracts`` tells of the changes, ``again`` counts the rows read again, by entity.

    Args:
        client: reads Visma.
        windows: consecutive windows, oldest first.
        stamp_zone: the zone of Visma's stamps.
        zone: the company's, in which years begin.
        writes: keep rows of one partition, by entity.
    """

    def __init__(
        self,
        client: VismaClient,
        windows: Sequence[Window],
        *,
        stamp_zone: ZoneInfo,
        zone: ZoneInfo,
        writes: Mapping[str, Write],
    ) -> None:
        self.again = dict.fromkeys(PURCHASES, 0)
        self._client = client
        self._windows = windows
        self._year = year_of(windows[-1].end, zone)
        self._turns = any(turns_year(window, zone) for window in windows)
        self._writes = writes
        self._newest: dict[str, str] = {}
        self._kept: set[tuple[str, str, str, str | None]] = set()
        self.extracts = {
            entity: Extract(client, entity, windows, stamp_zone, self._noting(entity)) for entity in PURCHASES
        }

    def read(self, overlap: timedelta) -> None:
        """Read the changes of both entities first, so that both are then closed over the same suppliers."""
        first = self._windows[0].start is None
        last = self._windows[-1].key
        for extract in self.extracts.values():
            # The whole list is read: with what changed since, every supplier in it is whole already.
            extract.changed(overlap, (lambda _: last) if first else (lambda _: None))
        if not first:
            for entity in PURCHASES:
                self._read_again(entity)

    def _read_again(self, entity: str) -> None:
        for page in self._pages(entity):
            rows: dict[str, list[dict[str, Any]]] = {}
            for row in page:
                partition = self._window_of(entity, row)
                if partition is not None and self._is_new(
                    entity, stored := snapshot_row(entity, row, partition)
                ):
                    rows.setdefault(partition, []).append(stored)
            for partition, some in rows.items():
                self._writes[entity](partition, some)
                self.again[entity] += len(some)

    def _pages(self, entity: str) -> Iterator[list[Row]]:
        """Yield all that is read again of an entity: by supplier, or as one list where that is fewer calls."""
        whole = self._narrowing(entity, None)
        if self._turns or self._is_shorter(entity, whole):
            yield from self._client.changed(entity, None, whole)
            return
        try:
            for supplier in self._newest:
                yield from self._client.changed(entity, None, self._narrowing(entity, supplier))
        except PermanentApiError as error:
            if concerns_all(error):
                raise
            yield from self._client.changed(entity, None, whole)

    def _is_shorter(self, entity: str, whole: Narrowing) -> bool:
        suppliers = len(self._newest)
        return suppliers > FEW and 1 + pages_of(self._client, entity, whole) < suppliers

    def _narrowing(self, entity: str, supplier: str | None) -> Narrowing:
        if entity != "supplier_invoices":
            return WHOLE if supplier is None else Narrowing(supplier)
        # In a new year last year's purchases become nothing for suppliers who last sold in the year before it.
        years = 2 if self._turns else 1
        return Narrowing(supplier, date(self._year - years, 1, 1))

    def _window_of(self, entity: str, row: Row) -> str | None:
        """Return the window that a row read again belongs to; None for one that adds nothing to sums, or not now."""
        if entity == "purchase_orders" and row.values.get("status") in FINISHED:
            return None
        if self._turns:
            return self._windows[-1].key
        return next(
            (self._newest[one] for one in suppliers_of(names_of(entity, row.values)) if one in self._newest),
            None,
        )

    def _noting(self, entity: str) -> Write:
        """Return what keeps changed rows and notes whose they are."""

        def write(partition: str, rows: Sequence[dict[str, Any]]) -> None:
            self._writes[entity](partition, rows)
            if self._windows[0].start is None:
                return
            for row in rows:
                self._is_new(entity, row)
                for supplier in suppliers_of(row["names"] or ()):
                    self._newest[supplier] = max(partition, self._newest.get(supplier, partition))

        return write

    def _is_new(self, entity: str, stored: Mapping[str, Any]) -> bool:
        """Whether this version of a row is not yet in its window; from now on it is."""
        version = (entity, stored["key"], stored["partition"], stored["modified"])
        new = version not in self._kept
        self._kept.add(version)
        return new


def suppliers_of(names: Iterable[str]) -> Iterator[str]:
    """Yield the numbers of the suppliers among names."""
    return (name.partition(":")[2] for name in names if name.startswith("supplier:"))


def year_of(end: datetime, zone: ZoneInfo) -> int:
    """Return the company's year in which a window ends: of its last moment, since the end itself is not in it."""
    return (end.astimezone(UTC) - _MOMENT).astimezone(zone).year


def turns_year(window: Window, zone: ZoneInfo) -> bool:
    """Whether a window holds the beginning of 1 January: sums by year change then without any row changing."""
    return window.start is not None and year_of(window.start, zone) < year_of(window.end, zone)
