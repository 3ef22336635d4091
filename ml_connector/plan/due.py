"""Earlier rejects that are due again, brought together with the records of the window. Pure.

No Visma key may be planned twice: of two versions of a record the newer one counts, the window's among equals. A window
that is replayed may hold an older version than a reject, and planning that one would clear the reject for good.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from ml_connector.records.companies import merge
from ml_connector.records.model import CompanyRecord, ContactRecord

ID_PROPERTY = "visma_contact_id"

RecordT = TypeVar("RecordT", CompanyRecord, ContactRecord)


class Stamped(Protocol):
    """A record that one Visma key names, with the stamp of its version."""

    @property
    def key(self) -> str:
        """Its name everywhere."""
        ...

    @property
    def stamp(self) -> str:
        """Visma's last change of it, naive text."""
        ...


StampedT = TypeVar("StampedT", bound=Stamped)


def with_due(
    stream: Iterable[StampedT], due: Sequence[StampedT], present: Mapping[str, str]
) -> Iterator[StampedT]:
    """Yield the window's records and those due again, each Visma key once.

    Args:
        stream: the window's records.
        due: records that were rejected before.
        present: the stamp of each record in ``stream``, by key.
    """
    newer = {record.key: record for record in due if record.stamp > present.get(record.key, record.stamp)}
    for record in stream:
        yield newer.get(record.key, record)
    for record in due:
        if record.key not in present:
            yield record


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
    versions: dict[str, CompanyRecord] = {}
    absent: list[CompanyRecord] = []
    for record in _each_company_once(due):
        if present_keys := [key for key in record.keys if key in present]:
            left = [part for part in record.parts if part.key not in present]
            partner_of.update((key, part) for key in present_keys for part in left)
            versions.update((part.key, part) for part in _parts(record))
        else:
            absent.append(record)
    for record in stream:
        parts = [_newer(part, versions.get(part.key)) for part in _parts(record)]
        if len(parts) == 1 and record.key in partner_of:
            parts.append(partner_of[record.key])
        yield from _together(record, parts)
    yield from absent


def _each_company_once(due: Sequence[CompanyRecord]) -> Iterator[CompanyRecord]:
    """Yield what is due without a key twice: a supplier may be due alone and, since, together with a customer."""
    taken: set[str] = set()
    for record in _newest_first(due):
        left = [part for part in _parts(record) if part.key not in taken]
        taken.update(record.keys)
        yield from (record,) if len(left) == len(record.keys) else left


def _parts(record: CompanyRecord) -> tuple[CompanyRecord, ...]:
    return record.parts or (record,)


def _newer(record: CompanyRecord, due: CompanyRecord | None) -> CompanyRecord:
    return due if due is not None and due.stamp > record.stamp else record


def _together(record: CompanyRecord, parts: Sequence[CompanyRecord]) -> Iterator[CompanyRecord]:
    """Yield a record as it is where its parts are its own, else the parts, as one if they still are one company."""
    if tuple(parts) == _parts(record):
        yield record
    elif len(parts) == 1 or parts[0].organisation_number != parts[1].organisation_number:
        yield from parts
    else:
        supplier, customer = sorted(parts, key=lambda part: part.customer_number is not None)
        yield merge(customer, supplier)


def contacts_with_due(
    stream: Iterable[ContactRecord], due: Sequence[ContactRecord], present: Mapping[str, str]
) -> Iterator[ContactRecord]:
    """Yield the window's contacts and those due again, each Visma contact once and each e-mail address once.

    Args:
        stream: the window's records.
        due: records that were rejected before.
        present: the Visma keys in ``stream``, with the stamp of the record each is in.
    """
    newer: set[str] = set()
    waiting: dict[str, ContactRecord] = {}
    for record in _newest_first(due):
        own = {key for key in record.keys if key not in present or record.stamp > present[key]} - newer
        newer |= own
        if rest := _only(record, own):
            name = rest.email or rest.key
            waiting[name] = _united(waiting[name], rest) if name in waiting else rest
    for record in stream:
        if rest := _only(record, set(record.keys) - newer):
            same = waiting.pop(rest.email, None) if rest.email else None
            yield _united(rest, same) if same else rest
    yield from waiting.values()


def _newest_first(due: Sequence[RecordT]) -> list[RecordT]:
    return sorted(due, key=lambda record: (record.stamp, len(record.keys)), reverse=True)


def _only(record: ContactRecord, keys: Collection[str]) -> ContactRecord | None:
    """Return a contact as that of some of its Visma ids only; None for none of them."""
    ids = tuple(number for number, key in zip(record.contact_ids, record.keys, strict=True) if key in keys)
    if not ids or ids == record.contact_ids:
        return record if ids else None
    properties = dict(record.properties)
    if written := properties.get(ID_PROPERTY):
        properties[ID_PROPERTY] = f"{written.removesuffix(record.contact_ids[0])}{ids[0]}"
    return replace(record, contact_ids=ids, properties=properties)


def _united(first: ContactRecord, second: ContactRecord) -> ContactRecord:
    """Return two contacts with one address as one; who is active there names it, else the first."""
    if second.active and not first.active:
        first, second = second, first
    return replace(
        first,
        contact_ids=first.contact_ids + second.contact_ids,
        companies=tuple(dict.fromkeys(first.companies + second.companies)),
    )
