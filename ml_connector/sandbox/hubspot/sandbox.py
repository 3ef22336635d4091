"""The HubSpot half of the sandbox as tests, the demo and the server hold it."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from starlette.routing import BaseRoute

from ml_connector.errors import UsageError
from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.gateway import CallCounts, Gateway
from ml_connector.sandbox.hubspot.merging import merge
from ml_connector.sandbox.hubspot.pages import page_routes
from ml_connector.sandbox.hubspot.problems import RefusedError
from ml_connector.sandbox.hubspot.records import Record, RecordStore, Source
from ml_connector.sandbox.hubspot.routes import api_routes
from ml_connector.sandbox.hubspot.settings import Fault, HubSpotSandboxSettings, PoisonRule
from ml_connector.sandbox.hubspot.writing import Writer

PERSON_ID = 55_120_001
"""The user behind edits "as a person" unless another one is named."""


class HubSpotSandbox:
    """A HubSpot account in memory.

    Serve it with :meth:`routes`; look into it and act as a person with the other methods. Use those only while no call
    is being answered: there is one event loop and no lock.

    Args:
        settings: how the account is set up.
        clock: seconds since 1970; tests give their own.
    """

    def __init__(
        self, settings: HubSpotSandboxSettings | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._first = settings or HubSpotSandboxSettings()
        self.account = Account(self._first, clock)
        self.gateway = Gateway(self.account)

    def routes(self) -> list[BaseRoute]:
        """Return the API's routes and those of the portal's pages."""
        return [*api_routes(self.gateway), *page_routes(self.account)]

    def reset(self, settings: HubSpotSandboxSettings | None = None) -> None:
        """Start over: no records, no own properties, counts at zero; routes already handed out stay valid."""
        self._first = settings or self._first
        self.account.start_over(self._first)
        self.gateway.forget()

    @property
    def settings(self) -> HubSpotSandboxSettings:
        """The settings in force."""
        return self.account.settings

    def configure(self, **changes: Any) -> None:
        """Change settings while running, by the names of :class:`HubSpotSandboxSettings`."""
        self.account.settings = replace(self.account.settings, **changes)

    def poison(self, *rules: PoisonRule) -> None:
        """Refuse records that match; without rules, refuse none."""
        self.configure(poison=rules)

    def fail(self, *faults: Fault) -> None:
        """Plant faults for the next matching calls."""
        self.account.faults.extend(faults)

    @property
    def counts(self) -> CallCounts:
        """How often the account was called since the start or :meth:`forget_calls`."""
        return self.gateway.counts

    def forget_calls(self) -> None:
        """Set the call counts and the rate windows to zero."""
        self.gateway.forget()

    def add_property(self, object_type: str, name: str, **definition: Any) -> None:
        """Add a property; keys are those of the API, with a group, label and type of text unless given."""
        store = self.account.store(object_type)
        catalogue = self.account.catalogue(store.type)
        body = {
            "name": name,
            "label": name,
            "groupName": next(iter(catalogue.groups)),
            "type": "string",
            "fieldType": "text",
            **definition,
        }
        if catalogue.create(body, self.settings, self.account.now_ms()).unique:
            store.make_unique(name)

    def add_record(
        self,
        object_type: str,
        properties: Mapping[str, str],
        associations: Iterable[tuple[str, str]] = (),
        *,
        source: Source | None = None,
    ) -> str:
        """Add a record that search sees at once and return its id.

        Args:
            object_type: any name of the type.
            properties: checked like those of an API call.
            associations: (object type, id) of records to associate with the plain type.
            source: who made it, a person unless given.

        Raises:
            UsageError: a value or an association that the account refuses.
        """
        writer = self._writer(object_type)
        try:
            intent = writer.intend(None, properties)
        except RefusedError as problem:
            raise UsageError(
                f"The sandbox refuses this {writer.type.singular}: {problem.message}"
            ) from problem
        record, _ = writer.carry_out(intent, source or self.account.person(PERSON_ID), visible_now=True)
        for to_type, to_id in associations:
            self.link(object_type, record.id, to_type, to_id)
        return record.id

    def link(self, from_type: str, from_id: str, to_type: str, to_id: str) -> None:
        """Associate two records with the plain type. Raises UsageError for types that have none."""
        start, end = self.account.types.find(from_type), self.account.types.find(to_type)
        plain = self.account.association_types.unlabelled(start.type_id, end.type_id)
        if plain is None:
            raise UsageError(f"{start.plural_label} cannot be associated with {end.plural_label}.")
        self.account.connect(start.type_id, from_id, end.type_id, to_id, [plain])

    def records(self, object_type: str) -> dict[str, Record]:
        """Return the records of a type that are in use, by id."""
        store = self.account.store(object_type)
        return {str(number): store.records[str(number)] for number in store.active}

    def record(self, object_type: str, record_id: str) -> Record:
        """Return one record, also an archived or merged one. Raises UsageError for an unknown id."""
        found = self.account.store(object_type).records.get(record_id)
        if found is None:
            raise UsageError(f"The sandbox has no {object_type} {record_id}.")
        return found

    def find(self, object_type: str, name: str, value: str) -> list[Record]:
        """Return the records in use with this exact value; a unique property is looked up, others are scanned."""
        store = self.account.store(object_type)
        if name in store.owners:
            found = store.by_key(name, value)
            return [found] if found is not None else []
        return [record for record in self.records(object_type).values() if record.values.get(name) == value]

    def links(self, from_type: str, to_type: str) -> set[tuple[str, str]]:
        """Return the (from id, to id) pairs of all associations between two types."""
        start, end = self.account.types.find(from_type), self.account.types.find(to_type)
        return set(self.account.links.pairs(start.type_id, end.type_id))

    def snapshot(self) -> dict[str, int]:
        """Return how many records of each type are in use."""
        return {store.type.name: len(store.active) for store in self.account.stores.values()}

    def edit_as_person(
        self, object_type: str, record_id: str, properties: Mapping[str, str], *, user_id: int = PERSON_ID
    ) -> None:
        """Change a record the way a person does in the screen: history says CRM_UI.

        Raises:
            UsageError: an unknown record or a refused value.
        """
        self._edit(object_type, record_id, properties, self.account.person(user_id))

    def edit_as_workflow(self, object_type: str, record_id: str, properties: Mapping[str, str]) -> None:
        """Change a record the way a workflow of the portal does: history says AUTOMATION_PLATFORM.

        Raises:
            UsageError: an unknown record or a refused value.
        """
        self._edit(object_type, record_id, properties, Source("AUTOMATION_PLATFORM", "1", "Workflow"))

    def _edit(self, object_type: str, record_id: str, properties: Mapping[str, str], source: Source) -> None:
        writer, record = self._writer(object_type), self._active(object_type, record_id)
        try:
            intent = writer.intend(record, properties)
        except RefusedError as problem:
            raise UsageError(f"The sandbox refuses this edit: {problem.message}") from problem
        writer.carry_out(intent, source, visible_now=True)

    def merge_as_person(
        self, object_type: str, primary_id: str, other_id: str, *, user_id: int = PERSON_ID
    ) -> str:
        """Merge the second record into the first and return the id of the survivor."""
        store = self.account.store(object_type)
        try:
            return merge(self.account, store.type, primary_id, other_id, self.account.person(user_id)).id
        except RefusedError as problem:
            raise UsageError(f"The sandbox refuses this merge: {problem.message}") from problem

    def archive_as_person(self, object_type: str, record_id: str) -> None:
        """Archive a record, without the API's checks."""
        self.account.archive(self.account.store(object_type), self._active(object_type, record_id))

    def restore_as_person(self, object_type: str, record_id: str) -> None:
        """Take a record back out of the recycle bin; its associations do not come back here.

        Raises:
            UsageError: it is not archived.
        """
        store = self.account.store(object_type)
        record = store.records.get(record_id)
        if record is None or record.archived_ms is None:
            raise UsageError(f"The sandbox has no archived {object_type} {record_id}.")
        store.restore(record)

    def _writer(self, object_type: str) -> Writer:
        return Writer(self.account, self.account.types.find(object_type))

    def _active(self, object_type: str, record_id: str) -> Record:
        store: RecordStore = self.account.store(object_type)
        found = store.get(record_id)
        if found is None:
            raise UsageError(f"The sandbox has no {object_type} {record_id} in use.")
        return found
