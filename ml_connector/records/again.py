"""Records that were refused before, as today's settings would have them: mended settings let them pass. Pure."""

from dataclasses import replace

from ml_connector.records.companies import merge
from ml_connector.records.field_rules import FieldRules
from ml_connector.records.judging import judged
from ml_connector.records.model import CompanyRecord


def company_again(record: CompanyRecord, rules: FieldRules) -> CompanyRecord:
    """Return a company as it would be made today from the fields it carries."""
    if not record.parts:
        return judged(record, rules)
    customer, supplier = (judged(part, rules) for part in record.parts)
    return replace(merge(customer, supplier), stamp=record.stamp, partition=record.partition)
