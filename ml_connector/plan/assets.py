"""The step ``plan``: what would change in HubSpot. Reads only, so materialising up to here is a dry run."""

from itertools import chain

import dagster as dg

from ml_connector.database import engine
from ml_connector.hubspot.inventory import Inventory
from ml_connector.hubspot.resource import HubSpotResource
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan import money_assets
from ml_connector.plan.asset_parts import (
    checks,
    shield,
    where_some_are_left_out,
    who_does_not_travel,
    write_plan,
)
from ml_connector.plan.companies import CompanyPlanner
from ml_connector.plan.contacts import ContactPlanner
from ml_connector.plan.due import companies_with_due, contacts_with_due
from ml_connector.plan.inputs import (
    due_again,
    due_companies,
    due_contacts,
    own_records,
    present_companies,
    present_contacts,
    unknown_records,
    with_owed,
    with_purchases,
)
from ml_connector.plan.purchases import PurchasesPlanner
from ml_connector.records.again import Again
from ml_connector.records.booking_model import PurchasesRecord
from ml_connector.records.field_rules import FieldRules
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.settings import ConnectionSettings, RecordKind
from ml_connector.step import Step
from ml_connector.storage import Dataset


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the plan assets of a connection."""
    step = Step("plan", settings, partitions, kinds=("hubspot", "parquet"))
    money = (
        (RecordKind.INVOICES, money_assets.plan_of_invoices),
        (RecordKind.PAYMENTS, money_assets.plan_of_payments),
        (RecordKind.TRANSACTIONS, money_assets.plan_of_transactions),
    )
    return [
        _companies(step),
        _contacts(step),
        *(make(step) for kind, make in money if settings.carries(kind)),
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
        check_specs=checks(step, "companies"),
    )
    def plan(
        context: dg.AssetExecutionContext, records: Dataset, **purchases: Dataset
    ) -> dg.MaterializeResult[Dataset]:
        hubspot = step.hubspot(context)
        ledger = LedgerReader(engine(), step.settings.name)
        planner = CompanyPlanner(step.settings, ledger, hubspot.get_client(), _contacts_of(step, hubspot))
        refused = step.refused(context)
        records = own_records(refused, records)
        due = due_companies(refused, records, Again(FieldRules.of(step.settings)).company)
        unknown = unknown_records(ledger, "companies", records, due)
        stream = (CompanyRecord.from_row(row) for row in records.rows())
        both = companies_with_due(stream, due, present_companies(records) if due else ())
        not_taken = who_does_not_travel(step)
        planned = chain(planner.plan(both, unknown), planner.moves(context.partition_keys[-1]))
        operations = not_taken.noting(shield(step, hubspot, "companies").hold(planned))
        for window in purchases.values():
            again = due_again(refused, "purchases", PurchasesRecord.from_row)
            bought = with_purchases(own_records(refused, window), again)
            buying = PurchasesPlanner(ledger, hubspot.get_client(), not_taken)
            operations = chain(operations, buying.plan(bought))
        return write_plan(context, step, operations)

    return plan


def _contacts(step: Step) -> dg.AssetsDefinition:
    @step.asset(
        "contacts",
        "What a sync would change in HubSpot's contacts and their links to companies. Writes nothing.",
        ins={"records": step.key("records", "contacts"), **where_some_are_left_out(step)},
        check_specs=checks(step, "contacts"),
    )
    def plan(
        context: dg.AssetExecutionContext, records: Dataset, **companies: Dataset
    ) -> dg.MaterializeResult[Dataset]:
        hubspot = step.hubspot(context)
        ledger = LedgerReader(engine(), step.settings.name)
        not_taken = who_does_not_travel(step, *companies.values())
        inventory = _contacts_of(step, hubspot)
        planner = ContactPlanner(step.settings, ledger, hubspot.get_client(), inventory, not_taken)
        refused = step.refused(context)
        records = own_records(refused, records)
        due = due_contacts(refused, records, Again(FieldRules.of(step.settings)).contact)
        unknown = unknown_records(ledger, "contacts", records, due)
        stream = (ContactRecord.from_row(row) for row in records.rows())
        both = contacts_with_due(stream, due, present_contacts(records) if due else {})
        owed = planner.owed(ledger.pending_links("contacts"), context.partition_keys[-1])
        planned = chain(planner.plan(both, unknown), planner.moves(context.partition_keys[-1]))
        held = shield(step, hubspot, "contacts").hold(planned)
        return write_plan(context, step, with_owed(held, owed))

    return plan


def _contacts_of(step: Step, hubspot: HubSpotResource) -> Inventory:
    return hubspot.get_contacts(step.settings.mapping.targets("contacts"))
