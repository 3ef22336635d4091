"""What the run's other plans will have brought to HubSpot by the time a link is made.

Read from the plans of companies, contacts and invoices, as those records are not in the ledger yet while a first load
is planned.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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


def upcoming(rows: Iterable[Mapping[str, Any]]) -> Upcoming:
    """Return what the stored plans of companies and contacts bring."""
    found = Upcoming()
    for row in rows:
        found.add(Operation.from_row(row))
    return found


def upcoming_documents(plan: PlanRows) -> UpcomingDocuments:
    """Return what the stored plan of invoices brings."""
    found = UpcomingDocuments()
    for entity in ("invoices", "invoice_links"):
        for row in plan.rows(where=("entity", entity)):
            found.add(Operation.from_row(row))
    return found


def _never_sent(operation: Operation) -> bool:
    return operation.action is Action.SKIP and operation.hubspot_id is None
