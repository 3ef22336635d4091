"""Reading the line items of documents in HubSpot: all of them, or those of one month's documents, 100 a call.

Which line items a document has is told by its associations, 1,000 documents a call; line items that are not ours, which
a person has put there, are not looked at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ml_connector.chunks import chunks
from ml_connector.hubspot.associations import read_links
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.hubspot.writable import writable
from ml_connector.reconciliation.facts import DOCUMENTS, Fact
from ml_connector.reconciliation.hubspot_side import INVOICES, LINES, HubSpotSide
from ml_connector.reconciliation.line_figures import LINE_PROPERTIES, PRICING, LineSums
from ml_connector.records.invoice_model import document_key

LINE_ID = "visma_line_id"

AT_ONCE = 1000
"""Documents whose associations are read in one call (reference: hubspot 4)."""

READ = 100
"""Line items read by their ids in one call (reference: hubspot 3)."""


@dataclass(slots=True)
class LineReader:
    """Reads what the line items of documents come to.

    Args:
        side: the portal.
        month: ``YYYY-MM`` to read those of documents of this month only.
    """

    side: HubSpotSide
    month: str | None = None
    _sums: dict[str, LineSums] = field(default_factory=dict)
    _parents: dict[str, str] = field(default_factory=dict)

    def noting(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """Yield facts of HubSpot, and find out which line items the documents among them have."""
        for some in chunks(facts, AT_ONCE):
            mine = {one.hubspot_id: one.key for one in some if self._counts(one)}
            self._sums.update((key, LineSums()) for key in mine.values())
            if mine:
                linked = read_links(self.side.client, INVOICES, LINES, list(mine))
                self._parents.update((line.id, mine[one]) for one, lines in linked.items() for line in lines)
            yield from some

    def _counts(self, one: Fact) -> bool:
        return one.kind in DOCUMENTS and self.month in (None, one.month)

    def read(self) -> None:
        """Read the line items, once all documents were noted."""
        for page in self._pages():
            for line in page:
                self._take(line)

    def _pages(self) -> Iterator[Iterable[HubSpotRecord]]:
        client, names = self.side.client, (LINE_ID, *LINE_PROPERTIES)
        if self.month is None:
            yield from client.list_records(LINES, names)
            return
        for ids in chunks(self._parents, READ):
            yield client.batch_read(LINES, ids, names).values()

    def _take(self, line: HubSpotRecord) -> None:
        key = self._document_of(line)
        if key is None or key not in self._sums:
            return
        if self._parents.get(line.id) == key:
            self._sums[key].add(line.properties)
        else:
            self._sums[key].loose += 1

    def _document_of(self, line: HubSpotRecord) -> str | None:
        """Return the key of the document that a line item names, None for one that is not ours."""
        document = self.side.own_part(line.properties.get(LINE_ID)).rpartition(":")[0]
        kind, _, number = document.partition(":")
        return document_key(kind, number) if number else None

    def told(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """Yield facts of HubSpot with what the line items of documents come to; others as they are."""
        priced = self.is_priced
        for one in facts:
            sums = self._sums.get(one.key)
            yield sums.on(one, priced=priced) if sums is not None else one

    @property
    def is_priced(self) -> bool:
        """Whether the portal takes quantity, price and discount as they are sent; else they are not compared."""
        return not writable(PRICING, self.side.client.properties(LINES)).dropped
