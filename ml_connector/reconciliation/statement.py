"""The statement: what a reconciliation found, for a person, a spreadsheet, a script and the Dagster UI.

This module holds what it says; how it looks as a page and as a spreadsheet is in ``page`` and ``spreadsheet``.
Customers' names stand on the page and in the spreadsheet alone, never in what is logged or shown in Dagster.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.reconciliation.compare import Comparison, Verdict, verdicts
from ml_connector.reconciliation.explain import Difference
from ml_connector.reconciliation.facts import DOCUMENTS, Fact, Kind
from ml_connector.reconciliation.figures import shown, signed
from ml_connector.reconciliation.totals import Group, Pair, Sums, per_month
from ml_connector.records.amounts import money_text

KIND_WORDS = {
    Kind.INVOICE: "Invoices",
    Kind.CREDIT_NOTE: "Credit notes",
    Kind.DEBIT_NOTE: "Debit notes",
    Kind.TRANSACTION: "Sales transactions",
}

MARKDOWN_ROWS = 36
"""Months and currencies shown in Dagster; megabytes of metadata make its UI hang (reference: dagster 2.10)."""

NO_DATE = "no date"

WORDS = {"lines": "line items", "line_amount": "line items with VAT", "line_price": "line items as priced"}
"""What the figures of line items are called."""


@dataclass(frozen=True)
class Statement:
    """What one reconciliation found.

    Args:
        connection: the connection's name.
        portal_id: of the HubSpot portal.
        compared_at: when both sides were read, in UTC.
        zone: the company's zone, in which times are shown.
        synced_through: the newest loaded window, or None before the first load.
        found: the comparison.
        kinds: what both systems keep; of the others Visma's totals stand alone.
        month: the one month that was compared, or None for all.
        notes: what else has to be said, one sentence each: what is not compared and why, what was repaired.
        names: customers' names by number.
        calls: requests sent, by system.
        run_id: of the run in Dagster.
    """

    connection: str
    portal_id: int
    compared_at: datetime
    zone: ZoneInfo
    synced_through: str | None
    found: Comparison
    kinds: tuple[Kind, ...] = tuple(Kind)
    month: str | None = None
    notes: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    calls: Mapping[str, int] = field(default_factory=dict)
    run_id: str = ""

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """The answers to the checks."""
        return verdicts(self.found, self.kinds)

    @property
    def agrees(self) -> bool:
        """Whether the two systems agree in everything that was compared."""
        return self.found.agrees and all(verdict.passed for verdict in self.verdicts)

    @property
    def headline(self) -> str:
        """The result in one sentence."""
        many = self.found.different
        if self.agrees:
            return "Visma and HubSpot agree to the cent."
        differ = "1 record differs" if many == 1 else f"{many:,} records differ"
        waiting = " All of it is still to be synced." if self.found.only_waiting else ""
        return f"{differ} between Visma and HubSpot.{waiting}"

    @property
    def moment(self) -> str:
        """When it was compared, in the company's zone."""
        return f"{self.compared_at.astimezone(self.zone):%Y-%m-%d %H:%M} {self.zone.key}"

    @property
    def span(self) -> str:
        """The months it covers."""
        months = [group.month for group, _ in self.found.totals if group.month]
        if self.month or not months:
            return self.month or "no documents"
        first, last = min(months), max(months)
        return first if first == last else f"{first} to {last}"

    @property
    def currencies(self) -> list[str]:
        """The currencies of the documents, that of the largest total first."""
        size: Counter[str] = Counter()
        for group, pair in self.found.totals:
            if group.kind in DOCUMENTS:
                size[group.currency] += int(abs(pair.visma.amount) + abs(pair.hubspot.amount))
        return [name for name, _ in size.most_common()]

    def months(self, currency: str) -> Mapping[str, Pair]:
        """The sums of all documents of a currency per month."""
        both = self.found.totals.by(per_month, DOCUMENTS)
        return {month: pair for (month, name), pair in both.items() if name == currency}

    def by_kind(self, currency: str) -> Mapping[Kind, Pair]:
        """The sums of a currency per kind of document."""
        both = self.found.totals.by(_kind, DOCUMENTS)
        return {kind: both[name, kind] for kind in DOCUMENTS for name in [currency] if (name, kind) in both}

    @property
    def sales(self) -> Mapping[tuple[str, str], Pair]:
        """The sums of sales transactions per month and currency."""
        return self.found.totals.by(per_month, [Kind.TRANSACTION])

    @property
    def customers_off(self) -> list[tuple[Group, Pair]]:
        """The sums per month, currency, customer and kind that do not agree."""
        return [
            (group, pair) for group, pair in self.found.totals if group.kind in self.kinds and not pair.agrees
        ]

    def document(self) -> dict[str, Any]:
        """Return the statement as a JSON document; amounts are exact text."""
        causes: Counter[str] = Counter()
        for (_, cause), many in self.found.causes.items():
            causes[cause] += many
        return {
            "connection": self.connection,
            "portal_id": self.portal_id,
            "run_id": self.run_id,
            "compared_at": self.compared_at.isoformat(timespec="seconds"),
            "month": self.month,
            "synced_through": self.synced_through,
            "agrees": self.agrees,
            "kinds": [kind.value for kind in self.kinds],
            "compared": {kind.value: many for kind, many in sorted(self.found.compared.items())},
            "different": self.found.different,
            "causes": dict(causes),
            "checks": [
                {"name": item.name, "passed": item.passed, "sentence": item.sentence}
                for item in self.verdicts
            ],
            "totals": [
                {"month": month, "currency": currency, "kind": kind, **_sides(pair)}
                for (month, currency, kind), pair in self.found.totals.by(_month_and_kind).items()
            ],
            "differences": [_difference(item) for item in self.found.differences],
            "notes": list(self.notes),
            "requests": dict(self.calls),
        }

    def markdown(self) -> str:
        """Return the totals per month and currency as a Markdown table, the newest months first. No names."""
        totals = self.found.totals.by(per_month, DOCUMENTS)
        rows = sorted(totals.items(), key=lambda item: item[0][0], reverse=True)
        lines = [
            "| month | | Visma | HubSpot | difference | open in Visma | open in HubSpot | difference |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
            *(_markdown_row(*item) for item in rows[:MARKDOWN_ROWS]),
        ]
        if len(rows) > MARKDOWN_ROWS:
            lines.append(f"\nand {len(rows) - MARKDOWN_ROWS} more in the statement")
        return "\n".join(lines)

    def causes_markdown(self) -> str:
        """Return how many records differ by cause, each with some of them and the command, as a Markdown table."""
        samples: dict[tuple[Kind, str], list[Difference]] = {}
        for item in self.found.differences:
            samples.setdefault((item.kind, item.cause), []).append(item)
        lines = ["| cause | | how many | such as | what to do |", "| --- | --- | ---: | --- | --- |"]
        for (kind, cause), many in self.found.causes.most_common():
            some = samples.get((kind, cause), [])
            named = ", ".join(item.key for item in some[:5])
            todo = f"`{some[0].command}`" if some else ""
            lines.append(f"| {cause} | {KIND_WORDS[kind].lower()} | {many} | {named} | {todo} |")
        return "\n".join(lines)


def side_by_side(item: Difference) -> list[tuple[str, str, str]]:
    """Return what differs as (what, in Visma, in HubSpot); the total for a record on one side only."""
    names = item.fields or (("amount",) if item.one_sided else ("status",))
    return [(WORDS.get(name, name), _said(item.visma, name), _said(item.hubspot, name)) for name in names]


def _said(fact: Fact | None, name: str) -> str:
    """Return what a side says of a field, for a person."""
    if fact is None:
        return "missing"
    if name == "customer":
        return ", ".join(fact.customers) or "none"
    if name == "status":
        return " / ".join(filter(None, [fact.status, fact.shown])) or "none"
    value = getattr(fact, name)
    if isinstance(value, Decimal):
        return f"{shown(value)} {fact.currency}"
    return str(value or "none")


def _difference(item: Difference) -> dict[str, Any]:
    one = item.visma or item.hubspot
    return {
        "key": item.key,
        "cause": item.cause,
        "detail": item.detail,
        "command": item.command,
        "month": one.month if one else None,
        "customer": one.customers[0] if one and one.customers else None,
        "hubspot_id": item.hubspot.hubspot_id if item.hubspot else None,
        "differs": [
            {"what": name, "visma": here, "hubspot": there} for name, here, there in side_by_side(item)
        ],
    }


def _sides(pair: Pair) -> dict[str, Any]:
    return {"visma": _sums(pair.visma), "hubspot": _sums(pair.hubspot)}


def _sums(sums: Sums) -> dict[str, Any]:
    return {"count": sums.count, "amount": money_text(sums.amount), "balance": money_text(sums.balance)}


def _kind(group: Group) -> tuple[str, Kind]:
    return group.currency, group.kind


def _month_and_kind(group: Group) -> tuple[str, str, Kind]:
    return group.month, group.currency, group.kind


def _markdown_row(name: tuple[str, str], pair: Pair) -> str:
    month, currency = name
    cells = (
        month or NO_DATE,
        currency,
        shown(pair.visma.amount),
        shown(pair.hubspot.amount),
        _bold(pair.amount_difference),
        shown(pair.visma.balance),
        shown(pair.hubspot.balance),
        _bold(pair.balance_difference),
    )
    return f"| {' | '.join(cells)} |"


def _bold(value: Decimal) -> str:
    return f"**{signed(value)}**" if value else "0.00"
