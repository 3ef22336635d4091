"""Turning what a caller sends into checked changes, and checked changes into records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.sandbox.hubspot.account import Account, NewLink
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.problems import (
    bad_request,
    contact_exists,
    invalid_json,
    read_only_property,
    same_in_batch,
    unique_conflict,
)
from ml_connector.sandbox.hubspot.records import Record, RecordStore, Source
from ml_connector.sandbox.hubspot.rules import check_new, settled
from ml_connector.sandbox.hubspot.values import as_text, checked_email, kept_value


@dataclass(slots=True)
class Intent:
    """One write that has passed every check and only needs to be carried out; ``record`` is None for a new one."""

    record: Record | None
    changes: dict[str, str]
    links: Sequence[NewLink] = ()


@dataclass(slots=True)
class Claims:
    """Unique values taken by earlier inputs of the same call: (index, value) to the position of the input."""

    taken: dict[tuple[str, str], int] = field(default_factory=dict)


class Writer:
    """Checks and carries out writes to one object type on behalf of the API."""

    def __init__(self, account: Account, object_type: ObjectType) -> None:
        self.account = account
        self.type = object_type
        self.store: RecordStore = account.store(object_type)

    def intend(
        self,
        record: Record | None,
        properties: Mapping[str, Any],
        *,
        claims: Claims | None = None,
        position: int = 0,
        links: Sequence[NewLink] = (),
    ) -> Intent:
        """Check one write.

        Args:
            record: what is to be changed, None for a new record.
            properties: names and values as sent.
            claims: the unique values of earlier inputs of this call; extended when the check passes.
            position: of this input in its call.
            links: associations that come with a new record.

        Raises:
            RefusedError: the first thing HubSpot would refuse.
        """
        changes = self.checked(record, properties)
        if record is None:
            check_new(self.account, self.type, changes)
        changes = settled(self.account, self.type, record, changes, links)
        keys = self._check_unique(record, changes, claims, position)
        if claims is not None:
            claims.taken.update(dict.fromkeys(keys, position))
        return Intent(record, changes, links)

    def checked(self, record: Record | None, properties: Mapping[str, Any]) -> dict[str, str]:
        """Return the values in the form they are kept in.

        Raises:
            RefusedError: 400 for an unknown or read-only property or a value that breaks its rule.
        """
        catalogue, settings = self.account.catalogue(self.type), self.account.settings
        before = record.values if record is not None else {}
        changes: dict[str, str] = {}
        for name, value in properties.items():
            definition = catalogue.writable(name, settings)
            if definition.read_only:
                raise read_only_property(name)
            text = kept_value(definition, as_text(name, value), before.get(name))
            if text and self.type.type_id == "0-1" and name in ("email", "hs_additional_emails"):
                text = ";".join(checked_email(name, part) for part in text.split(";"))
            changes[name] = text
        return changes

    def carry_out(self, intent: Intent, source: Source, *, visible_now: bool = False) -> tuple[Record, bool]:
        """Do what was checked; return the record and whether it is new."""
        account = self.account
        if intent.record is not None:
            account.write(self.store, intent.record, intent.changes, source, visible_now=visible_now)
            return intent.record, False
        record = account.create(self.store, intent.changes, source, visible_now=visible_now)
        account.link_new(self.store, record, intent.links)
        if self.type.type_id == "0-1" and account.settings.automatic_company_association:
            self._associate_by_domain(record)
        return record, True

    def _check_unique(
        self, record: Record | None, changes: Mapping[str, str], claims: Claims | None, position: int
    ) -> list[tuple[str, str]]:
        keys = [(name, key) for name, value in changes.items() for key in self.store.keys_of(name, value)]
        for name, (index, value) in keys:
            owner = self.store.owners[index].get(value)
            if owner is not None and (record is None or owner != record.id):
                if index == "email":
                    raise contact_exists(owner)
                raise unique_conflict(name, value, owner)
            if claims is not None and claims.taken.get((index, value), position) != position:
                raise same_in_batch() if index == "email" else unique_conflict(name, value, "of this batch")
        return [key for _, key in keys]

    def _associate_by_domain(self, contact: Record) -> None:
        """Find or make the company of a contact's e-mail domain, as the account's setting does."""
        domain = contact.values.get("hs_email_domain", "")
        if not domain or domain in self.account.settings.excluded_domains:
            return
        if self.account.links.of("0-1", contact.id, "0-2"):
            return
        companies = self.account.stores["0-2"]
        company = next(
            (
                found
                for found in companies.ever_had("domain", [domain])
                if found.values.get("domain") == domain
            ),
            None,
        )
        if company is None:
            source = Source("COMPANIES", "", "CRM_SETTING")
            company = self.account.create(
                companies,
                {
                    "domain": domain,
                    "name": domain.partition(".")[0].capitalize(),
                    "hs_object_source_detail_1": "CRM_SETTING",
                },
                source,
            )
        plain = self.account.association_types.unlabelled("0-1", "0-2")
        if plain is not None:
            self.account.connect("0-1", contact.id, "0-2", company.id, [plain])


def properties_of(body: Any) -> dict[str, Any]:
    """Return the ``properties`` object of a body.

    Raises:
        RefusedError: 400 when it is missing or no object.
    """
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict):
        raise invalid_json("properties must be an object")
    return properties


def inline_links(account: Account, object_type: ObjectType, sent: Any) -> list[NewLink]:
    """Return the associations that come with a create (reference: hubspot 3).

    Raises:
        RefusedError: 400 for a target that does not exist or a type that does not fit.
    """
    links: list[NewLink] = []
    for item in sent or ():
        try:
            to_id = str(item["to"]["id"])
            keys = {(str(one["associationCategory"]), int(one["associationTypeId"])) for one in item["types"]}
        except (KeyError, TypeError, ValueError):
            raise invalid_json("an association needs to.id and types") from None
        found = _target(account, object_type, to_id, keys)
        if found is None:
            raise bad_request(
                f"One or more associations are not valid: no record {to_id} for types {sorted(keys)}"
            )
        if found.to_type.type_id == "0-8" and account.links.parent_of_line(to_id) is not None:
            raise bad_request(f"Line item {to_id} already belongs to another record.")
        links.append(found)
    return links


def _target(
    account: Account, object_type: ObjectType, to_id: str, keys: set[tuple[str, int]]
) -> NewLink | None:
    """Find the record type whose associations with ``object_type`` have all of ``keys``."""
    for type_id, store in account.stores.items():
        known = account.association_types.between(object_type.type_id, type_id)
        if keys and keys <= known.keys() and store.get(to_id) is not None:
            return NewLink(store.type, to_id, tuple(known[key] for key in sorted(keys)))
    return None
