"""Rows of Visma as records, by the settings of a connection: what the assets of ``records`` do, without Dagster."""

from collections.abc import Iterator
from datetime import date

from ml_connector.records.companies import CompanyMapper, companies
from ml_connector.records.contacts import contacts
from ml_connector.records.field_rules import FieldRules
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.invoices import DocumentMapper, base_currency, invoices
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.settings import ConnectionSettings
from ml_connector.visma.snapshots import SnapshotRows


def companies_of(
    settings: ConnectionSettings, customers: SnapshotRows, suppliers: SnapshotRows, people: SnapshotRows
) -> Iterator[CompanyRecord]:
    """Yield the companies of customers and suppliers; ``people`` are contacts whose addresses may tell a company."""
    mapper = CompanyMapper(
        settings.name, settings.stamp_zone, settings.region, settings.record_links, FieldRules.of(settings)
    )
    return companies(customers, suppliers, mapper, people)


def contacts_of(
    settings: ConnectionSettings, people: SnapshotRows, customers: SnapshotRows
) -> Iterator[ContactRecord]:
    """Yield the contacts of Visma's list, and customers' own."""
    return contacts(
        people,
        customers,
        connection=settings.name,
        zone=settings.stamp_zone,
        region=settings.region,
        rules=FieldRules.of(settings),
    )


def documents_of(
    settings: ConnectionSettings, documents: SnapshotRows, currencies: SnapshotRows, as_of: date
) -> Iterator[InvoiceRecord]:
    """Yield invoices, credit notes and debit notes; days overdue are counted to ``as_of``."""
    mapper = DocumentMapper(
        settings.name,
        zone=settings.zone,
        stamp_zone=settings.stamp_zone,
        as_of=as_of,
        reference_fields=settings.deals.reference_fields,
        base_currency=base_currency(currencies),
        rules=FieldRules.of(settings),
    )
    return invoices((documents,), mapper)
