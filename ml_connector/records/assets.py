"""The step ``records``: snapshots become HubSpot-shaped rows. Pure, so a replay from here calls no API."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol

import dagster as dg
import pyarrow as pa

from ml_connector.chunks import chunks
from ml_connector.partitions import windows_of
from ml_connector.records.booking_model import PAYMENT_SCHEMA, PURCHASES_SCHEMA, TRANSACTION_SCHEMA
from ml_connector.records.companies import CompanyMapper, companies
from ml_connector.records.contacts import contacts
from ml_connector.records.field_rules import FieldRules
from ml_connector.records.invoice_model import INVOICE_SCHEMA
from ml_connector.records.invoices import DocumentMapper, base_currency, invoices
from ml_connector.records.model import COMPANY_SCHEMA, CONTACT_SCHEMA
from ml_connector.records.payments import payments
from ml_connector.records.purchases import purchases
from ml_connector.records.transactions import chart_of, transactions
from ml_connector.settings import ConnectionSettings, RecordKind
from ml_connector.step import Step
from ml_connector.storage import Dataset
from ml_connector.windows import last_day

WRITTEN = 1000
"""Records handed to the writer at once."""


class Record(Protocol):
    """What all records have in common here."""

    @property
    def partition(self) -> str:
        """The window it came in."""
        ...

    @property
    def refusal(self) -> str | None:
        """Why it cannot be sent, or None."""
        ...

    def to_row(self) -> dict[str, Any]:
        """Return it as a row of its schema."""
        ...


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the record assets of a connection."""
    step = Step("records", settings, partitions, kinds=("python", "parquet"))
    return [_companies(step), _contacts(step), *(MADE_BY[kind](step) for kind in settings.records)]


def _companies(step: Step) -> dg.AssetsDefinition:
    settings = step.settings
    mapper = CompanyMapper(
        settings.name, settings.stamp_zone, settings.region, settings.record_links, FieldRules.of(settings)
    )

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
            rules=FieldRules.of(settings),
        )
        return _write(context, step, CONTACT_SCHEMA, found)

    return records


def _purchases(step: Step) -> dg.AssetsDefinition:
    @step.asset(
        "purchases",
        "One row per supplier: open purchase orders, and what was bought this and last year.",
        ins={
            "purchase_orders": step.key("visma", "purchase_orders"),
            "supplier_invoices": step.key("visma", "supplier_invoices"),
        },
    )
    def records(
        context: dg.AssetExecutionContext, purchase_orders: Dataset, supplier_invoices: Dataset
    ) -> Dataset:
        found = purchases(purchase_orders, supplier_invoices, _last_day(context, step).year)
        return _write(context, step, PURCHASES_SCHEMA, found)

    return records


def _invoices(step: Step) -> dg.AssetsDefinition:
    settings = step.settings

    @step.asset(
        "invoices",
        "One row per invoice, credit note or debit note, with its lines: they add up to it, to the cent.",
        ins={
            "customer_invoices": step.key("visma", "customer_invoices"),
            "customer_credit_notes": step.key("visma", "customer_credit_notes"),
            "customer_debit_notes": step.key("visma", "customer_debit_notes"),
            "currencies": step.key("visma", "currencies"),
        },
    )
    def records(
        context: dg.AssetExecutionContext,
        customer_invoices: Dataset,
        customer_credit_notes: Dataset,
        customer_debit_notes: Dataset,
        currencies: Dataset,
    ) -> Dataset:
        mapper = DocumentMapper(
            settings.name,
            zone=settings.zone,
            stamp_zone=settings.stamp_zone,
            as_of=_last_day(context, step),
            reference_fields=settings.deals.reference_fields,
            base_currency=base_currency(currencies),
            rules=FieldRules.of(settings),
        )
        found = invoices((customer_invoices, customer_credit_notes, customer_debit_notes), mapper)
        return _write(context, step, INVOICE_SCHEMA, found)

    return records


def _payments(step: Step) -> dg.AssetsDefinition:
    settings = step.settings

    @step.asset(
        "payments",
        "One row per payment, with the documents it settles.",
        ins={
            "customer_payments": step.key("visma", "customer_payments"),
            "currencies": step.key("visma", "currencies"),
        },
    )
    def records(
        context: dg.AssetExecutionContext, customer_payments: Dataset, currencies: Dataset
    ) -> Dataset:
        found = payments(
            customer_payments,
            connection=settings.name,
            zone=settings.zone,
            stamp_zone=settings.stamp_zone,
            base_currency=base_currency(currencies),
        )
        return _write(context, step, PAYMENT_SCHEMA, found)

    return records


def _transactions(step: Step) -> dg.AssetsDefinition:
    settings = step.settings

    @step.asset(
        "transactions",
        "One row per journal batch: a sale by the connection's rules, or that it is none.",
        ins={
            "journal_transactions": step.key("visma", "journal_transactions"),
            "accounts": step.key("visma", "accounts"),
            "ledgers": step.key("visma", "ledgers"),
        },
    )
    def records(
        context: dg.AssetExecutionContext, journal_transactions: Dataset, accounts: Dataset, ledgers: Dataset
    ) -> Dataset:
        found = transactions(
            journal_transactions,
            chart_of(accounts, ledgers),
            settings.transactions,
            connection=settings.name,
            stamp_zone=settings.stamp_zone,
        )
        return _write(context, step, TRANSACTION_SCHEMA, found)

    return records


def _last_day(context: dg.AssetExecutionContext, step: Step) -> date:
    """Return the last day of the run's newest window, in the company's zone."""
    return last_day(windows_of(step.partitions, context.partition_keys)[-1], step.settings.zone)


def _write(
    context: dg.AssetExecutionContext, step: Step, schema: pa.Schema, records: Iterable[Record]
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


MADE_BY = {
    RecordKind.PURCHASES: _purchases,
    RecordKind.INVOICES: _invoices,
    RecordKind.PAYMENTS: _payments,
    RecordKind.TRANSACTIONS: _transactions,
}
