"""Made-up books for the tests of the comparison: facts of Visma, the same in HubSpot, and what the ledger remembers."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.reconciliation.compare import Comparison, compare
from ml_connector.reconciliation.explain import Circumstances, Known, Refusal, SyncedWindows
from ml_connector.reconciliation.facts import Fact, Facts, Kind, Standing
from ml_connector.windows import Window

OSLO = ZoneInfo("Europe/Oslo")
EARLY = "2026-11-17T09:30:00"
"""In the loaded window 2026-11-17."""
LATE = "2026-11-19T09:30:00"
"""In the window 2026-11-19, which is not loaded."""
TODAY = "2026-11-20T09:30:00"
"""After the last complete window."""


def windows(loaded: Sequence[str] = ("2026-11-17", "2026-11-18")) -> SyncedWindows:
    """Three complete windows, of which the first two are loaded."""
    start = datetime(2026, 11, 16, 23, tzinfo=UTC)
    days = [
        Window(
            f"2026-11-{17 + day}", None if day == 0 else start + timedelta(day), start + timedelta(day + 1)
        )
        for day in range(3)
    ]
    return SyncedWindows(days, loaded, OSLO)


def around(**changes: Any) -> Circumstances:
    """The circumstances of a connection named acme."""
    synced = windows()
    return Circumstances(**{"connection": "acme", "windows": lambda _: synced, **changes})


def fact(key: str = "invoice:100001", **changes: Any) -> Fact:
    """A released, open document as Visma has it."""
    plain = Fact(
        key=key,
        standing=Standing.RELEASED,
        month="2026-11",
        currency="NOK",
        customers=("10001",),
        amount=Decimal("125.00"),
        balance=Decimal("125.00"),
        status="Open",
        shown="open",
        stamp=EARLY,
    )
    return replace(plain, **changes)


def mirrored(one: Fact, **changes: Any) -> Fact:
    """The same document as HubSpot shows it."""
    return replace(one, **{"stamp": "", "hubspot_id": f"7{one.key.rpartition(':')[2]}", **changes})


@dataclass
class Books:
    """Both sides by key, and the ledger between them."""

    visma: dict[str, Fact] = field(default_factory=dict)
    hubspot: dict[str, Fact] = field(default_factory=dict)
    ledger: dict[str, Known] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def enter(self, one: Fact) -> None:
        """Enter a document that was synced in full."""
        self.visma[one.key] = one
        self.hubspot[one.key] = mirrored(one)
        self.ledger[one.key] = Known(sent=mirrored(one, customers=()))

    def forget(self, key: str) -> None:
        """Let a document never have been sent."""
        del self.hubspot[key], self.ledger[key]

    def wait(self, key: str) -> None:
        """Let a document be too new to have been sent."""
        self.change(key, stamp=LATE)
        self.forget(key)

    def refuse(self, key: str, message: str = "The currency SEK is not among the portal's.") -> None:
        """Let HubSpot have refused a document."""
        self.forget(key)
        self.ledger[key] = Known(refusal=Refusal(message))

    def change(self, key: str, **values: Any) -> None:
        """Change a document in Visma."""
        self.visma[key] = replace(self.visma[key], **values)

    def edit(self, key: str, **values: Any) -> None:
        """Change a document in HubSpot."""
        self.hubspot[key] = replace(self.hubspot[key], **values)

    def known(self, keys: Sequence[str]) -> Mapping[str, Known]:
        """Answer as the ledger does."""
        self.asked.extend(keys)
        return {key: self.ledger[key] for key in keys if key in self.ledger}

    def compared(self, circumstances: Circumstances | None = None, **options: Any) -> Comparison:
        """Compare the two sides."""
        left, right = Facts(self.visma.values()), Facts(self.hubspot.values())
        return compare(left, right, self.known, circumstances or around(), **options)


def drawn(seed: int, many: int = 200) -> Books:
    """Books with documents and transactions of all kinds, all synced."""
    draw = random.Random(seed)
    books = Books()
    for number in range(many):
        kind = draw.choice([Kind.INVOICE] * 7 + [Kind.CREDIT_NOTE, Kind.DEBIT_NOTE, Kind.TRANSACTION])
        amount = Decimal(draw.randrange(1, 10_000_000)) / 100 * (-1 if kind is Kind.CREDIT_NOTE else 1)
        paid = kind is Kind.TRANSACTION or draw.random() < 0.5
        books.enter(
            fact(
                f"{kind}:{100_000 + number}",
                month=f"2026-{draw.randrange(1, 13):02d}",
                currency=draw.choice(["NOK", "NOK", "SEK", "EUR"]),
                customers=(str(10_000 + draw.randrange(20)),),
                amount=amount,
                balance=Decimal(0) if paid else amount,
                status="" if kind is Kind.TRANSACTION else "Closed" if paid else "Open",
                shown="" if kind is Kind.TRANSACTION else "paid" if paid else "open",
            )
        )
    return books
