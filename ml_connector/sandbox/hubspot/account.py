"""The whole state of the account and the few ways to change it; the API and the Python hooks both go through here."""

import random
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ml_connector.sandbox.hubspot.association_types import AssociationType, AssociationTypes
from ml_connector.sandbox.hubspot.catalogue import Catalogue
from ml_connector.sandbox.hubspot.definitions import PropertyDefinition, PropertyGroup
from ml_connector.sandbox.hubspot.links import PARENTS_OF_LINES, Links
from ml_connector.sandbox.hubspot.object_types import ObjectType, ObjectTypes
from ml_connector.sandbox.hubspot.records import Record, RecordStore, Source, Write
from ml_connector.sandbox.hubspot.settings import Fault, HubSpotSandboxSettings
from ml_connector.sandbox.hubspot.standard import STANDARD
from ml_connector.sandbox.hubspot.times import iso

FIRST_RECORD_ID = 90_100_000_001
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class NewLink:
    """An association to be made with a new record, already checked."""

    to_type: ObjectType
    to_id: str
    types: tuple[AssociationType, ...]


class Account:
    """One account: types, definitions, records, associations, planted faults.

    Args:
        settings: replaced as a whole to change behaviour while running.
        clock: seconds since 1970; tests give their own.
    """

    def __init__(self, settings: HubSpotSandboxSettings, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.start_over(settings)

    def start_over(self, settings: HubSpotSandboxSettings) -> None:
        """Forget everything and begin with these settings."""
        self.settings = settings
        self.random = random.Random(settings.seed)
        self.faults: list[Fault] = []
        self.types = ObjectTypes()
        self.association_types = AssociationTypes()
        self.links = Links(self.association_types)
        self.stores: dict[str, RecordStore] = {}
        self.catalogues: dict[str, Catalogue] = {}
        self._next_id = FIRST_RECORD_ID
        for object_type in self.types.all.values():
            groups, definitions = STANDARD[object_type.type_id]
            self.open(object_type, groups, definitions)

    def open(
        self, object_type: ObjectType, groups: list[PropertyGroup], definitions: list[PropertyDefinition]
    ) -> None:
        """Make room for the records of a type."""
        self.types.add(object_type)
        self.stores[object_type.type_id] = RecordStore(object_type)
        self.catalogues[object_type.type_id] = Catalogue(object_type, groups, definitions)

    def close(self, object_type: ObjectType) -> None:
        """Forget a custom object type."""
        self.types.remove(object_type)
        del self.stores[object_type.type_id]
        del self.catalogues[object_type.type_id]

    def store(self, object_type: ObjectType | str) -> RecordStore:
        """Return the records of a type, given as such or by name."""
        found = object_type if isinstance(object_type, ObjectType) else self.types.find(object_type)
        return self.stores[found.type_id]

    def catalogue(self, object_type: ObjectType) -> Catalogue:
        """Return the definitions of a type."""
        return self.catalogues[object_type.type_id]

    def now_ms(self) -> int:
        """Return the account's time in milliseconds."""
        return int(self.clock() * 1000)

    def correlation_id(self) -> str:
        """Return a new id for an answer."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def shuffled(self, items: Iterable[Item]) -> list[Item]:
        """Return the items in the order the account likes to answer in."""
        found = list(items)
        if self.settings.shuffle_results:
            self.random.shuffle(found)
        return found

    def integration(self) -> Source:
        """Return the source of values written by the API."""
        return Source("INTEGRATION", str(self.settings.app_id), "ml-connector sandbox app")

    def person(self, user_id: int) -> Source:
        """Return the source of values a person typed."""
        return Source("CRM_UI", f"userId:{user_id}", "", user_id)

    def create(
        self, store: RecordStore, changes: Mapping[str, str], source: Source, *, visible_now: bool = False
    ) -> Record:
        """Make a record of checked values."""
        record = store.add(str(self._next_id), self.now_ms())
        self._next_id += 1
        born = iso(record.created_ms)
        system = {
            "hs_object_id": record.id,
            store.type.created_property: born,
            "hs_createdate": born,
            "hs_object_source": source.type,
            "hs_object_source_id": source.id,
            "hs_object_source_label": source.type,
        }
        self.write(store, record, {**changes, **system}, source, visible_now=visible_now)
        return record

    def write(
        self,
        store: RecordStore,
        record: Record,
        changes: Mapping[str, str],
        source: Source,
        *,
        visible_now: bool = False,
    ) -> None:
        """Write checked values. Values that are the same leave no history; last-modified moves all the same."""
        now = self.now_ms()
        lag = 0 if visible_now else round(self.settings.search_lag_seconds * 1000)
        real = {name: value for name, value in changes.items() if record.values.get(name, "") != value}
        real[store.type.modified_property] = iso(now)
        store.apply(record, Write(now, now + lag, source, real))

    def archive(self, store: RecordStore, record: Record) -> None:
        """Archive a record; a deal, invoice or order takes its line items along (reference: hubspot 7)."""
        if store.type.type_id in PARENTS_OF_LINES:
            lines = self.stores["0-8"]
            for line_id in list(self.links.of(store.type.type_id, record.id, "0-8")):
                line = lines.get(line_id)
                if line is not None:
                    self.archive(lines, line)
        self.links.forget(store.type.type_id, record.id)
        store.retire(record, archived_ms=self.now_ms())

    def connect(
        self, from_type: str, from_id: str, to_type: str, to_id: str, types: Iterable[AssociationType]
    ) -> None:
        """Associate two records with checked types and keep ``associatedcompanyid`` right."""
        self.links.connect(from_type, from_id, to_type, to_id, types)
        for contact_id in (from_id if from_type == "0-1" else None, to_id if to_type == "0-1" else None):
            if contact_id is not None and "0-2" in (from_type, to_type):
                self.note_primary(contact_id)

    def note_primary(self, contact_id: str) -> None:
        """Write the id of a contact's primary company to the contact, as HubSpot itself does."""
        contact = self.stores["0-1"].get(contact_id)
        primary = self.association_types.primary("0-1", "0-2")
        if contact is None or primary is None:
            return
        companies = self.links.of("0-1", contact_id, "0-2")
        found = next((company for company, keys in companies.items() if primary.key in keys), "")
        if contact.values.get("associatedcompanyid", "") != found:
            now = self.now_ms()
            self.stores["0-1"].apply(
                contact, Write(now, now, Source("ASSOCIATIONS", "", ""), {"associatedcompanyid": found})
            )

    def link_new(self, store: RecordStore, record: Record, links: Iterable[NewLink]) -> None:
        """Make the associations that came with a new record."""
        for link in links:
            self.connect(store.type.type_id, record.id, link.to_type.type_id, link.to_id, link.types)
