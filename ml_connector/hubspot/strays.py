"""Records at the ends of links that are no longer where the ledger knows them: merged into another one, or archived.

A person merges and archives while nothing changes in Visma, so no plan notices. It shows when HubSpot refuses a link.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.link_kinds import LinkKind
from ml_connector.ledger.entries import IdentityRow
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import LedgerReader

OWN_IDS = {
    "customer": "visma_customer_id",
    "supplier": "visma_supplier_id",
    "contact": "visma_contact_id",
}
"""The unique property by which a record is found again, by the first word of its key; other types do not merge."""

OPTIONAL = frozenset({"contacts", "deals"})
"""What an invoice or payment may be without: it does not wait for one that never comes back."""

MOVED = "moved"
"""A fingerprint that no record has: the values of a record that was merged are compared when it comes again."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where records are, by the HubSpot ids the ledger knows: the new ids of merged ones, and those that are gone."""

    moved: Mapping[str, str]
    gone: frozenset[str]


class Strays:
    """Looks for records of one connection, and corrects the ledger.

    Args:
        client: reads the portal.
        journal: the run's ledger.
        ledger: the Visma keys of HubSpot records.
    """

    def __init__(self, client: HubSpotClient, journal: Journal, ledger: LedgerReader) -> None:
        self._client = client
        self._journal = journal
        self._ledger = ledger

    def look(self, object_type: str, ids: Iterable[str]) -> Whereabouts:
        """Return where records of one type are; the ledger knows them there from now on.

        A record that was merged into that of another Visma key is gone: which of the two it is, a person decides.
        """
        wanted = list(dict.fromkeys(ids))
        held = self._client.batch_read(object_type, wanted, ["hs_object_id"])
        keys = self._ledger.keys_of(object_type, [one for one in wanted if one not in held])
        moved = self._found_again(object_type, keys)
        self._journal.settle(
            [],
            identities=[
                IdentityRow(object_type, key, new, None, MOVED, {}, "")
                for old, new in moved.items()
                for key in keys[old]
            ],
        )
        return Whereabouts(moved, frozenset(one for one in wanted if one not in held and one not in moved))

    def _found_again(self, object_type: str, keys: Mapping[str, Iterable[str]]) -> dict[str, str]:
        """Return the ids of the records that carry our unique ids now, by the ids they had."""
        places = {key: old for old, mine in keys.items() for key in mine}
        found: dict[str, str] = {}
        for word, name in OWN_IDS.items():
            mine = {key for key in places if key.partition(":")[0] == word}
            values = {f"{self._ledger.connection}:{key.partition(':')[2]}": key for key in mine}
            if values:
                held = self._client.batch_read(object_type, values, ["hs_object_id"], id_property=name)
                found |= {places[values[value]]: record.id for value, record in held.items()}
        return found


def is_optional(kind: LinkKind) -> bool:
    """Return whether the record that a link starts from may be without it."""
    return kind.to_type in OPTIONAL


def gone(key: str) -> str:
    """Return why a link is not made."""
    return f"{key}: its HubSpot record was archived or merged by a person; it is not made again"
