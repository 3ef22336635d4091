"""The step ``plan``: what would change in HubSpot. Reads only, so materialising up to here is a dry run."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeVar

import dagster as dg

from ml_connector.chunks import chunks
from ml_connector.database import engine
from ml_connector.hubspot.inventory import Inventory
from ml_connector.hubspot.lost import settle_lost_intents
from ml_connector.hubspot.resource import HubSpotResource
from ml_connector.ledger.document_queries import DocumentReader
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.refusals import Refusals
from ml_connector.ledger.synced import SyncedReader
from ml_connector.ledger.taking import TakingReader
from ml_connector.ledger.usual import UsualReader
from ml_connector.partitions import windows_of
from ml_connector.plan import breaker
from ml_connector.plan.bookings import Booking, BookingPlanner, left_alone
from ml_connector.plan.changes import Figures
from ml_connector.plan.companies import CompanyPlanner
from ml_connector.plan.contacts import ContactPlanner
from ml_connector.plan.due import companies_with_due, contacts_with_due
from ml_connector.plan.inputs import (
    due_again,
    present_companies,
    present_contacts,
    unknown_records,
    with_owed,
    with_purchases,
    with_rejects,
)
from ml_connector.plan.invoices import InvoicePlanner, Occasion
from ml_connector.plan.lines import DueLine
from ml_connector.plan.operations import PLAN_SCHEMA, Operation
from ml_connector.plan.page import Heading, plan_page
from ml_connector.plan.payments import PAYMENTS, payments_in, readiness
from ml_connector.plan.purchases import PurchasesPlanner
from ml_connector.plan.shield import Shield
from ml_connector.plan.taken import NotTaken
from ml_connector.plan.tally import Tally
from ml_connector.plan.transactions import Sales, kept_in, object_named, transactions
from ml_connector.plan.upcoming import upcoming, upcoming_documents
from ml_connector.records.again import Again
from ml_connector.records.booking_model import PaymentRecord, PurchasesRecord, TransactionRecord
from ml_connector.records.field_rules import FieldRules
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.settings import ConnectionSettings, RecordKind
from ml_connector.step import Step, counted
from ml_connector.storage import Dataset
from ml_connector.windows import last_day

BookingT = TypeVar("BookingT", PaymentRecord, TransactionRecord)

NO_MASS_CHANGE = "no_mass_change"

WRITTEN = 1000
"""Operations handed to the writer at once."""

PLANNED = {
    "read": "read",
    "created": "to create",
    "updated": "to update",
    "unchanged": "unchanged",
    "skipped": "skipped",
    "rejected": "that cannot be sent",
    "pending": "waiting",
    "conflicts": "in conflict",
    "archived": "to take away",
}
"""How the counts of a plan read in its metadata: nothing has been done yet."""


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the plan assets of a connection."""
    step = Step("plan", settings, partitions, kinds=("hubspot", "parquet"))
    money = (
        (RecordKind.INVOICES, _invoices),
        (RecordKind.PAYMENTS, _payments),
        (RecordKind.TRANSACTIONS, _transactions),
    )
    return [
        _companies(step),
        _contacts(step),
        *(make(step) for kind, make in money if settings.carries(kind)),
    ]


def _checks(step: Step, entity: str) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            NO_MASS_CHANGE,
            asset=step.key("plan", entity),
            description="No more would change than is usual; else nothing is written until a person says yes.",
            blocking=True,
        )
    ]


def _companies(step: Step) -> dg.AssetsDefinition:
    bought_too = step.settings.carries(RecordKind.PURCHASES)

    @step.asset(
        "companies",
        "What a sync would change in HubSpot's companies, record by record, with the reason. Writes nothing.",
        ins={
            "records": step.key("records", "companies"),
            **({"purchases": step.key("records", "purchases")} if bought_too else {}),
        },
        check_specs=_checks(step, "companies"),
    )
    def plan(
        context: dg.AssetExecutionContext, records: Dataset, **purchases: Dataset
    ) -> dg.MaterializeResult[Dataset]:
        hubspot = step.hubspot(context)
        ledger = LedgerReader(engine(), step.settings.name)
        planner = CompanyPlanner(step.settings, ledger, hubspot.get_client(), _contacts_of(step, hubspot))
        due = due_again(ledger, "companies", Again(FieldRules.of(step.settings)).company)
        unknown = unknown_records(ledger, "companies", records, due)
        stream = (CompanyRecord.from_row(row) for row in records.rows())
        both = companies_with_due(stream, due, present_companies(records) if due else ())
        not_taken = _not_taken(step)
        operations = not_taken.noting(_shield(step, hubspot, "companies").hold(planner.plan(both, unknown)))
        for window in purchases.values():
            bought = with_purchases(window, due_again(ledger, "purchases", PurchasesRecord.from_row))
            buying = PurchasesPlanner(ledger, hubspot.get_client(), not_taken)
            operations = chain(operations, buying.plan(bought))
        return _write(context, step, operations)

    return plan


def _contacts(step: Step) -> dg.AssetsDefinition:
    @step.asset(
        "contacts",
        "What a sync would change in HubSpot's contacts and their links to companies. Writes nothing.",
        ins={"records": step.key("records", "contacts"), **_where_some_are_left_out(step)},
        check_specs=_checks(step, "contacts"),
    )
    def plan(
        context: dg.AssetExecutionContext, records: Dataset, **companies: Dataset
    ) -> dg.MaterializeResult[Dataset]:
        hubspot = step.hubspot(context)
        ledger = LedgerReader(engine(), step.settings.name)
        not_taken = _not_taken(step, *companies.values())
        inventory = _contacts_of(step, hubspot)
        planner = ContactPlanner(step.settings, ledger, hubspot.get_client(), inventory, not_taken)
        due = due_again(ledger, "contacts", Again(FieldRules.of(step.settings)).contact)
        unknown = unknown_records(ledger, "contacts", records, due)
        stream = (ContactRecord.from_row(row) for row in records.rows())
        both = contacts_with_due(stream, due, present_contacts(records) if due else {})
        owed = planner.owed(ledger.pending_links("contacts"), context.partition_keys[-1])
        held = _shield(step, hubspot, "contacts").hold(planner.plan(both, unknown))
        return _write(context, step, with_owed(held, owed))

    return plan


def _invoices(step: Step) -> dg.AssetsDefinition:
    @step.asset(
        "invoices",
        "What a sync would change in HubSpot's invoices, their line items, links and status. Writes nothing.",
        ins={
            "records": step.key("records", "invoices"),
            "companies": step.key("plan", "companies"),
            "contacts": step.key("plan", "contacts"),
        },
        check_specs=_checks(step, "invoices"),
    )
    def plan(
        context: dg.AssetExecutionContext, records: Dataset, companies: Dataset, contacts: Dataset
    ) -> dg.MaterializeResult[Dataset]:
        hubspot = step.hubspot(context)
        if step.is_going_to_write(context):
            # A line that a run made as it died may be gone from its document by now: it is known before planning.
            settle_lost_intents(hubspot.get_client(), step.journal(context))
        ledger = LedgerReader(engine(), step.settings.name)
        account = hubspot.get_account()
        planner = InvoicePlanner(
            step.settings,
            ledger,
            DocumentReader(engine(), step.settings.name),
            hubspot.get_client(),
            currencies=(account.company_currency, *account.additional_currencies),
            upcoming=upcoming(companies, contacts),
            occasion=_occasion(step, context),
            due_lines=due_again(ledger, "line_items", DueLine.from_row),
            not_taken=_not_taken(step, companies),
        )
        both, due = with_rejects(ledger, "invoices", records, Again(FieldRules.of(step.settings)).invoice)
        unknown = unknown_records(ledger, "invoices", records, due)
        return _write(context, step, planner.plan(both, unknown), planner)

    return plan


def _payments(step: Step) -> dg.AssetsDefinition:
    @step.asset(
        "payments",
        "What a sync would change in HubSpot's payments and their links, where the portal takes payments.",
        ins={
            "records": step.key("records", "payments"),
            "invoices": step.key("plan", "invoices"),
            **_where_some_are_left_out(step),
        },
        check_specs=_checks(step, "payments"),
    )
    def plan(
        context: dg.AssetExecutionContext, records: Dataset, invoices: Dataset, **companies: Dataset
    ) -> dg.MaterializeResult[Dataset]:
        ledger = LedgerReader(engine(), step.settings.name)
        both, due = with_rejects(ledger, "payments", records, PaymentRecord.from_row)
        if not due and not records.row_count and not ledger.knows(PAYMENTS.kind.object_type):
            return _write(context, step, ())
        client = step.hubspot(context).get_client()
        refusals = Refusals(engine(), step.settings.name, client.token_mark)
        ready = readiness(ledger, refusals, client, step.settings.payments)
        if not ready.ready:
            return _write(context, step, left_alone(both, PAYMENTS.kind, ready.reason))
        account = step.hubspot(context).get_account()
        booking = payments_in(account, step.settings.invoices)
        planner = _bookings(step, context, booking, invoices, companies)
        unknown = unknown_records(ledger, PAYMENTS.kind.object_type, records, due)
        return _write(context, step, planner.plan(both, unknown, context.partition_keys[-1]), planner)

    return plan


def _transactions(step: Step) -> dg.AssetsDefinition:
    @step.asset(
        "transactions",
        "What a sync would change in the HubSpot object that keeps sales transactions, and their links.",
        ins={
            "records": step.key("records", "transactions"),
            "invoices": step.key("plan", "invoices"),
            **_where_some_are_left_out(step),
        },
        check_specs=_checks(step, "transactions"),
    )
    def plan(
        context: dg.AssetExecutionContext, records: Dataset, invoices: Dataset, **companies: Dataset
    ) -> dg.MaterializeResult[Dataset]:
        hubspot, rules = step.hubspot(context), step.settings.transactions
        portal_id = hubspot.get_account().portal_id
        ledger = LedgerReader(engine(), step.settings.name)
        both, due = with_rejects(ledger, "transactions", records, TransactionRecord.from_row)
        sales = Sales(both)
        if not due and not records.row_count and not ledger.knows(object_named(rules, portal_id)):
            return _write(context, step, ())
        client = hubspot.get_client()
        refusals = Refusals(engine(), step.settings.name, client.token_mark)
        where = kept_in(ledger, refusals, client, rules, portal_id)
        if where.name is None:
            return _write(context, step, left_alone(sales, transactions("none").kind, where.reason))
        kind = transactions(where.name)
        planner = _bookings(step, context, kind, invoices, companies, exists=where.exists)
        unknown = unknown_records(ledger, where.name, records, due)
        planned = planner.plan(sales, unknown, context.partition_keys[-1])
        return _write(context, step, chain(planned, sales.ended(due, ledger, where.name)), planner)

    return plan


def _bookings(
    step: Step,
    context: dg.AssetExecutionContext,
    booking: Booking[BookingT],
    invoices: Dataset,
    companies: Mapping[str, Dataset],
    *,
    exists: bool = True,
) -> BookingPlanner[BookingT]:
    """Return the planner of payments or transactions, which knows what the run's other plans say."""
    return BookingPlanner(
        booking,
        LedgerReader(engine(), step.settings.name),
        step.hubspot(context).get_client(),
        upcoming_documents(invoices),
        exists=exists,
        not_taken=_not_taken(step, *companies.values()),
    )


def _shield(step: Step, hubspot: HubSpotResource, object_type: str) -> Shield:
    """Return what keeps the values that people changed."""
    policies = step.settings.merging.policies(object_type)
    synced = SyncedReader(engine(), step.settings.name)
    return Shield(object_type, policies, hubspot.get_client(), synced)


def _where_some_are_left_out(step: Step) -> dict[str, dg.AssetKey]:
    """Return the plan of companies as an input, where the settings take some customers or suppliers only."""
    taken = step.settings.take
    filters = taken.filters_customers or taken.filters_suppliers
    return {"companies": step.key("plan", "companies")} if filters else {}


def _not_taken(step: Step, *companies: Dataset) -> NotTaken:
    """Return who does not travel, as the run's plan of companies says and the ledger remembers."""
    settings = step.settings
    found = NotTaken(settings.take, TakingReader(engine(), settings.name))
    return found if found.takes_all else found.read(companies)


def _contacts_of(step: Step, hubspot: HubSpotResource) -> Inventory:
    return hubspot.get_contacts(step.settings.mapping.targets("contacts"))


def _occasion(step: Step, context: dg.AssetExecutionContext) -> Occasion:
    newest = windows_of(step.partitions, context.partition_keys)[-1]
    return Occasion(newest.key, last_day(newest, step.settings.zone), datetime.now(UTC))


def _write(
    context: dg.AssetExecutionContext,
    step: Step,
    operations: Iterable[Operation],
    planner: InvoicePlanner | BookingPlanner[Any] | None = None,
) -> dg.MaterializeResult[Dataset]:
    """Store a plan and show its counts; a record that was rejected in an older window goes into the newest one."""
    journal = step.journal(context)
    client = step.hubspot(context).get_client()
    keys = set(context.partition_keys)
    newest = context.partition_keys[-1]
    tally = Tally()
    with step.writer(context, PLAN_SCHEMA) as out, counted(journal, "hubspot", client.requests):
        for some in chunks(operations, WRITTEN):
            tally.add(some)
            by_partition: dict[str, list[dict[str, Any]]] = {}
            for operation in some:
                place = operation.partition if operation.partition in keys else newest
                by_partition.setdefault(place, []).append(operation.to_row())
            for partition, rows in by_partition.items():
                out.write(partition, rows)
    journal.add_to_summary({"planned": tally.counts()})
    dropped = planner.dropped if planner is not None else ()
    verdict = _usual(context, step, tally, journal)
    return dg.MaterializeResult(
        value=out.dataset,
        metadata={
            "as a page": dg.MetadataValue.path(_page(context, step, tally, verdict)),
            **{
                f"{entity} {PLANNED[name]}": many
                for entity, counts in tally.counts().items()
                for name, many in counts.items()
                if many
            },
            "reasons": dg.MetadataValue.md(tally.listed_reasons()),
            **({"values this portal keeps for itself": ", ".join(sorted(dropped))} if dropped else {}),
            "calls to HubSpot in this run so far": client.requests.calls,
        },
        check_results=[verdict],
    )


def _page(context: dg.AssetExecutionContext, step: Step, tally: Tally, verdict: dg.AssetCheckResult) -> str:
    """Write the plan as a page beside the connection's other files and return where it is."""
    entity, run_id = context.asset_key.path[-1], context.run.run_id
    keys = context.partition_keys
    heading = Heading(
        connection=step.settings.name,
        windows=keys[0] if len(keys) == 1 else f"{keys[0]} to {keys[-1]}",
        run_id=run_id,
        planned_at=f"{datetime.now(step.settings.zone):%Y-%m-%d %H:%M} {step.settings.timezone}",
    )
    account = step.hubspot(context).get_account()
    alarms = [] if verdict.passed else [str(verdict.description)]
    document = plan_page(heading, tally.views(), account.address_of, alarms)
    place = f"{step.settings.name}/pages/plan/{run_id}/{entity}.html"
    return step.storage(context).write_document(place, document)


def _usual(
    context: dg.AssetExecutionContext, step: Step, tally: Tally, journal: Journal
) -> dg.AssetCheckResult:
    """Compare a plan with recent runs; the result stops a run that is going to write, unless a person said yes."""
    usual = UsualReader(engine(), step.settings.name)
    limits = step.settings.limits
    found: list[str] = []
    figures: dict[str, Figures] = {}
    for entity, planned in tally.entities.items():
        known = usual.of(entity, planned.view.object_type)
        found.extend(breaker.alarms(entity, planned.changes, known, limits))
        figures[entity] = known.with_known(planned.changes)
    accepted = step.options(context).accept_mass_change
    if not found:
        journal.add_to_summary({"changes": figures})
    writes = step.is_going_to_write(context)
    return dg.AssetCheckResult(
        check_name=NO_MASS_CHANGE,
        passed=not found or accepted,
        severity=dg.AssetCheckSeverity.ERROR if writes else dg.AssetCheckSeverity.WARN,
        description=breaker.sentence(found) if found else "What would change is usual.",
        metadata={
            "far more than usual": dg.MetadataValue.md("\n".join(f"- {one}" for one in found) or "nothing")
        },
    )
