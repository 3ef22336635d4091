"""What an undo asks the portal: what records hold now, who wrote it, and what they are associated with. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ml_connector.errors import PermanentApiError
from ml_connector.hubspot.association_types import (
    BILLING_CONTACT_TO_COMPANY,
    CHILD_TO_PARENT_COMPANY,
    COMPANY_TO_BILLING_CONTACT,
    HUBSPOT_DEFINED,
    PARENT_TO_CHILD_COMPANY,
)
from ml_connector.hubspot.associations import AssociatedRecord, read_links
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.comparison import same_value
from ml_connector.hubspot.history import BY_ITSELF, Entry, read_history
from ml_connector.hubspot.lost import ID_PROPERTIES
from ml_connector.hubspot.models import HubSpotRecord

LINE_PARENTS = ("deals", "invoices", "orders", "quotes")
"""What a line item may belong to (reference: hubspot 4, 7)."""

ASSOCIATED = (
    "contacts",
    "companies",
    "deals",
    "invoices",
    "commerce_payments",
    "orders",
    "quotes",
    "tickets",
    "notes",
    "calls",
    "emails",
    "meetings",
    "tasks",
)
"""What other records may be associated with and people work with; line items are added for invoices."""

LABELS = frozenset(
    {
        BILLING_CONTACT_TO_COMPANY,
        COMPANY_TO_BILLING_CONTACT,
        CHILD_TO_PARENT_COMPANY,
        PARENT_TO_CHILD_COMPANY,
    }
)
"""Types of HubSpot's own that say more than that two records belong together; we make none of them."""

NOT_SEEN = (400, 403, 404)
"""Answers that say that the portal has no such object or the token may not see it."""

KEPT_BY_HUBSPOT = frozenset(
    {"createdate", "hs_createdate", "hs_lastmodifieddate", "lastmodifieddate", "hs_object_id"}
)
"""Properties that every write moves, or none does, whatever their definitions say."""

CLOCKS_DIFFER = timedelta(minutes=10)

ALWAYS_SEEN = frozenset({"contacts", "companies", "deals", "invoices", "line_items"})
"""What a portal that was synced into has: not to see one of these is a failure."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A record that another is associated with, and the types of the association."""

    object_type: str
    hubspot_id: str
    types: frozenset[tuple[str, int]]


@dataclass(slots=True)
class Portal:
    """Reads one portal for an undo.

    Args:
        client: the portal.
        own_objects: object types of ours that HubSpot has not by itself, such as the one that keeps transactions.
    """

    client: HubSpotClient
    own_objects: Sequence[str] = ()
    unseen: set[str] = field(default_factory=set)
    """Object types whose associations could not be looked at."""

    def writable(self, object_type: str) -> list[str]:
        """Return the names of the properties that people and programs write, in order."""
        definitions = self.client.properties(object_type)
        return sorted(
            name
            for name, definition in definitions.items()
            if not definition.read_only and name not in KEPT_BY_HUBSPOT
        )

    def held(self, object_type: str, ids: Sequence[str], names: Iterable[str]) -> dict[str, HubSpotRecord]:
        """Return the records that are in use, by id, with the values of those names that the portal has."""
        defined = sorted(self.client.properties(object_type).keys() & set(names))
        return self.client.batch_read(object_type, ids, defined or ["hs_object_id"])

    def same(self, object_type: str, name: str, ours: str, held: str | None) -> bool:
        """Return whether a value that is held is the one that was written, however HubSpot writes it."""
        return same_value(name, ours, held, self.client.properties(object_type).get(name))

    def histories(
        self, object_type: str, ids: Sequence[str], names: Iterable[str]
    ) -> dict[str, Mapping[str, tuple[Entry, ...]]]:
        """Return the values that properties have had, by record and name, newest first."""
        defined = sorted(self.client.properties(object_type).keys() & set(names))
        return {one.record.id: one.history for one in read_history(self.client, object_type, ids, defined)}

    def edited(self, object_type: str, suspects: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return which of the suspected properties somebody else wrote last, by record; ours is who wrote our id."""
        names = {name for found in suspects.values() for name in found}
        histories = self.histories(object_type, list(suspects), {*names, *ID_PROPERTIES})
        found: dict[str, list[str]] = {}
        for hubspot_id, mine in suspects.items():
            history = histories.get(hubspot_id, {})
            ours = _ours(history)
            theirs = [name for name in mine if _is_theirs(history.get(name, ()), ours)]
            if theirs:
                found[hubspot_id] = sorted(theirs)
        return found

    def neighbours(self, object_type: str, ids: Sequence[str]) -> dict[str, list[Neighbour]]:
        """Return what records are associated with, as far as the portal lets it be seen."""
        others = LINE_PARENTS if object_type == "line_items" else (*ASSOCIATED, *self.own_objects)
        if object_type == "invoices":
            others = (*others, "line_items")
        seen = [other for other in others if other not in self.unseen]
        found: dict[str, list[Neighbour]] = {}
        for other, links in zip(
            seen, self.client.parallel(lambda other: self._links(object_type, other, ids), seen), strict=True
        ):
            for hubspot_id, records in links.items():
                mine = found.setdefault(hubspot_id, [])
                mine.extend(Neighbour(other, record.id, record.types) for record in records)
        return found

    def labelled(self, object_type: str, neighbour: Neighbour) -> bool:
        """Return whether somebody gave an association a label; with objects of the portal's own it cannot be told."""
        return not {object_type, neighbour.object_type} & set(self.own_objects) and any(
            category != HUBSPOT_DEFINED or number in LABELS for category, number in neighbour.types
        )

    def _links(
        self, object_type: str, other: str, ids: Sequence[str]
    ) -> Mapping[str, Sequence[AssociatedRecord]]:
        try:
            return read_links(self.client, object_type, other, ids)
        except PermanentApiError as error:
            if error.status not in NOT_SEEN or other in ALWAYS_SEEN:
                raise
            self.unseen.add(other)
            return {}


def value_before(history: Sequence[Entry], written: Sequence[str], began: datetime) -> str:
    """Return what a property held before a run wrote some values, the newest of which it still holds.

    Args:
        history: newest first.
        written: the values in the order in which they were written; one that was there already leaves no entry.
        began: when the run began by our clock, which may differ from HubSpot's by some minutes.
    """
    place = 0
    for value in reversed(written):
        entry = history[place] if place < len(history) else None
        if entry is not None and entry.value == value and entry.written_at > began - CLOCKS_DIFFER:
            place += 1
    return history[place].value if place < len(history) else ""


def _ours(history: Mapping[str, tuple[Entry, ...]]) -> tuple[str, str] | None:
    """Return who made a record of ours: the source of the first value of our unique id."""
    for name in ID_PROPERTIES:
        if history.get(name):
            first = history[name][-1]
            return first.source_type, first.source_id
    return None


def _is_theirs(history: Sequence[Entry], ours: tuple[str, str] | None) -> bool:
    """Return whether somebody else wrote a value last; one without a history was never written.

    What HubSpot works out itself is nobody's edit; everything else that is not ours is.
    """
    if not history:
        return False
    newest = history[0]
    return (newest.source_type, newest.source_id) != ours and newest.source_type not in BY_ITSELF
