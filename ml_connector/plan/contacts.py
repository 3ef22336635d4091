"""The plan for contacts and their links to companies.

A contact is known by its Visma id or by its e-mail address, which HubSpot keeps unique. A mailbox that another Visma
contact already gave to HubSpot is that same contact: it only gains a link to one more company.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.inventory import Inventory, contact_inventory
from ml_connector.hubspot.mapped_properties import require
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.queries import Identity, KnownLink, LedgerReader
from ml_connector.plan.decided import RULE
from ml_connector.plan.known import is_older, read_held
from ml_connector.plan.links import Ties, unlink
from ml_connector.plan.matching import VISMA_ID
from ml_connector.plan.merging import changes, fingerprint, mark_of
from ml_connector.plan.operations import STORED, Action, Operation
from ml_connector.plan.rulings import Ruling, Rulings
from ml_connector.plan.taken import NotTaken
from ml_connector.records.model import ContactRecord, Properties
from ml_connector.settings import ConnectionSettings
from ml_connector.settings.matching import Missing

OBJECT = "contacts"

CHUNK = 2000
"""Records planned at once."""

BATCH = 100
"""Records in one read (reference: hubspot 3)."""

ID_PROPERTY = "visma_contact_id"

TIES = Ties("links", OBJECT)


@dataclass(frozen=True, slots=True)
class Known:
    """A record with the identity it is known by: its own, or that of another with its address."""

    record: ContactRecord
    identity: Identity


class ContactPlanner:
    """Plans the contacts of one connection and their links.

    Args:
        settings: matching, merging, mapping and creating rules.
        ledger: who is who so far.
        client: reads the portal.
        contacts: the portal's contacts, where the run's other plan may have read them.
        not_taken: tells which companies do not travel; None where all do.

    Raises:
        UsageError: the portal lacks a property or option that the settings name.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        ledger: LedgerReader,
        client: HubSpotClient,
        contacts: Inventory | None = None,
        not_taken: NotTaken | None = None,
    ) -> None:
        require(settings, OBJECT, client)
        self._not_taken = not_taken
        self._settings = settings
        self._ledger = ledger
        self._client = client
        self._defined = client.properties(OBJECT)
        self._properties = tuple(name for name in settings.filled(OBJECT) if name in self._defined)
        self._rules = mark_of(settings.merging)
        self._rulings = Rulings[ContactRecord](OBJECT, ledger, client, self._properties)
        self._inventory = contacts or contact_inventory(client, settings.mapping.targets(OBJECT))
        self._whole: dict[str, HubSpotRecord] | None = None
        self._claimed: dict[str, str] = {}
        self._left: dict[str, set[str]] = {}

    def plan(self, records: Iterable[ContactRecord], unknown: int) -> Iterator[Operation]:
        """Yield one operation per record and one per link that is still to be made, in no particular order.

        Args:
            records: the records, each Visma contact once.
            unknown: how many of them have no identity yet; decides how HubSpot's contacts are looked for.
        """
        lookups = 2 * -(-unknown // BATCH)
        if unknown and self._inventory.calls() <= lookups:
            pages = self._inventory.pages()
            self._whole = {key: contact for page in pages for contact in page for key in self._keys(contact)}
        for chunk in chunks(records, CHUNK):
            reasons = self._reasons(chunk)
            travelling = [_without(record, reasons) for record in chunk]
            yield from (
                self._operation(record, Action.SKIP, reason=reasons[record.companies[0]])
                for record, left in zip(chunk, travelling, strict=True)
                if left is None
            )
            yield from self._plan_chunk([record for record in travelling if record is not None])

    def moves(self, partition: str) -> Iterator[Operation]:
        """Yield what moves the links of contacts that a person linked otherwise; ask once all is planned."""
        return self._rulings.moves(partition)

    def owed(self, pending: Sequence[KnownLink], partition: str) -> Iterator[Operation]:
        """Yield the links that earlier runs could not make, and the end of those to companies that do not travel."""
        companies = [held.to_key for held in pending]
        left_out = self._not_taken.reasons(companies) if self._not_taken is not None else {}
        for held in pending:
            if held.to_key in left_out:
                yield unlink(TIES, held, partition)
            else:
                yield link(held.from_key, held.to_key, partition)

    def _reasons(self, records: Sequence[ContactRecord]) -> Mapping[str, str]:
        """Return why companies of contacts do not travel, by their keys."""
        companies = (company for record in records for company in record.companies)
        return self._not_taken.reasons(companies) if self._not_taken is not None else {}

    def _plan_chunk(self, records: Sequence[ContactRecord]) -> Iterator[Operation]:
        identities = self._ledger.identities("contacts", (key for record in records for key in record.keys))
        addresses = [record.email for record in records if record.email and record.key not in identities]
        by_email = self._ledger.identities_by_email("contacts", addresses)
        links = self._ledger.links_of("contacts", [key for record in records for key in record.keys])
        changed: list[Known] = []
        unknown: list[ContactRecord] = []
        usual, ruled = self._rulings.sort(records, identities)
        planned = [self._ruled(ruling) for ruling in ruled]
        for record in usual:
            mine = next((identities[key] for key in record.keys if key in identities), None)
            mine = mine or by_email.get(record.email or "")
            if mine is None and not record.active:
                planned.append(self._operation(record, Action.SKIP, reason="it is inactive in Visma"))
            elif record.refusal:
                planned.append(self._operation(record, Action.REJECT, reason=record.refusal))
            elif mine is None:
                unknown.append(record)
            elif mine.key == record.key and is_older(record.stamp, [mine]):
                planned.append(
                    self._operation(record, Action.SKIP, hubspot_id=mine.hubspot_id, reason=_OLDER)
                )
            elif mine.key == record.key and self._is_settled(record, mine, identities):
                planned.append(self._operation(record, Action.UNCHANGED, hubspot_id=mine.hubspot_id))
            else:
                changed.append(Known(record, mine))
        planned.extend(self._plan_changed(changed, unknown))
        planned.extend(self._plan_unknown(unknown))
        for operation in planned:
            yield operation
            yield from self._rulings.releases(operation)
        sendable = {operation.key: operation for operation in planned if operation.action not in _UNLINKED}
        for record in records:
            if record.key in sendable:
                yield from self._links(record, sendable[record.key].hubspot_id, links)

    def _is_settled(self, record: ContactRecord, mine: Identity, identities: Mapping[str, Identity]) -> bool:
        """Return whether a record was synced as it is, for each of the Visma contacts that share its mailbox."""
        same = mine.fingerprint == fingerprint(record.wanted, self._rules)
        return same and all(key in identities for key in record.keys)

    def _plan_changed(self, changed: Sequence[Known], unknown: list[ContactRecord]) -> Iterator[Operation]:
        """Compare changed records with the values HubSpot holds now.

        Records that turn out not to be the contact they were known as are added to ``unknown``.
        """
        held = read_held(
            self._client, "contacts", [item.identity.hubspot_id for item in changed], self._read_properties()
        )
        lost = [item.record for item in changed if item.identity.hubspot_id not in held]
        survivors = self._look_up(lost) if lost else {}
        others: list[tuple[Known, HubSpotRecord]] = []
        for item in changed:
            contact = held.get(item.identity.hubspot_id) or self._found(item.record, survivors)
            if contact is None:
                yield self._operation(
                    item.record, Action.CONFLICT, hubspot_id=item.identity.hubspot_id, reason=_GONE
                )
            elif self._owner(item.record, contact) in self._ids(item.record):
                yield self._update(item.record, contact, VISMA_ID)
            else:
                others.append((item, contact))
        for item, contact in others:
            if item.record.email and not self._holds(contact, item.record.email):
                unknown.append(item.record)
            else:
                rule = VISMA_ID if item.identity.key in item.record.keys else "email"
                yield self._update(item.record, contact, rule)

    def _plan_unknown(self, records: Sequence[ContactRecord]) -> Iterator[Operation]:
        found = self._whole if self._whole is not None else self._look_up(records)
        for record in records:
            own = found.get(f"id {record.properties[ID_PROPERTY]}")
            contact = self._found(record, found)
            if contact is None:
                yield self._made(record)
            elif own is None and self._is_only_proposed(contact):
                yield self._operation(
                    record, Action.CONFLICT, rule="email", reason=PROPOSED, candidates=(contact.id,)
                )
            else:
                yield self._update(record, contact, VISMA_ID if own else "email")

    def _is_only_proposed(self, contact: HubSpotRecord) -> bool:
        """Return whether a person has to say that a contact found by its address is the one: not where it is ours."""
        ours = contact.properties.get(ID_PROPERTY) or contact.id in self._claimed
        return self._settings.matching.proposes_contacts and not ours

    def _ruled(self, ruling: Ruling[ContactRecord]) -> Operation:
        """Return what becomes of a record that a person decided about."""
        if ruling.action is Action.CREATE:
            return self._made(ruling.record, decided=True)
        if ruling.held is not None:
            return self._update(ruling.record, ruling.held, RULE)
        return self._operation(
            ruling.record, ruling.action, rule=RULE, reason=ruling.reason, candidates=ruling.candidates
        )

    def _made(self, record: ContactRecord, *, decided: bool = False) -> Operation:
        """Return what becomes of a record that fits no HubSpot contact, or of which a person decided that."""
        missing = Missing.CREATE if decided else self._settings.matching.create_missing.contacts
        if missing is Missing.SKIP:
            return self._operation(record, Action.SKIP, reason=NONE_FITS)
        if missing is Missing.CONFLICT:
            return self._operation(record, Action.CONFLICT, reason=NONE_DECIDED)
        new = self._changes(record.wanted, None)
        return self._operation(
            record,
            Action.CREATE,
            values=new,
            id_property=ID_PROPERTY,
            rule=RULE if decided else None,
            email=record.email,
        )

    def _found(self, record: ContactRecord, found: Mapping[str, HubSpotRecord]) -> HubSpotRecord | None:
        """Return the contact that carries a record's id or, as this plan will leave it, its address."""
        own = found.get(f"id {record.properties[ID_PROPERTY]}")
        if own is not None or not record.email:
            return own
        contact = found.get(f"mail {record.email}")
        return contact if contact is not None and self._holds(contact, record.email) else None

    def _holds(self, contact: HubSpotRecord, address: str) -> bool:
        """Return whether a contact has this address and keeps it when this plan is carried out."""
        return f"mail {address}" in self._keys(contact) and address not in self._left.get(contact.id, ())

    def _look_up(self, records: Sequence[ContactRecord]) -> dict[str, HubSpotRecord]:
        """Read the contacts that carry the records' ids or addresses; a batch read has no index lag."""
        found: dict[str, HubSpotRecord] = {}
        wanted = {"email": [record.email for record in records if record.email]}
        if ID_PROPERTY in self._defined:
            wanted[ID_PROPERTY] = [str(record.properties[ID_PROPERTY]) for record in records]
        for name, values in wanted.items():
            for chunk in chunks(dict.fromkeys(values), BATCH):
                read = self._client.batch_read("contacts", chunk, self._read_properties(), id_property=name)
                for value, contact in read.items():
                    found[f"{'mail' if name == 'email' else 'id'} {value}"] = contact
        return found

    def _read_properties(self) -> tuple[str, ...]:
        return tuple(sorted({*self._properties, "hs_additional_emails"} & self._defined.keys()))

    def _keys(self, contact: HubSpotRecord) -> Iterator[str]:
        """Yield the keys a contact is found under: its Visma id and all its addresses."""
        if own := contact.properties.get(ID_PROPERTY):
            yield f"id {own}"
        more = (contact.properties.get("hs_additional_emails") or "").split(";")
        for address in (contact.properties.get("email"), *more):
            if address:
                yield f"mail {address.strip().lower()}"

    def _ids(self, record: ContactRecord) -> tuple[str, ...]:
        """Return the values of the id property that stand for a record; its own comes first."""
        connection = self._settings.name
        return tuple(f"{connection}:{number}" for number in record.contact_ids)

    def _owner(self, record: ContactRecord, contact: HubSpotRecord) -> str:
        """Return whose contact it is: the id it carries or, in this plan, that of the first record to claim it."""
        held = contact.properties.get(ID_PROPERTY)
        return self._claimed.setdefault(contact.id, held or self._ids(record)[0])

    def _update(self, record: ContactRecord, contact: HubSpotRecord, rule: str) -> Operation:
        """Return what brings an existing contact to the record; one of another Visma contact is left as it is."""
        new = self._changes(self.wanted_of(record, contact), contact.properties)
        previous = {name: contact.properties.get(name) for name in new}
        if "email" in new and previous["email"]:
            self._left.setdefault(contact.id, set()).add(previous["email"].strip().lower())
        holds = record.email and ("email" in new or self._holds(contact, record.email))
        return self._operation(
            record,
            Action.UPDATE if new else Action.UNCHANGED,
            hubspot_id=contact.id,
            rule=rule,
            values=new,
            previous=previous,
            email=record.email if holds else None,
        )

    def wanted_of(self, record: ContactRecord, contact: HubSpotRecord) -> Properties:
        """Return what a record asks of a contact: nothing where it is another Visma contact's."""
        owner = self._owner(record, contact)
        return {**record.wanted, ID_PROPERTY: owner} if owner in self._ids(record) else {}

    def _changes(
        self, wanted: Mapping[str, str | None], held: Mapping[str, str | None] | None
    ) -> dict[str, str]:
        merging = self._settings.merging
        found = changes(
            wanted,
            held,
            policies=merging.contacts,
            clear_on_null=merging.cleared(OBJECT),
            definitions=self._client.properties(OBJECT),
        )
        return {name: change.new for name, change in found.items()}

    def _links(
        self, record: ContactRecord, hubspot_id: str | None, links: Mapping[tuple[str, str], KnownLink]
    ) -> Iterator[Operation]:
        """Yield the links of a record that its HubSpot contact does not have yet, as far as the ledger knows."""
        for company in record.companies:
            known = [links[key, company] for key in record.keys if (key, company) in links]
            if not any(one.status == "confirmed" and one.from_id == hubspot_id for one in known):
                yield link(record.key, company, record.partition)

    def _operation(
        self,
        record: ContactRecord,
        action: Action,
        *,
        hubspot_id: str | None = None,
        id_property: str | None = None,
        values: Mapping[str, str | None] | None = None,
        previous: Mapping[str, str | None] | None = None,
        rule: str | None = None,
        reason: str | None = None,
        email: str | None = None,
        candidates: tuple[str, ...] = (),
    ) -> Operation:
        return Operation(
            entity="contacts",
            object_type=OBJECT,
            action=action,
            keys=record.keys,
            partition=record.partition,
            hubspot_id=hubspot_id,
            id_property=id_property,
            values=values or {},
            previous=previous or {},
            rule=rule,
            reason=reason,
            candidates=candidates,
            stamp=record.stamp,
            fingerprint=fingerprint(record.wanted, self._rules),
            record=json.dumps(record.to_row(), ensure_ascii=False) if action in STORED else None,
            email=email,
        )


def _without(record: ContactRecord, companies: Collection[str]) -> ContactRecord | None:
    """Return a contact without the companies that do not travel; None for one that belongs to no other."""
    left = tuple(company for company in record.companies if company not in companies)
    if left == record.companies:
        return record
    return replace(record, companies=left) if left else None


def link(contact: str, company: str, partition: str) -> Operation:
    """Return the operation that associates a contact with a company, both named by their Visma keys."""
    return Operation(
        entity="links",
        object_type="contacts",
        action=Action.LINK,
        keys=(f"{contact}>{company}",),
        partition=partition,
        values={"from": contact, "to": company},
    )


_UNLINKED = frozenset({Action.SKIP, Action.CONFLICT, Action.REJECT})
NONE_FITS = "no HubSpot contact fits and creating is switched off"
NONE_DECIDED = "no HubSpot contact fits; a person has to say whether it is made"
PROPOSED = "a HubSpot contact has its e-mail address; a person has to say whether it is the one"
_OLDER = "a newer version was synced before; an old window never overwrites it"
_GONE = "its HubSpot contact was archived or merged by a person; it is not made again"
