"""What would become of one record if it were synced now: read from Visma, mapped, matched and planned. Writes nothing.

The planners are those of a run. What is special here is that the ledger is opened for reading only, and that every
decision is told: which rule found which candidate, and what became of each value.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice

import sqlalchemy as sa

from ml_connector.audit.finding import HUBSPOT, find, near
from ml_connector.audit.keys import DOCUMENTS as TYPES
from ml_connector.audit.keys import Meant, kind_of, meant
from ml_connector.audit.ledger import RecordLedger
from ml_connector.errors import UsageError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.models import Account, HubSpotRecord
from ml_connector.ledger.document_queries import DocumentReader
from ml_connector.ledger.due import DueReader
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.synced import SyncedReader
from ml_connector.ledger.taking import TakingReader
from ml_connector.plan.candidates import CompanyCandidates
from ml_connector.plan.companies import CompanyPlanner
from ml_connector.plan.contacts import ContactPlanner
from ml_connector.plan.decided import RULE, ignored_companies
from ml_connector.plan.invoices import InvoicePlanner, Occasion
from ml_connector.plan.known import read_held
from ml_connector.plan.matching import VISMA_ID
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.shield import Shield
from ml_connector.plan.taken import NotTaken
from ml_connector.plan.upcoming import upcoming
from ml_connector.records.again import Again
from ml_connector.records.field_rules import FieldRules
from ml_connector.records.model import CompanyRecord, ContactRecord, Properties
from ml_connector.settings import ConnectionSettings, RecordKind
from ml_connector.settings.matching import CompanyRule
from ml_connector.trial.decisions import FieldDecision, Rules, as_planned
from ml_connector.trial.held import HeldRows, plan_rows
from ml_connector.trial.mapping import companies_of, contacts_of, documents_of
from ml_connector.trial.model import LINKED, Candidate, Place, Trial, Tried
from ml_connector.trial.source import Source, VismaReader
from ml_connector.visma.client import VismaClient
from ml_connector.visma.snapshots import DOCUMENTS

MOST_REFUSED = 2000
"""Records that were refused before and are planned together with one that a rule has found a company for."""

Planner = CompanyPlanner | ContactPlanner
Record = CompanyRecord | ContactRecord


class RecordTrial:
    """Tries single records of one connection.

    Args:
        engine: of the ledger; it is only read.
        settings: the connection.
        visma, hubspot: clients of its company and its portal.
        account: the portal.
        place: the newest window.
    """

    def __init__(
        self,
        engine: sa.Engine,
        settings: ConnectionSettings,
        visma: VismaClient,
        hubspot: HubSpotClient,
        account: Account,
        place: Place,
    ) -> None:
        self._engine = reading(engine)
        self._settings = settings
        self._visma = visma
        self._client = hubspot
        self._account = account
        self._place = place
        self._ledger = LedgerReader(self._engine, settings.name)
        self._not_taken = NotTaken(
            settings.take, TakingReader(self._engine, settings.name), ignored_companies(self._ledger)
        )

    def of(self, typed: str) -> Trial:
        """Return what would become of a record.

        Raises:
            UsageError: it is no key, cannot be tried alone, fits several records, or Visma has none.
            ApiError: one of the two cannot be asked.
        """
        reader = VismaReader(self._visma, self._ledger, self._place.partition)
        asked = self._meant(typed)
        if kind_of(asked.keys[0]) in TYPES and not self._settings.carries(RecordKind.INVOICES):
            raise UsageError(
                f"{self._settings.name} carries no invoices, so {asked.keys[0]} is left alone.",
                remedy="Add invoices to the setting records to have them.",
            )
        source = reader.read(asked, typed)
        if source is None:
            raise self._unknown(asked)
        about, owner = self._tried(source, reader)
        if not about:
            raise self._unknown(asked)
        main = about[0].operation
        known = self._ledger.keys_of(main.object_type, [main.hubspot_id] if main.hubspot_id else [])
        shared = [key for keys in known.values() for key in sorted(keys) if key not in main.keys]
        calls = (self._visma.requests.calls, self._client.requests.calls)
        return Trial(
            self._settings.name,
            typed.strip(),
            source.key,
            main.stamp,
            about,
            owner,
            shared,
            tuple(self._notes(source, main)),
            calls,
        )

    def _meant(self, typed: str) -> Meant:
        """Return the keys that a text may mean; the id of a HubSpot record stands for its key in the ledger."""
        if typed.strip().casefold().startswith(HUBSPOT):
            with self._engine.connect() as database:
                found = find(RecordLedger(database, self._settings.name), self._settings.name, typed)
            if found is not None:
                return Meant((found.key,), certain=True)
        return meant(typed, self._settings.name)

    def _unknown(self, asked: Meant) -> UsageError:
        with self._engine.connect() as database:
            close = near(RecordLedger(database, self._settings.name), asked)
        hint = f"The nearest known: {', '.join(close)}." if close else "Look up its number in Visma."
        return UsageError(f"Visma has no {asked.keys[0]}.", remedy=hint)

    def _tried(self, source: Source, reader: VismaReader) -> tuple[list[Tried], list[Tried]]:
        """Return what would become of a record, and of its owner."""
        kind = kind_of(source.key)
        companies = self._companies(source)
        if kind in ("customer", "supplier"):
            return companies, []
        contacts = self._contacts(source)
        if kind in TYPES:
            return self._document(source, reader, companies, contacts), companies
        return _about(source.key, contacts), companies

    def _companies(self, source: Source) -> list[Tried]:
        settings = self._settings
        people = source.rows("contacts")
        records = list(companies_of(settings, source.rows("customers"), source.rows("suppliers"), people))
        planner = CompanyPlanner(settings, self._ledger, self._client)
        planned = list(planner.plan(records, self._unknown_of("companies", records)))
        if any(_adopts(operation) for operation in planned):
            mine = {key for record in records for key in record.keys}
            both = [*records, *self._refused(mine)]
            again = planner.plan(both, self._unknown_of("companies", both))
            planned = [operation for operation in again if mine.intersection(operation.keys)]
        held = self._not_taken.noting(self._shield("companies").hold(planned))
        told = [self._told(operation, records, planner) for operation in held]
        return [*told, *self._moved(planner, records)]

    def _refused(self, mine: set[str]) -> list[CompanyRecord]:
        """Return companies that were refused before, but for those with these keys: one may claim the same company."""
        settings = self._settings
        refused = DueReader(self._engine, settings.name, settings.model_dump(mode="json"))
        some = islice(chain(refused.due("companies"), refused.waiting("companies")), MOST_REFUSED)
        read = Again(FieldRules.of(settings)).company
        return [one for one in (read(reject.record) for reject in some) if not mine.intersection(one.keys)]

    def _moved(self, planner: Planner, records: Sequence[Record]) -> list[Tried]:
        """Return what moves the links of records that a person linked otherwise; ask once they are planned."""
        mine = {key for record in records for key in record.keys}
        moves = planner.moves(self._place.partition)
        return [Tried(one) for one in moves if mine.intersection(one.key.split(">"))]

    def _contacts(self, source: Source) -> list[Tried]:
        settings = self._settings
        records = list(contacts_of(settings, source.rows("contacts"), source.rows("customers")))
        if kind_of(source.key) == "contact":
            records = [record for record in records if source.key in record.keys]
        planner = ContactPlanner(settings, self._ledger, self._client, not_taken=self._not_taken)
        planned = planner.plan(records, self._unknown_of("contacts", records))
        told = [self._told(one, records, planner) for one in self._shield("contacts").hold(planned)]
        return [*told, *self._moved(planner, records)]

    def _document(
        self, source: Source, reader: VismaReader, companies: Sequence[Tried], contacts: Sequence[Tried]
    ) -> list[Tried]:
        settings, place = self._settings, self._place
        rows = source.rows(*DOCUMENTS.values())
        records = list(documents_of(settings, rows, reader.currencies(), place.as_of))
        planner = InvoicePlanner(
            settings,
            self._ledger,
            DocumentReader(self._engine, settings.name),
            self._client,
            currencies=self._account.currencies,
            upcoming=upcoming(_stored(companies), _stored(contacts)),
            occasion=Occasion(place.partition, place.as_of, datetime.now(UTC)),
            not_taken=self._not_taken,
        )
        unknown = len(records) - len(self._ledger.identities("invoices", (one.key for one in records)))
        return [Tried(one, as_planned(one)) for one in planner.documents(records, unknown)]

    def _shield(self, object_type: str) -> Shield:
        policies = self._settings.merging.policies(object_type)
        synced = SyncedReader(self._engine, self._settings.name)
        return Shield(object_type, policies, self._client, synced)

    def _unknown_of(self, object_type: str, records: Iterable[Record]) -> int:
        return sum(not self._ledger.identities(object_type, record.keys) for record in records)

    def _told(self, operation: Operation, records: Sequence[Record], planner: Planner) -> Tried:
        """Return an operation on a company or contact with what was decided."""
        record = next((one for one in records if set(operation.keys) & set(one.keys)), None)
        if record is None or operation.entity not in ("companies", "contacts"):
            return Tried(operation, as_planned(operation))
        return Tried(
            operation,
            self._fields(operation, record, planner),
            list(self._candidates(operation, record)),
        )

    def _fields(self, operation: Operation, record: Record, planner: Planner) -> list[FieldDecision]:
        merging, object_type = self._settings.merging, operation.object_type
        definitions = self._client.properties(object_type)
        rules = Rules(merging.policies(object_type), merging.cleared(object_type), definitions)
        if operation.action is Action.CREATE:
            return rules.decided(operation, record.wanted, record.wanted, None)
        if operation.action not in (Action.UPDATE, Action.UNCHANGED) or operation.hubspot_id is None:
            return []
        names = sorted({*record.wanted, *operation.values, "visma_customer_id"} & definitions.keys())
        found = read_held(self._client, object_type, [operation.hubspot_id], names)
        held = found.get(operation.hubspot_id)
        if held is None:
            return []
        return rules.decided(operation, record.wanted, _asked(planner, record, held), held.properties)

    def _candidates(self, operation: Operation, record: Record) -> Iterator[Candidate]:
        """Yield what every rule finds for a company that is not linked yet, whether it counts or not."""
        unlinked = not self._ledger.identities(operation.object_type, record.keys)
        if not isinstance(record, CompanyRecord) or not unlinked:
            for one in operation.candidates or filter(None, [operation.hubspot_id]):
                yield Candidate(operation.rule or LINKED, one, None, None)
            return
        if record.skip or record.refusal:
            return
        settings = self._settings
        finder = CompanyCandidates(self._client, self._ledger, settings.matching, (), settings.region)
        finder.prepare(1)
        (record,) = finder.with_people([record])
        index = finder.index_for([record])
        for step in settings.matching.companies:
            # Several keys of a record, such as its phone numbers, may find the same company.
            for hit in {hit.company.id: hit for hit in index.hits_of(record, step)}.values():
                yield Candidate(step.name, hit.company.id, hit.company.properties.get("name"), hit.ruled_out)

    def _notes(self, source: Source, main: Operation) -> Iterator[str]:
        kind = kind_of(source.key)
        steps = {step.rule for step in self._settings.matching.companies}
        if kind in ("customer", "supplier") and main.hubspot_id is None and CompanyRule.EMAIL in steps:
            yield "Matching by e-mail leaves out contacts in Visma that no sync has brought yet."
        if kind in TYPES and main.hubspot_id is None:
            yield "Contacts in Visma that no sync has brought yet are left out; a sync may link one of them."
        if kind == "supplier":
            yield "The sums of its purchases are not looked at."
        if source.owner is None and kind not in ("customer", "supplier"):
            yield "It belongs to no customer or supplier that Visma has."


def _adopts(operation: Operation) -> bool:
    """Return whether a rule found the HubSpot record, so that another Visma record may claim it too."""
    return operation.hubspot_id is not None and operation.rule not in (None, VISMA_ID, RULE)


def reading(engine: sa.Engine) -> sa.Engine:
    """Return an engine on whose connections the database refuses to write."""
    return engine.execution_options(postgresql_readonly=True)


def _asked(planner: Planner, record: Record, held: HubSpotRecord) -> Properties:
    if isinstance(planner, CompanyPlanner) and isinstance(record, CompanyRecord):
        return planner.wanted_of(record, held)
    if isinstance(planner, ContactPlanner) and isinstance(record, ContactRecord):
        return planner.wanted_of(record, held)
    raise TypeError("a planner plans records of its own kind")


def _about(key: str, tried: Sequence[Tried]) -> list[Tried]:
    """Return what is about a record and its links, the record itself first."""
    mine = [one for one in tried if key in one.operation.keys]
    names = {name for one in mine for name in one.operation.keys}
    links = [one for one in tried if one.operation.key.partition(">")[0] in names and one not in mine]
    return [*mine, *links] if mine else []


def _stored(tried: Sequence[Tried]) -> HeldRows:
    return plan_rows(one.operation for one in tried)
