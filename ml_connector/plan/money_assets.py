"""The plans of documents, payments and sales transactions: what finance came for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import TypeVar

import dagster as dg

from ml_connector.database import engine
from ml_connector.hubspot.lost import settle_lost_intents
from ml_connector.ledger.document_queries import DocumentReader
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.refusals import Refusals
from ml_connector.partitions import windows_of
from ml_connector.plan.asset_parts import checks, where_some_are_left_out, who_does_not_travel, write_plan
from ml_connector.plan.bookings import Booking, BookingPlanner, left_alone
from ml_connector.plan.inputs import (
    due_again,
    unknown_records,
    with_rejects,
)
from ml_connector.plan.invoices import InvoicePlanner, Occasion
from ml_connector.plan.lines import DueLine
from ml_connector.plan.payments import PAYMENTS, payments_in, readiness
from ml_connector.plan.transactions import Sales, kept_in, object_named, transactions
from ml_connector.plan.upcoming import upcoming, upcoming_documents
from ml_connector.records.again import Again
from ml_connector.records.booking_model import PaymentRecord, TransactionRecord
from ml_connector.records.field_rules import FieldRules
from ml_connector.step import Step
from ml_connector.storage import Dataset
from ml_connector.windows import last_day

BookingT = TypeVar("BookingT", PaymentRecord, TransactionRecord)


def plan_of_invoices(step: Step) -> dg.AssetsDefinition:
    """Return the plan of invoices, their lines, links and status."""

    @step.asset(
        "invoices",
        "What a sync would change in HubSpot's invoices, their line items, links and status. Writes nothing.",
        ins={
            "records": step.key("records", "invoices"),
            "companies": step.key("plan", "companies"),
            "contacts": step.key("plan", "contacts"),
        },
        check_specs=checks(step, "invoices"),
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
            not_taken=who_does_not_travel(step, companies),
        )
        both, due = with_rejects(ledger, "invoices", records, Again(FieldRules.of(step.settings)).invoice)
        unknown = unknown_records(ledger, "invoices", records, due)
        return write_plan(context, step, planner.plan(both, unknown), planner)

    return plan


def plan_of_payments(step: Step) -> dg.AssetsDefinition:
    """Return the plan of payments and their links."""

    @step.asset(
        "payments",
        "What a sync would change in HubSpot's payments and their links, where the portal takes payments.",
        ins={
            "records": step.key("records", "payments"),
            "invoices": step.key("plan", "invoices"),
            **where_some_are_left_out(step),
        },
        check_specs=checks(step, "payments"),
    )
    def plan(
        context: dg.AssetExecutionContext, records: Dataset, invoices: Dataset, **companies: Dataset
    ) -> dg.MaterializeResult[Dataset]:
        ledger = LedgerReader(engine(), step.settings.name)
        both, due = with_rejects(ledger, "payments", records, PaymentRecord.from_row)
        if not due and not records.row_count and not ledger.knows(PAYMENTS.kind.object_type):
            return write_plan(context, step, ())
        client = step.hubspot(context).get_client()
        refusals = Refusals(engine(), step.settings.name, client.token_mark)
        ready = readiness(ledger, refusals, client, step.settings.payments)
        if not ready.ready:
            return write_plan(context, step, left_alone(both, PAYMENTS.kind, ready.reason))
        account = step.hubspot(context).get_account()
        booking = payments_in(account, step.settings.invoices)
        planner = _bookings(step, context, booking, invoices, companies)
        unknown = unknown_records(ledger, PAYMENTS.kind.object_type, records, due)
        return write_plan(context, step, planner.plan(both, unknown, context.partition_keys[-1]), planner)

    return plan


def plan_of_transactions(step: Step) -> dg.AssetsDefinition:
    """Return the plan of sales transactions and their links."""

    @step.asset(
        "transactions",
        "What a sync would change in the HubSpot object that keeps sales transactions, and their links.",
        ins={
            "records": step.key("records", "transactions"),
            "invoices": step.key("plan", "invoices"),
            **where_some_are_left_out(step),
        },
        check_specs=checks(step, "transactions"),
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
            return write_plan(context, step, ())
        client = hubspot.get_client()
        refusals = Refusals(engine(), step.settings.name, client.token_mark)
        where = kept_in(ledger, refusals, client, rules, portal_id)
        if where.name is None:
            return write_plan(context, step, left_alone(sales, transactions("none").kind, where.reason))
        kind = transactions(where.name)
        planner = _bookings(step, context, kind, invoices, companies, exists=where.exists)
        unknown = unknown_records(ledger, where.name, records, due)
        planned = planner.plan(sales, unknown, context.partition_keys[-1])
        return write_plan(context, step, chain(planned, sales.ended(due, ledger, where.name)), planner)

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
        not_taken=who_does_not_travel(step, *companies.values()),
    )


def _occasion(step: Step, context: dg.AssetExecutionContext) -> Occasion:
    newest = windows_of(step.partitions, context.partition_keys)[-1]
    return Occasion(newest.key, last_day(newest, step.settings.zone), datetime.now(UTC))
