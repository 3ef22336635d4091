"""The step ``plan``: what would change in HubSpot. Reads only, so materialising up to here is a dry run."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import dagster as dg

from ml_connector.chunks import chunks
from ml_connector.database import engine
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.visma_group import company_property_names, contact_property_names
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.companies import CompanyPlanner
from ml_connector.plan.contacts import ContactPlanner, link
from ml_connector.plan.due import companies_with_due, contacts_with_due
from ml_connector.plan.operations import PLAN_SCHEMA, Action, Operation
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.settings import ConnectionSettings
from ml_connector.step import Step, counted
from ml_connector.storage import Dataset

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
}
"""How the counts of a plan read in its metadata: nothing has been done yet."""

RecordT = TypeVar("RecordT", CompanyRecord, ContactRecord)


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the plan assets of a connection."""
    step = Step("plan", settings, partitions, kinds=("hubspot", "parquet"))
    return [_companies(step), _contacts(step)]


def _companies(step: Step) -> dg.AssetsDefinition:
    @step.asset(
        "companies",
        "What a sync would change in HubSpot's companies, record by record, with the reason. Writes nothing.",
        ins={"records": step.key("records", "companies")},
    )
    def plan(context: dg.AssetExecutionContext, records: Dataset) -> Dataset:
        hubspot = step.hubspot(context)
        ledger = LedgerReader(engine(), step.settings.name)
        planner = CompanyPlanner(
            step.settings, ledger, hubspot.get_client(), company_property_names(), hubspot.get_contacts()
        )
        due = _due(ledger, "companies", CompanyRecord.from_row)
        unknown = _unknown(ledger, "companies", records, due)
        stream = (CompanyRecord.from_row(row) for row in records.rows())
        both = companies_with_due(stream, due, _present_companies(records) if due else ())
        return _write(context, step, planner.plan(both, unknown))

    return plan


def _contacts(step: Step) -> dg.AssetsDefinition:
    @step.asset(
        "contacts",
        "What a sync would change in HubSpot's contacts and their links to companies. Writes nothing.",
        ins={"records": step.key("records", "contacts")},
    )
    def plan(context: dg.AssetExecutionContext, records: Dataset) -> Dataset:
        hubspot = step.hubspot(context)
        ledger = LedgerReader(engine(), step.settings.name)
        planner = ContactPlanner(
            step.settings, ledger, hubspot.get_client(), contact_property_names(), hubspot.get_contacts()
        )
        due = _due(ledger, "contacts", ContactRecord.from_row)
        unknown = _unknown(ledger, "contacts", records, due)
        stream = (ContactRecord.from_row(row) for row in records.rows())
        both = contacts_with_due(stream, due, _present_contacts(records) if due else {})
        owed = (
            link(found.from_key, found.to_key, context.partition_keys[-1])
            for found in ledger.pending_links("contacts")
        )
        return _write(context, step, _with_owed(planner.plan(both, unknown), owed))

    return plan


def _due(ledger: LedgerReader, entity: str, read: Callable[[Mapping[str, Any]], RecordT]) -> list[RecordT]:
    """Return earlier rejects to try again."""
    return [read(reject.record) for reject in ledger.due_rejects(entity, datetime.now(UTC))]


def _present_contacts(records: Dataset) -> dict[str, str]:
    """Return all Visma keys in a dataset of contacts, with the stamp of the record each is in."""
    rows = records.rows(columns=["contact_ids", "stamp"])
    return {f"contact:{number}": row["stamp"] for row in rows for number in row["contact_ids"]}


def _present_companies(records: Dataset) -> set[str]:
    """Return all Visma keys in a dataset of companies."""
    kinds = {"customer_number": "customer", "supplier_number": "supplier"}
    return {
        f"{kind}:{row[column]}"
        for row in records.rows(columns=list(kinds))
        for column, kind in kinds.items()
        if row[column]
    }


def _unknown(
    ledger: LedgerReader,
    object_type: str,
    records: Dataset,
    due: Sequence[CompanyRecord] | Sequence[ContactRecord],
) -> int:
    """Return how many records have to be looked for in HubSpot: it decides how HubSpot is read.

    Those that are never sent, such as people who have left, stay without a HubSpot record for ever and do not count.
    """
    columns = ["key", "refusal", *(["active"] if object_type == "contacts" else [])]
    sendable = (
        row["key"]
        for row in records.rows(columns=columns)
        if row["refusal"] is None and row.get("active") is not False
    )
    unknown = sum(record.refusal is None for record in due)
    for some in chunks(sendable, 5000):
        unknown += len(some) - len(ledger.identities(object_type, some))
    return unknown


def _with_owed(operations: Iterable[Operation], owed: Iterable[Operation]) -> Iterator[Operation]:
    """Yield the operations, then the links owed from earlier windows that are not among them."""
    rest = {operation.key: operation for operation in owed}
    for operation in operations:
        if operation.action is Action.LINK:
            rest.pop(operation.key, None)
        yield operation
    yield from rest.values()


def _write(context: dg.AssetExecutionContext, step: Step, operations: Iterable[Operation]) -> Dataset:
    """Store a plan and show its counts; a record that was rejected in an older window goes into the newest one."""
    journal = step.journal(context)
    client = step.hubspot(context).get_client()
    keys = set(context.partition_keys)
    newest = context.partition_keys[-1]
    planned: dict[str, LoadCounts] = {}
    reasons: Counter[str] = Counter()
    with step.writer(context, PLAN_SCHEMA) as out, counted(journal, "hubspot", client.requests):
        for some in chunks(operations, WRITTEN):
            by_partition: dict[str, list[dict[str, Any]]] = {}
            for operation in some:
                counts = planned.setdefault(operation.entity, LoadCounts())
                counts.read += 1
                counts.done(operation)
                if operation.reason:
                    reasons[f"{operation.action}: {operation.reason}"] += 1
                place = operation.partition if operation.partition in keys else newest
                by_partition.setdefault(place, []).append(operation.to_row())
            for partition, rows in by_partition.items():
                out.write(partition, rows)
    figures = {entity: counts.as_dict() for entity, counts in planned.items()}
    journal.add_to_summary({"planned": figures})
    context.add_output_metadata(
        {
            **{
                f"{entity} {PLANNED[name]}": many
                for entity, counts in figures.items()
                for name, many in counts.items()
                if many
            },
            "reasons": dg.MetadataValue.md(_listed(reasons)),
            "calls to HubSpot in this run so far": client.requests.calls,
        }
    )
    return out.dataset


def _listed(reasons: Counter[str]) -> str:
    lines = [f"- {many} x {reason}" for reason, many in reasons.most_common(20)]
    return "\n".join(lines) or "Nothing is skipped, refused or in conflict."
