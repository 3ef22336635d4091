"""The step ``visma``: one snapshot per entity and window, exactly as received."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from ml_connector.database import engine
from ml_connector.ledger.queries import LedgerReader
from ml_connector.partitions import windows_of
from ml_connector.settings import ConnectionSettings
from ml_connector.step import Step, counted
from ml_connector.storage import Dataset
from ml_connector.visma.client import VismaClient
from ml_connector.visma.extract import SNAPSHOT_SCHEMA, extract_changed, fetch_named, snapshot_row
from ml_connector.visma.snapshots import named_accounts

DESCRIPTIONS = {
    "contacts": "People and mailboxes of customers and suppliers. Visma answers this list unpaged.",
    "customers": "Customers changed in the window, and those that its other snapshots name and nobody has synced yet.",
    "suppliers": "Suppliers changed in the window, and those that its contacts name and nobody has synced yet.",
    "accounts": "The chart of accounts, read whole in each run.",
    "subaccounts": "Sub-accounts with their segments, read whole in each run.",
    "dimensions": "Dimensions with their segments and values, read whole in each run.",
}

CHANGED = ("contacts",)
NAMED = {"customers": "customer", "suppliers": "supplier"}
REFERENCE = ("accounts", "subaccounts", "dimensions")
"""Small lists that have no history: a run keeps them with its newest window."""


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the snapshot assets of a connection."""
    step = Step("visma", settings, partitions, kinds=("visma", "parquet"), pool=f"{settings.name}_visma")
    return [
        *(_changed_asset(step, entity) for entity in CHANGED),
        *(_named_asset(step, entity, kind) for entity, kind in NAMED.items()),
        *(_reference_asset(step, entity) for entity in REFERENCE),
    ]


def _changed_asset(step: Step, entity: str) -> dg.AssetsDefinition:
    @step.asset(entity, DESCRIPTIONS[entity])
    def snapshot(context: dg.AssetExecutionContext) -> Dataset:
        return _extract(context, step, entity, lambda: ())

    return snapshot


def _named_asset(step: Step, entity: str, kind: str) -> dg.AssetsDefinition:
    """Return the snapshot of customers or suppliers, which is closed under the references of other snapshots."""

    @step.asset(entity, DESCRIPTIONS[entity], ins={"contacts": step.key("visma", "contacts")})
    def snapshot(context: dg.AssetExecutionContext, contacts: Dataset) -> Dataset:
        return _extract(context, step, entity, lambda: named_accounts(contacts, kind))

    return snapshot


def _extract(
    context: dg.AssetExecutionContext, step: Step, entity: str, named: Callable[[], Iterable[tuple[str, str]]]
) -> Dataset:
    """Read an entity's changes into the windows of the run, then what ``named()`` says others refer to."""
    settings = step.settings
    client = step.visma(context)
    windows = windows_of(step.partitions, context.partition_keys)
    seen: set[str] = set()
    with (
        step.writer(context, SNAPSHOT_SCHEMA) as out,
        counted(step.journal(context), "visma", client.requests),
    ):

        def write(partition: str, rows: Sequence[dict[str, Any]]) -> None:
            seen.update(row["key"] for row in rows)
            out.write(partition, rows)

        counts = extract_changed(
            client,
            entity,
            windows,
            overlap=timedelta(minutes=settings.overlap_minutes),
            zone=settings.stamp_zone,
            write=write,
        )
        fetched = _close(
            settings, client, entity, ((key, at) for key, at in named() if key not in seen), write
        )
    context.add_output_metadata(
        {
            "rows": counts.rows,
            "left for later windows": counts.later,
            "fetched by number": fetched["found"],
            "named but unknown to Visma": fetched["missing"],
            "Visma calls of the run so far": client.requests.calls,
        }
    )
    return out.dataset


def _close(
    settings: ConnectionSettings,
    client: VismaClient,
    entity: str,
    named: Iterable[tuple[str, str]],
    write: Any,
) -> dict[str, int]:
    """Fetch the rows that others name and that were never synced; return how many were found and missing."""
    wanted = dict(named)
    kind = NAMED.get(entity, entity)
    known = LedgerReader(engine(), settings.name).identities(
        "companies", (f"{kind}:{number}" for number in wanted)
    )
    unknown = [(number, partition) for number, partition in wanted.items() if f"{kind}:{number}" not in known]
    found = [exists for _, exists in fetch_named(client, entity, unknown, write)]
    return {"found": sum(found), "missing": len(found) - sum(found)}


def _reference_asset(step: Step, entity: str) -> dg.AssetsDefinition:
    @step.asset(entity, DESCRIPTIONS[entity])
    def snapshot(context: dg.AssetExecutionContext) -> Dataset:
        client = step.visma(context)
        newest_window = windows_of(step.partitions, context.partition_keys)[-1].key
        rows = 0
        with (
            step.writer(context, SNAPSHOT_SCHEMA) as out,
            counted(step.journal(context), "visma", client.requests),
        ):
            for page in client.changed(entity, since=None):
                out.write(newest_window, [snapshot_row(row, newest_window) for row in page])
                rows += len(page)
        context.add_output_metadata({"rows": rows})
        return out.dataset

    return snapshot
