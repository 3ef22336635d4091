"""How each plan is carried out: which of its operations first, and what the portal must have before. Plain Python.

The assets of the step hand in their plan; what comes back are the counts of every entity in it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from ml_connector.datasets import Dataset
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.linking import LinkLoader
from ml_connector.hubspot.loading import RecordLoader
from ml_connector.hubspot.money_group import INVOICE_PROPERTIES, LINE_PROPERTIES, PAYMENT_PROPERTIES
from ml_connector.hubspot.opening import Openings
from ml_connector.hubspot.payments_setup import OBJECT as PAYMENTS
from ml_connector.hubspot.payments_setup import payments_ready
from ml_connector.hubspot.properties import PropertySpec, ensure
from ml_connector.hubspot.transaction_object import ensure_transaction_object
from ml_connector.hubspot.visma_group import GROUP
from ml_connector.ledger.backlog import Backlog
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.refusals import Refusals, Subject
from ml_connector.plan.bookings import HELD_BACK, not_taken
from ml_connector.plan.decided import MOVED_LINKS, RELEASED_LINKS, RELEASES
from ml_connector.plan.lines import without_lines_of
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.purchases import with_companies
from ml_connector.plan.refreshed import Replanner
from ml_connector.settings import ConnectionSettings, RecordKind
from ml_connector.settings.merging import Policy

Counts = dict[str, LoadCounts]
"""What became of a plan's operations, by entity."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a load works with: the portal, the run's ledger, past refusals, what waits, and who carries out operations.

    ``replanner`` is there where the plan is old, so that what depends on the portal is planned again. ``whole`` says
    that the plan has all records of its windows; a retry has some of them only.
    """

    settings: ConnectionSettings
    client: HubSpotClient
    ledger: LedgerReader
    refusals: Refusals
    backlog: Backlog
    records: RecordLoader
    links: LinkLoader
    openings: Openings
    replanner: Replanner | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Load:
    """One asset of the step.

    Args:
        entity: the last part of its key and of its plan's.
        description: what it holds, for the UI.
        after: the loads that must come first, by entity.
        carry_out: does it.
        kind: the records it is for; None for companies and contacts, which always travel.
    """

    entity: str
    description: str
    after: tuple[str, ...]
    carry_out: Callable[[Hands, Dataset], Counts]
    kind: RecordKind | None = None


def load_companies(hands: Hands, plan: Dataset) -> Counts:
    """Create and update companies, then write what was bought from suppliers on theirs, those just made included."""
    counts = _release(hands, plan, "companies")
    read = partial(operations, plan, "companies")
    planned = hands.replanner.companies(read) if hands.replanner else read()
    counts["companies"] = hands.records.load("companies", _released(hands, planned))
    counts |= _move(hands, plan)
    if hands.settings.carries(RecordKind.PURCHASES):
        bought = with_companies(operations(plan, "purchases"), hands.ledger)
        counts["purchases"] = hands.records.load("companies", bought)
    return counts


def load_contacts(hands: Hands, plan: Dataset) -> Counts:
    """Create and update contacts, then link them with their companies."""
    counts = _release(hands, plan, "contacts")
    read = partial(operations, plan, "contacts")
    planned = hands.replanner.contacts(read) if hands.replanner else read()
    counts["contacts"] = hands.records.load("contacts", _released(hands, planned))
    counts |= _move(hands, plan)
    counts["links"] = hands.links.load(operations(plan, "links"), hands.records.created_ids)
    return counts


def load_invoices(hands: Hands, plan: Dataset) -> Counts:
    """Make documents as drafts, then their lines and links, then open those that are whole."""
    _ensure_if_written(hands, plan, (*INVOICE_PROPERTIES, *LINE_PROPERTIES))
    invoices = hands.records.load("invoices", operations(plan, "invoices"))
    lines = without_lines_of(hands.records.not_made, operations(plan, "line_items"))
    return {
        "invoices": invoices,
        "line_items": hands.records.load("line_items", lines),
        "invoice_links": hands.links.load(operations(plan, "invoice_links"), hands.records.created_ids),
        "openings": hands.openings.load(operations(plan, "openings")),
    }


def load_payments(hands: Hands, plan: Dataset) -> Counts:
    """Make payments and link them, where the portal takes payments; where not, all are skipped with the reason."""
    records, links = operations(plan, "payments"), operations(plan, "payment_links")
    on_trial, reason = False, None
    if _is_written(plan):
        ready = payments_ready(hands.client, hands.settings.payments)
        on_trial = ready.on_trial
        if ready.ready:
            ensure(hands.client, GROUP, PAYMENT_PROPERTIES).require()
        else:
            reason = ready.reason
            records, links = not_taken(records, reason), not_taken(links, reason)
    made = hands.records.load(PAYMENTS, records, trial=on_trial)
    if hands.records.not_taken is not None:
        reason = hands.records.not_taken
        hands.refusals.note(Subject.PAYMENTS, reason)
        links = not_taken(links, reason)
    _note_waiting(hands, Subject.PAYMENTS, plan, taken=reason is None)
    return {"payments": made, "payment_links": hands.links.load(links, hands.records.created_ids)}


def load_transactions(hands: Hands, plan: Dataset) -> Counts:
    """Make transactions and link them in the object that keeps them; where none does, all are skipped."""
    records, links = operations(plan, "transactions"), operations(plan, "transaction_links")
    place = next(
        (row["object_type"] for row in plan.rows(["object_type"], ("entity", "transactions"))), "none"
    )
    taken = True
    if _is_written(plan):
        where = ensure_transaction_object(hands.client, hands.settings.transactions)
        place = where.name or place
        taken = where.name is not None
        if where.name is None:
            hands.refusals.note(Subject.TRANSACTIONS, where.reason)
            records, links = not_taken(records, where.reason), not_taken(links, where.reason)
    made = hands.records.load(place, records)
    _note_waiting(hands, Subject.TRANSACTIONS, plan, taken=taken)
    return {"transactions": made, "transaction_links": hands.links.load(links, hands.records.created_ids)}


LOADS = (
    Load("companies", "Companies in HubSpot, created and updated as planned.", (), load_companies),
    Load(
        "contacts",
        "Contacts in HubSpot and their links to companies, created and updated as planned.",
        ("companies",),
        load_contacts,
    ),
    Load(
        "invoices",
        "Invoices, credit notes and debit notes in HubSpot with their lines and links, open once they are whole.",
        ("contacts",),
        load_invoices,
        RecordKind.INVOICES,
    ),
    Load(
        "payments",
        "Payments in HubSpot and their links, where the portal takes them.",
        ("invoices",),
        load_payments,
        RecordKind.PAYMENTS,
    ),
    Load(
        "transactions",
        "Sales transactions in the HubSpot object that keeps them, and their links.",
        ("invoices",),
        load_transactions,
        RecordKind.TRANSACTIONS,
    ),
)
"""All loads, in an order in which they can run."""


def loads_of(settings: ConnectionSettings) -> tuple[Load, ...]:
    """Return the loads of a connection: a window that one of them has not materialised is not done."""
    return tuple(load for load in LOADS if settings.carries(load.kind))


def operations(plan: Dataset, entity: str) -> Iterator[Operation]:
    """Yield the operations of one entity of a plan."""
    return (Operation.from_row(row) for row in plan.rows(where=("entity", entity)))


def policies(settings: ConnectionSettings) -> Mapping[str, Mapping[str, Policy]]:
    """Return who wins per object type and property, for records that are found to exist only when they are made."""
    return {"companies": settings.merging.companies, "contacts": settings.merging.contacts}


def proposing(settings: ConnectionSettings) -> tuple[str, ...]:
    """Return the object types of which an existing record is only proposed to a person."""
    return ("contacts",) if settings.matching.proposes_contacts else ()


def _release(hands: Hands, plan: Dataset, object_type: str) -> Counts:
    """Take our values from records that people say are not the ones: a unique id has to be free before it is given.

    A decision that was taken back since the plan was made is not carried out.
    """
    decided = hands.ledger.decisions(object_type)
    planned = [
        one
        for one in operations(plan, RELEASES)
        if any(decided[key].hubspot_id not in (None, one.hubspot_id) for key in one.keys if key in decided)
    ]
    return {RELEASES: hands.records.load(object_type, planned)} if planned else {}


def _released(hands: Hands, planned: Iterator[Operation]) -> Iterator[Operation]:
    """Yield the operations but for those on records whose former HubSpot record still has their id."""
    return (one for one in planned if hands.records.not_released.isdisjoint(one.keys))


def _move(hands: Hands, plan: Dataset) -> Counts:
    """Take links from the former records, then make them on those that people chose."""
    leaving = list(operations(plan, RELEASED_LINKS))
    if not leaving:
        return {}
    mover = hands.links.mover()
    released = mover.release(leaving)
    moved = (one for one in operations(plan, MOVED_LINKS) if one.key not in mover.kept)
    return {RELEASED_LINKS: released, MOVED_LINKS: hands.links.load(moved, frozenset())}


def _note_waiting(hands: Hands, subject: Subject, plan: Dataset, *, taken: bool) -> None:
    """Note the windows of which the portal took nothing, or that those of the plan wait no more.

    Args:
        hands: with where it is noted.
        subject: which records, called like their entity.
        plan: with the records of these windows.
        taken: False where the portal turned out, at loading, not to take them.
    """
    seen: set[str] = set()
    waiting: set[str] = set()
    for row in plan.rows(("action", "rule", "partition"), where=("entity", subject.value)):
        seen.add(row["partition"])
        if row["rule"] == HELD_BACK or (not taken and row["action"] == Action.CREATE):
            waiting.add(row["partition"])
    hands.backlog.add(subject, waiting)
    if hands.whole:
        hands.backlog.clear(subject, seen - waiting)


def _is_written(plan: Dataset) -> bool:
    """Return whether a plan has values to write: where not, HubSpot need not be asked for its properties."""
    return any(row["action"] in (Action.CREATE, Action.UPDATE) for row in plan.rows(["action"]))


def _ensure_if_written(hands: Hands, plan: Dataset, specs: tuple[PropertySpec, ...]) -> None:
    if _is_written(plan):
        ensure(hands.client, GROUP, specs).require()
