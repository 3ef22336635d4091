"""What a run plans of payments and sales transactions: nothing, skips where the portal takes none, or what it takes.

What the portal did not take in earlier windows waits in the storage, and comes with the first run after it does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeVar

from ml_connector.datasets import Dataset
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ledger.due import DueReader
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.refusals import Refusals
from ml_connector.plan.bookings import Booking, BookingPlanner, left_alone
from ml_connector.plan.combined import Combined, RecordRows
from ml_connector.plan.inputs import due_again, unknown_records, with_rejects
from ml_connector.plan.operations import Operation
from ml_connector.plan.payments import readiness
from ml_connector.plan.taken import NotTaken
from ml_connector.plan.transactions import Sales, kept_in, object_named, transactions
from ml_connector.plan.upcoming import UpcomingDocuments
from ml_connector.records.booking_model import PaymentRecord, TransactionRecord
from ml_connector.settings.money import PaymentSettings, TransactionRules

RecordT = TypeVar("RecordT", PaymentRecord, TransactionRecord)


@dataclass(frozen=True, slots=True)
class Material:
    """What payments or sales transactions are planned from.

    Args:
        ledger: what was sent before.
        refused: earlier rejects.
        refusals: what the portal has refused.
        client: reads the portal.
        records: those of the run's windows.
        waiting: earlier windows of which the portal took none.
        earlier: reads the records of such windows; one whose file is gone is not in what it returns.
        upcoming: reads what the run's plan of invoices says.
        not_taken: tells which customers do not travel.
        partition: the newest window of the run.
    """

    ledger: LedgerReader
    refused: DueReader
    refusals: Refusals
    client: HubSpotClient
    records: Dataset
    waiting: Sequence[str]
    earlier: Callable[[Sequence[str]], Dataset]
    upcoming: Callable[[], UpcomingDocuments]
    not_taken: NotTaken
    partition: str

    def is_empty(self, object_type: str, due: Sequence[object]) -> bool:
        """Whether there is nothing to plan, so that the portal need not be asked whether it takes any."""
        some = due or self.records.row_count or self.waiting or self.ledger.knows(object_type)
        return not some

    def planner(self, booking: Booking[RecordT], *, exists: bool = True) -> BookingPlanner[RecordT]:
        """Return the planner, which knows what the run's other plans say."""
        return BookingPlanner(
            booking,
            self.ledger,
            self.client,
            self.upcoming(),
            exists=exists,
            not_taken=self.not_taken,
        )

    def taken_up(self) -> "tuple[RecordRows, Mapping[str, Any]]":
        """Return the run's records with those that have waited, and what to say of these."""
        if not self.waiting:
            return self.records, {}
        earlier = self.earlier(self.waiting)
        gone = sorted(set(self.waiting) - set(earlier.partitions))
        notes = {
            "windows that have waited for the portal": len(self.waiting),
            **({"of these, not stored any more (sync them again)": ", ".join(gone)} if gone else {}),
        }
        return Combined(earlier, self.records), notes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is planned: operations, who planned them where anybody did, and what else to say."""

    operations: Iterable[Operation] = ()
    planner: BookingPlanner[Any] | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


def plan_payments(material: Material, settings: PaymentSettings, booking: Booking[PaymentRecord]) -> Outcome:
    """Plan payments, as ``booking`` says for the portal's currencies.

    Raises:
        UsageError: the portal takes none, and the settings say that it must.
    """
    ledger, kind = material.ledger, booking.kind
    if material.is_empty(kind.object_type, due_again(material.refused, kind.entity, PaymentRecord.from_row)):
        return Outcome()
    ready = readiness(ledger, material.refusals, material.client, settings)
    if not ready.ready:
        both, _ = with_rejects(material.refused, kind.entity, material.records, PaymentRecord.from_row)
        return Outcome(left_alone(both, kind, ready.reason))
    records, notes = material.taken_up()
    both, due = with_rejects(material.refused, kind.entity, records, PaymentRecord.from_row)
    planner = material.planner(booking)
    unknown = unknown_records(ledger, kind.object_type, records, due)
    return Outcome(planner.plan(both, unknown, material.partition), planner, notes)


def plan_transactions(material: Material, rules: TransactionRules, portal_id: int) -> Outcome:
    """Plan sales transactions, and the end of those whose batches are no sales any more.

    Raises:
        UsageError: the object that the settings name is not there, or the token may not see it.
    """
    ledger, entity = material.ledger, transactions("none").kind.entity
    due = due_again(material.refused, entity, TransactionRecord.from_row)
    if material.is_empty(object_named(rules, portal_id), due):
        return Outcome()
    where = kept_in(ledger, material.refusals, material.client, rules, portal_id)
    if where.name is None:
        both, _ = with_rejects(material.refused, entity, material.records, TransactionRecord.from_row)
        return Outcome(left_alone(Sales(both), transactions("none").kind, where.reason))
    records, notes = material.taken_up()
    both, due = with_rejects(material.refused, entity, records, TransactionRecord.from_row)
    sales = Sales(both)
    planner = material.planner(transactions(where.name), exists=where.exists)
    planned = planner.plan(sales, unknown_records(ledger, where.name, records, due), material.partition)
    return Outcome(chain(planned, sales.ended(due, ledger, where.name)), planner, notes)
