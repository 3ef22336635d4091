"""The evidence for a decision: a Visma record beside the HubSpot records it may be, value by value."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ml_connector.desk.candidates import Found, company_candidates, contact_candidates
from ml_connector.desk.opened import Open, opened
from ml_connector.desk.records import VismaRecord, claiming
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import Account, HubSpotRecord
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.decided import OWN_IDS
from ml_connector.records import normal_forms
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.settings import ConnectionSettings

MOST = 20
"""HubSpot records that are shown; nobody compares more."""

LABELS = {
    "companies": ("Name", "Organisation number", "E-mail", "Phone", "Domain", "City"),
    "contacts": ("Name", "E-mail", "Phone", "Title"),
}
"""What is compared, by object, in the order of reading."""


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that is compared: what Visma has, or HubSpot; ``equal`` means the same in normal form."""

    label: str
    texts: tuple[str, ...]
    equal: bool = False

    @property
    def shown(self) -> str:
        """The texts as one."""
        return ", ".join(self.texts)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A HubSpot record that the Visma record may be.

    Args:
        hubspot_id: its id.
        values: what it has, in the order of :data:`LABELS`.
        rules: the rules that find it, in the order in which they are tried.
        visma: the Visma records whose ids it carries.
        rivals: other Visma records that wait because a rule finds it for them too.
        linked: whether the ledger links the Visma record with it.
        owned: whether it has an owner in HubSpot.
        modified: when it was last changed, as HubSpot says it.
        url: its page in HubSpot.
    """

    hubspot_id: str
    values: tuple[Value, ...]
    rules: tuple[str, ...]
    visma: tuple[str, ...]
    rivals: tuple[str, ...]
    linked: bool
    owned: bool
    modified: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a person needs to decide about one record.

    Args:
        record: the Visma record.
        values: what Visma has.
        state: how it stands; None where nothing was ever in conflict or decided.
        candidates: the HubSpot records, the linked one first, then those that most rules find.
        left_out: how many more there are.
    """

    record: VismaRecord
    values: tuple[Value, ...]
    state: Open | None
    candidates: tuple[Candidate, ...]
    left_out: int

    def as_dict(self) -> dict[str, Any]:
        """Return it under stable names."""
        return {
            "record": self.record.key,
            "object": self.record.object_type,
            "linked_to": self.record.linked,
            "state": self.state.as_dict() if self.state else None,
            "visma": {value.label: list(value.texts) for value in self.values},
            "candidates": [
                {
                    "hubspot_id": one.hubspot_id,
                    "values": {value.label: list(value.texts) for value in one.values},
                    "equal": [value.label for value in one.values if value.equal],
                    "rules": list(one.rules),
                    "visma_records": list(one.visma),
                    "also_claimed_by": list(one.rivals),
                    "linked": one.linked,
                    "has_owner": one.owned,
                    "last_modified": one.modified,
                    "url": one.url,
                }
                for one in self.candidates
            ],
            "left_out": self.left_out,
        }


def evidence(
    engine: sa.Engine,
    settings: ConnectionSettings,
    client: HubSpotClient,
    record: VismaRecord,
    also: Sequence[str] = (),
) -> Evidence:
    """Return the evidence for a record; HubSpot is read as it is now.

    Args:
        engine: of the ledger.
        settings: the rules.
        client: reads the portal.
        record: the Visma record.
        also: ids of HubSpot records to show besides those that the rules find.
    """
    states = {(one.object_type, one.key): one for one in opened(engine, settings.name)}
    places = [record.key, *(one.key for one in record.refused)]
    state = next((one for key in places if (one := states.get((record.object_type, key))) is not None), None)
    chosen = state.decision.hubspot_id if state and state.decision else None
    named = [one for one in (record.linked, chosen, *also) if one]
    found = _found(engine, settings, client, record, named)
    values = tuple(_visma_values(record, settings.region))
    account = client.account()
    shown = [_candidate(one, values, record, settings, account) for one in found[:MOST]]
    shown.sort(key=lambda one: (not one.linked, -len(one.rules), -sum(v.equal for v in one.values)))
    return Evidence(record, values, state, tuple(shown), max(0, len(found) - MOST))


def _found(
    engine: sa.Engine,
    settings: ConnectionSettings,
    client: HubSpotClient,
    record: VismaRecord,
    named: Sequence[str],
) -> list[Found]:
    if isinstance(record.record, ContactRecord) or record.object_type == "contacts":
        mine = record.record if isinstance(record.record, ContactRecord) else None
        return contact_candidates(settings, client, mine, named)
    others = claiming(engine, settings.name, record.key)
    return company_candidates(
        settings, LedgerReader(engine, settings.name), client, record.record, named, others
    )


def _visma_values(record: VismaRecord, region: str) -> Iterator[Value]:
    row = record.record
    wanted: Mapping[str, str | None] = row.properties if row else {}
    if isinstance(row, CompanyRecord):
        texts: Iterable[Sequence[str | None]] = (
            (wanted.get("name"),),
            (wanted.get("visma_organisation_number") or row.organisation_number,),
            row.emails,
            (wanted.get("phone"), *row.phones),
            (wanted.get("domain") or row.domain,),
            (wanted.get("city"),),
        )
    else:
        name = " ".join(part for part in (wanted.get("firstname"), wanted.get("lastname")) if part)
        texts = ((name,), (wanted.get("email"),), (wanted.get("phone"),), (wanted.get("jobtitle"),))
    for label, some in zip(LABELS[record.object_type], texts, strict=True):
        yield Value(label, _each_once(label, some, region))


def _candidate(
    found: Found, visma: Sequence[Value], record: VismaRecord, settings: ConnectionSettings, account: Account
) -> Candidate:
    held = found.held.properties
    unique = OWN_IDS[record.object_type]
    carried = [(kind, str(held[name])) for kind, name in unique.items() if held.get(name)]
    own = f"{settings.name}:"
    return Candidate(
        hubspot_id=found.held.id,
        values=tuple(
            Value(value.label, texts, equal=_is_equal(value, texts, settings.region))
            for value, texts in zip(visma, _hubspot_texts(found, record.object_type, settings), strict=True)
        ),
        rules=found.rules,
        visma=tuple(
            f"{kind}:{value.removeprefix(own)}" if value.startswith(own) else f"{kind} {value}"
            for kind, value in carried
        ),
        rivals=found.rivals,
        linked=found.held.id == record.linked,
        owned=bool(held.get("hubspot_owner_id")),
        modified=(held.get("hs_lastmodifieddate") or held.get("lastmodifieddate") or "")[:16].replace(
            "T", " "
        ),
        url=account.address_of(record.object_type, found.held.id),
    )


def _hubspot_texts(found: Found, object_type: str, settings: ConnectionSettings) -> Iterator[tuple[str, ...]]:
    held = found.held
    texts = _of_company(found, settings) if object_type == "companies" else _of_contact(held)
    for label, some in zip(LABELS[object_type], texts, strict=True):
        yield _each_once(label, some, settings.region)


def _of_company(found: Found, settings: ConnectionSettings) -> Iterable[Sequence[str | None]]:
    held = found.held.properties
    more = (held.get("hs_additional_domains") or "").split(";")
    return (
        (held.get("name"),),
        tuple(held.get(name) for name in settings.matching.organisation_number_properties),
        found.emails,
        (held.get("phone"),),
        (held.get("domain"), *more, normal_forms.host(held.get("website"))),
        (held.get("city"),),
    )


def _of_contact(contact: HubSpotRecord) -> Iterable[Sequence[str | None]]:
    held = contact.properties
    name = " ".join(part for part in (held.get("firstname"), held.get("lastname")) if part)
    more = (held.get("hs_additional_emails") or "").split(";")
    return ((name,), (held.get("email"), *more), (held.get("phone"),), (held.get("jobtitle"),))


def _each_once(label: str, texts: Iterable[str | None], region: str) -> tuple[str, ...]:
    """Return texts without those that are another one in normal form."""
    return tuple({_form(label, text, region): text for text in reversed([*texts]) if text}.values())[::-1]


def _is_equal(value: Value, texts: Sequence[str], region: str) -> bool:
    mine = {_form(value.label, text, region) for text in value.texts}
    return not mine.isdisjoint(_form(value.label, text, region) for text in texts)


def _form(label: str, text: str, region: str) -> str:
    """Return a text in the form in which rules compare it."""
    forms = {
        "Organisation number": normal_forms.organisation_number(text),
        "E-mail": normal_forms.email(text),
        "Phone": normal_forms.phone(text, region),
        "Domain": normal_forms.host(text),
        "Name": normal_forms.company_name(text),
    }
    return forms.get(label) or text.strip().casefold()
