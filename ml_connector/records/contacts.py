"""Visma contacts, and the main and invoice contacts of customers, become HubSpot contacts: one per e-mail address.

Sources in the order in which their values win: the contact list, a customer's main contact, its invoice contact.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from zoneinfo import ZoneInfo

from ml_connector.records import normal_forms
from ml_connector.records.companies import number_of
from ml_connector.records.field_rules import CONTACTS, NO_RULES, FieldRules
from ml_connector.records.fields import part, trouble, utc_stamp
from ml_connector.records.model import ContactRecord, Fields
from ml_connector.records.normal_forms import text
from ml_connector.visma.snapshots import SnapshotRows, Version, named_account, newest

CUSTOMERS_CONTACTS = {"mainContact": "mainAddress", "invoiceContact": "invoiceAddress"}
"""A customer's own contacts that become HubSpot contacts, with the address each belongs to."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One place in Visma that names a person or mailbox, before mentions of the same one are brought together.

    ``phones`` are as written; without a country code they are of ``region``. Reading them is left to the one record
    they may end in: it is the slowest part of mapping. ``fields`` is what the settings ask of a row of the list.
    """

    contact_id: str
    email: str | None
    written_email: str | None
    first_name: str | None
    last_name: str | None
    job_title: str | None
    phones: tuple[str, ...]
    region: str
    active: bool
    stamp: str
    partition: str
    company: str | None
    fields: Fields = field(default_factory=dict)


def contacts(
    contact_rows: SnapshotRows,
    customers: SnapshotRows,
    *,
    connection: str,
    zone: ZoneInfo,
    region: str,
    rules: FieldRules = NO_RULES,
) -> Iterator[ContactRecord]:
    """Yield one record per e-mail address, and one per Visma contact that has a name but no address.

    The snapshots are read twice, so that memory holds the ids and addresses, and of mentions only those whose contact
    is not complete yet.

    Args:
        contact_rows: snapshot of ``contacts``.
        customers: snapshot of ``customers``.
        connection: the connection's name, the first part of every id in HubSpot.
        zone: the zone of Visma's naive stamps.
        region: country of phone numbers written without a country code.
        rules: what the connection's own settings make of fields.
    """
    mentions = _Mentions(contact_rows, customers, region, rules)
    for address, group in _together(mentions):
        yield _record(address, group, connection, zone, rules)
    yield from mentions.odd.values()


class _Mentions:
    """The mentions in two snapshots, in the order in which their values win; read anew by each iteration.

    ``odd`` holds a refusal by contact id for every row that cannot be mapped. It is complete after one iteration, and
    no later one yields anything with such an id.
    """

    def __init__(
        self, contact_rows: SnapshotRows, customers: SnapshotRows, region: str, rules: FieldRules
    ) -> None:
        self.odd: dict[str, ContactRecord] = {}
        self._contact_rows = contact_rows
        self._customers = customers
        self._region = region
        self._rules = rules

    def __iter__(self) -> Iterator[Mention]:
        for mention in self._all():
            if mention.contact_id not in self.odd:
                yield mention

    def _all(self) -> Iterator[Mention]:
        for version in newest(self._contact_rows):
            mentioned = partial(contact_mentions, version, self._region, self._rules)
            yield from self._read(version, number_of(version), mentioned)
        for version in newest(self._customers):
            for role in CUSTOMERS_CONTACTS:
                mentioned = partial(customer_mentions, version, self._region, role)
                yield from self._read(version, _contact_id(version, role), mentioned)

    def _read(
        self, version: Version, contact_id: str | None, mentioned: Callable[[], Iterable[Mention]]
    ) -> Iterable[Mention]:
        try:
            return list(mentioned())
        except Exception as error:  # Whatever is odd about one row is said about that row.
            if contact_id is not None:
                self.odd[contact_id] = _unreadable(version, contact_id, error)
            return ()


def contact_mentions(version: Version, region: str, rules: FieldRules = NO_RULES) -> Iterator[Mention]:
    """Yield the mention of one row of the contact list (``ContactDto``, reference: visma 4.4)."""
    row = version.values
    account = named_account(row)
    yield Mention(
        contact_id=number_of(version),
        email=normal_forms.email(row.get("email")),
        written_email=text(row.get("email")),
        first_name=text(row.get("firstName")),
        last_name=text(row.get("lastName")) or text(row.get("displayName")),
        job_title=text(row.get("position")),
        phones=_phones(row),
        region=normal_forms.phone_region(part(row, "address", "country", "id"), region),
        active=row.get("active") is not False,
        stamp=version.stamp,
        partition=version.partition,
        company=":".join(account) if account else None,
        fields=rules.fields(CONTACTS, row),
    )


def customer_mentions(version: Version, region: str, role: str) -> Iterator[Mention]:
    """Yield the mention in a customer's main or invoice contact; one without an e-mail address names no person.

    Args:
        version: the customer's row.
        region: country of phone numbers written without a country code.
        role: one of :data:`CUSTOMERS_CONTACTS`.
    """
    row = version.values
    info = row.get(role)
    contact_id = _contact_id(version, role)
    if not isinstance(info, Mapping) or contact_id is None or not text(info.get("email")):
        return
    first, last = normal_forms.person_name(text(info.get("attention")))
    yield Mention(
        contact_id=contact_id,
        email=normal_forms.email(info.get("email")),
        written_email=text(info.get("email")),
        first_name=first,
        last_name=last,
        job_title=None,
        phones=_phones(info),
        region=normal_forms.phone_region(part(row, CUSTOMERS_CONTACTS[role], "country", "id"), region),
        active=True,
        stamp=version.stamp,
        partition=version.partition,
        company=f"customer:{number_of(version)}",
    )


def _contact_id(version: Version, role: str) -> str | None:
    """Return the id of a customer's contact, or None where there is no contact.

    Where Visma gives no id, or zero, which is nobody's, it is one of our own: a mailbox must not be lost for want of a
    number, nor may the customers without one share a person.
    """
    info = part(version.values, role)
    if not isinstance(info, Mapping):
        return None
    found = info.get("contactId")
    written = text(found) if isinstance(found, str | int) and not isinstance(found, bool) else None
    return written if written and written.strip("0") else f"customer-{number_of(version)}-{role}"


def _unreadable(version: Version, contact_id: str, error: Exception) -> ContactRecord:
    return ContactRecord(
        contact_ids=(contact_id,),
        email=None,
        active=True,
        stamp=version.stamp,
        partition=version.partition,
        properties={},
        refusal=trouble(error),
    )


def _phones(info: Mapping[str, object]) -> tuple[str, ...]:
    """Return the phone numbers as written."""
    return tuple(value for name in ("phone1", "phone2", "phone3") if (value := text(info.get(name))))


def _phone(mention: Mention) -> str | None:
    """Return the first phone number that can be read, in E.164; else the first as written."""
    for value in mention.phones:
        if (number := normal_forms.phone(value, mention.region)) is not None:
            return number
    return mention.phones[0] if mention.phones else None


def _together(mentions: Iterable[Mention]) -> Iterator[tuple[str | None, list[Mention]]]:
    """Yield groups of mentions that are one contact, each with its address: the same address, or the same Visma id.

    A Visma id has the first valid address it is mentioned with, so no id and no address is ever in two groups. Active
    mentions come first in a group: who has left does not lend a mailbox a name.

    Args:
        mentions: iterated twice; the second time may leave out ids, all mentions of each.
    """
    address, missing = _groups(mentions)
    groups: dict[str, list[Mention]] = {}
    for mention in mentions:
        name = _group(mention.contact_id, address)
        groups.setdefault(name, []).append(mention)
        missing[name] -= 1
        if not missing[name]:
            yield address.get(mention.contact_id), _active_first(groups.pop(name))
    for group in groups.values():
        yield address.get(group[0].contact_id), _active_first(group)


def _groups(mentions: Iterable[Mention]) -> tuple[dict[str, str], Counter[str]]:
    """Return the address of each id that has one, and how many mentions each group has, by its name."""
    address: dict[str, str] = {}
    times: Counter[str] = Counter()
    for mention in mentions:
        times[mention.contact_id] += 1
        if mention.email:
            address.setdefault(mention.contact_id, mention.email)
    sizes: Counter[str] = Counter()
    for contact_id, many in times.items():
        sizes[_group(contact_id, address)] += many
    return address, sizes


def _active_first(group: list[Mention]) -> list[Mention]:
    return sorted(group, key=lambda mention: not mention.active)


def _group(contact_id: str, address: Mapping[str, str]) -> str:
    """Return the name of a contact's group: its address, or its id, which a space tells from any address."""
    return address.get(contact_id) or f"id {contact_id}"


def _record(
    address: str | None, group: list[Mention], connection: str, zone: ZoneInfo, rules: FieldRules
) -> ContactRecord:
    """Return the contact of a group; the first mention that has a value gives it."""
    first = group[0]
    named = next((mention for mention in group if mention.first_name or mention.last_name), first)
    active = any(mention.active for mention in group)
    refusal = None
    if address is None and any(mention.written_email for mention in group):
        refusal = "its e-mail address is not one HubSpot accepts"
    elif address is None and not (named.first_name or named.last_name):
        refusal = "it has neither an e-mail address nor a name"
    fields = _first_values(mention.fields for mention in group)
    found = rules.mapped(CONTACTS, fields)
    return ContactRecord(
        contact_ids=tuple(dict.fromkeys(mention.contact_id for mention in group)),
        email=address,
        active=active,
        stamp=first.stamp,
        partition=first.partition,
        properties={
            "visma_contact_id": f"{connection}:{first.contact_id}",
            "email": address,
            "firstname": named.first_name,
            "lastname": named.last_name,
            "jobtitle": next((mention.job_title for mention in group if mention.job_title), None),
            "phone": next((phone for mention in group if (phone := _phone(mention))), None),
            "visma_contact_status": "active" if active else "inactive",
            "visma_last_modified": utc_stamp(first.stamp, zone),
        },
        companies=tuple(dict.fromkeys(mention.company for mention in group if mention.company)),
        refusal=refusal or found.refusal,
        fields=fields,
        mapped=found.properties,
    )


def _first_values(several: Iterable[Fields]) -> Fields:
    """Return the fields of several mentions as one; the first mention that has a value gives it."""
    known: dict[str, str | None] = {}
    for fields in several:
        known |= {path: value for path, value in fields.items() if known.get(path) is None}
    return known
