"""Decisions of people: which one is about a record, and what is let go where they chose another HubSpot record.

Pure but for the decisions, which are read once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.hubspot.visma_group import COMPANY_PROPERTIES, CONTACT_PROPERTIES
from ml_connector.ledger.decisions import Decision, Verdict
from ml_connector.ledger.queries import Identity, KnownLink, LedgerReader
from ml_connector.plan.operations import Action, Operation

RULE = "decided"
"""The rule of what a person decided; it comes before all others."""

RELEASES = "releases"
RELEASED_LINKS = "released_links"
MOVED_LINKS = "moved_links"
"""What a repair of a wrong link is counted as: values and links that are taken from the former record, links made."""

IGNORED = "a person decided to leave it alone"
CHOICE_GONE = "the HubSpot record that a person chose was archived; choose again"
CHOICE_TAKEN = "the HubSpot record that a person chose carries the id of another Visma record; choose again"
ADDRESS_TAKEN = "a person wants a contact of its own, but a HubSpot contact has its e-mail address"
NEXT_RUN = "another Visma record is linked to the same HubSpot record in this run; the next one follows"
RELEASED = "a person decided that it is another HubSpot record"

OWN_IDS: Mapping[str, Mapping[str, str]] = {
    "companies": {"customer": "visma_customer_id", "supplier": "visma_supplier_id"},
    "contacts": {"contact": "visma_contact_id"},
}
"""The unique property of each kind of key, by object."""

OWNED = {
    "companies": tuple(spec.name for spec in COMPANY_PROPERTIES),
    "contacts": tuple(spec.name for spec in CONTACT_PROPERTIES),
}
"""The properties that nobody but this program fills, which a wrong link leaves behind."""

RELATIONSHIP = "visma_relationship"

OF_PURCHASES = ("_po_", "_purchases_")

OF_SUPPLIERS = ("_supplier_", *OF_PURCHASES)
"""What the names of properties have in them that only a supplier fills."""


@dataclass(slots=True)
class Decisions:
    """The decisions about records of one object.

    Args:
        ledger: has them.
        object_type: ``companies`` or ``contacts``.
    """

    ledger: LedgerReader
    object_type: str
    _known: Mapping[str, Decision] | None = field(default=None)

    @property
    def known(self) -> Mapping[str, Decision]:
        """All of them by Visma key."""
        if self._known is None:
            self._known = self.ledger.decisions(self.object_type)
        return self._known

    def of(self, keys: Sequence[str]) -> Decision | None:
        """Return the decision about a record: that of the first of its keys that has one."""
        return next((self.known[key] for key in keys if key in self.known), None) if self.known else None

    def apart(self, keys: Sequence[str], identities: Mapping[str, Identity]) -> bool:
        """Return whether the keys of one record go different ways, so that each is planned for itself.

        A key that nobody decided about goes with the others unless it is known as another HubSpot record.
        """
        decided = [self.known[key] for key in keys if key in self.known]
        if not decided:
            return False
        if len({one.says for one in decided}) > 1:
            return True
        places = {decided[0].hubspot_id}
        places |= {identities[one.record].hubspot_id for one in decided if one.record in identities}
        others = [identities[key].hubspot_id for key in keys if key not in self.known and key in identities]
        return any(place not in places for place in others)


def ignored_companies(ledger: LedgerReader) -> dict[str, str]:
    """Return the customers and suppliers that people decided to leave alone, with that as the reason."""
    decided = ledger.decisions("companies")
    return {key: IGNORED for key, one in decided.items() if one.verdict is Verdict.IGNORE}


def is_taken(record: Mapping[str, str | None], held: HubSpotRecord, object_type: str) -> bool:
    """Return whether a HubSpot record carries the id of another Visma record, of a kind that this record is of."""
    return any(
        (own := record.get(name)) and (other := held.properties.get(name)) and other != own
        for name in OWN_IDS[object_type].values()
    )


def release(
    keys: Sequence[str],
    partition: str,
    wanted: Mapping[str, str | None],
    held: HubSpotRecord,
    object_type: str,
) -> Operation | None:
    """Return what takes our values from the record that a Visma record was linked to; None where it has none of them.

    Args:
        keys: the Visma record.
        partition: its window.
        wanted: what its HubSpot record shall hold, with its unique ids.
        held: the former record, with :data:`OWNED`.
        object_type: of the record.
    """
    unique = OWN_IDS[object_type].values()
    mine = [name for name in unique if (value := held.properties.get(name)) and value == wanted.get(name)]
    if not mine:
        return None
    others = [name for name in unique if held.properties.get(name) and name not in mine]
    values: dict[str, str | None] = {
        name: "" for name in _left_behind(object_type, mine, others) if held.properties.get(name)
    }
    if others and values.get(RELATIONSHIP) is not None:
        values[RELATIONSHIP] = "customer" if "visma_customer_id" in others else "supplier"
    return Operation(
        entity=RELEASES,
        object_type=object_type,
        action=Action.UPDATE,
        keys=tuple(keys),
        partition=partition,
        hubspot_id=held.id,
        values=values,
        previous={name: held.properties.get(name) for name in values},
        rule=RULE,
        reason=RELEASED,
    )


def with_sums(claim: Operation, releases: Sequence[Operation]) -> Operation:
    """Return a claim with the sums of purchases that are taken from the former company: no record of it has them."""
    sums = {
        name: value
        for one in releases
        for name, value in one.previous.items()
        if any(part in name for part in OF_PURCHASES)
    }
    if not sums or claim.action is not Action.UPDATE:
        return claim
    return replace(
        claim,
        values={**sums, **claim.values},
        previous={**dict.fromkeys(sums), **claim.previous},
    )


def _left_behind(object_type: str, mine: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    """Yield the properties to clear: all of ours, or, of a company that stays another record's, those of one kind."""
    for name in OWNED[object_type]:
        if not others or name in (*mine, RELATIONSHIP):
            yield name
        elif name not in others:
            of_supplier = any(part in name for part in OF_SUPPLIERS)
            if of_supplier if "visma_supplier_id" in mine else "_customer_" in name:
                yield name


def link_moves(
    ledger: LedgerReader,
    object_type: str,
    moving: Mapping[str, str],
    decided: Mapping[str, Decision],
    partition: str,
) -> Iterator[Operation]:
    """Yield what takes links from the former record of a Visma key to the one that a person chose.

    Args:
        ledger: has the links, with the HubSpot ids of both ends.
        object_type: of the records.
        moving: the HubSpot record that this plan links each key with.
        decided: all decisions: a run may have ended before it moved every link.
        partition: the window that the links go into.
    """
    chosen = {key: one for key, one in decided.items() if one.verdict is Verdict.LINK}
    keys = list(dict.fromkeys([*moving, *chosen]))
    known = ledger.identities(object_type, keys)
    right: dict[str, set[str | None]] = {}
    for key in keys:
        if key in moving:
            right[key] = {None, moving[key]}
        elif key in known:
            right[key] = {None, known[key].hubspot_id, chosen[key].hubspot_id}
    for from_type, held in ledger.links_about(object_type, list(right)):
        to_moves = held.to_type == object_type and held.to_id not in right.get(held.to_key, {held.to_id})
        from_moves = from_type == object_type and held.from_id not in right.get(held.from_key, {held.from_id})
        if to_moves or from_moves:
            yield _link_operation(RELEASED_LINKS, Action.UNLINK, from_type, held, partition)
            yield _link_operation(MOVED_LINKS, Action.LINK, from_type, held, partition)


def _link_operation(
    entity: str, action: Action, from_type: str, held: KnownLink, partition: str
) -> Operation:
    return Operation(
        entity=entity,
        object_type=from_type,
        action=action,
        keys=(f"{held.from_key}>{held.to_key}",),
        partition=partition,
        values={"from": held.from_key, "to": held.to_key, "to_type": held.to_type},
        rule=RULE,
        reason=RELEASED,
    )
