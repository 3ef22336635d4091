"""The kinds of links the connector makes: between which objects, in which order, and with which association types."""

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.hubspot.association_types import (
    CONTACT_TO_PRIMARY_COMPANY,
    EXPECTED,
    HUBSPOT_DEFINED,
    association_types,
)
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ledger.entries import Entry

Types = tuple[tuple[str, int], ...]
"""Association types as (category, type id)."""

_ORDER = ("line_items", "contacts", "deals", "invoices", "companies")


@dataclass(frozen=True, slots=True)
class LinkKind:
    """The links from one type of object to another, such as ``invoices`` to ``line_items``."""

    from_type: str
    to_type: str

    @property
    def place(self) -> int:
        """Where it stands in the order of the work: links to companies are made last."""
        return _ORDER.index(self.to_type) if self.to_type in _ORDER else 0

    @property
    def closes(self) -> bool:
        """Whether it is made after all others of a plan: an invoice with its company has rows for all its links."""
        return (self.from_type, self.to_type) == ("invoices", "companies")

    @property
    def primary(self) -> Types:
        """The type that marks the first link of a record, where there is one that the connector uses."""
        if (self.from_type, self.to_type) == ("contacts", "companies"):
            return ((HUBSPOT_DEFINED, CONTACT_TO_PRIMARY_COMPANY),)
        return ()

    def types(self, client: HubSpotClient) -> Types:
        """Return the plain type; HubSpot is asked for those it does not define itself, such as of custom objects.

        Empty where the portal has no association between the two.
        """
        known = EXPECTED.get((self.from_type, self.to_type))
        if known:
            return ((HUBSPOT_DEFINED, known[0]),)
        offered = association_types(client, self.from_type, self.to_type)
        plain = [(one.category, one.type_id) for one in offered if one.label is None]
        return tuple(sorted(plain, key=lambda one: one[0] != HUBSPOT_DEFINED)[:1])


def kind_of(entry: Entry) -> LinkKind:
    """Return the kind of a link operation; one that does not say what it leads to leads to a company."""
    return LinkKind(entry.operation.object_type, entry.operation.values.get("to_type") or "companies")


def from_key(entry: Entry) -> str:
    """Return the key of the record a link starts from."""
    return str(entry.operation.values["from"])


def to_key(entry: Entry) -> str:
    """Return the key of the record a link leads to."""
    return str(entry.operation.values["to"])


def finished(entries: Sequence[Entry], start: str) -> int:
    """Return how many of the links belong to records with no link among those that follow, which begin at ``start``.

    All of them where they are of one record alone.
    """
    place = len(entries)
    while place and from_key(entries[place - 1]) == start:
        place -= 1
    return place or len(entries)
