"""The plan for links of invoices, payments and transactions: which are to be made, and which are to go."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.ledger.queries import UNWANTED, KnownLink
from ml_connector.plan.operations import Action, Operation

CONFIRMED = "confirmed"

DEAL = "deal:"
"""The start of a deal's key; the rest is its HubSpot id, as Visma knows no deals."""


@dataclass(frozen=True, slots=True)
class Ties:
    """The links that start from one type of record, and what they are counted as."""

    entity: str
    from_type: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link that a record shall have: what it leads to, and the rule that chose it."""

    to_key: str
    to_type: str
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """A record with the links it shall have; ``hubspot_id`` is None for one that is yet to be made."""

    key: str
    hubspot_id: str | None
    partition: str
    wanted: tuple[Wanted, ...]


def link_operations(
    ties: Ties, owner: Owner, known: Mapping[str, KnownLink], *, kept: Collection[str] = ()
) -> Iterator[Operation]:
    """Yield what brings a record's links to those it shall have; a confirmed one that is wanted needs nothing.

    Args:
        ties: the kind of links.
        owner: the record.
        known: its links in the ledger, by the key they lead to.
        kept: HubSpot objects to which links stay although they are not wanted.
    """
    wanted = {one.to_key: one for one in owner.wanted}
    for one in wanted.values():
        held = known.get(one.to_key)
        stands = held is not None and held.status == CONFIRMED and owner.hubspot_id in (None, held.from_id)
        if not stands:
            yield link(ties, owner.key, one, owner.partition)
    for held in known.values():
        stays = held.to_type in kept and held.status != UNWANTED
        if held.to_key not in wanted and not stays:
            yield unlink(ties, held, owner.partition)


def link(ties: Ties, from_key: str, wanted: Wanted, partition: str) -> Operation:
    """Return the operation that makes a link."""
    return Operation(
        entity=ties.entity,
        object_type=ties.from_type,
        action=Action.LINK,
        keys=(f"{from_key}>{wanted.to_key}",),
        partition=partition,
        values={"from": from_key, "to": wanted.to_key, "to_type": wanted.to_type},
        rule=wanted.rule,
    )


def unlink(ties: Ties, held: KnownLink, partition: str) -> Operation:
    """Return the operation that removes a link, or forgets one that was never made."""
    return Operation(
        entity=ties.entity,
        object_type=ties.from_type,
        action=Action.UNLINK,
        keys=(f"{held.from_key}>{held.to_key}",),
        partition=partition,
        values={"from": held.from_key, "to": held.to_key, "to_type": held.to_type},
        reason="it is not wanted any more",
    )


def owed(ties: Ties, pending: Iterable[KnownLink], partition: str) -> Iterator[Operation]:
    """Yield again the links that an earlier run could not make."""
    for held in pending:
        yield link(ties, held.from_key, Wanted(held.to_key, held.to_type), partition)


def by_owner(links: Mapping[tuple[str, str], KnownLink]) -> dict[str, dict[str, KnownLink]]:
    """Return known links by the record they start from and the one they lead to."""
    found: dict[str, dict[str, KnownLink]] = {}
    for (from_key, to_key), held in links.items():
        found.setdefault(from_key, {})[to_key] = held
    return found


def leading_to(links: Mapping[str, KnownLink], to_type: str) -> Sequence[KnownLink]:
    """Return those of a record's links that lead to one type of record, without those that are to go."""
    return [held for held in links.values() if held.to_type == to_type and held.status != UNWANTED]
