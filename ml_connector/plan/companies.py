"""The plan for companies: for every record, what would change in HubSpot.

Records that were synced before are compared by fingerprint without a call; changed ones with the values HubSpot holds;
unknown ones are matched first. Memory holds one chunk of records, the candidates, and the operations that adopt an
existing company (two records may claim the same one, which is known only at the end).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ml_connector.chunks import chunks
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.inventory import Inventory
from ml_connector.hubspot.mapped_properties import require
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.ledger.queries import Identity, LedgerReader
from ml_connector.plan.candidates import CompanyCandidates
from ml_connector.plan.decided import RULE, with_sums
from ml_connector.plan.double_claims import settled
from ml_connector.plan.known import is_older, read_held
from ml_connector.plan.matching import (
    ID_PROPERTIES,
    VISMA_ID,
    CompanyIndex,
    Match,
    is_anothers,
    is_elsewhere,
)
from ml_connector.plan.merging import changes, fingerprint, mark_of
from ml_connector.plan.operations import STORED, Action, Operation
from ml_connector.plan.rulings import Ruling, Rulings, each_for_itself
from ml_connector.records.companies import SUPPLIER_PROPERTIES
from ml_connector.records.judging import classes_of
from ml_connector.records.model import CompanyRecord, Properties
from ml_connector.settings import ConnectionSettings
from ml_connector.settings.connection import BUILT_IN
from ml_connector.settings.matching import CompanyRule, Many, Missing, One

OBJECT = "companies"

CHUNK = 2000
"""Records planned at once."""


@dataclass(frozen=True, slots=True)
class Known:
    """A record that was synced before, with the identities of its Visma keys."""

    record: CompanyRecord
    identities: tuple[Identity, ...]


class CompanyPlanner:
    """Plans the companies of one connection.

    Args:
        settings: matching, merging, mapping and creating rules.
        ledger: who is who so far.
        client: reads the portal.
        contacts: the portal's contacts, where the run's other plan may have read them.

    Raises:
        UsageError: the portal lacks a property or option that the settings name.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        ledger: LedgerReader,
        client: HubSpotClient,
        contacts: Inventory | None = None,
    ) -> None:
        require(settings, OBJECT, client)
        self._settings = settings
        self._ledger = ledger
        self._client = client
        self._properties = tuple(
            name for name in settings.filled(OBJECT) if name in client.properties(OBJECT)
        )
        alone = _suppliers_alone(settings)
        self._supplied = SUPPLIER_PROPERTIES | alone
        # What suppliers fill alone decides what they write on a customer's company, though they want the same.
        self._rules = mark_of(settings.merging) + ",".join(sorted(alone))
        self._rulings = Rulings[CompanyRecord](OBJECT, ledger, client, self._properties)
        self._candidates = CompanyCandidates(
            client, ledger, settings.matching, self._properties, settings.region, contacts
        )

    def plan(self, records: Iterable[CompanyRecord], unknown: int) -> Iterator[Operation]:
        """Yield one operation per record, in no particular order.

        Args:
            records: the records, each Visma key once.
            unknown: how many of them have no identity yet; decides how candidates are looked for.
        """
        self._candidates.prepare(unknown)
        adopted: dict[str, list[Operation]] = defaultdict(list)
        for chunk in chunks(_travelling(records), CHUNK):
            for operation in self._plan_chunk(chunk):
                if operation.action is Action.UPDATE and operation.rule != VISMA_ID:
                    adopted[str(operation.hubspot_id)].append(operation)
                else:
                    self._rulings.releases(operation)
                    yield operation
        for hubspot_id, claims in adopted.items():
            for claim in settled(claims, hubspot_id):
                releases = self._rulings.releases(claim)
                yield with_sums(claim, releases)
                yield from releases

    def moves(self, partition: str) -> Iterator[Operation]:
        """Yield what moves the links of companies that a person linked otherwise; ask once all is planned."""
        return self._rulings.moves(partition)

    def _plan_chunk(self, records: Sequence[CompanyRecord]) -> Iterator[Operation]:
        identities = self._ledger.identities("companies", (key for record in records for key in record.keys))
        known: list[Known] = []
        unknown: list[CompanyRecord] = []
        parts: list[CompanyRecord] = []
        each = list(each_for_itself(records, self._rulings.decisions, identities))
        usual, ruled = self._rulings.sort(each, identities)
        yield from map(self._ruled, ruled)
        for record in usual:
            mine = [identities[key] for key in record.keys if key in identities]
            if record.skip or record.refusal:
                action = Action.SKIP if record.skip else Action.REJECT
                yield self._operation(record, action, reason=record.skip or record.refusal)
            elif not mine:
                unknown.append(record)
            elif len({identity.hubspot_id for identity in mine}) > 1:
                known.append(Known(record, tuple(mine)))
            elif older := [identity for identity in mine if is_older(record.stamp, [identity])]:
                if record.parts and len(older) < len(record.keys):
                    parts.extend(record.parts)
                else:
                    yield self._operation(record, Action.SKIP, hubspot_id=mine[0].hubspot_id, reason=_OLDER)
            elif self._unchanged(record, mine):
                yield self._operation(record, Action.UNCHANGED, hubspot_id=mine[0].hubspot_id)
            else:
                known.append(Known(record, tuple(mine)))
        yield from self._plan_known(known)
        yield from self._plan_unknown(unknown)
        if parts:
            # One of the two was synced newer since; the other may not have been synced at all.
            yield from self._plan_chunk(parts)

    def _unchanged(self, record: CompanyRecord, identities: Sequence[Identity]) -> bool:
        mark = fingerprint(record.wanted, self._rules)
        return len(identities) == len(record.keys) and all(
            identity.fingerprint == mark for identity in identities
        )

    def _plan_known(self, known: Sequence[Known]) -> Iterator[Operation]:
        """Compare changed records with the values HubSpot holds now."""
        if not known:
            return
        held = self._held(known)
        two: list[CompanyRecord] = []
        for item in known:
            ids = dict.fromkeys(identity.hubspot_id for identity in item.identities)
            found = {held[one].id: held[one] for one in ids if one in held} or self._survivors(
                item.record, held
            )
            if len(found) > 1 and item.record.parts:
                two.extend(item.record.parts)
            elif len(found) != 1:
                reason = _TWO_COMPANIES if found else _GONE
                yield self._operation(
                    item.record, Action.CONFLICT, reason=reason, candidates=tuple(found or ids)
                )
            elif len(ids) > 1 and is_older(item.record.stamp, item.identities):
                yield self._operation(item.record, Action.SKIP, hubspot_id=next(iter(found)), reason=_OLDER)
            else:
                yield self._update(item.record, next(iter(found.values())), VISMA_ID)
        for operation in self._plan_chunk(two) if two else ():
            yield replace(operation, reason=operation.reason or _TWO_COMPANIES)

    def _held(self, known: Sequence[Known]) -> dict[str, HubSpotRecord]:
        """Return what HubSpot holds of known companies, by their ids, and by Visma id where an id leads nowhere.

        A person may have merged a company into another, which then carries its Visma id.
        """
        ids = [identity.hubspot_id for item in known for identity in item.identities]
        held = read_held(self._client, "companies", ids, self._properties)
        lost = [item.record for item in known if all(one.hubspot_id not in held for one in item.identities)]
        for name in ID_PROPERTIES:
            wanted = [value for record in lost if (value := record.properties.get(name))]
            if wanted and name in self._properties:
                found = self._client.batch_read("companies", wanted, self._properties, id_property=name)
                # A customer and a supplier may have the same number.
                held |= {f"{name} {value}": company for value, company in found.items()}
        return held

    def _survivors(
        self, record: CompanyRecord, held: Mapping[str, HubSpotRecord]
    ) -> dict[str, HubSpotRecord]:
        names = (f"{name} {record.properties.get(name)}" for name in ID_PROPERTIES)
        return {held[name].id: held[name] for name in names if name in held}

    def _plan_unknown(self, records: Sequence[CompanyRecord]) -> Iterator[Operation]:
        if not records:
            return
        known = self._candidates.with_people(records)
        index = self._candidates.index_for(known)
        for record, one in zip(records, known, strict=True):
            yield self._plan_new(record, index.match(one), index)

    def _plan_new(self, record: CompanyRecord, match: Match, index: CompanyIndex) -> Operation:
        if not match.ids:
            return self._made(record)
        if len(match.ids) == 1 and (match.step is None or match.step.one is One.ADOPT):
            company = index.companies[match.ids[0]]
            if match.rule == CompanyRule.ORGANISATION_NUMBER and is_elsewhere(record, company):
                return self._undecided(record, match, _ELSEWHERE)
            return self._update(record, company, str(match.rule))
        if len(match.ids) == 1:
            return self._undecided(
                record,
                match,
                f"a HubSpot company fits by {match.rule}; a person has to say whether it is the one",
            )
        if match.step is not None and match.step.many is Many.SKIP:
            reason = f"{len(match.ids)} HubSpot companies fit by {match.rule}; by the settings it is left out"
            return self._operation(record, Action.SKIP, reason=reason)
        return self._undecided(
            record,
            match,
            f"{len(match.ids)} HubSpot companies fit by {match.rule}; a person has to choose one",
        )

    def _undecided(self, record: CompanyRecord, match: Match, reason: str) -> Operation:
        return self._operation(record, Action.CONFLICT, rule=match.rule, reason=reason, candidates=match.ids)

    def _ruled(self, ruling: Ruling[CompanyRecord]) -> Operation:
        """Return what becomes of a record that a person decided about."""
        if ruling.action is Action.CREATE:
            return self._made(ruling.record, decided=True)
        if ruling.held is not None:
            return self._update(ruling.record, ruling.held, RULE)
        return self._operation(
            ruling.record, ruling.action, rule=RULE, reason=ruling.reason, candidates=ruling.candidates
        )

    def _made(self, record: CompanyRecord, *, decided: bool = False) -> Operation:
        """Return what becomes of a record that fits no HubSpot company, or of which a person decided that."""
        missing = Missing.CREATE if decided else self._settings.matching.create_missing.companies
        if missing is Missing.SKIP:
            return self._operation(record, Action.SKIP, reason=NONE_FITS)
        if missing is Missing.CONFLICT:
            return self._operation(record, Action.CONFLICT, reason=NONE_DECIDED)
        id_property = "visma_customer_id" if record.customer_number else "visma_supplier_id"
        new = self._changes(record.wanted, None)
        rule = RULE if decided else None
        return self._operation(record, Action.CREATE, values=new, id_property=id_property, rule=rule)

    def _update(self, record: CompanyRecord, company: HubSpotRecord, rule: str) -> Operation:
        """Return what brings an existing company to the record; UNCHANGED where it holds everything already."""
        if is_anothers(record, company):
            return self._operation(record, Action.CONFLICT, reason=_ANOTHERS, candidates=(company.id,))
        new = self._changes(self.wanted_of(record, company), company.properties)
        previous = {name: company.properties.get(name) for name in new}
        action = Action.UPDATE if new else Action.UNCHANGED
        return self._operation(
            record, action, hubspot_id=company.id, rule=rule, values=new, previous=previous
        )

    def wanted_of(self, record: CompanyRecord, company: HubSpotRecord) -> Properties:
        """Return what a record asks of a company: of a customer's, a supplier says only what is the supplier's."""
        if record.customer_number is None and company.properties.get("visma_customer_id"):
            return {name: value for name, value in record.wanted.items() if name in self._supplied}
        return record.wanted

    def _changes(
        self, wanted: Mapping[str, str | None], held: Mapping[str, str | None] | None
    ) -> dict[str, str]:
        merging = self._settings.merging
        found = changes(
            wanted,
            held,
            policies=merging.companies,
            clear_on_null=merging.cleared(OBJECT),
            definitions=self._client.properties(OBJECT),
        )
        return {name: change.new for name, change in found.items()}

    def _operation(
        self,
        record: CompanyRecord,
        action: Action,
        *,
        hubspot_id: str | None = None,
        id_property: str | None = None,
        values: Mapping[str, str | None] | None = None,
        previous: Mapping[str, str | None] | None = None,
        rule: str | None = None,
        reason: str | None = None,
        candidates: tuple[str, ...] = (),
    ) -> Operation:
        return Operation(
            entity="companies",
            object_type="companies",
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
            remembered=classes_of(record),
        )


def _travelling(records: Iterable[CompanyRecord]) -> Iterator[CompanyRecord]:
    """Yield records; of a customer and supplier that are one company and do not both travel, each for itself."""
    for record in records:
        yield from record.parts if any(part.skip for part in record.parts) else (record,)


def _suppliers_alone(settings: ConnectionSettings) -> frozenset[str]:
    """Return the mapped properties that suppliers alone fill: what a customer fills is the customer's to say."""
    customers = {*BUILT_IN[OBJECT], *(mapping.hubspot for mapping in settings.mapping.customers)}
    return frozenset(mapping.hubspot for mapping in settings.mapping.suppliers) - customers


NONE_FITS = "no HubSpot company fits and creating is switched off"
NONE_DECIDED = "no HubSpot company fits; a person has to say whether it is made"
_OLDER = "a newer version was synced before; an old window never overwrites it"
_GONE = "its HubSpot company was archived or merged by a person; it is not made again"
_ANOTHERS = "the HubSpot company it belongs to carries the id of another Visma record; a person has to choose"
_ELSEWHERE = (
    "another Visma record's company has its organisation number in another country; a person has to choose"
)
_TWO_COMPANIES = (
    "customer and supplier share an organisation number but are two HubSpot companies; merge them in HubSpot"
)
