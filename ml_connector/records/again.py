"""Records that were refused before, as today's settings would have them: mended settings let them pass. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ml_connector.records.companies import merge
from ml_connector.records.field_rules import CONTACTS, INVOICES, FieldRules, apart_from_mapping
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.judging import judged
from ml_connector.records.model import CompanyRecord, ContactRecord


@dataclass(frozen=True, slots=True)
class Again:
    """Reads stored records and maps the fields they carry by the rules of today."""

    rules: FieldRules

    def company(self, row: Mapping[str, Any]) -> CompanyRecord:
        """Return a company of its stored form."""
        record = CompanyRecord.from_row(row)
        if not record.parts:
            return judged(record, self.rules)
        customer, supplier = (judged(part, self.rules) for part in record.parts)
        return replace(merge(customer, supplier), stamp=record.stamp, partition=record.partition)

    def contact(self, row: Mapping[str, Any]) -> ContactRecord:
        """Return a contact of its stored form."""
        record = ContactRecord.from_row(row)
        found = self.rules.mapped(CONTACTS, record.fields)
        refusal = apart_from_mapping(record.refusal) or found.refusal
        return replace(record, mapped=found.properties, refusal=refusal)

    def invoice(self, row: Mapping[str, Any]) -> InvoiceRecord:
        """Return a document of its stored form."""
        record = InvoiceRecord.from_row(row)
        if not record.fields:
            return record
        found = self.rules.mapped(INVOICES, record.fields)
        refusal = apart_from_mapping(record.refusal) or found.refusal
        return replace(record, mapped=found.properties, refusal=refusal)
