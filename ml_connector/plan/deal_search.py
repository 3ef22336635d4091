"""Reading the deals that invoices may belong to: all of them, or those asked for, whichever is fewer calls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ml_connector.hubspot.associations import read_links
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.inventory import read_inventory
from ml_connector.hubspot.models import HubSpotRecord, PropertyDefinition
from ml_connector.hubspot.recent import modified_since
from ml_connector.plan.deals import DEAL_PROPERTIES, Bill, Deal, DealIndex, deal_of
from ml_connector.plan.known import BATCH, read_held
from ml_connector.settings.money import DealRule, DealSettings

OBJECT = "deals"

SEARCHED = 60
"""About how many references fit one search body of 3,000 characters; used to compare costs only."""

LINKS_READ = 1000
"""Records in one read of associations (reference: hubspot 4)."""


@dataclass(frozen=True, slots=True)
class DealTexts:
    """The deal properties that may hold a reference, as far as the portal has them, with their definitions."""

    names: tuple[str, ...]
    definitions: Mapping[str, PropertyDefinition]

    @property
    def read(self) -> tuple[str, ...]:
        """All properties a deal is read with."""
        return tuple(name for name in (*DEAL_PROPERTIES, *self.names) if name in self.definitions)


class DealFinder:
    """Finds the deals that invoices may belong to, each asked for once in a run.

    Args:
        client: reads the portal.
        settings: the rules, and where references are.
        zone: the company's zone, in which a close date is a day.
    """

    def __init__(self, client: HubSpotClient, settings: DealSettings, zone: ZoneInfo) -> None:
        self._client = client
        self._settings = settings
        self._zone = zone
        self._index = DealIndex()
        self._complete: bool | None = None
        self._asked: set[str] = set()
        self._companies: set[str] = set()
        self._properties: DealTexts | None = None

    def candidates(self, bills: Sequence[Bill], expected: int = 0) -> DealIndex:
        """Return an index with all deals that the invoices may fit.

        Args:
            bills: the invoices.
            expected: how many invoices the run is going to ask about in all, as far as is known.
        """
        if self._complete is None and bills:
            self._complete = self._read_whole(max(expected, len(bills)))
        if not self._complete and bills:
            self._look_up(bills)
        return self._index

    def modified(self, since: datetime) -> list[Deal]:
        """Return the deals that were changed since a moment (aware), as far as the search knows."""
        ids = [record.id for record in modified_since(self._client, OBJECT, since, ())]
        return self._with_companies(list(self._read(ids).values())) if ids else []

    @property
    def texts(self) -> DealTexts:
        """The properties deals are read with."""
        if self._properties is None:
            defined = self._client.properties(OBJECT)
            names = self._settings.reference_properties
            self._properties = DealTexts(tuple(name for name in names if name in defined), defined)
        return self._properties

    def _read_whole(self, bills: int) -> bool:
        """Read all deals if that is no more calls than looking them up; True if all are known now."""
        total = self._client.count(OBJECT)
        searches = len(self.texts.names) * _parts(bills, SEARCHED)
        if _parts(total, BATCH) > searches + _parts(bills, LINKS_READ) + 1:
            return False
        if total:
            pages = read_inventory(self._client, OBJECT, self.texts.read, ("companies",))
            for page in pages:
                for record in page:
                    self._index.add(self._deal(record, record.associations.get("companies", ())))
        return True

    def _look_up(self, bills: Sequence[Bill]) -> None:
        """Ask for the deals of some invoices that have not been asked for yet."""
        found: dict[str, HubSpotRecord] = {}
        if DealRule.REFERENCE in self._settings.rules:
            wanted = {one for bill in bills for one in bill.references} - self._asked
            self._asked |= wanted
            found |= self._referenced(sorted(wanted))
        if DealRule.ONLY_DEAL in self._settings.rules:
            companies = {bill.company for bill in bills if bill.company} - self._companies
            self._companies |= companies
            found |= self._of_companies(sorted(companies))
        new = [record for number, record in found.items() if number not in self._index.deals]
        for deal in self._with_companies(new):
            self._index.add(deal)

    def _referenced(self, values: Sequence[str]) -> dict[str, HubSpotRecord]:
        found: dict[str, HubSpotRecord] = {}
        for name in self.texts.names if values else ():
            fitting = _fitting(values, self.texts.definitions[name])
            hits = self._client.search(OBJECT, name, fitting, self.texts.read) if fitting else []
            found.update((record.id, record) for record in hits)
        return found

    def _of_companies(self, companies: Sequence[str]) -> dict[str, HubSpotRecord]:
        if not companies:
            return {}
        linked = read_links(self._client, "companies", OBJECT, companies)
        ids = dict.fromkeys(one.id for deals in linked.values() for one in deals)
        unknown = [number for number in ids if number not in self._index.deals]
        return self._read(unknown)

    def _read(self, ids: Sequence[str]) -> dict[str, HubSpotRecord]:
        return read_held(self._client, OBJECT, ids, self.texts.read)

    def _with_companies(self, records: Sequence[HubSpotRecord]) -> list[Deal]:
        linked = read_links(self._client, OBJECT, "companies", [record.id for record in records])
        return [self._deal(record, (one.id for one in linked.get(record.id, ()))) for record in records]

    def _deal(self, record: HubSpotRecord, companies: Iterable[str]) -> Deal:
        return deal_of(record, companies, self.texts.names, self._zone)


def _fitting(values: Sequence[str], definition: PropertyDefinition) -> list[str]:
    """Return the references that a property can be searched by: a number property takes numbers only."""
    return [value for value in values if definition.type != "number" or value.isdecimal()]


def _parts(many: int, size: int) -> int:
    return -(-many // size)
