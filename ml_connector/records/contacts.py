"""Visma contacts, and the main and invoice contacts of customers, become HubSpot contacts: one per e-mail address.

Sources in the order in which their values win: the contact list, a customer's main contact, its invoice contact.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from ml_connector.records import normal_forms
from ml_connector.records.companies import number_of
from ml_connector.records.fields import part, trouble, utc_stamp
from ml_connector.records.model import ContactRecord
from ml_connector.records.normal_forms import text
from ml_connector.visma.snapshots import SnapshotRows, Version, named_account, newest

CUSTOMERS_CONTACTS = {"mainContact": "mainAddress", "invoiceContact": "invoiceAddress"}
"""A customer's own contacts that become HubSpot contacts, with the address each belongs to."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One place in Visma that names a person or mailbox, before mentions of the same one are brought together."""

    contact_id: str
    email: str | None
    written_email: str | None
    first_name: str | None
    last_name: str | None
    job_title: str | None
    phone: str | None
    active: bool
    stamp: str
    partition: str
    company: str | None


def contacts(
    contact_rows: SnapshotRows, customers: SnapshotRows, *, connection: str, zone: ZoneInfo, region: str
) -> Iterator[ContactRecord]:
    """Yield one record per e-mail address, and one per Visma contact that has a name but no address.

    Args:
        contact_rows: snapshot of ``contacts``.
        customers: snapshot of ``customers``.
        connection: the connection's name, the first part of every id in HubSpot.
        zone: the zone of Visma's naive stamps.
        region: country of phone numbers written without a country code.
    """
    mentions: list[Mention] = []
    odd: dict[str, ContactRecord] = {}

    def read(version: Version, contact_id: str | None, mentioned: Callable[[], Iterable[Mention]]) -> None:
        try:
            mentions.extend(mentioned())
        except Exception as error:  # Whatever is odd about one row is said about that row.
            if contact_id is not None:
                odd[contact_id] = _unreadable(version, contact_id, error)

    for version in newest(contact_rows):
        read(version, number_of(version), partial(contact_mentions, version, region))
    for version in newest(customers):
        for role in CUSTOMERS_CONTACTS:
            read(version, _contact_id(version, role), partial(customer_mentions, version, region, role))
    yield from odd.values()
    for address, group in _together([mention for mention in mentions if mention.contact_id not in odd]):
        yield _record(address, group, connection, zone)


def contact_mentions(version: Version, region: str) -> Iterator[Mention]:
    """Yield the mention of one row of the contact list (``ContactDto``, reference: visma 4.4)."""
    row = version.values
    country = normal_forms.phone_region(part(row, "address", "country", "id"), region)
    account = named_account(row)
    yield Mention(
        contact_id=number_of(version),
        email=normal_forms.email(row.get("email")),
        written_email=text(row.get("email")),
        first_name=text(row.get("firstName")),
        last_name=text(row.get("lastName")) or text(row.get("displayName")),
        job_title=text(row.get("position")),
        phone=_phone(row, country),
        active=row.get("active") is not False,
        stamp=version.stamp,
        partition=version.partition,
        company=":".join(account) if account else None,
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
        phone=_phone(
            info, normal_forms.phone_region(part(row, CUSTOMERS_CONTACTS[role], "country", "id"), region)
        ),
        active=True,
        stamp=version.stamp,
        partition=version.partition,
        company=f"customer:{number_of(version)}",
    )


def _contact_id(version: Version, role: str) -> str | None:
    """Return the id of a customer's contact; None where it has none, or none that could be an id."""
    found = part(version.values, role, "contactId")
    return text(found) if isinstance(found, str | int) and not isinstance(found, bool) else None


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


def _phone(info: Mapping[str, object], region: str) -> str | None:
    """Return the first phone number that can be read, in E.164; else the first as written."""
    written = [value for name in ("phone1", "phone2", "phone3") if (value := text(info.get(name)))]
    for value in written:
        if (number := normal_forms.phone(value, region)) is not None:
            return number
    return written[0] if written else None


def _together(mentions: Sequence[Mention]) -> Iterator[tuple[str | None, list[Mention]]]:
    """Yield groups of mentions that are one contact, each with its address: the same address, or the same Visma id.

    A Visma id has the first valid address it is mentioned with, so no id and no address is ever in two groups. Active
    mentions come first in a group: who has left does not lend a mailbox a name.
    """
    address: dict[str, str] = {}
    for mention in mentions:
        if mention.email:
            address.setdefault(mention.contact_id, mention.email)
    groups: dict[tuple[str | None, str], list[Mention]] = {}
    for mention in mentions:
        own = address.get(mention.contact_id)
        groups.setdefault((own, "" if own else mention.contact_id), []).append(mention)
    for (own, _), group in groups.items():
        yield own, sorted(group, key=lambda mention: not mention.active)


def _record(address: str | None, group: list[Mention], connection: str, zone: ZoneInfo) -> ContactRecord:
    """Return the contact of a group; the first mention that has a value gives it."""
    first = group[0]
    named = next((mention for mention in group if mention.first_name or mention.last_name), first)
    active = any(mention.active for mention in group)
    refusal = None
    if address is None and any(mention.written_email for mention in group):
        refusal = "its e-mail address is not one HubSpot accepts"
    elif address is None and not (named.first_name or named.last_name):
        refusal = "it has neither an e-mail address nor a name"
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
            "phone": next((mention.phone for mention in group if mention.phone), None),
            "visma_contact_status": "active" if active else "inactive",
            "visma_last_modified": utc_stamp(first.stamp, zone),
        },
        companies=tuple(dict.fromkeys(mention.company for mention in group if mention.company)),
        refusal=refusal,
    )
