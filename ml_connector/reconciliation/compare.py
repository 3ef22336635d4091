"""The comparison: two sides in the order of their keys, walked through once. Pure, and of bounded memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector.chunks import chunks
from ml_connector.reconciliation.explain import (
    LINE_FIELDS,
    Cause,
    Circumstances,
    Difference,
    Known,
    agrees,
    explain,
)
from ml_connector.reconciliation.facts import DOCUMENTS, Fact, Kind, Standing
from ml_connector.reconciliation.figures import signed
from ml_connector.reconciliation.totals import ZERO, Totals, per_month

LISTED = 10_000
"""Differences that are kept by name; all of them are counted."""

AT_A_TIME = 1_000
"""Keys the ledger is asked about in one go."""

Sides = tuple[Fact | None, Fact | None]
Ledger = Callable[[Sequence[str]], Mapping[str, Known]]
"""Tells what is known of keys; those it does not know are absent."""


@dataclass(slots=True)
class Comparison:
    """What came out.

    Args:
        totals: the sums of both sides.
        differences: the first :data:`LISTED` keys that do not agree, in the order of their keys.
        causes: how many keys differ, by kind and cause.
        fields: how many keys differ, by kind and what differs in them; ``missing`` for a key on one side only,
            ``draft`` for a document that HubSpot does not show as issued.
        compared: how many keys were looked at, by kind.
        not_taken: how many of them belong to customers that do not travel.
        with_lines: of how many documents the line items were compared.
        lines_off: of how many of them they differ.
    """

    totals: Totals = field(default_factory=Totals)
    differences: list[Difference] = field(default_factory=list)
    causes: Counter[tuple[Kind, Cause]] = field(default_factory=Counter)
    fields: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    compared: Counter[Kind] = field(default_factory=Counter)
    not_taken: int = 0
    with_lines: int = 0
    lines_off: int = 0

    @property
    def different(self) -> int:
        """How many keys differ."""
        return self.causes.total()

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return self.different == 0

    @property
    def only_waiting(self) -> bool:
        """Whether all that differs is still to be synced."""
        return all(cause is Cause.NOT_SYNCED for _, cause in self.causes)

    def differ_in(self, names: Iterable[str], kinds: Iterable[Kind]) -> int:
        """Return in how many places documents of some kinds differ in one of these fields."""
        return sum(self.fields[kind, name] for kind in kinds for name in names)

    def take(self, difference: Difference) -> None:
        """Count a difference, and keep it while there is room."""
        self.causes[difference.kind, difference.cause] += 1
        self.lines_off += not LINE_FIELDS.isdisjoint(difference.fields)
        self.fields.update((difference.kind, name) for name in _places(difference))
        if len(self.differences) < LISTED:
            self.differences.append(difference)


MISSING = "missing"
STATUS = "status"
DRAFT = "draft"


def _places(difference: Difference) -> tuple[str, ...]:
    """Return where a document differs, also where its two sides say the same and one of them does not count."""
    if difference.one_sided:
        return (MISSING,)
    draft = difference.hubspot is not None and difference.hubspot.standing is Standing.DRAFT
    return (*difference.fields, *(DRAFT,) * draft) or (STATUS,)


def compare(
    visma: Iterable[Fact],
    hubspot: Iterable[Fact],
    ledger: Ledger,
    around: Circumstances,
    *,
    month: str | None = None,
    kinds: Iterable[Kind] = tuple(Kind),
) -> Comparison:
    """Compare two sides and explain what differs.

    Args:
        visma, hubspot: each in the order of keys, each key once (:class:`ml_connector.reconciliation.facts.Facts`).
        ledger: asked about differing keys only.
        around: what the explanations need.
        month: ``YYYY-MM`` to look at only what one of the sides has in this month.
        kinds: the kinds both sides keep; of the others Visma's totals stand alone and nothing differs.
    """
    found, both = Comparison(), frozenset(kinds)

    def odd() -> Iterator[Sides]:
        for sides in paired(visma, hubspot):
            one = sides[0] or sides[1]
            if one is None or not _in_month(sides, month):
                continue
            found.totals.take(*sides)
            found.compared[one.kind] += 1
            found.with_lines += all(side is not None and side.lines is not None for side in sides)
            found.not_taken += one.standing is Standing.NOT_TAKEN
            if one.kind in both and not agrees(*sides):
                yield sides

    for part in chunks(odd(), AT_A_TIME):
        known = ledger([_key(sides) for sides in part])
        for sides in part:
            found.take(explain(*sides, known.get(_key(sides), Known()), around))
    return found


def paired(visma: Iterable[Fact], hubspot: Iterable[Fact]) -> Iterator[Sides]:
    """Yield both sides of each key, in the order of keys; None for a side that lacks it."""
    left, right = iter(visma), iter(hubspot)
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one.key < other.key):
            yield one, None
            one = next(left, None)
        elif one is None or other.key < one.key:
            yield None, other
            other = next(right, None)
        else:
            yield one, other
            one, other = next(left, None), next(right, None)


def _in_month(sides: Sides, month: str | None) -> bool:
    return month is None or any(side is not None and side.month == month for side in sides)


def _key(sides: Sides) -> str:
    one = sides[0] or sides[1]
    return one.key if one else ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One question of the reconciliation and its answer: a sentence in plain words."""

    name: str
    passed: bool
    sentence: str


CHECKS = {
    "invoices_agree": "The totals of invoices, credit notes and debit notes agree in every month and currency.",
    "balances_agree": "What is open on them agrees in every month and currency, and so does their status.",
    "transactions_agree": "The totals of sales transactions agree in every month.",
    "nothing_missing": "Every document and transaction is on both sides.",
    "lines_agree": "The line items of every document are in HubSpot, linked with it, and add up.",
    "every_invoice_linked": "Every document in HubSpot is linked to the company of its customer.",
}
"""What is checked, by the name of the asset check."""

AMOUNT_FIELDS = ("amount", "month", "currency", MISSING, DRAFT)
BALANCE_FIELDS = ("balance", STATUS, "month", "currency", MISSING, DRAFT)


TOLD = 4
"""Totals that a sentence names."""


def verdicts(found: Comparison, kinds: Iterable[Kind] = tuple(Kind)) -> list[Verdict]:
    """Return the answers to :data:`CHECKS`, in their order.

    A sum that agrees is not enough: two documents may be wrong by as much. So every document has to agree as well.
    """
    both = frozenset(kinds)
    documents = [kind for kind in DOCUMENTS if kind in both]
    transactions = [Kind.TRANSACTION] if Kind.TRANSACTION in both else []
    kept = [*documents, *transactions]
    apart = "HubSpot keeps none; the statement has Visma's totals." if not transactions else None
    answers = (
        _money(found, documents, AMOUNT_FIELDS, balance=False),
        _money(found, documents, BALANCE_FIELDS, balance=True),
        (True, apart) if apart else _money(found, transactions, AMOUNT_FIELDS, balance=False),
        _none(found.differ_in([MISSING], kept), "on one side only"),
        _lines(found),
        _none(found.differ_in(["customer"], documents), "linked to no company or another one"),
    )
    return [Verdict(name, *answer) for name, answer in zip(CHECKS, answers, strict=True)]


def _money(
    found: Comparison, kinds: Sequence[Kind], names: Iterable[str], *, balance: bool
) -> tuple[bool, str]:
    groups = found.totals.by(per_month, kinds)
    off = {
        name: difference
        for name, pair in groups.items()
        if (difference := pair.balance_difference if balance else pair.amount_difference) != ZERO
    }
    if off:
        some = ", ".join(
            f"{month or 'no date'} {currency} {signed(value)}"
            for (month, currency), value in list(off.items())[:TOLD]
        )
        more = f" and {len(off) - TOLD} more" * (len(off) > TOLD)
        differ = "differs" if len(off) == 1 else "differ"
        return False, f"{len(off)} of {len(groups)} totals {differ} (HubSpot less Visma): {some}{more}."
    if places := found.differ_in(names, kinds):
        return False, f"The totals agree, but single documents differ in {places} places."
    agree = "1 total agrees" if len(groups) == 1 else f"{len(groups)} totals agree"
    return True, f"{agree} to the cent."


def _lines(found: Comparison) -> tuple[bool, str]:
    if not found.with_lines:
        return True, "Line items were not compared."
    off = found.lines_off
    many = f"those of {off:,} differ" if off else "they agree to the cent"
    return off == 0, f"Line items of {found.with_lines:,} documents were compared: {many}."


def _none(many: int, what: str) -> tuple[bool, str]:
    are = {0: "None is", 1: "1 is"}.get(many, f"{many} are")
    return many == 0, f"{are} {what}."
