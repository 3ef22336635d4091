"""Visma contacts, and the main and invoice contacts of customers, become HubSpot contacts: one per e-mail address.

Sources in the order in which their values win: the contact list, a customer's main contact, its invoice contact.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ml_connector.records import normal_forms
from ml_connector.records.fields import part, utc_stamp
from ml_connector.records.model import ContactRecord
from ml_connector.records.normal_forms import text
from ml_connector.visma.snapshots import SnapshotRows, Version, account_kind, newest


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
    listed = (contact_mention(version, region) for version in newest(contact_rows))
    named = (mention for version in newest(customers) for mention in customer_mentions(version, region))
    for group in _together([*listed, *named]):
        yield _record(group, connection, zone)


def contact_mention(version: Version, region: str) -> Mention:
    """Return the mention of one row of the contact list (``ContactDto``, reference: visma 4.4)."""
    row = version.values
    country = text(part(row, "address", "country", "id")) or region
    account = text(row.get("businessAccount"))
    return Mention(
        contact_id=str(row["contactId"]),
        email=normal_forms.email(row.get("email")),
        written_email=text(row.get("email")),
        first_name=text(row.get("firstName")),
        last_name=text(row.get("lastName")) or text(row.get("displayName")),
        job_title=text(row.get("position")),
        phone=_phone(row, country),
        active=row.get("active") is not False,
        stamp=version.stamp,
        partition=version.partition,
        company=f"{account_kind(row.get('businessAccountType'))}:{account}" if account else None,
    )


def customer_mentions(version: Version, region: str) -> Iterator[Mention]:
    """Yield the mentions of a customer's main and invoice contacts; those without an e-mail address name no person."""
    row = version.values
    for contact, address in (("mainContact", "mainAddress"), ("invoiceContact", "invoiceAddress")):
        info = row.get(contact)
        if not isinstance(info, Mapping) or info.get("contactId") is None or not text(info.get("email")):
            continue
        first, last = normal_forms.person_name(text(info.get("attention")))
        country = text(part(row, address, "country", "id")) or region
        yield Mention(
            contact_id=str(info["contactId"]),
            email=normal_forms.email(info.get("email")),
            written_email=text(info.get("email")),
            first_name=first,
            last_name=last,
            job_title=None,
            phone=_phone(info, country),
            active=True,
            stamp=version.stamp,
            partition=version.partition,
            company=f"customer:{row['number']}",
        )


def _phone(info: Mapping[str, object], region: str) -> str | None:
    """Return the first phone number that can be read, in E.164; else the first as written."""
    written = [value for name in ("phone1", "phone2", "phone3") if (value := text(info.get(name)))]
    for value in written:
        if (number := normal_forms.phone(value, region)) is not None:
            return number
    return written[0] if written else None


def _together(mentions: Iterable[Mention]) -> Iterator[list[Mention]]:
    """Yield groups of mentions that are one contact: the same Visma id, or the same e-mail address."""
    groups: dict[str, list[Mention]] = {}
    group_of_id: dict[str, str] = {}
    for mention in mentions:
        by_id = group_of_id.get(mention.contact_id)
        name = by_id or (f"mail {mention.email}" if mention.email else f"id {mention.contact_id}")
        groups.setdefault(name, []).append(mention)
        group_of_id[mention.contact_id] = name
    yield from groups.values()


def _record(group: list[Mention], connection: str, zone: ZoneInfo) -> ContactRecord:
    """Return the contact of a group; the first mention that has a value gives it."""
    first = group[0]
    address = next((mention.email for mention in group if mention.email), None)
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
