"""The step ``visma``: one snapshot per entity and window, exactly as received."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice

import dagster as dg

from ml_connector.database import engine
from ml_connector.ledger.queries import LedgerReader
from ml_connector.partitions import windows_of
from ml_connector.settings import ConnectionSettings
from ml_connector.step import Step, counted
from ml_connector.storage import Dataset
from ml_connector.visma.client import VismaClient
from ml_connector.visma.extract import SNAPSHOT_SCHEMA, Extract, snapshot_row
from ml_connector.visma.snapshots import named_accounts

READ_WHOLE = "list_read_whole"

DESCRIPTIONS = {
    "contacts": "People and mailboxes of customers and suppliers changed in the window, as Visma sent them.",
    "customers": "Customers changed in the window, as Visma sent them, and older ones named for the first time.",
    "suppliers": "Suppliers changed in the window, as Visma sent them, and older ones named for the first time.",
    "accounts": "The chart of accounts, read whole in each run.",
    "subaccounts": "Sub-accounts with their segments, read whole in each run.",
    "dimensions": "Dimensions with their segments and values, read whole in each run.",
    "ledgers": "Ledgers and what kind of balances they keep, read whole in each run.",
    "currencies": "Currencies, the company's base currency among them, read whole in each run.",
}

NAMED = {"customers": "customer", "suppliers": "supplier"}
"""Entities whose rows others name by number, with the word for one of them in record keys."""

MOST_BEFORE_THEIR_WINDOW = 1000
"""Rows changed since the first window's end that are fetched for the contacts in it, so that nobody's company is
missing after the initial load. More mean that Visma stamped everything anew: they wait for their own window."""

REFERENCE = ("accounts", "subaccounts", "dimensions", "ledgers", "currencies")
"""Small lists that have no history: a run keeps them with its newest window."""


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the snapshot assets of a connection."""
    step = Step("visma", settings, partitions, kinds=("visma", "parquet"), pool=f"{settings.name}_visma")
    return [
        _contacts(step),
        *(_named_asset(step, entity, kind) for entity, kind in NAMED.items()),
        *(_reference_asset(step, entity) for entity in REFERENCE),
    ]


def _contacts(step: Step) -> dg.AssetsDefinition:
    @step.asset("contacts", DESCRIPTIONS["contacts"], check_specs=[_read_whole(step, "contacts")])
    def snapshot(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Dataset]:
        return _extract(context, step, "contacts", lambda known: ())

    return snapshot


def _named_asset(step: Step, entity: str, kind: str) -> dg.AssetsDefinition:
    """Return the snapshot of customers or suppliers, which is closed under the references of other snapshots."""

    @step.asset(
        entity,
        DESCRIPTIONS[entity],
        ins={"contacts": step.key("visma", "contacts")},
        check_specs=[_read_whole(step, entity)],
    )
    def snapshot(context: dg.AssetExecutionContext, contacts: Dataset) -> dg.MaterializeResult[Dataset]:
        def named(read: set[str]) -> Iterable[tuple[str, str]]:
            wanted = {number: at for number, at in named_accounts(contacts, kind) if number not in read}
            keys = [f"{kind}:{number}" for number in wanted]
            synced = LedgerReader(engine(), step.settings.name).identities("companies", keys)
            return [(number, at) for number, at in wanted.items() if f"{kind}:{number}" not in synced]

        return _extract(context, step, entity, named)

    return snapshot


def _extract(
    context: dg.AssetExecutionContext,
    step: Step,
    entity: str,
    named: Callable[[set[str]], Iterable[tuple[str, str]]],
) -> dg.MaterializeResult[Dataset]:
    """Read an entity's changes into the windows of the run, then what ``named(keys read)`` says others refer to."""
    settings = step.settings
    client = step.visma(context)
    windows = windows_of(step.partitions, context.partition_keys)
    with (
        step.writer(context, SNAPSHOT_SCHEMA) as out,
        counted(step.journal(context), "visma", client.requests),
    ):
        extract = Extract(client, entity, windows, settings.stamp_zone, out.write)
        extract.changed(timedelta(minutes=settings.overlap_minutes))
        wanted = named(extract.keys)
        if windows[0].start is None:
            # The whole list was read: a number that was not in it does not exist, and the others changed too late.
            wanted = islice(
                (pair for pair in wanted if pair[0] in extract.later_keys), MOST_BEFORE_THEIR_WINDOW
            )
        extract.by_number(wanted)
    return dg.MaterializeResult(
        value=out.dataset,
        metadata={
            "rows": extract.rows,
            "left for later windows": extract.later,
            "fetched by number": extract.fetched,
            "named but unknown to Visma": extract.unknown,
            "calls to Visma in this run so far": client.requests.calls,
        },
        check_results=[_whole(client, entity)],
    )


def _read_whole(step: Step, entity: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        READ_WHOLE,
        asset=step.key("visma", entity),
        description="Visma honoured the filter, and as many rows came as it counted.",
    )


def _whole(client: VismaClient, entity: str) -> dg.AssetCheckResult:
    odd = [warning.message for warning in client.warnings if warning.entity == entity]
    return dg.AssetCheckResult(
        check_name=READ_WHOLE,
        passed=not odd,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"what was odd": "\n".join(odd) or "nothing"},
    )


def _reference_asset(step: Step, entity: str) -> dg.AssetsDefinition:
    @step.asset(entity, DESCRIPTIONS[entity])
    def snapshot(context: dg.AssetExecutionContext) -> Dataset:
        client = step.visma(context)
        newest_window = windows_of(step.partitions, context.partition_keys)[-1].key
        with (
            step.writer(context, SNAPSHOT_SCHEMA) as out,
            counted(step.journal(context), "visma", client.requests),
        ):
            for page in client.changed(entity, since=None):
                out.write(newest_window, [snapshot_row(row, newest_window) for row in page])
        return out.dataset

    return snapshot
