"""The HubSpot records that a Visma record may be: what each rule finds, read afresh, and those a person named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.hubspot.associations import read_links
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.candidates import CompanyCandidates
from ml_connector.plan.decided import OWN_IDS
from ml_connector.plan.matching import VISMA_ID, CompanyIndex, keys_of
from ml_connector.records import normal_forms
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.settings import ConnectionSettings

COMPANY_VALUES = ("name", "domain", "website", "hs_additional_domains", "phone", "city")
CONTACT_VALUES = ("firstname", "lastname", "email", "hs_additional_emails", "phone", "jobtitle")
ABOUT = ("hubspot_owner_id", "hs_lastmodifieddate", "lastmodifieddate")
"""What is shown of each record."""

MOST_READ = 100
"""Records whose values are read, and people of a company whose addresses are."""


@dataclass(frozen=True, slots=True)
class Found:
    """A HubSpot record: what it holds and the rules that find it; of a company, the addresses of its people, too.

    ``rivals`` are other Visma records that wait because a rule finds the same company for them.
    """

    held: HubSpotRecord
    rules: tuple[str, ...]
    emails: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()


def company_candidates(
    settings: ConnectionSettings,
    ledger: LedgerReader,
    client: HubSpotClient,
    record: CompanyRecord | None,
    named: Sequence[str],
    others: Sequence[CompanyRecord],
) -> list[Found]:
    """Return the companies that any rule finds for a record, and those that are named by their id.

    ``others`` are records that claim a company together with some other record.
    """
    rules: dict[str, list[str]] = {one: [] for one in named}
    rivals: dict[str, list[str]] = {}
    if record is not None:
        index = _index(settings, ledger, client, record)
        for hubspot_id, rule in _hits(settings, index, record):
            rules.setdefault(hubspot_id, []).append(rule)
        for other in others:
            for hubspot_id, _ in _hits(settings, index, other):
                rivals.setdefault(hubspot_id, []).append(other.key)
    numbers = settings.matching.organisation_number_properties
    held = _held(client, "companies", [*rules], (*COMPANY_VALUES, *numbers))
    people = _addresses(client, list(held))
    return [
        Found(
            held[one],
            tuple(dict.fromkeys(rules[one])),
            people.get(held[one].id, ()),
            tuple(dict.fromkeys(rivals.get(one, ()))),
        )
        for one in rules
        if one in held
    ]


def contact_candidates(
    settings: ConnectionSettings,
    client: HubSpotClient,
    record: ContactRecord | None,
    named: Sequence[str],
) -> list[Found]:
    """Return the contacts with a record's Visma id or address, and those that are named by their id."""
    rules: dict[str, list[str]] = {one: [] for one in named}
    if record is not None:
        ids = [f"{settings.name}:{number}" for number in record.contact_ids]
        for name, values, rule in (
            ("visma_contact_id", ids, VISMA_ID),
            ("email", [record.email], "email"),
        ):
            wanted = [value for value in values if value]
            if wanted and name in client.properties("contacts"):
                for contact in client.batch_read("contacts", wanted, (), id_property=name).values():
                    rules.setdefault(contact.id, []).append(rule)
    held = _held(client, "contacts", [*rules], CONTACT_VALUES)
    return [Found(held[one], tuple(dict.fromkeys(rules[one]))) for one in rules if one in held]


def _index(
    settings: ConnectionSettings, ledger: LedgerReader, client: HubSpotClient, record: CompanyRecord
) -> CompanyIndex:
    """Return the companies that a record may be by any rule, to be asked like a plan asks."""
    read = (*COMPANY_VALUES, *OWN_IDS["companies"].values())
    candidates = CompanyCandidates(client, ledger, settings.matching, read, settings.region)
    candidates.prepare(1)
    return candidates.index_for(candidates.with_people([record]))


def _hits(
    settings: ConnectionSettings, index: CompanyIndex, record: CompanyRecord
) -> Iterator[tuple[str, str]]:
    """Yield the ids of companies with the rule that finds them, every rule and not only the first with a hit."""
    for name in OWN_IDS["companies"].values():
        value = record.properties.get(name)
        if value and (own := index.with_visma_id(name, value)) is not None:
            yield own.id, VISMA_ID
    for step in settings.matching.companies:
        for key in keys_of(record, step, settings.region):
            yield from ((company.id, str(step.name)) for company in index.hits(step, key))


def _held(
    client: HubSpotClient, object_type: str, ids: Sequence[str], values: Sequence[str]
) -> dict[str, HubSpotRecord]:
    wanted = {*values, *ABOUT, *OWN_IDS[object_type].values()}
    names = sorted(wanted & client.properties(object_type).keys())
    return client.batch_read(object_type, ids[:MOST_READ], names)


def _addresses(client: HubSpotClient, companies: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the e-mail addresses of the people of companies."""
    links = read_links(client, "companies", "contacts", companies)
    ids = {company: [one.id for one in some[:MOST_READ]] for company, some in links.items()}
    everybody = list(dict.fromkeys(one for some in ids.values() for one in some))
    held = client.batch_read("contacts", everybody, ("email",)) if everybody else {}
    found: dict[str, tuple[str, ...]] = {}
    for company, some in ids.items():
        addresses = (normal_forms.email(held[one].properties.get("email")) for one in some if one in held)
        found[company] = tuple(dict.fromkeys(address for address in addresses if address))
    return found
