"""Adding up: what each side comes to per month, currency, customer and kind. Exact decimals. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, TypeVar

from ml_connector.reconciliation.facts import Fact, Kind, Standing

ZERO = Decimal(0)


class Group(NamedTuple):
    """What is added up together. ``month`` and ``customer`` are empty where a side has none."""

    month: str
    currency: str
    customer: str
    kind: Kind


@dataclass(slots=True)
class Sums:
    """What some facts of one side come to."""

    count: int = 0
    amount: Decimal = ZERO
    balance: Decimal = ZERO

    def add(self, fact: Fact) -> None:
        """Take one more fact; what has no number adds nothing."""
        self.count += 1
        self.amount += fact.amount or ZERO
        self.balance += fact.balance or ZERO

    def join(self, other: "Sums") -> None:
        """Take over other sums."""
        self.count += other.count
        self.amount += other.amount
        self.balance += other.balance


@dataclass(frozen=True, slots=True)
class Pair:
    """The sums of the two sides of one group."""

    visma: Sums = field(default_factory=Sums)
    hubspot: Sums = field(default_factory=Sums)

    @property
    def amount_difference(self) -> Decimal:
        """HubSpot's total less Visma's."""
        return self.hubspot.amount - self.visma.amount

    @property
    def balance_difference(self) -> Decimal:
        """HubSpot's open balance less Visma's."""
        return self.hubspot.balance - self.visma.balance

    @property
    def agrees(self) -> bool:
        """Whether both sides come to the same total and the same balance."""
        return not (self.amount_difference or self.balance_difference)


Key = TypeVar("Key")


class Totals:
    """The sums per group, filled pair by pair."""

    def __init__(self) -> None:
        self._pairs: dict[Group, Pair] = {}

    def take(self, visma: Fact | None, hubspot: Fact | None) -> None:
        """Add the two sides of one key, each to the group it names itself.

        What HubSpot does not say, it is taken to agree in: the month where the portal cannot hold an invoice's date,
        and the customer of a transaction that names none. Of several linked companies the right one counts. What is not
        taken counts on neither side: HubSpot may still have it from before.
        """
        if visma is not None and visma.standing is Standing.NOT_TAKEN:
            return
        if visma is not None and visma.standing is Standing.RELEASED:
            self._pair(visma, visma.month, _first(visma)).visma.add(visma)
        if hubspot is not None and hubspot.standing is Standing.RELEASED:
            month = hubspot.month or (visma.month if visma else None)
            self._pair(hubspot, month, _customer(visma, hubspot)).hubspot.add(hubspot)

    def _pair(self, fact: Fact, month: str | None, customer: str) -> Pair:
        return self._pairs.setdefault(Group(month or "", fact.currency, customer, fact.kind), Pair())

    def __iter__(self) -> Iterator[tuple[Group, Pair]]:
        return iter(sorted(self._pairs.items()))

    def by(self, name: Callable[[Group], Key], kinds: Iterable[Kind] = tuple(Kind)) -> Mapping[Key, Pair]:
        """Return the sums of some kinds under other names, such as per month and currency, in the order of names."""
        wanted = frozenset(kinds)
        joined: dict[Key, Pair] = {}
        for group, pair in self:
            if group.kind in wanted:
                known = joined.setdefault(name(group), Pair())
                known.visma.join(pair.visma)
                known.hubspot.join(pair.hubspot)
        return dict(sorted(joined.items()))


def per_month(group: Group) -> tuple[str, str]:
    """Return what is added up per month and currency."""
    return group.month, group.currency


def _first(fact: Fact) -> str:
    return fact.customers[0] if fact.customers else ""


def _customer(visma: Fact | None, hubspot: Fact) -> str:
    if visma is None:
        return _first(hubspot)
    expected = _first(visma)
    return expected if not expected or expected in hubspot.customers else _first(hubspot)
