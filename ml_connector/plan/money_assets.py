"""The plans of documents, payments and sales transactions: what finance came for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

import dagster as dg

from ml_connector.database import engine
from ml_connector.hubspot.lost import settle_lost_intents
from ml_connector.ledger.backlog import Backlog
from ml_connector.ledger.document_queries import DocumentReader
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.refusals import Refusals, Subject
from ml_connector.partitions import windows_of
from ml_connector.plan.asset_parts import checks, where_some_are_left_out, who_does_not_travel, write_plan
from ml_connector.plan.booked import Material, plan_payments, plan_transactions
from ml_connector.plan.inputs import (
    due_lines,
    own_records,
    unknown_records,
    with_rejects,
)
from ml_connector.plan.invoices import InvoicePlanner, Occasion
from ml_connector.plan.payments import payments_in
from ml_connector.plan.upcoming import upcoming, upcoming_documents
from ml_connector.records.again import Again
from ml_connector.records.field_rules import FieldRules
from ml_connector.step import Step
from ml_connector.storage import Dataset
from ml_connector.windows import last_day


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
        refused = step.refused(context)
        records = own_records(refused, records)
        planner = InvoicePlanner(
            step.settings,
            ledger,
            DocumentReader(engine(), step.settings.name),
            hubspot.get_client(),
            currencies=(account.company_currency, *account.additional_currencies),
            upcoming=upcoming(companies, contacts),
            occasion=_occasion(step, context),
            due_lines=due_lines(refused, records),
            not_taken=who_does_not_travel(step, companies),
        )
        both, due = with_rejects(refused, "invoices", records, Again(FieldRules.of(step.settings)).invoice)
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
        material = _material(step, context, Subject.PAYMENTS, records, invoices, companies)
        booking = payments_in(step.hubspot(context).get_account(), step.settings.invoices)
        outcome = plan_payments(material, step.settings.payments, booking)
        return write_plan(context, step, outcome.operations, outcome.planner, outcome.notes)

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
        material = _material(step, context, Subject.TRANSACTIONS, records, invoices, companies)
        portal_id = step.hubspot(context).get_account().portal_id
        outcome = plan_transactions(material, step.settings.transactions, portal_id)
        return write_plan(context, step, outcome.operations, outcome.planner, outcome.notes)

    return plan


def _material(
    step: Step,
    context: dg.AssetExecutionContext,
    subject: Subject,
    records: Dataset,
    invoices: Dataset,
    companies: Mapping[str, Dataset],
) -> Material:
    """Return what payments or transactions are planned from; the subject is also the name of their assets."""
    name, client = step.settings.name, step.hubspot(context).get_client()
    refused = step.refused(context)
    waiting = Backlog(engine(), name).windows(subject) if refused.only is None else []
    return Material(
        ledger=LedgerReader(engine(), name),
        refused=refused,
        refusals=Refusals(engine(), name, client.token_mark),
        client=client,
        records=own_records(refused, records),
        waiting=[window for window in waiting if window not in context.partition_keys],
        earlier=partial(step.stored, context, step.key("records", subject.value)),
        upcoming=partial(upcoming_documents, invoices),
        not_taken=who_does_not_travel(step, *companies.values()),
        partition=context.partition_keys[-1],
    )


def _occasion(step: Step, context: dg.AssetExecutionContext) -> Occasion:
    newest = windows_of(step.partitions, context.partition_keys)[-1]
    return Occasion(newest.key, last_day(newest, step.settings.zone), datetime.now(UTC))
