"""What the run's other plans will have brought to HubSpot by the time a link is made.

Read from the plans of companies, contacts and invoices, as those records are not in the ledger yet while a first load
is planned.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol

from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.owned import ALIVE


@dataclass(slots=True)
class Upcoming:
    """Records that this run brings.

    ``contacts`` holds the keys of contacts; ``by_email`` one of them by address; ``by_company`` those of a company;
    ``companies`` the HubSpot ids, by Visma key, of companies that exist in HubSpot already.
    """

    contacts: set[str] = field(default_factory=set)
    by_email: dict[str, str] = field(default_factory=dict)
    by_company: dict[str, list[str]] = field(default_factory=dict)
    companies: dict[str, str] = field(default_factory=dict)

    def add(self, operation: Operation) -> None:
        """Take notice of an operation of the plans of companies and contacts."""
        if operation.entity == "companies" and operation.hubspot_id and operation.action in ALIVE:
            self.companies.update((key, operation.hubspot_id) for key in operation.keys)
        elif operation.entity == "contacts" and operation.action in ALIVE:
            self.contacts.update(operation.keys)
            if operation.email:
                self.by_email.setdefault(operation.email, operation.key)
        elif operation.entity == "links" and operation.action is Action.LINK:
            contact, company = str(operation.values["from"]), str(operation.values["to"])
            self.by_company.setdefault(company, []).append(contact)


@dataclass(slots=True)
class UpcomingDocuments:
    """What the run's plan of invoices says: which documents it leaves out, and the contact chosen for each."""

    left_out: set[str] = field(default_factory=set)
    coming: set[str] = field(default_factory=set)
    contacts: dict[str, str] = field(default_factory=dict)

    def add(self, operation: Operation) -> None:
        """Take notice of an operation of the plan of invoices."""
        if operation.entity == "invoices":
            (self.left_out if _never_sent(operation) else self.coming).add(operation.key)
        elif operation.action is Action.LINK and operation.values["to_type"] == "contacts":
            self.contacts[str(operation.values["from"])] = str(operation.values["to"])


class PlanRows(Protocol):
    """A stored plan, such as :class:`ml_connector.datasets.Dataset`."""

    def rows(
        self, columns: Sequence[str] | None = None, where: tuple[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield its rows, those with one value in a column or all."""
        ...


def upcoming(companies: PlanRows, contacts: PlanRows) -> Upcoming:
    """Return what the stored plans of companies and contacts bring."""
    found = Upcoming()
    for operation in chain(
        _slight(companies, "companies"),
        _slight(contacts, "contacts", "email"),
        _slight(contacts, "links", "values"),
    ):
        found.add(operation)
    return found


def upcoming_documents(plan: PlanRows) -> UpcomingDocuments:
    """Return what the stored plan of invoices brings."""
    found = UpcomingDocuments()
    for operation in _slight(plan, "invoices"):
        found.add(operation)
    for operation in _slight(plan, "invoice_links", "values", naming='"contacts"'):
        found.add(operation)
    return found


def _slight(plan: PlanRows, entity: str, *more: str, naming: str = "") -> Iterator[Operation]:
    """Yield the operations of an entity with no more than is asked of them here: a year's plan has 500,000 rows.

    ``naming`` is text that the stored values of all that count have in them.
    """
    for row in plan.rows(("action", "keys", "hubspot_id", *more), where=("entity", entity)):
        if naming and naming not in row["values"]:
            continue
        yield Operation(
            entity=entity,
            object_type="",
            action=Action(row["action"]),
            keys=tuple(row["keys"]),
            partition="",
            hubspot_id=row["hubspot_id"],
            values=json.loads(row.get("values") or "{}"),
            email=row.get("email"),
        )


def _never_sent(operation: Operation) -> bool:
    return operation.action is Action.SKIP and operation.hubspot_id is None
