"""The step ``visma``: one snapshot per entity and window, exactly as received."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import dagster as dg

from ml_connector.database import engine
from ml_connector.ledger.queries import LedgerReader
from ml_connector.partitions import windows_of
from ml_connector.settings import ConnectionSettings, RecordKind
from ml_connector.step import Step, counted
from ml_connector.storage import Dataset
from ml_connector.visma.client import VismaClient
from ml_connector.visma.closure import Wanted, accounts_named, documents_settled
from ml_connector.visma.extract import SNAPSHOT_SCHEMA, Extract, snapshot_row
from ml_connector.visma.purchases import PURCHASES, PurchaseExtract
from ml_connector.visma.snapshots import DOCUMENTS

READ_WHOLE = "list_read_whole"

DESCRIPTIONS = {
    "contacts": "People and mailboxes of customers and suppliers changed in the window, as Visma sent them.",
    "customers": "Customers changed in the window, as Visma sent them, and older ones named for the first time.",
    "suppliers": "Suppliers changed in the window, as Visma sent them, and older ones named for the first time.",
    "customer_payments": "Payments of customers changed in the window, credit notes among them, as Visma sent them.",
    "customer_invoices": "Invoices changed in the window, as Visma sent them, and those its payments name.",
    "customer_credit_notes": "Credit notes changed in the window, as Visma sent them, and those its payments name.",
    "customer_debit_notes": "Debit notes changed in the window, as Visma sent them, and those its payments name.",
    "journal_transactions": "Journal batches changed in the window, each put together from Visma's pages.",
    "supplier_invoices": "Suppliers' invoices changed in the window, and all of this and last year of these suppliers.",
    "purchase_orders": "Purchase orders changed in the window, and all open ones of these suppliers.",
    "accounts": "The chart of accounts, read whole in each run.",
    "subaccounts": "Sub-accounts with their segments, read whole in each run.",
    "dimensions": "Dimensions with their segments and values, read whole in each run.",
    "ledgers": "Ledgers and what kind of balances they keep, read whole in each run.",
    "currencies": "Currencies, the company's base currency among them, read whole in each run.",
}

BY_CHANGE = ("contacts", "customer_payments", "journal_transactions")
"""Entities of which a window holds what changed in it, and nothing else."""

NAMED = {
    "customers": ("customer", ("contacts", "customer_payments", "journal_transactions", *DOCUMENTS.values())),
    "suppliers": ("supplier", ("contacts", *PURCHASES)),
}
"""Entities whose rows others name by number: the word for one of them in record keys, and the snapshots that do."""

REFERENCE = ("accounts", "subaccounts", "dimensions", "ledgers", "currencies")
"""Small lists that have no history: a run keeps them with each of its windows, so that any can be made again alone."""

NEEDED_FOR = {
    **dict.fromkeys(("customer_payments", *DOCUMENTS.values(), "currencies"), RecordKind.INVOICES),
    **dict.fromkeys(PURCHASES, RecordKind.PURCHASES),
    **dict.fromkeys(
        ("journal_transactions", "accounts", "subaccounts", "dimensions", "ledgers"), RecordKind.TRANSACTIONS
    ),
}
"""The records that each entity is read for; those not named are read for companies and contacts."""


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the snapshot assets of a connection."""
    step = Step("visma", settings, partitions, kinds=("visma", "parquet"), pool=f"{settings.name}_visma")
    return [
        *(_changed_asset(step, entity) for entity in BY_CHANGE if is_read(settings, entity)),
        *(_document_asset(step, entity) for entity in DOCUMENTS.values() if is_read(settings, entity)),
        *([_purchase_assets(step)] if settings.carries(RecordKind.PURCHASES) else []),
        *(_named_asset(step, entity) for entity in NAMED),
        *_reference_assets(step, [entity for entity in REFERENCE if is_read(settings, entity)]),
    ]


def is_read(settings: ConnectionSettings, entity: str) -> bool:
    """Return whether a connection needs an entity for the records it carries."""
    return settings.carries(NEEDED_FOR.get(entity))


def _changed_asset(step: Step, entity: str) -> dg.AssetsDefinition:
    @step.asset(entity, DESCRIPTIONS[entity], check_specs=[_read_whole(step, entity)])
    def snapshot(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Dataset]:
        return _extract(context, step, entity, {})

    return snapshot


def _document_asset(step: Step, entity: str) -> dg.AssetsDefinition:
    """Return the snapshot of customer documents, which holds those that the window's payments name.

    A payment may leave the stamp of the invoice it pays as it was (reference: visma 3.2).
    """

    @step.asset(
        entity,
        DESCRIPTIONS[entity],
        ins={"payments": step.key("visma", "customer_payments")},
        check_specs=[_read_whole(step, entity)],
    )
    def snapshot(context: dg.AssetExecutionContext, payments: Dataset) -> dg.MaterializeResult[Dataset]:
        return _extract(context, step, entity, documents_settled(payments, entity))

    return snapshot


def _named_asset(step: Step, entity: str) -> dg.AssetsDefinition:
    """Return the snapshot of customers or suppliers, which is closed under the references of other snapshots."""
    kind, naming = NAMED[entity]

    @step.asset(
        entity,
        DESCRIPTIONS[entity],
        ins={name: step.key("visma", name) for name in naming if is_read(step.settings, name)},
        check_specs=[_read_whole(step, entity)],
    )
    def snapshot(context: dg.AssetExecutionContext, **snapshots: Dataset) -> dg.MaterializeResult[Dataset]:
        named = accounts_named(snapshots.values(), kind)
        keys = (f"{kind}:{number}" for number in named)
        synced = LedgerReader(engine(), step.settings.name).identities("companies", keys)
        wanted = {
            number: Wanted(partition)
            for number, partition in named.items()
            if f"{kind}:{number}" not in synced
        }
        return _extract(context, step, entity, wanted)

    return snapshot


def _extract(
    context: dg.AssetExecutionContext, step: Step, entity: str, wanted: Mapping[str, Wanted]
) -> dg.MaterializeResult[Dataset]:
    """Read an entity's changes into the windows of the run, and the rows that others want of it, by key."""
    settings = step.settings
    client = step.visma(context)
    windows = windows_of(step.partitions, context.partition_keys)
    with (
        step.writer(context, SNAPSHOT_SCHEMA) as out,
        counted(step.journal(context), "visma", client.requests),
    ):
        extract = Extract(client, entity, windows, settings.stamp_zone, out.write)
        extract.closed(timedelta(minutes=settings.overlap_minutes), wanted)
    return dg.MaterializeResult(
        value=out.dataset,
        metadata={
            **_figures(extract),
            "named by others": len(wanted),
            "fetched by number": extract.fetch.found - extract.fetch.with_lists,
            "fetched with lists": extract.fetch.with_lists,
            "named but unknown to Visma": extract.fetch.unknown,
            "calls to Visma in this run so far": client.requests.calls,
        },
        check_results=[_whole(client, step, entity)],
    )


def _purchase_assets(step: Step) -> dg.AssetsDefinition:
    """Return the snapshots of purchases, made together: each is closed over suppliers that changed in the other."""

    @step.assets(
        "purchases",
        {entity: DESCRIPTIONS[entity] for entity in PURCHASES},
        [_read_whole(step, entity) for entity in PURCHASES],
    )
    def snapshots(context: dg.AssetExecutionContext) -> tuple[dg.MaterializeResult[Dataset], ...]:
        settings = step.settings
        client = step.visma(context)
        with ExitStack() as stack:
            outs = {
                entity: stack.enter_context(step.writer(context, SNAPSHOT_SCHEMA, entity))
                for entity in PURCHASES
            }
            stack.enter_context(counted(step.journal(context), "visma", client.requests))
            purchases = PurchaseExtract(
                client,
                windows_of(step.partitions, context.partition_keys),
                stamp_zone=settings.stamp_zone,
                zone=settings.zone,
                writes={entity: out.write for entity, out in outs.items()},
            )
            purchases.read(timedelta(minutes=settings.overlap_minutes))
        return tuple(
            dg.MaterializeResult(
                asset_key=step.key("visma", entity),
                value=out.dataset,
                metadata={
                    **_figures(purchases.extracts[entity]),
                    "read again for suppliers": purchases.again[entity],
                    "calls to Visma in this run so far": client.requests.calls,
                },
                check_results=[_whole(client, step, entity)],
            )
            for entity, out in outs.items()
        )

    return snapshots


def _figures(extract: Extract) -> dict[str, Any]:
    return {
        "rows": extract.rows,
        "of these changed after the last window": extract.early,
        "left for later windows": extract.later,
    }


def _read_whole(step: Step, entity: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        READ_WHOLE,
        asset=step.key("visma", entity),
        description="Visma honoured the filter, and as many rows came as it counted.",
    )


def _whole(client: VismaClient, step: Step, entity: str) -> dg.AssetCheckResult:
    odd = [warning.message for warning in client.warnings if warning.entity == entity]
    return dg.AssetCheckResult(
        check_name=READ_WHOLE,
        asset_key=step.key("visma", entity),
        passed=not odd,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"what was odd": "\n".join(odd) or "nothing"},
    )


def _reference_assets(step: Step, entities: Sequence[str]) -> list[dg.AssetsDefinition]:
    """Return the snapshots of small lists: one step for all, since a step costs more than reading such a list."""
    if not entities:
        return []

    @step.assets("reference", {entity: DESCRIPTIONS[entity] for entity in entities}, each_alone=True)
    def snapshots(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Dataset]]:
        for entity in entities:
            key = step.key("visma", entity)
            if key in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=key, value=_whole_list(context, step, entity))

    return [snapshots]


def _whole_list(context: dg.AssetExecutionContext, step: Step, entity: str) -> Dataset:
    client = step.visma(context)
    with (
        step.writer(context, SNAPSHOT_SCHEMA, entity) as out,
        counted(step.journal(context), "visma", client.requests),
    ):
        for page in client.changed(entity, since=None):
            for window in context.partition_keys:
                out.write(window, [snapshot_row(entity, row, window) for row in page])
    return out.dataset
