"""The step ``records``: snapshots become HubSpot-shaped rows. Pure, so a replay from here calls no API."""

from collections.abc import Iterable

import dagster as dg
import pyarrow as pa

from ml_connector.chunks import chunks
from ml_connector.records.companies import CompanyMapper, companies
from ml_connector.records.contacts import contacts
from ml_connector.records.model import COMPANY_SCHEMA, CONTACT_SCHEMA, CompanyRecord, ContactRecord
from ml_connector.settings import ConnectionSettings
from ml_connector.step import Step
from ml_connector.storage import Dataset

WRITTEN = 1000
"""Records handed to the writer at once."""


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the record assets of a connection."""
    step = Step("records", settings, partitions, kinds=("python", "parquet"))
    return [_companies(step), _contacts(step)]


def _companies(step: Step) -> dg.AssetsDefinition:
    settings = step.settings
    mapper = CompanyMapper(settings.name, settings.stamp_zone, settings.region, settings.record_links)

    @step.asset(
        "companies",
        "One row per HubSpot company: customers and suppliers, merged where they share an organisation number.",
        ins={
            "customers": step.key("visma", "customers"),
            "suppliers": step.key("visma", "suppliers"),
            "visma_contacts": step.key("visma", "contacts"),
        },
    )
    def records(
        context: dg.AssetExecutionContext, customers: Dataset, suppliers: Dataset, visma_contacts: Dataset
    ) -> Dataset:
        found = companies(customers, suppliers, mapper, visma_contacts)
        return _write(context, step, COMPANY_SCHEMA, found)

    return records


def _contacts(step: Step) -> dg.AssetsDefinition:
    settings = step.settings

    @step.asset(
        "contacts",
        "One row per HubSpot contact: Visma contacts and customers' own contacts, one per e-mail address.",
        ins={"visma_contacts": step.key("visma", "contacts"), "customers": step.key("visma", "customers")},
    )
    def records(context: dg.AssetExecutionContext, visma_contacts: Dataset, customers: Dataset) -> Dataset:
        found = contacts(
            visma_contacts,
            customers,
            connection=settings.name,
            zone=settings.stamp_zone,
            region=settings.region,
        )
        return _write(context, step, CONTACT_SCHEMA, found)

    return records


def _write(
    context: dg.AssetExecutionContext,
    step: Step,
    schema: pa.Schema,
    records: Iterable[CompanyRecord | ContactRecord],
) -> Dataset:
    """Store records in the windows they came in and note how many cannot be sent."""
    refused = 0
    with step.writer(context, schema) as out:
        for some in chunks(records, WRITTEN):
            by_partition: dict[str, list[dict[str, object]]] = {}
            for record in some:
                refused += record.refusal is not None
                by_partition.setdefault(record.partition, []).append(record.to_row())
            for partition, rows in by_partition.items():
                out.write(partition, rows)
    context.add_output_metadata({"cannot be sent": refused})
    return out.dataset
