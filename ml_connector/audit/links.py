"""The links of a record: which stand, which wait, and by which rule each was made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector.audit.ledger import RecordLedger
from ml_connector.plan.links import CONFIRMED

MOST = 50
"""Links that are listed one by one; a customer may have a hundred thousand invoices."""


@dataclass(frozen=True, slots=True)
class Link:
    """One association: its two ends as Visma keys, how it stands, why, and by which rule it was made."""

    from_key: str
    to_key: str
    to_type: str
    status: str
    reason: str | None
    rule: str | None
    from_id: str | None
    to_id: str | None
    run_id: str | None
    updated_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return the link under the names that scripts rely on."""
        return {
            "from": self.from_key,
            "to": self.to_key,
            "to_type": self.to_type,
            "status": self.status,
            "reason": self.reason,
            "rule": self.rule,
            "from_id": self.from_id,
            "to_id": self.to_id,
            "run_id": self.run_id,
            "updated_at": self.updated_at.isoformat(timespec="seconds"),
        }


@dataclass(frozen=True, slots=True)
class LinkCount:
    """How many links of one kind stand in one way, such as 1,204 from invoices, confirmed."""

    from_type: str
    to_type: str
    status: str
    many: int


@dataclass(frozen=True, slots=True)
class Links:
    """The links of a record: all counted, the first listed."""

    listed: tuple[Link, ...]
    counts: tuple[LinkCount, ...]

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(count.many for count in self.counts)


def links_of(
    ledger: RecordLedger, object_types: Sequence[str], keys: Sequence[str], most: int = MOST
) -> Links:
    """Return the links from and to records, those that wait first, each with the rule of the operation that made it."""
    counts = tuple(LinkCount(*count) for count in ledger.link_counts(object_types, keys))
    waiting = any(count.status != CONFIRMED for count in counts)
    rows = ledger.open_links(object_types, keys, most) if waiting else []
    rows += ledger.whole_links(object_types, keys, most - len(rows))
    made = ledger.newest([f"{row.from_key}>{row.to_key}" for row in rows])
    listed = tuple(
        Link(
            from_key=row.from_key,
            to_key=row.to_key,
            to_type=row.to_type,
            status=row.status,
            reason=row.reason,
            rule=done.rule if (done := made.get(f"{row.from_key}>{row.to_key}")) else None,
            from_id=row.from_id,
            to_id=row.to_id,
            run_id=row.run_id,
            updated_at=row.updated_at,
        )
        for row in rows
    )
    return Links(listed, counts)
