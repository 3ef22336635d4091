"""Earlier rejects that are due again, brought together with the records of the window. Pure.

No Visma key may be planned twice: of a record that is in the window anyway, the window's version counts.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from ml_connector.records.companies import merge
from ml_connector.records.model import CompanyRecord, ContactRecord


def companies_with_due(
    stream: Iterable[CompanyRecord], due: Sequence[CompanyRecord], present: Collection[str]
) -> Iterator[CompanyRecord]:
    """Yield the window's companies and those due again, each Visma key once.

    Of a customer and supplier that are due as one company, one may be in the window: the two are merged again.

    Args:
        stream: the window's records.
        due: records that were rejected before.
        present: the Visma keys in ``stream``.
    """
    partner_of: dict[str, CompanyRecord] = {}
    absent: list[CompanyRecord] = []
    for record in due:
        if present_keys := [key for key in record.keys if key in present]:
            left = [part for part in record.parts if part.key not in present]
            partner_of.update((key, part) for key in present_keys for part in left)
        else:
            absent.append(record)
    for record in stream:
        partner = partner_of.get(record.key) if len(record.keys) == 1 else None
        if partner is None:
            yield record
        elif record.customer_number is not None:
            yield merge(record, partner)
        else:
            yield merge(partner, record)
    yield from absent


def contacts_with_due(
    stream: Iterable[ContactRecord], due: Sequence[ContactRecord], present: Collection[str]
) -> Iterator[ContactRecord]:
    """Yield the window's contacts and those due again, each Visma contact once.

    Args:
        stream: the window's records.
        due: records that were rejected before.
        present: the Visma keys in ``stream``.
    """
    yield from stream
    for record in due:
        if record.key not in present:
            own = tuple(number for number in record.contact_ids if f"contact:{number}" not in present)
            yield replace(record, contact_ids=own)
