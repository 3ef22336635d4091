"""Whether a customer's or supplier's company can be sent, and what the connection's own mapping adds to it. Pure."""

from dataclasses import replace

from ml_connector.records.field_rules import CLASS_OF, CUSTOMERS, SUPPLIERS, FieldRules
from ml_connector.records.model import CompanyRecord, Properties

NAMELESS = "it has neither a name nor a web domain, and HubSpot asks for one"


def judged(record: CompanyRecord, rules: FieldRules) -> CompanyRecord:
    """Return the record of one customer or one supplier with what the rules make of its fields.

    It may be judged again later, by other rules; one whose row could not be read stays as it is.
    """
    if not record.properties:
        return record
    rows = _rows_of(record)
    found = rules.mapped(rows, record.fields)
    skip = rules.not_taken(rows, record.fields)
    refusal = found.refusal or _nameless(
        {**record.properties, **found.properties} if found.properties else record.properties
    )
    if (record.mapped, record.skip, record.refusal) == (found.properties, skip, refusal):
        return record
    return replace(record, mapped=found.properties, skip=skip, refusal=refusal)


def refusal_of_both(customer: CompanyRecord, supplier: CompanyRecord) -> str | None:
    """Return why a customer and a supplier cannot be sent as one company; one of them may lend the other its name."""
    refusals = [one.refusal for one in (customer, supplier) if one.refusal]
    others = [refusal for refusal in refusals if refusal != NAMELESS]
    if others:
        return others[0]
    return NAMELESS if len(refusals) == 2 else None


def classes_of(record: CompanyRecord) -> Properties:
    """Return the ids of the customer class and supplier class of a company, as the ledger remembers them."""
    return {
        f"{rows.removesuffix('s')}_class": part.fields[CLASS_OF[rows]] or ""
        for part in record.parts or (record,)
        if CLASS_OF[rows := _rows_of(part)] in part.fields
    }


def _rows_of(record: CompanyRecord) -> str:
    return CUSTOMERS if record.customer_number else SUPPLIERS


def _nameless(wanted: Properties) -> str | None:
    return None if wanted.get("name") or wanted.get("domain") else NAMELESS
